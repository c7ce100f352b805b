// The audit of deletions in SQL: listed for an operator, and forgotten in small steps when it is old or too long.
import { setImmediate } from 'node:timers/promises'
import { sql } from 'kysely'
import type { AccountName } from '../../mail/account.ts'
import type {
  Deletion,
  DeletionAudit,
  DeletionFate,
  DeletionQuery,
  DeletionReason,
} from '../../mail/deletion.ts'
import type { Id } from '../../mail/id.ts'
import type { Database } from './database.ts'
import { type Operation, rows } from './operation.ts'
import type { Schema } from './schema.ts'
import { statement } from './statement.ts'

/** Deletions that are kept of each account, whatever their age. */
const maxOfAccount = 100_000
const defaultLimit = 1000
/** Rows forgotten in one step. */
const stepRows = 500

export function sqlAudit({ reader }: Database): DeletionAudit {
  return {
    async listDeletions(name, { since, sessionId = '', limit = defaultLimit }: DeletionQuery = {}) {
      const found: Deletion[] = []
      for (const { id } of await reader.rows(idsOfName, { name })) {
        const which = { account_id: id, since: since?.getTime() ?? 0, session_id: sessionId, limit }
        for (const each of await reader.rows(deletionsOf, which)) found.push(toDeletion(each))
      }
      return found.sort((one, other) => one.at.getTime() - other.at.getTime()).slice(-limit)
    },
  }
}

/** Forgets what is older than a time, and what is too much; gives how many. */
export async function pruneAudit(
  { reader, writer }: Database,
  before: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  let pruned = 0
  for (let last = ''; !signal?.aborted; ) {
    const account_id = (await reader.row(accountAfter, { last }))?.account_id
    if (typeof account_id !== 'string') break
    last = account_id
    const tooMany = await reader.row(deletionAt, { account_id, offset: maxOfAccount - 1 })
    const bound = Math.max(before, tooMany?.deleted_at ?? 0)
    while (!signal?.aborted && (await reader.row(anyBefore, { account_id, before: bound }))) {
      pruned += await writer.run(forgetDeletions, { account_id, before: bound })
    }
    await setImmediate()
  }
  if (!signal?.aborted && (await reader.row(forgettable, { before }))) {
    await writer.run(forgetRemoved, { before })
  }
  return pruned
}

export function* forgetDeletions(argument: { account_id: Id; before: number }): Operation<number> {
  return (yield* rows(deleteSome, { ...argument, limit: stepRows })).length
}

/** Names of removed accounts none of whose deletions is left. */
export function* forgetRemoved(argument: { before: number }): Operation<void> {
  yield* rows(deleteRemoved, argument)
}

function toDeletion(found: Schema['deletion']): Deletion {
  return {
    at: new Date(found.deleted_at),
    folder: found.folder,
    uidl: found.uidl,
    octets: found.octets,
    fate: found.fate as DeletionFate,
    reason: found.reason as DeletionReason,
    actor: found.actor,
    ...(found.session_id !== null && { sessionId: found.session_id }),
    ...(found.peer !== null && { peer: found.peer }),
    ...(found.protocol !== null && { protocol: found.protocol }),
  }
}

const idsOfName = statement<{ name: AccountName }>()((db, p) =>
  db
    .selectFrom('account')
    .select('id')
    .where('name', '=', p.name)
    .unionAll(
      db.selectFrom('removed_account').select('account_id as id').where('removed_account.name', '=', p.name),
    ),
)

/** The latest. */
const deletionsOf = statement<{ account_id: Id; since: number; session_id: string; limit: number }>()(
  (db, p) =>
    db
      .selectFrom('deletion')
      .selectAll()
      .where('account_id', '=', p.account_id)
      .where('deleted_at', '>=', p.since)
      .where(eb => eb.or([eb(eb.val(p.session_id), '=', ''), eb('session_id', '=', p.session_id)]))
      .orderBy('deleted_at', 'desc')
      .limit(p.limit),
)

const accountAfter = statement<{ last: Id }>()((db, p) =>
  db
    .selectFrom('deletion')
    .select(({ fn }) => fn.min('account_id').as('account_id'))
    .where('account_id', '>', p.last),
)

/** The time of the deletion behind so many later ones. */
const deletionAt = statement<{ account_id: Id; offset: number }>()((db, p) =>
  db
    .selectFrom('deletion')
    .select('deleted_at')
    .where('account_id', '=', p.account_id)
    .orderBy('deleted_at', 'desc')
    .limit(1)
    .offset(p.offset),
)

const anyBefore = statement<{ account_id: Id; before: number }>()((db, p) =>
  db
    .selectFrom('deletion')
    .select('deleted_at')
    .where('account_id', '=', p.account_id)
    .where('deleted_at', '<', p.before)
    .limit(1),
)

const deleteSome = statement<{ account_id: Id; before: number; limit: number }>()((db, p) =>
  db
    .deleteFrom('deletion')
    .where('account_id', '=', p.account_id)
    .where(eb =>
      eb(
        eb.refTuple('deleted_at', 'mailbox_id', 'uidl'),
        'in',
        eb
          .selectFrom('deletion')
          .select(['deleted_at', 'mailbox_id', 'uidl'])
          .where('account_id', '=', p.account_id)
          .where('deleted_at', '<', p.before)
          .orderBy('deleted_at')
          .limit(p.limit)
          .$asTuple('deleted_at', 'mailbox_id', 'uidl'),
      ),
    )
    .returning('uidl'),
)

/** Accounts none of whose deletions is left, and whose mailboxes have gone: freeing those looks here. */
const isForgotten = sql<boolean>`not exists (
  select 1 from deletion where deletion.account_id = removed_account.account_id
) and not exists (
  select 1 from mailbox where mailbox.account_id = removed_account.account_id
)`

const forgettable = statement<{ before: number }>()((db, p) =>
  db
    .selectFrom('removed_account')
    .select('account_id')
    .where('removed_at', '<', p.before)
    .where(isForgotten)
    .limit(1),
)

const deleteRemoved = statement<{ before: number }>()((db, p) =>
  db.deleteFrom('removed_account').where('removed_at', '<', p.before).where(isForgotten),
)
