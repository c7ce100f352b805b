// Freeing octets. A small content goes with its last message; the chunks of a large one become loose first and then go
// a few megabytes at a time.
import type { Id } from '../../mail/id.ts'
import { chunkOctets } from './chunks.ts'
import { type Operation, row, rows } from './operation.ts'
import { statement } from './statement.ts'

/** Chunks deleted in one step: 4 MiB. */
const stepChunks = 64

/** Frees the content unless a message still shows it; true when it was freed. */
export function* freeContent(content_id: Id): Operation<boolean> {
  if (yield* row(anyMessageOf, { content_id })) return false
  const content = yield* row(deleteContent, { content_id })
  if (!content) return false
  if (content.octets <= 4 * chunkOctets) yield* rows(deleteChunks, { content_id, limit: stepChunks })
  else yield* rows(loosen, { content_id })
  return true
}

/** Deletes some chunks of a loose content that became so before a time; true while there are more. */
export function* freeLoose(argument: { content_id: Id; before: number }): Operation<boolean> {
  const { content_id } = argument
  if (!(yield* row(markForFreeing, argument))) return false
  const deleted = yield* rows(deleteChunks, { content_id, limit: stepChunks })
  if (deleted.length === stepChunks) return true
  yield* rows(deleteLoose, { content_id })
  return false
}

export const deleteMessage = statement<{ account_id: Id; mailbox_id: Id; uidl: string }>()((db, p) =>
  db
    .deleteFrom('message')
    .where('account_id', '=', p.account_id)
    .where('mailbox_id', '=', p.mailbox_id)
    .where('uidl', '=', p.uidl),
)

const anyMessageOf = statement<{ content_id: Id }>()((db, p) =>
  db.selectFrom('message').select('uidl').where('content_id', '=', p.content_id).limit(1),
)

const deleteContent = statement<{ content_id: Id }>()((db, p) =>
  db.deleteFrom('content').where('id', '=', p.content_id).returning('octets'),
)

const deleteChunks = statement<{ content_id: Id; limit: number }>()((db, p) =>
  db
    .deleteFrom('content_chunk')
    .where('content_id', '=', p.content_id)
    .where('seq', 'in', some =>
      some
        .selectFrom('content_chunk')
        .select('seq')
        .where('content_id', '=', p.content_id)
        .orderBy('seq')
        .limit(p.limit),
    )
    .returning('seq'),
)

const loosen = statement<{ content_id: Id }>()((db, p) =>
  db.insertInto('loose_content').values({ content_id: p.content_id, since: 0 }),
)

/** From now on no delivery can claim it. */
const markForFreeing = statement<{ content_id: Id; before: number }>()((db, p) =>
  db
    .updateTable('loose_content')
    .set({ since: 0 })
    .where('content_id', '=', p.content_id)
    .where('since', '<', p.before)
    .returning('content_id'),
)

const deleteLoose = statement<{ content_id: Id }>()((db, p) =>
  db.deleteFrom('loose_content').where('content_id', '=', p.content_id),
)
