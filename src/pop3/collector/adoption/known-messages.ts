// Gathers the messages that a foreign file tells of: no key twice, none that no server can have sent, and no more than a
// maildrop can hold.
import { ForeignFileError, type KnownMessage } from './foreign.ts'

const maxMessages = 2_000_000
/** The ledger's keys are no longer. RFC 1939 section 7 has 70, and servers that do not care. */
const maxKeyLength = 1_000

export class KnownMessages {
  readonly #byKey = new Map<string, KnownMessage>()
  readonly #file: string
  readonly #prefix: string
  /** Lines that name no message. */
  odd = 0

  /** `prefix` stands before each key. */
  constructor(file: string, prefix = '') {
    this.#file = file
    this.#prefix = prefix
  }

  /** A key that is there already keeps its first date. */
  add(id: string, seconds?: number): void {
    const key = this.#prefix + id
    if (!isId(id) || key.length > maxKeyLength) {
      this.odd += 1
      return
    }
    if (this.#byKey.has(key)) return
    if (this.#byKey.size === maxMessages)
      throw new ForeignFileError(`${this.#file}: more than ${maxMessages} messages`)
    this.#byKey.set(key, { key, storedAt: dateOf(seconds) })
  }

  list(): readonly KnownMessage[] {
    return [...this.#byKey.values()]
  }

  /** A sentence about what could not be read, where there was something. */
  remarks(): string[] {
    if (this.odd === 0) return []
    const lines = this.odd === 1 ? '1 line tells' : `${this.odd} lines tell`
    return [`${this.#file}: ${lines} of no message and counted for nothing`]
  }
}

/** Octets as they came, in latin1; no blanks, nothing that steers a terminal. */
function isId(text: string): boolean {
  return text.length <= maxKeyLength && /^[\x21-\x7e\xa0-\xff]+$/.test(text)
}

/** Nothing that lies in the future: whoever counts days from it would never come to an end. */
function dateOf(seconds: number | undefined): Date | undefined {
  if (seconds === undefined || !Number.isSafeInteger(seconds) || seconds <= 0) return undefined
  const time = seconds * 1000
  return time <= Date.now() ? new Date(time) : undefined
}
