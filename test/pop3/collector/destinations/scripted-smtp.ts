// An SMTP or LMTP server that says what a test wants it to say, and keeps what it was told.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

/** By the first word of a command; `greeting` at once, `.` behind the message. `undefined`: silence. `null`: the end. */
export type SmtpScript = Readonly<Record<string, string | undefined | null>>

const usual: SmtpScript = {
  greeting: '220 here',
  LHLO: '250-here\r\n250-8BITMIME\r\n250 SIZE 10000000',
  EHLO: '250-here\r\n250-8BITMIME\r\n250 SIZE 10000000',
  MAIL: '250 ok',
  RCPT: '250 ok',
  DATA: '354 go on',
  RSET: '250 ok',
  QUIT: '221 bye',
  '.': '250 taken',
}

export class ScriptedSmtp {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** May be changed at any time. */
  script: SmtpScript
  readonly commands: string[] = []
  /** Stuffed, as they came. */
  readonly messages: string[] = []
  connections = 0

  private constructor(script: SmtpScript) {
    this.script = script
    this.#server = createServer(socket => this.#serve(socket))
  }

  static async start(script: SmtpScript = {}): Promise<ScriptedSmtp> {
    const scripted = new ScriptedSmtp(script)
    scripted.#server.listen(0, '127.0.0.1')
    await once(scripted.#server, 'listening')
    return scripted
  }

  get address() {
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port }
  }

  dropAll(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    this.dropAll()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #serve(socket: Socket): void {
    this.connections++
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => undefined)
    let text = ''
    let isInData = false
    const say = (word: string) => {
      const reply = word in this.script ? this.script[word] : (usual[word] ?? '500 what')
      if (reply === null) socket.end()
      else if (reply !== undefined) socket.write(`${reply}\r\n`)
      return reply
    }
    say('greeting')
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      for (;;) {
        const end = isInData ? text.indexOf('\r\n.\r\n') : text.indexOf('\r\n')
        if (end < 0) return
        const line = text.slice(0, end)
        text = text.slice(end + (isInData ? 5 : 2))
        if (isInData) this.messages.push(`${line}\r\n`)
        else this.commands.push(line)
        const word = isInData ? '.' : (line.split(' ', 1)[0] ?? '')
        const reply = say(word)
        isInData = word === 'DATA' && (reply ?? '').startsWith('3')
      }
    })
  }
}
