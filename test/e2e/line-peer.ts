// A peer that speaks lines and dotted bodies over a socket: enough of POP3, SMTP and LMTP to test a server from outside,
// and written without any of the server's own code.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const dotLine = Buffer.from('\r\n.\r\n')

export class LinePeer {
  readonly socket: Socket
  #buffer: Buffer = Buffer.alloc(0)
  #wake: () => void = () => {}
  #ended = false

  private constructor(socket: Socket) {
    this.socket = socket
    const end = () => {
      this.#ended = true
      this.#wake()
    }
    socket.on('data', (chunk: Buffer) => {
      this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk])
      this.#wake()
    })
    socket.on('end', end).on('error', end).on('close', end)
  }

  static async connect(port: number): Promise<LinePeer> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new LinePeer(socket)
  }

  /** Speaks on a connection that another way has made, such as TLS. */
  static on(socket: Socket): LinePeer {
    return new LinePeer(socket)
  }

  /** Connects to a POP3 server and logs in; throws when it is refused. */
  static async logIn(port: number, user: string, password: string): Promise<LinePeer> {
    const peer = await LinePeer.connect(port)
    await peer.line()
    await peer.ask(`USER ${user}`)
    const reply = await peer.ask(`PASS ${password}`)
    if (!reply.startsWith('+OK')) {
      peer.drop()
      throw new Error(reply)
    }
    return peer
  }

  write(octets: string | Uint8Array): void {
    this.socket.write(typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets)
  }

  /** The next line without its CRLF. Throws when the connection ends first. */
  async line(): Promise<string> {
    for (;;) {
      const at = this.#buffer.indexOf('\r\n')
      if (at >= 0) return this.#take(at + 2).toString('latin1', 0, at)
      await this.#more()
    }
  }

  /** Sends a command and gives the reply's first line. */
  ask(command: string): Promise<string> {
    this.write(`${command}\r\n`)
    return this.line()
  }

  /** Sends an SMTP command and gives the last line of its reply. */
  async askSmtp(command: string): Promise<string> {
    this.write(`${command}\r\n`)
    return this.smtpReply()
  }

  async smtpReply(): Promise<string> {
    for (;;) {
      const line = await this.line()
      if (line[3] !== '-') return line
    }
  }

  /** Sends a command that is answered by a dotted body; gives the body unstuffed. Throws on `-ERR`. */
  async askBody(command: string): Promise<Buffer> {
    const reply = await this.ask(command)
    if (!reply.startsWith('+OK')) throw new Error(reply)
    return this.body()
  }

  /** A dotted body, unstuffed, its last CRLF included. */
  async body(): Promise<Buffer> {
    let searched = 0
    for (;;) {
      if (this.#buffer.subarray(0, 3).toString('latin1') === '.\r\n') {
        this.#take(3)
        return Buffer.alloc(0)
      }
      const end = this.#buffer.indexOf(dotLine, searched)
      if (end >= 0) return unstuff(this.#take(end + 5).subarray(0, end + 2))
      searched = Math.max(0, this.#buffer.length - 4)
      await this.#more()
    }
  }

  /** Waits until the server has closed the connection; gives what it sent before. */
  async end(): Promise<string> {
    while (!this.#ended) await this.#more().catch(() => {})
    return this.#buffer.toString('latin1')
  }

  /** Ends the connection without a word. */
  drop(): void {
    this.socket.destroy()
  }

  #take(octets: number): Buffer {
    const taken = this.#buffer.subarray(0, octets)
    this.#buffer = this.#buffer.subarray(octets)
    return taken
  }

  async #more(): Promise<void> {
    if (this.#ended) throw new Error('the connection has ended')
    await new Promise<void>(resolve => {
      this.#wake = resolve
    })
  }
}

/** Takes away the first dot of every line that begins with one. */
function unstuff(stuffed: Buffer): Buffer {
  return Buffer.from(stuffed.toString('latin1').replace(/(^|\r\n)\./g, '$1'), 'latin1')
}

/** Doubles the dot of every line that begins with one, and ends with the dot line. `content` ends with CRLF. */
export function stuff(content: Uint8Array): Buffer {
  const text = Buffer.from(content).toString('latin1')
  return Buffer.from(`${text.replace(/(^|\r\n)\./g, '$1..')}.\r\n`, 'latin1')
}

/** Hands a message in by LMTP; gives one reply per recipient. RFC 2033 section 4.2. */
export async function deliverByLmtp(
  port: number,
  recipients: readonly string[],
  content: Uint8Array,
): Promise<string[]> {
  const peer = await LinePeer.connect(port)
  try {
    await peer.smtpReply()
    await peer.askSmtp('LHLO test.example')
    await peer.askSmtp('MAIL FROM:<sender@test.example>')
    for (const recipient of recipients) {
      const reply = await peer.askSmtp(`RCPT TO:<${recipient}>`)
      if (!reply.startsWith('250')) throw new Error(reply)
    }
    await peer.askSmtp('DATA')
    peer.write(stuff(content))
    const replies: string[] = []
    while (replies.length < recipients.length) replies.push(await peer.smtpReply())
    return replies
  } finally {
    peer.drop()
  }
}
