// All messages that came in, in order, and who waits for one. Nobody polls: an arrival serves those who wait, the first of
// them first.
import { foldAddress } from '../mail/fold.ts'
import type { DeliveredLetter, LetterCopy } from './delivery.ts'
import { readMessage, type TestMessage } from './message.ts'

/** What of these is given must all fit. A text is compared whole, addresses without regard to case. */
export interface MessageFilter {
  /** A recipient of the envelope: an address, or a name at the office's domain, however the envelope has it. */
  readonly to?: string | RegExp
  /** The sender of the envelope, or the address in From. */
  readonly from?: string | RegExp
  readonly subject?: string | RegExp
  /** The `id` of one message. */
  readonly id?: string
}

export interface WaitOptions extends MessageFilter {
  /** Milliseconds. Default 4,000: test runners give a test 5,000, and this error says more than theirs. */
  readonly timeout?: number
  readonly signal?: AbortSignal
}

/** How much is kept: the oldest messages go when more comes. */
export interface KeepLimits {
  readonly messages: number
  /** Of all together. */
  readonly octets: number
}

export interface LetterboxOptions {
  /** Completes names without a domain. */
  readonly domain: string
  /** Default: everything. */
  readonly keep?: KeepLimits | undefined
  /** Where messages lay that are here no longer. */
  readonly onRemoved: (copies: readonly LetterCopy[]) => Promise<void>
}

/** No message came that was waited for; the text tells what did come. */
export class NoMessageError extends Error {
  override readonly name = 'NoMessageError'
  /** All messages of the office at that time. */
  readonly messages: readonly TestMessage[]

  constructor(text: string, messages: readonly TestMessage[]) {
    super(text)
    this.messages = messages
  }
}

interface Waiting {
  readonly key: string
  readonly fits: (message: TestMessage) => boolean
  readonly take: (message: TestMessage) => void
  readonly giveUp: (error: unknown) => void
}

const defaultTimeoutMs = 4_000
const maxTold = 20

export class Letterbox {
  readonly #options: LetterboxOptions
  readonly #messages: TestMessage[] = []
  readonly #copies = new Map<TestMessage, readonly LetterCopy[]>()
  /** Of each filter, what was returned by waits already. */
  readonly #returned = new Map<string, Set<TestMessage>>()
  readonly #waiting = new Set<Waiting>()
  #arriving: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(options: LetterboxOptions) {
    this.#options = options
  }

  add(letter: DeliveredLetter): void {
    const reading = readMessage(letter)
    this.#arriving = this.#arriving.then(async () => {
      const message = await reading
      this.#messages.push(message)
      this.#copies.set(message, letter.copies)
      for (const waiting of this.#waiting) this.#serve(waiting, [message])
      await this.#forget(this.#surplus())
    })
  }

  /** What was delivered before the call, in order. */
  async messages(filter: MessageFilter = {}): Promise<readonly TestMessage[]> {
    await this.#arriving
    return this.#messages.filter(this.#test(filter))
  }

  /** Takes away what was delivered before the call; gives how many. */
  async remove(filter: MessageFilter = {}): Promise<number> {
    const going = await this.messages(filter)
    await this.#forget(going)
    return going.length
  }

  async find(id: string): Promise<TestMessage> {
    await this.#arriving
    const message = this.#messages.find(each => each.id === id)
    if (!message) throw new Error(`there is no message ${id}`)
    return message
  }

  /** Each message once for each filter, in order of arrival. Rejects with a `NoMessageError`, or the signal's reason. */
  wait({ timeout = defaultTimeoutMs, signal, ...filter }: WaitOptions = {}): Promise<TestMessage> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => waiting.giveUp(this.#error(filter, why))
      const abort = () => waiting.giveUp(signal?.reason)
      const timer = setTimeout(() => fail(`in ${timeout} ms`), timeout)
      const finish = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
        this.#waiting.delete(waiting)
      }
      const waiting: Waiting = {
        key: keyOf(filter),
        fits: this.#test(filter),
        take: message => {
          finish()
          resolve(message)
        },
        giveUp: error => {
          finish()
          reject(error instanceof Error ? error : new Error('aborted', { cause: error }))
        },
      }
      if (signal?.aborted) return abort()
      if (this.#isClosed) return fail('any more: the office has closed')
      signal?.addEventListener('abort', abort)
      this.#waiting.add(waiting)
      this.#serve(waiting, this.#messages)
    })
  }

  /** Ends all waiting. */
  close(): void {
    this.#isClosed = true
    for (const { giveUp } of this.#waiting) giveUp(this.#error({}, 'any more: the office has closed'))
  }

  async #forget(going: readonly TestMessage[]): Promise<void> {
    if (going.length === 0) return
    const gone = new Set(going)
    const kept = this.#messages.filter(message => !gone.has(message))
    this.#messages.splice(0, this.#messages.length, ...kept)
    for (const returned of this.#returned.values()) for (const message of gone) returned.delete(message)
    const copies = going.flatMap(message => this.#copies.get(message) ?? [])
    for (const message of going) this.#copies.delete(message)
    await this.#options.onRemoved(copies)
  }

  /** The oldest, as many as are too many; never the latest. */
  #surplus(): readonly TestMessage[] {
    const { keep } = this.#options
    if (!keep) return []
    let left = this.#messages.length
    let octets = this.#messages.reduce((sum, { raw }) => sum + raw.length, 0)
    return this.#messages.slice(0, -1).filter(({ raw }) => {
      const isSurplus = left > keep.messages || octets > keep.octets
      if (isSurplus) [left, octets] = [left - 1, octets - raw.length]
      return isSurplus
    })
  }

  #serve({ key, fits, take }: Waiting, messages: readonly TestMessage[]): void {
    const returned = this.#returned.get(key) ?? new Set()
    const message = messages.find(each => !returned.has(each) && fits(each))
    if (!message) return
    this.#returned.set(key, returned.add(message))
    take(message)
  }

  #test({ to, from, subject, id }: MessageFilter): (message: TestMessage) => boolean {
    const isTo = addressTest(to === undefined || to instanceof RegExp ? to : this.#complete(to))
    const isFrom = addressTest(from)
    return ({ id: own, envelope, from: author, subject: text }) =>
      (id === undefined || own === id) &&
      (to === undefined || envelope.to.some(each => isTo(each) || isTo(this.#complete(each)))) &&
      (from === undefined || isFrom(envelope.from) || isFrom(author?.address ?? '')) &&
      (subject === undefined || (subject instanceof RegExp ? matches(subject, text) : text === subject))
  }

  #complete(address: string): string {
    return address.includes('@') ? address : `${address}@${this.#options.domain}`
  }

  #error(filter: MessageFilter, why: string): NoMessageError {
    const wanted = Object.entries(filter).filter(([, value]) => value !== undefined)
    const what = wanted.map(([name, value]) => ` ${name} ${String(value)}`).join(',')
    const told = this.#messages.slice(-maxTold).map(({ envelope, subject }) => {
      return `\n  from <${envelope.from}> to <${envelope.to.join('>, <')}>: ${JSON.stringify(subject)}`
    })
    const came = told.length === 0 ? 'nothing has come' : `of ${this.#messages.length} that came, the latest:`
    return new NoMessageError(`no message${what} came ${why}; ${came}${told.join('')}`, [...this.#messages])
  }
}

function addressTest(wanted: string | RegExp | undefined): (address: string) => boolean {
  if (wanted instanceof RegExp) return address => matches(wanted, address)
  const folded = foldAddress(wanted ?? '')
  return address => foldAddress(address) === folded
}

/** From the beginning, whatever the expression has found before. */
function matches(pattern: RegExp, text: string): boolean {
  return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')).test(text)
}

/** The same for filters that ask for the same. */
function keyOf(filter: MessageFilter): string {
  return JSON.stringify(
    [filter.to, filter.from, filter.subject, filter.id].map(each =>
      each instanceof RegExp ? ['pattern', String(each)] : each,
    ),
  )
}
