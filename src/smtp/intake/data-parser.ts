// The library's parser with its data phase exchanged: mail data goes through `DataDecoder` straight to a sink, with no
// stream between, no octet looked at in JavaScript, and lines ended by CRLF alone. Commands are still read by the library.
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js'
import { DataDecoder } from './data-decoder.ts'

/** Takes the octets of one message. */
export interface DataSink {
  /** A promise asks to wait until it resolves; it never rejects. */
  write(octets: Uint8Array): Promise<void> | undefined
  /** The message is complete. `resume` reads the commands behind it. */
  end(resume: () => void): void
}

type Done = (error?: Error | null) => void

export class DataParser extends SMTPStream {
  #decoder = new DataDecoder()
  #sink: DataSink | undefined

  /** What comes next is mail data, until its final line. */
  receiveData(sink: DataSink): void {
    this.#decoder = new DataDecoder()
    this.#sink = sink
    this._dataMode = true
  }

  override _feedDataStream(chunk: Buffer, done: Done): void {
    const sink = this.#sink
    if (!sink) return done()
    const decoder = this.#decoder
    const wait = sink.write(decoder.push(chunk))
    if (decoder.ended) {
      this.#sink = undefined
      this._dataMode = false
      const rest = chunk.subarray(decoder.endOffset)
      sink.end(() => this._write(rest, 'buffer', done))
    } else if (wait) void wait.then(() => done())
    else done()
  }

  /** A command whose line end never came is no command. */
  override _flushData(): void {
    this._remainder = ''
  }
}
