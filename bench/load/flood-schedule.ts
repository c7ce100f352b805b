// Who comes when during a flood of failed logins, and from where: no sockets, no clock, the same on each run. Linux takes
// every address of 127.0.0.0/8 as its own, so that one machine can come from many.
import type { MaildropFacts } from '../corpus.ts'

/** One login from one address. */
export interface Visitor {
  readonly address: string
  readonly name: string
  readonly password: string
}

/** Work that begins at its own times, whether or not what began before has ended. */
export class OpenLoop {
  readonly #perSecond: number
  readonly #atMost: number
  #begun = 0

  /** `atMost` ends it, whatever the clock says. */
  constructor(perSecond: number, atMost: number) {
    this.#perSecond = perSecond
    this.#atMost = atMost
  }

  /** The numbers of what is due by now and has not begun; the first is due at once. */
  *due(elapsedMs: number): Generator<number> {
    const until = Math.min(Math.floor((elapsedMs / 1000) * this.#perSecond) + 1, this.#atMost)
    while (this.#begun < until) yield this.#begun++
  }
}

/** By turns a name that nobody has, and a wrong password for one of the maildrops, those of honest people included. */
export function attackerOf(index: number, addresses: number, maildrops: readonly MaildropFacts[]): Visitor {
  const from = index % addresses
  const address = `127.${16 + (from >> 8)}.${from & 0xff}.9`
  const password = `guess ${index}`
  if (index % 2 === 0) return { address, name: `nobody${index}`, password }
  return { address, name: maildrops[(index >> 1) % maildrops.length]?.name ?? '', password }
}

/** Each honest person always comes from the same one of a few addresses. */
export function honestVisitorOf(
  index: number,
  addresses: number,
  maildrops: readonly MaildropFacts[],
): Visitor {
  const person = index % maildrops.length
  const { name = '', password = '' } = maildrops[person] ?? {}
  return { address: `127.8.0.${1 + (person % addresses)}`, name, password }
}
