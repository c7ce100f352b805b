// The server behind the faults: its replies, read whole or as they come. What it sends waits within bounds.
import { type DialAddress, type DialedSocket, dial } from '../../net/dialer.ts'
import { DotUnstuffer } from '../../net/dot-stuffing.ts'

const timeoutMs = 10_000
const highWaterOctets = 256 * 1024
const lineFeed = 10

export class Upstream {
  readonly #socket: DialedSocket
  #buffer: Buffer = Buffer.alloc(0)
  #hasEnded = false
  #wake: () => void = () => {}

  private constructor(socket: DialedSocket) {
    this.#socket = socket
    const end = () => {
      this.#hasEnded = true
      this.#wake()
    }
    socket.on('data', (chunk: Buffer) => {
      this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk])
      if (this.#buffer.length > highWaterOctets) socket.pause()
      this.#wake()
    })
    socket.on('error', end).on('end', end).on('close', end)
  }

  static async open({ host, port }: DialAddress, signal: AbortSignal): Promise<Upstream> {
    return new Upstream(await dial({ host, port, timeoutMs, signal }))
  }

  /** Resolves when there are octets, or none will come. */
  async readable(): Promise<void> {
    if (this.#buffer.length === 0 && !this.#hasEnded) await this.#more()
  }

  /** What is there now. */
  rest(): Buffer {
    return this.#take(this.#buffer.length)
  }

  send(line: Uint8Array): void {
    this.#socket.write(line)
    this.#socket.write('\r\n')
  }

  /** A line with its end; less, or nothing, where the server has ended. */
  async line(): Promise<Buffer> {
    for (;;) {
      const end = this.#buffer.indexOf(lineFeed)
      if (end >= 0) return this.#take(end + 1)
      if (!(await this.#more())) return this.rest()
    }
  }

  /** The lines of a reply up to the one that ends it, as they come; fewer where the server has ended. */
  async *body(): AsyncGenerator<Buffer> {
    const unstuffer = new DotUnstuffer()
    for (;;) {
      await this.readable()
      if (this.#buffer.length === 0) return
      const end = unstuffer.unstuff(this.#buffer, () => {})
      yield this.#take(end < 0 ? this.#buffer.length : end)
      if (end >= 0) return
    }
  }

  /** No more commands. */
  end(): void {
    this.#socket.end()
  }

  cut(): void {
    this.#socket.destroy()
  }

  /** False when there will be no more. */
  async #more(): Promise<boolean> {
    if (this.#hasEnded) return false
    const before = this.#buffer.length
    this.#socket.resume()
    while (this.#buffer.length === before && !this.#hasEnded)
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    return this.#buffer.length > before
  }

  #take(octets: number): Buffer {
    const taken = this.#buffer.subarray(0, octets)
    this.#buffer = this.#buffer.subarray(octets)
    if (this.#buffer.length <= highWaterOctets) this.#socket.resume()
    return taken
  }
}
