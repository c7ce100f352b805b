// A raw POP3 peer for tests: sends exactly what it is told, reads line by line, and knows no rules of the protocol.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export class Peer {
  readonly socket: Socket
  #text = ''
  #arrived: (() => void) | undefined
  #ended = false

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('data', chunk => {
      this.#text += chunk.toString('latin1')
      this.#arrived?.()
    })
    const end = () => {
      this.#ended = true
      this.#arrived?.()
    }
    socket.on('end', end).on('close', end).on('error', end)
  }

  static async connect(port: number): Promise<Peer> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    await once(socket, 'connect')
    return new Peer(socket)
  }

  /** A peer on a socket that somebody else has prepared, as for TLS. */
  static over(socket: Socket): Peer {
    return new Peer(socket)
  }

  /** Octets as latin1 text, nothing added. */
  send(text: string | Uint8Array): void {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text)
  }

  /** The next line without CRLF; undefined when the server closed before one came. */
  async nextLine(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\r\n')
      if (end >= 0) {
        const line = this.#text.slice(0, end)
        this.#text = this.#text.slice(end + 2)
        return line
      }
      if (this.#ended) return undefined
      await new Promise<void>(resolve => {
        this.#arrived = resolve
      })
    }
  }

  async line(): Promise<string> {
    const line = await this.nextLine()
    if (line === undefined) throw new Error(`the server closed, leaving ${JSON.stringify(this.#text)}`)
    return line
  }

  /** Sends a line and reads a status line. */
  ask(line: string): Promise<string> {
    this.send(`${line}\r\n`)
    return this.line()
  }

  /** The lines of a multi-line reply behind its status line, terminator left out, stuffing left in. */
  async body(): Promise<string[]> {
    const lines: string[] = []
    for (let line = await this.line(); line !== '.'; line = await this.line()) lines.push(line)
    return lines
  }

  /** Sends a line and reads a multi-line reply; the status line comes first. */
  async askLong(line: string): Promise<string[]> {
    const status = await this.ask(line)
    return status.startsWith('+OK') ? [status, ...(await this.body())] : [status]
  }

  /** Everything up to the server's close. */
  async rest(): Promise<string> {
    while (!this.#ended) {
      await new Promise<void>(resolve => {
        this.#arrived = resolve
      })
    }
    const rest = this.#text
    this.#text = ''
    this.socket.destroy()
    return rest
  }

  /** Sends no more, but still reads. */
  halfClose(): void {
    this.socket.end()
  }

  /** The cable is cut. */
  drop(): void {
    this.socket.resetAndDestroy()
  }
}
