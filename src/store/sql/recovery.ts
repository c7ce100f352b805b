// Housekeeping in SQL. Everything goes in small steps, each an operation of its own, so that deliveries and sessions never
// wait for long; what a process leaves undone, the next `clean` finds.
import { setImmediate } from 'node:timers/promises'
import type { DeletionCause } from '../../mail/deletion.ts'
import { addHousework, noHousework } from '../../mail/housework.ts'
import type { Id } from '../../mail/id.ts'
import type { Cleaning, RecoveryStore } from '../../mail/recovery-store.ts'
import { countInMailbox } from './counters.ts'
import type { Database } from './database.ts'
import { recordDeletion } from './expunging.ts'
import { deleteMessage, freeContent, freeLoose } from './freeing.ts'
import { type Leases, liveLeaseSince } from './leases.ts'
import { type Operation, row, rows } from './operation.ts'
import type { Remembered } from './remembered.ts'
import { statement } from './statement.ts'
import { StepBudget, type StepReport, stepMessages } from './step-budget.ts'
import { countDeleted, stateOfMessage, undeleteAll } from './undeleting.ts'

/** A delivery that wrote its first octets so long ago and was never committed has died. */
const deliveryMs = 24 * 3_600_000

const nothingFreed: Cleaning = { ...noHousework, contents: 0 }

export function sqlRecovery(database: Database, leases: Leases, remembered: Remembered): RecoveryStore {
  const { reader, now } = database

  return {
    undelete: (account, filter) => undeleteAll(database, account, filter),
    countExpunged: (account, filter) => countDeleted(database, account, filter),

    messageState: (account, uidl) => stateOfMessage(database, account, uidl),

    async clean(expungedBefore, signal) {
      // Sessions that begin later do not list what was expunged before.
      await leases.showAll()
      let freed = nothingFreed
      const before = expungedBefore.getTime()
      for (let last = ''; !signal?.aborted; ) {
        const next = (await reader.row(accountAfter, { last }))?.account_id
        if (typeof next !== 'string') break
        last = next
        const more = await freeExpungedOf(last, before, database, signal)
        // At once: an import may bring a freed UIDL back with other octets.
        if (more.messages > 0) remembered.forgetAll()
        freed = add(freed, more)
        await setImmediate()
      }
      while (!signal?.aborted && (await freeNextRemoved(database)));
      while (!signal?.aborted && (await freeNextLoose(database, now() - deliveryMs)));
      return freed
    },
  }
}

/** Frees what an account has expunged before a time; all of it when the account itself is gone. */
async function freeExpungedOf(
  account_id: Id,
  before: number,
  database: Database,
  signal: AbortSignal | undefined,
): Promise<Cleaning> {
  if (!(await database.reader.row(accountById, { account_id }))) return freeMessagesOf(account_id, database)
  let freed = nothingFreed
  while (!signal?.aborted && (await database.reader.row(anyExpunged, { account_id, before }))) {
    const step = await database.writer.run(freeExpunged, { account_id, before, now: database.now() })
    freed = add(freed, cleaningOf(step))
    if (!step.more) break
  }
  return freed
}

/** Frees every message of an account that was removed, and its mailboxes. */
export async function freeMessagesOf(account_id: Id, { writer, now }: Database): Promise<Cleaning> {
  for (let freed = nothingFreed; ; ) {
    const step = await writer.run(freeMessages, { account_id, now: now() })
    freed = add(freed, cleaningOf(step))
    if (!step.more) return freed
  }
}

/** What a process that ended in the middle left of an account it had removed. */
async function freeNextRemoved(database: Database): Promise<boolean> {
  const left = await database.reader.row(removedWithMailbox, {})
  if (!left) return false
  await freeMessagesOf(left.account_id, database)
  return true
}

async function freeNextLoose({ reader, writer }: Database, before: number): Promise<boolean> {
  const loose = await reader.row(oldLoose, { before })
  if (!loose) return false
  while (await writer.run(freeLoose, { ...loose, before }));
  return true
}

function add(one: Cleaning, other: Cleaning): Cleaning {
  return { ...addHousework(one, other), contents: one.contents + other.contents }
}

interface FreeStep extends StepReport {
  readonly contents: number
}

function cleaningOf({ messages, contents, tookMs }: FreeStep): Cleaning {
  return { messages, contents, steps: 1, largestStep: messages, longestStepMs: tookMs }
}

/** Frees one step of expunged messages, except those that a live session may still read. */
export function* freeExpunged(argument: {
  account_id: Id
  before: number
  now: number
}): Operation<FreeStep> {
  const { account_id, now } = argument
  const budget = new StepBudget()
  const lease = yield* row(liveLeaseSince, { account_id, now })
  const before = Math.min(argument.before, lease?.since ?? argument.before)
  const found = yield* rows(expungedBefore, { account_id, before, limit: stepMessages })
  let contents = 0
  for (const message of found) {
    if (!budget.take()) break
    if (yield* free(account_id, message)) contents += 1
  }
  return { ...budget.report(found.length), contents }
}

/** Frees one step of the messages of an account that no longer exists; with the last of them its mailboxes. */
export function* freeMessages({ account_id, now }: { account_id: Id; now: number }): Operation<FreeStep> {
  const budget = new StepBudget()
  if (yield* row(accountById, { account_id })) return { ...budget.report(0), contents: 0 }
  const found = yield* rows(someMessages, { account_id, limit: stepMessages })
  const removal = yield* row(removedById, { account_id })
  const cause: DeletionCause = { reason: 'account', actor: removal?.actor ?? '' }
  let contents = 0
  for (const { folder, expunged_at, octets, ...message } of found) {
    if (!budget.take()) break
    const { mailbox_id, uidl } = message
    if (yield* free(account_id, message)) contents += 1
    if (expunged_at !== null) continue
    yield* recordDeletion({ account_id, mailbox_id, now }, { folder: folder ?? '', uidl, octets }, cause)
    yield* rows(countInMailbox, { account_id, mailbox_id, messages: -1, octets: -octets })
  }
  const report = budget.report(found.length)
  if (!report.more) yield* rows(deleteMailboxes, { account_id })
  return { ...report, contents }
}

interface FoundKey {
  readonly mailbox_id: Id
  readonly uidl: string
  readonly content_id: Id
}

function* free(account_id: Id, { mailbox_id, uidl, content_id }: FoundKey): Operation<boolean> {
  yield* rows(deleteMessage, { account_id, mailbox_id, uidl })
  return yield* freeContent(content_id)
}

const accountById = statement<{ account_id: Id }>()((db, p) =>
  db.selectFrom('account').select('id').where('id', '=', p.account_id),
)

const accountAfter = statement<{ last: Id }>()((db, p) =>
  db
    .selectFrom('message')
    .select(({ fn }) => fn.min('account_id').as('account_id'))
    .where('account_id', '>', p.last),
)

const anyExpunged = statement<{ account_id: Id; before: number }>()((db, p) =>
  db
    .selectFrom('message')
    .select('account_id')
    .where('account_id', '=', p.account_id)
    .where('expunged_at', 'is not', null)
    .where('expunged_at', '<', p.before)
    .limit(1),
)

const expungedBefore = statement<{ account_id: Id; before: number; limit: number }>()((db, p) =>
  db
    .selectFrom('message')
    .select(['mailbox_id', 'uidl', 'content_id'])
    .where('account_id', '=', p.account_id)
    .where('expunged_at', 'is not', null)
    .where('expunged_at', '<', p.before)
    .limit(p.limit),
)

const someMessages = statement<{ account_id: Id; limit: number }>()((db, p) =>
  db
    .selectFrom('message')
    .leftJoin('mailbox', join =>
      join
        .onRef('mailbox.account_id', '=', 'message.account_id')
        .onRef('mailbox.id', '=', 'message.mailbox_id'),
    )
    .select([
      'message.mailbox_id',
      'message.uidl',
      'message.content_id',
      'message.octets',
      'message.expunged_at',
      'mailbox.name as folder',
    ])
    .where('message.account_id', '=', p.account_id)
    .limit(p.limit),
)

const removedById = statement<{ account_id: Id }>()((db, p) =>
  db.selectFrom('removed_account').select('actor').where('account_id', '=', p.account_id),
)

const removedWithMailbox = statement()(db =>
  db
    .selectFrom('removed_account')
    .innerJoin('mailbox', 'mailbox.account_id', 'removed_account.account_id')
    .select('removed_account.account_id')
    .limit(1),
)

const deleteMailboxes = statement<{ account_id: Id }>()((db, p) =>
  db.deleteFrom('mailbox').where('account_id', '=', p.account_id),
)

const oldLoose = statement<{ before: number }>()((db, p) =>
  db.selectFrom('loose_content').select('content_id').where('since', '<', p.before).limit(1),
)
