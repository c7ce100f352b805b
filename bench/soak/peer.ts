// The client's end of one connection, for clients that are made to misbehave: it says what it likes, reads when it likes,
// and goes away how it likes.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** The server closed, or the connection broke: part of the game. */
export class Gone extends Error {
  override readonly name = 'Gone'
}

/** The server did not answer in time: never part of it. */
class Silence extends Error {
  override readonly name = 'Silence'
}

const patienceMs = 60_000

export class Peer {
  readonly #socket: Socket
  #received = ''
  #hasEnded = false
  #wake: () => void = () => undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.#received += text
      this.#wake()
    })
    for (const event of ['end', 'error', 'close'])
      socket.on(event, () => {
        this.#hasEnded = true
        this.#wake()
      })
  }

  /** Throws `Gone` when nobody listens. `from` is an address of this machine, such as 127.0.0.9. */
  static async connect(port: number, from = '127.0.0.1'): Promise<Peer> {
    const socket = connect({ host: '127.0.0.1', port, localAddress: from })
    try {
      await once(socket, 'connect')
    } catch {
      throw new Gone('nobody listens')
    }
    return new Peer(socket)
  }

  /** Octets are written as Latin-1. */
  send(text: string): void {
    if (!this.#socket.destroyed) this.#socket.write(text, 'latin1')
  }

  /** Without its CRLF. Throws `Gone` or `Silence`. */
  async line(): Promise<string> {
    return this.#until(text => text.indexOf('\r\n'), 2)
  }

  /** The lines of a multi-line reply behind its first, as they are sent, without the final dot. */
  async body(): Promise<string> {
    // An empty one begins with its end.
    await this.#wait(text => text.length >= 3)
    if (this.#received.startsWith('.\r\n')) {
      this.#received = this.#received.slice(3)
      return ''
    }
    return `${await this.#until(text => text.indexOf('\r\n.\r\n'), 5)}\r\n`
  }

  /** Sends a line, gives the first line of the answer. */
  async ask(line: string): Promise<string> {
    this.send(`${line}\r\n`)
    return this.line()
  }

  /** Reads nothing more, or goes on. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Resolves when the server has closed. Throws `Silence` when it does not. */
  async closed(): Promise<void> {
    await this.#wait(() => this.#hasEnded)
  }

  /** As a cut cable: with a reset, without a word. */
  drop(): void {
    this.#socket.resetAndDestroy()
  }

  close(): void {
    this.#socket.destroy()
  }

  async #until(find: (text: string) => number, separatorOctets: number): Promise<string> {
    await this.#wait(text => find(text) >= 0)
    const at = find(this.#received)
    const text = this.#received.slice(0, at)
    this.#received = this.#received.slice(at + separatorOctets)
    return text
  }

  async #wait(isThere: (text: string) => boolean): Promise<void> {
    const deadline = setTimeout(() => this.#wake(), patienceMs)
    const until = performance.now() + patienceMs
    try {
      while (!isThere(this.#received)) {
        if (this.#hasEnded) throw new Gone('the connection ended')
        if (performance.now() >= until) throw new Silence('no answer')
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
      }
    } finally {
      clearTimeout(deadline)
    }
  }
}
