// What every message of the soak must have become. The clients write down what they were told; what the server shows later
// has to fit. A violation is a sentence; none may be left.
import { tokenOf } from './messages.ts'

/**
 * `offered`: no answer came, so that it may be there or not; `kept`: it must be there; `refused`: it must not; `leaving`: the
 * answer to the QUIT that deletes it did not come; `deleted`: it must not be there any more.
 */
export type Fate = 'offered' | 'kept' | 'refused' | 'leaving' | 'deleted'

export interface Entry {
  readonly account: string
  readonly number: number
  readonly token: string
  fate: Fate
  uidl: string | undefined
  /** Those that one QUIT was to delete together. */
  leavingWith: readonly Entry[] | undefined
}

/** What a session has while it has the maildrop. */
export interface Hold {
  /** Nobody else was let in since. */
  readonly isAlone: boolean
  letGo(): void
}

export class Ledger {
  readonly violations: string[] = []
  readonly #entries = new Map<string, Map<string, Entry>>()
  readonly #byUidl = new Map<string, Entry>()
  readonly #holders = new Map<string, { isAlone: boolean }>()
  #offered = 0

  get counts(): Readonly<Record<Fate, number>> {
    const counts: Record<Fate, number> = { offered: 0, kept: 0, refused: 0, leaving: 0, deleted: 0 }
    for (const ofAccount of this.#entries.values())
      for (const { fate } of ofAccount.values()) counts[fate] += 1
    return counts
  }

  violate(text: string): void {
    this.violations.push(text)
  }

  /** A new message that is about to be sent to some accounts. */
  offerToAll(accounts: readonly string[]): readonly Entry[] {
    this.#offered += 1
    const number = this.#offered
    const token = tokenOf(number)
    return accounts.map(account => {
      const entry: Entry = {
        account,
        number,
        token,
        fate: 'offered',
        uidl: undefined,
        leavingWith: undefined,
      }
      this.#of(account).set(token, entry)
      return entry
    })
  }

  entry(account: string, token: string): Entry | undefined {
    return this.#of(account).get(token)
  }

  /**
   * A session was let in; no other may be until it lets go. It has to do so before it sends QUIT: another may be let in
   * before the answer is here.
   */
  hold(account: string): Hold {
    const hold = {
      isAlone: true,
      letGo: () => {
        if (this.#holders.get(account) === hold) this.#holders.delete(account)
      },
    }
    const other = this.#holders.get(account)
    // The other may have been ended and not have heard of it yet: only if it is served once more, two hold the maildrop.
    if (other) other.isAlone = false
    this.#holders.set(account, hold)
    return hold
  }

  byUidl(account: string, uidl: string): Entry | undefined {
    return this.#byUidl.get(`${account} ${uidl}`)
  }

  /** Those that must be seen by a session that begins now. */
  kept(account: string): readonly Entry[] {
    return [...this.#of(account).values()].filter(({ fate }) => fate === 'kept')
  }

  /** A session has the lock and sees the message: what was open about it is settled. */
  seen(entry: Entry, uidl: string): void {
    const { account, token, fate } = entry
    const name = `${token} of ${account}`
    if (entry.uidl !== undefined && entry.uidl !== uidl)
      this.violate(`${name} is there twice, or changed its UIDL: ${entry.uidl} and ${uidl}`)
    if (fate === 'refused') this.violate(`${name} was refused, and is there`)
    if (fate === 'deleted') this.violate(`${name} was deleted, and is there`)
    entry.uidl = uidl
    this.#byUidl.set(`${account} ${uidl}`, entry)
    if (fate === 'offered' || fate === 'leaving') entry.fate = 'kept'
  }

  /**
   * A session has the lock and has seen all there is. `expected` were kept before it began; the session before it may have
   * deleted some of them.
   */
  settle(account: string, expected: readonly Entry[], seen: ReadonlySet<Entry>): void {
    for (const { token } of expected.filter(entry => entry.fate === 'kept' && !seen.has(entry)))
      this.violate(`${token} of ${account} was kept, and is gone`)
    for (const entry of this.#of(account).values()) {
      const { leavingWith } = entry
      if (!leavingWith) continue
      const staying = leavingWith.filter(each => seen.has(each)).length
      if (staying > 0 && staying < leavingWith.length)
        this.violate(`of ${leavingWith.length} messages of one QUIT of ${account}, ${staying} stayed`)
      for (const each of leavingWith) {
        if (!seen.has(each)) each.fate = 'deleted'
        each.leavingWith = undefined
      }
    }
  }

  #of(account: string): Map<string, Entry> {
    const known = this.#entries.get(account) ?? new Map<string, Entry>()
    this.#entries.set(account, known)
    return known
  }
}
