// Messages that a test takes away, past all protocols. A session that has the maildrop goes on with what it sees, as in any
// office; the next one no longer finds them.
import { isRefusal } from '../mail/errors.ts'
import type { LeaseHolder, MaildropStore } from '../mail/maildrop-store.ts'
import type { RecoveryStore } from '../mail/recovery-store.ts'
import type { LetterCopy } from './delivery.ts'

const holder: LeaseHolder = { sessionId: 'removal', peer: 'test' }
/** What was expunged stays readable for as long as a session that saw it may last. */
const readableMs = 10 * 60_000

export class Removals implements MaildropStore {
  readonly #store: MaildropStore & RecoveryStore
  readonly #now: () => number
  /** By account id, the UIDLs that are still to go. */
  readonly #due = new Map<string, Set<string>>()

  constructor(store: MaildropStore & RecoveryStore, now: () => number) {
    this.#store = store
    this.#now = now
  }

  /** The maildrop as POP3 gets it: without what was taken away. */
  readonly openMaildrop: MaildropStore['openMaildrop'] = async (account, lease, options) => {
    await this.#purge(account)
    return this.#store.openMaildrop(account, lease, options)
  }

  async remove(copies: readonly LetterCopy[]): Promise<void> {
    for (const { account, uidl } of copies) {
      const due = this.#due.get(account.id) ?? new Set()
      this.#due.set(account.id, due.add(uidl))
    }
    const accounts = new Map(copies.map(({ account }) => [account.id, account]))
    for (const account of accounts.values()) await this.#purge(account)
    await this.#store.clean(new Date(this.#now() - readableMs))
  }

  /** Does nothing while a session has the maildrop. */
  async #purge(account: LetterCopy['account']): Promise<void> {
    const due = this.#due.get(account.id)
    if (!due) return
    try {
      const maildrop = await this.#store.openMaildrop(account, holder)
      this.#due.delete(account.id)
      await maildrop.update(maildrop.listing.uidls.flatMap((uidl, index) => (due.has(uidl) ? [index] : [])))
    } catch (error) {
      if (!isRefusal(error, 'maildrop-in-use') && !isRefusal(error, 'no-such-account')) throw error
    }
  }
}
