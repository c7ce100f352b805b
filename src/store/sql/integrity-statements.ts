// The statements of the integrity check: each compares what is recorded with what is there in one snapshot, a page at a
// time.
import type { Id } from '../../mail/id.ts'
import { statement } from './statement.ts'

interface Page extends Record<string, string | number> {
  last: Id
  limit: number
}

export const accountSums = statement<Page>()((db, p) =>
  db
    .selectFrom('account')
    .select(['id', 'name', 'used_octets', 'used_messages'])
    .select(eb => [
      eb
        .selectFrom('message')
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .whereRef('message.account_id', '=', 'account.id')
        .where('message.expunged_at', 'is', null)
        .as('messages'),
      eb
        .selectFrom('message')
        .select(({ fn }) => fn.sum<number | null>('message.octets').as('n'))
        .whereRef('message.account_id', '=', 'account.id')
        .where('message.expunged_at', 'is', null)
        .as('octets'),
      eb
        .selectFrom('mailbox')
        .select('mailbox.messages')
        .whereRef('mailbox.account_id', '=', 'account.id')
        .whereRef('mailbox.id', '=', 'account.inbox_id')
        .as('inbox_messages'),
    ])
    .where('id', '>', p.last)
    .orderBy('id')
    .limit(p.limit),
)

/** App passwords that would be an account's, if it were there. */
export const strayAppPasswords = statement<Page>()((db, p) =>
  db
    .selectFrom('app_password')
    .select(['id', 'account_id', 'name'])
    .where('id', '>', p.last)
    .where(eb =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('account')
            .select('account.id')
            .whereRef('account.id', '=', 'app_password.account_id'),
        ),
      ),
    )
    .orderBy('id')
    .limit(p.limit),
)

export const mailboxSums = statement<Page>()((db, p) =>
  db
    .selectFrom('mailbox')
    .select(['id', 'uid_next', 'messages', 'octets'])
    .select(eb => [
      eb
        .selectFrom('message')
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .whereRef('message.account_id', '=', 'mailbox.account_id')
        .whereRef('message.mailbox_id', '=', 'mailbox.id')
        .where('message.expunged_at', 'is', null)
        .as('found'),
      eb
        .selectFrom('message')
        .select(({ fn }) => fn.sum<number | null>('message.octets').as('n'))
        .whereRef('message.account_id', '=', 'mailbox.account_id')
        .whereRef('message.mailbox_id', '=', 'mailbox.id')
        .where('message.expunged_at', 'is', null)
        .as('found_octets'),
      eb
        .selectFrom('message')
        .select(({ fn }) => fn.max('message.uid').as('n'))
        .whereRef('message.account_id', '=', 'mailbox.account_id')
        .whereRef('message.mailbox_id', '=', 'mailbox.id')
        .as('last_uid'),
    ])
    .where('id', '>', p.last)
    .orderBy('id')
    .limit(p.limit),
)

interface MessagePage extends Record<string, string | number> {
  account_id: Id
  mailbox_id: Id
  uidl: string
  limit: number
}

export const messagesAfter = statement<MessagePage>()((db, p) =>
  db
    .selectFrom('message')
    .leftJoin('content', 'content.id', 'message.content_id')
    .select([
      'message.account_id',
      'message.mailbox_id',
      'message.uidl',
      'message.content_id',
      'message.trace',
      'message.octets',
      'content.octets as content_octets',
    ])
    .where(eb =>
      eb(
        eb.refTuple('message.account_id', 'message.mailbox_id', 'message.uidl'),
        '>',
        eb.tuple(p.account_id, p.mailbox_id, p.uidl),
      ),
    )
    .orderBy('message.account_id')
    .orderBy('message.mailbox_id')
    .orderBy('message.uidl')
    .limit(p.limit),
)

export const contentsAfter = statement<Page>()((db, p) =>
  db
    .selectFrom('content')
    .select(['id', 'octets', 'header_octets', 'dot_lines'])
    .select(eb =>
      eb
        .selectFrom('message')
        .select('uidl')
        .whereRef('message.content_id', '=', 'content.id')
        .limit(1)
        .as('shown'),
    )
    .where('id', '>', p.last)
    .orderBy('id')
    .limit(p.limit),
)

export const contentById = statement<{ id: Id }>()((db, p) =>
  db.selectFrom('content').select('id').where('id', '=', p.id),
)

export const firstChunksAfter = statement<Page>()((db, p) =>
  db
    .selectFrom('content_chunk')
    .select('content_id as id')
    .distinct()
    .where('content_id', '>', p.last)
    .orderBy('content_id')
    .limit(p.limit),
)

export const strayChunk = statement<{ id: Id }>()((db, p) =>
  db
    .selectFrom('content_chunk')
    .select('seq')
    .where('content_id', '=', p.id)
    .where(eb => eb.not(eb.exists(eb.selectFrom('content').select('id').where('id', '=', p.id))))
    .where(eb =>
      eb.not(eb.exists(eb.selectFrom('loose_content').select('since').where('content_id', '=', p.id))),
    )
    .limit(1),
)
