// The library's parser with its data phase exchanged: mail data goes through `DataDecoder` straight to a sink, with no
// stream between, no octet looked at in JavaScript, and lines ended by CRLF alone. Commands are still read by the library.
import { SMTPStream, type SMTPStreamOptions } from 'smtp-server/lib/smtp-stream.js'
import { looksProxied } from '../../net/proxy-protocol.ts'
import { tlsHandshakeOctet } from '../../net/tls.ts'
import { passed } from '../../net/young-garbage.ts'
import { DataDecoder } from './data-decoder.ts'

/** Takes the octets of one message. */
export interface DataSink {
  /** A promise asks to wait until it resolves; it never rejects. */
  write(octets: Uint8Array): Promise<void> | undefined
  /** The message is complete. `resume` reads the commands behind it. */
  end(resume: () => void): void
}

/** What clients begin with that take this for another port, or themselves for a proxy that is believed. */
export type ForeignReason = 'tls-in-clear' | 'proxy-header'

type Done = (error?: Error | null) => void
type CommandHandler = (command: Buffer, callback?: () => void) => void

const lf = 10
const nothing = Buffer.alloc(0)

export class DataParser extends SMTPStream {
  #decoder = new DataDecoder()
  #sink: DataSink | undefined
  /** Octets of the chunk at hand, as the socket gave it. */
  #chunkOctets = 0
  /** What of it commands are taken from, and how many were. */
  #commands: Buffer = nothing
  #commandsTaken = 0
  #isUntouched = true
  /** Called in place of reading on when the first thing to come is no SMTP. */
  onForeign: ((reason: ForeignReason) => void) | undefined

  constructor(options: SMTPStreamOptions, onCommand: CommandHandler) {
    super(options)
    this.oncommand = (command, callback) => {
      this.#commandsTaken += 1
      onCommand(command, callback)
    }
  }

  /** Asked by the handler of a command: whether anything behind it has come in already, be it half a line. */
  get hasInputBehind(): boolean {
    const commands = this.#commands
    if (this.writableLength > this.#chunkOctets || commands.at(-1) !== lf) return true
    return commands.reduce((lines, octet) => (octet === lf ? lines + 1 : lines), 0) > this.#commandsTaken
  }

  /** What comes next is mail data, until its final line. */
  receiveData(sink: DataSink): void {
    this.#decoder = new DataDecoder()
    this.#sink = sink
    this._dataMode = true
  }

  override _write(chunk: Buffer, encoding: BufferEncoding | 'buffer', done: Done): void {
    const isFirst = this.#isUntouched
    this.#isUntouched = false
    const foreign = isFirst && this.onForeign ? foreignReason(chunk) : undefined
    if (foreign) {
      this.onForeign?.(foreign)
      return done()
    }
    if (!this._dataMode) {
      this.#commands = chunk
      this.#commandsTaken = 0
    }
    // It is called again for what is left of a chunk where commands and mail data take turns.
    if (this.#chunkOctets > 0) return super._write(chunk, encoding, done)
    this.#chunkOctets = chunk.length
    super._write(chunk, encoding, error => {
      this.#chunkOctets = 0
      done(error)
    })
  }

  override _feedDataStream(chunk: Buffer, done: Done): void {
    const sink = this.#sink
    if (!sink) return done()
    const decoder = this.#decoder
    const wait = sink.write(decoder.push(chunk))
    passed(chunk.length)
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

function foreignReason(chunk: Buffer): ForeignReason | undefined {
  if (chunk[0] === tlsHandshakeOctet) return 'tls-in-clear'
  return looksProxied(chunk) ? 'proxy-header' : undefined
}
