// A mailbox elsewhere that does what a test wants: lists, breaks, refuses, forgets its answer.
import {
  type FetchedMessage,
  type Source,
  SourceError,
  type SourceHabits,
  type SourceMessage,
  type SourceSession,
} from '../../../src/pop3/collector/source.ts'

export interface Mail {
  readonly key: string | undefined
  readonly text: string
  readonly octets?: number
}

export class ScriptedSource implements Source {
  readonly name = 'old'
  identity = 'pop3 ann@old.example:995'
  /** The mailbox. */
  mails: Mail[] = []
  habits: SourceHabits | undefined
  /** Shows nothing, as a server in trouble may. */
  isEmptyToday = false
  hasHeaders = true
  /** What is thrown instead of a session. */
  refusal: SourceError | undefined
  /** By key, what fetching it throws; `lost` ends the session. */
  readonly broken = new Map<string, 'refused' | 'lost'>()
  /** What QUIT comes to: `silent-done` deletes and does not answer, `silent-undone` does neither. */
  quit: 'well' | 'silent-done' | 'silent-undone' = 'well'
  /** Keys that it will not delete. */
  readonly undeletable = new Set<string>()
  readonly fetched: string[] = []
  /** Messages whose headers were asked for. */
  headersAsked = 0
  sessions = 0
  commits = 0

  /** Adds messages `one`, `two`... with a body each. */
  put(...keys: readonly string[]): this {
    this.mails.push(...keys.map(key => ({ key, text: `Subject: ${key}\r\n\r\nbody of ${key}\r\n` })))
    return this
  }

  async open(): Promise<SourceSession> {
    this.sessions += 1
    if (this.refusal) throw this.refusal
    const mails = new Map<SourceMessage, Mail>()
    const marked = new Set<SourceMessage>()
    const fetch = (whole: boolean) => (messages: readonly SourceMessage[]) =>
      this.#fetch(messages, mails, whole)
    return {
      habits: this.habits,
      listing: async () => {
        if (!this.isEmptyToday)
          for (const mail of this.mails)
            mails.set({ key: mail.key, octets: mail.octets ?? mail.text.length }, mail)
        return { messages: [...mails.keys()], oddities: [] }
      },
      retrieve: fetch(true),
      headers: this.hasHeaders ? fetch(false) : undefined,
      markDeleted: message => void marked.add(message),
      commit: async () => {
        this.commits += 1
        const refused = [...marked].filter(({ key }) => this.undeletable.has(key ?? ''))
        const gone = new Set([...marked].filter(each => !refused.includes(each)).map(each => mails.get(each)))
        if (this.quit !== 'silent-undone') this.mails = this.mails.filter(mail => !gone.has(mail))
        return { state: this.quit === 'well' ? 'committed' : 'unknown', refused }
      },
      [Symbol.asyncDispose]: async () => undefined,
    }
  }

  async *#fetch(
    messages: readonly SourceMessage[],
    mails: ReadonlyMap<SourceMessage, Mail>,
    whole: boolean,
  ): AsyncGenerator<FetchedMessage, void> {
    for (const message of messages) {
      const { text = '' } = mails.get(message) ?? {}
      const fault = this.broken.get(message.key ?? '')
      if (whole) this.fetched.push(message.key ?? '')
      else this.headersAsked += 1
      yield {
        message,
        error: fault === 'refused' ? new SourceError('message', 'refused by the server') : undefined,
        body: octetsOf(whole ? text : text.slice(0, text.indexOf('\r\n\r\n') + 4), fault === 'lost'),
      }
    }
  }
}

async function* octetsOf(text: string, isCut: boolean): AsyncGenerator<Uint8Array, void> {
  const octets = Buffer.from(text, 'latin1')
  const middle = octets.length >> 1
  yield octets.subarray(0, middle)
  if (isCut) throw new SourceError('unavailable', 'the connection was lost')
  yield octets.subarray(middle)
}
