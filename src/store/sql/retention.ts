// Retention in SQL. What is to go is looked for by the reader, a page at a time, and goes in small steps of the writer. A
// mailbox that did not change, and of which nothing is due, is not looked through again.
import { setImmediate } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import type { DeletionCause } from '../../mail/deletion.ts'
import { sameFolder, trashName } from '../../mail/folder-name.ts'
import { addHousework, type Housework, noHousework } from '../../mail/housework.ts'
import type { Id } from '../../mail/id.ts'
import { parseSettings } from '../../mail/maildrop-settings.ts'
import { type RetentionRule, rulesFor } from '../../mail/retention.ts'
import type { RetentionStore } from '../../mail/retention-store.ts'
import { toAccount } from './accounts.ts'
import { pruneAudit, sqlAudit } from './audit.ts'
import type { Database } from './database.ts'
import { expungeMessages } from './expunging.ts'
import { mailboxesOf } from './mailbox-statements.ts'
import { type Operation, rows } from './operation.ts'
import { dueMessages, mailboxSize, oldestMessages, retrievedBefore } from './retention-statements.ts'
import { statement } from './statement.ts'
import { StepBudget, type StepReport, stepMessages } from './step-budget.ts'

const pageRows = 1000
const accountsPage = 200

export function sqlRetention(database: Database): RetentionStore {
  const { reader, writer } = database
  const looked = new LookedThrough()

  return {
    ...sqlAudit(database),

    async applyRetention(rules, signal) {
      let done = noHousework
      for await (const { id, settings } of accounts(database)) {
        if (signal?.aborted) break
        const own = parseSettings(settings)
        if (rules.length === 0 && own.expireDays === undefined) continue
        for (const mailbox of await reader.rows(mailboxesOf, { account_id: id })) {
          const held = rulesFor(rules, own, mailbox.name)
          if (held.length === 0 || mailbox.messages === 0) continue
          const work = new MailboxRetention(database, { ...mailbox, account_id: id }, held, signal)
          done = addHousework(done, await work.run(looked))
        }
      }
      return done
    },

    pruneDeletions: (before, signal) => pruneAudit(database, before.getTime(), signal),

    async listQuotaUse(percent) {
      const found = []
      for await (const account of accounts(database)) {
        const { quota_octets, used_octets, quota_warned } = account
        const isFull = quota_octets > 0 && used_octets * 100 >= quota_octets * percent
        if (isFull || quota_warned > 0)
          found.push({ account: toAccount(account), warnedPercent: quota_warned })
      }
      return found
    },

    async noteQuotaWarning({ id }, percent) {
      await writer.run(noteQuotaWarning, { account_id: id, percent })
    },
  }

  /** Every account, a page at a time. */
  async function* accounts({ reader }: Database) {
    for (let last = ''; ; await setImmediate()) {
      const page = await reader.rows(accountsAfter, { last, limit: accountsPage })
      yield* page
      const end = page.at(-1)
      if (!end || page.length < accountsPage) return
      last = end.id
    }
  }
}

interface MailboxState {
  readonly account_id: Id
  readonly id: Id
  readonly name: string
  readonly messages: number
  readonly octets: number
  readonly modseq: number
}

/** Until when nothing of a mailbox is due, as long as it stays as it is. */
class LookedThrough {
  readonly #known = new LRUCache<Id, { readonly state: string; readonly dueAt: number }>({ max: 50_000 })

  isQuiet({ id, modseq }: MailboxState, rules: readonly RetentionRule[], now: number): boolean {
    const known = this.#known.get(id)
    return known !== undefined && known.state === stateOf(modseq, rules) && now < known.dueAt
  }

  note({ id, modseq }: MailboxState, rules: readonly RetentionRule[], dueAt: number): void {
    this.#known.set(id, { state: stateOf(modseq, rules), dueAt })
  }
}

function stateOf(modseq: number, rules: readonly RetentionRule[]): string {
  return `${modseq} ${JSON.stringify(rules)}`
}

/** One mailbox under its rules. */
class MailboxRetention {
  readonly #database: Database
  readonly #mailbox: MailboxState
  readonly #rules: readonly RetentionRule[]
  readonly #signal: AbortSignal | undefined
  readonly #cause: DeletionCause
  #done = noHousework

  constructor(
    database: Database,
    mailbox: MailboxState,
    rules: readonly RetentionRule[],
    signal: AbortSignal | undefined,
  ) {
    this.#database = database
    this.#mailbox = mailbox
    this.#rules = rules
    this.#signal = signal
    const reason = sameFolder(mailbox.name, trashName) ? 'trash' : 'retention'
    this.#cause = { reason, actor: 'retention' }
  }

  async run(looked: LookedThrough): Promise<Housework> {
    const now = this.#database.now()
    const byAge = this.#rules.filter(
      rule => rule.olderThanMs !== undefined && rule.afterFetchMs === undefined,
    )
    if (byAge.length > 0 && !looked.isQuiet(this.#mailbox, byAge, now)) {
      const dueAt = await this.#applyAges(byAge, now)
      // What went changed the mailbox: then it is looked through once more, and stays quiet from there.
      if (!this.#signal?.aborted) looked.note(this.#mailbox, byAge, dueAt)
    }
    for (const rule of this.#rules) {
      if (rule.afterFetchMs !== undefined && rule.afterFetchMs > 0) await this.#applyRetrieval(rule, now)
    }
    await this.#applyLimits()
    return this.#done
  }

  /** Gives when the next message is due. */
  async #applyAges(rules: readonly RetentionRule[], now: number): Promise<number> {
    let dueAt = Number.POSITIVE_INFINITY
    for (let uid = 0; !this.#signal?.aborted; await setImmediate()) {
      const page = await this.#database.reader.rows(dueMessages, { ...this.#key, uid, limit: pageRows })
      const due = page.filter(({ internal_date, octets }) => {
        const at = Math.min(
          ...rules
            .filter(({ largerThanOctets = -1 }) => octets > largerThanOctets)
            .map(({ olderThanMs = 0 }) => internal_date + olderThanMs),
        )
        if (at > now) dueAt = Math.min(dueAt, at)
        return at <= now
      })
      await this.#expunge(due)
      const last = page.at(-1)
      if (!last || page.length < pageRows) break
      uid = last.uid
    }
    return dueAt
  }

  async #applyRetrieval({ olderThanMs, afterFetchMs = 0, largerThanOctets }: RetentionRule, now: number) {
    while (!this.#signal?.aborted) {
      const due = await this.#database.reader.rows(retrievedBefore, {
        ...this.#key,
        retrieved_before: now - afterFetchMs,
        // An age is named only together with the retrieval; without one any date will do.
        date_before: olderThanMs === undefined ? Number.MAX_SAFE_INTEGER : now - olderThanMs,
        larger_than: largerThanOctets ?? -1,
        limit: stepMessages,
      })
      await this.#expunge(due)
      if (due.length < stepMessages) return
      await setImmediate()
    }
  }

  /** The oldest go until each limit is met; what other rules and sessions took meanwhile counts. */
  async #applyLimits() {
    const maxMessages = Math.min(...this.#rules.map(rule => rule.maxMessages ?? Number.POSITIVE_INFINITY))
    const maxOctets = Math.min(...this.#rules.map(rule => rule.maxOctets ?? Number.POSITIVE_INFINITY))
    const isMet = (left: { messages: number; octets: number }) =>
      left.messages <= maxMessages && left.octets <= maxOctets
    // Most folders meet them as they were found, and none of their messages comes back by itself.
    if (isMet(this.#mailbox)) return
    const { reader } = this.#database
    while (!this.#signal?.aborted) {
      const left = { ...((await reader.row(mailboxSize, this.#key)) ?? { messages: 0, octets: 0 }) }
      if (isMet(left)) return
      const oldest = await reader.rows(oldestMessages, { ...this.#key, limit: stepMessages })
      const due = oldest.filter(message => {
        if (isMet(left)) return false
        left.messages -= 1
        left.octets -= message.octets
        return true
      })
      if (due.length === 0) return
      await this.#expunge(due)
      await setImmediate()
    }
  }

  async #expunge(due: readonly { readonly uidl: string }[]) {
    const { writer, now } = this.#database
    const uidls = due.map(({ uidl }) => uidl)
    for (let at = 0; at < uidls.length && !this.#signal?.aborted; ) {
      const step = uidls.slice(at, at + stepMessages)
      const report = await writer.run(retain, { ...this.#key, uidls: step, now: now(), cause: this.#cause })
      at += report.messages
      this.#done = addHousework(this.#done, {
        messages: report.expunged,
        steps: 1,
        largestStep: report.messages,
        longestStepMs: report.tookMs,
      })
    }
  }

  get #key() {
    return { account_id: this.#mailbox.account_id, mailbox_id: this.#mailbox.id }
  }
}

interface Retain {
  readonly account_id: Id
  readonly mailbox_id: Id
  readonly uidls: readonly string[]
  readonly now: number
  readonly cause: DeletionCause
}

/** Messages between two looks at the clock. */
const groupMessages = 10

/** Expunges one step of the messages, or the first of them when they take long. */
export function* retain({ uidls, ...key }: Retain): Operation<StepReport & { expunged: number }> {
  const budget = new StepBudget()
  let expunged = 0
  while (budget.messages < uidls.length && budget.take()) {
    const from = budget.messages - 1
    while (budget.messages < Math.min(from + groupMessages, uidls.length) && budget.take());
    expunged += (yield* expungeMessages({ ...key, uidls: uidls.slice(from, budget.messages) })) ?? 0
  }
  return { ...budget.report(uidls.length), expunged }
}

export function* noteQuotaWarning(argument: { account_id: Id; percent: number }): Operation<void> {
  yield* rows(setQuotaWarned, argument)
}

const accountsAfter = statement<{ last: Id; limit: number }>()((db, p) =>
  db.selectFrom('account').selectAll().where('id', '>', p.last).orderBy('id').limit(p.limit),
)

const setQuotaWarned = statement<{ account_id: Id; percent: number }>()((db, p) =>
  db.updateTable('account').set({ quota_warned: p.percent }).where('id', '=', p.account_id),
)
