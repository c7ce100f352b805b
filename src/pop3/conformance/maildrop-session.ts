// A session with the server under test that is no case: it looks after the maildrop between cases. It uses as little of POP3
// as there is, and believes nothing it need not.
import { bounded } from '../../conformance/bounded.ts'
import { Failure } from '../../conformance/case.ts'
import { Play, type Target } from '../../conformance/play.ts'
import { octetsOf } from '../../conformance/steps.ts'
import { shown, type Wire } from '../../conformance/wire.ts'
import type { Credentials } from './credentials.ts'
import { authenticateOn, connectOn } from './login.ts'
import { type Reply, readBody, readReply } from './replies.ts'

/** A session may take as long as so many answers that come at the last moment. */
const answersPerSession = 12

export interface SessionOptions {
  readonly target: Target
  readonly credentials: Credentials
}

export class MaildropSession {
  readonly #wire: Wire
  #hasTop = true

  private constructor(wire: Wire) {
    this.#wire = wire
  }

  /** Logs in, does the work, and ends with QUIT; without it when the work throws. Throws a `Failure` when QUIT is refused. */
  static async use<T>(
    { target, credentials }: SessionOptions,
    work: (session: MaildropSession) => Promise<T>,
  ): Promise<T> {
    const play = new Play({ target, seed: '', words: {} })
    return bounded(play, target.patienceMs * answersPerSession, async () => {
      const wire = await connectOn(play)
      await authenticateOn(wire, credentials)
      const session = new MaildropSession(wire)
      const result = await work(session)
      await session.#ask('QUIT')
      return result
    })
  }

  async count(): Promise<number> {
    const { text } = await this.#ask('STAT')
    return Number.parseInt(text, 10)
  }

  /** At least the header of a message, in latin1. */
  async header(number: number): Promise<string> {
    if (this.#hasTop) {
      await this.#wire.send(octetsOf(`TOP ${number} 0\r\n`))
      if ((await readReply(this.#wire)).status === 'ok')
        return (await readBody(this.#wire)).toString('latin1')
      this.#hasTop = false
    }
    await this.#ask(`RETR ${number}`)
    return (await readBody(this.#wire)).toString('latin1')
  }

  /** The message to the octet. */
  async message(number: number): Promise<Buffer> {
    await this.#ask(`RETR ${number}`)
    return readBody(this.#wire)
  }

  async delete(number: number): Promise<void> {
    await this.#ask(`DELE ${number}`)
  }

  async #ask(command: string): Promise<Reply> {
    await this.#wire.send(octetsOf(`${command}\r\n`))
    const reply = await readReply(this.#wire)
    if (reply.status !== 'ok')
      throw new Failure(`${command} was answered ${shown(octetsOf(`-ERR ${reply.text}`))}`)
    return reply
  }
}
