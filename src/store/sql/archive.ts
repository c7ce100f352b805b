// Reading a mailbox outside a session, in SQL: by pages of a few hundred rows, in the order of POP3's numbers.
import type { Account } from '../../mail/account.ts'
import type { ArchiveStore, StoredMessage } from '../../mail/archive-store.ts'
import { bitsToFlags } from '../../mail/flags.ts'
import type { Id } from '../../mail/id.ts'
import { messageOctets } from './contents.ts'
import type { Connection, Database } from './database.ts'
import { statement } from './statement.ts'

const pageRows = 200

export function sqlArchive({ reader }: Database): ArchiveStore {
  return {
    messages: account => messagesOf(reader, account),

    async countMessages({ id, inboxId }) {
      return (await reader.row(messageCount, { account_id: id, mailbox_id: inboxId }))?.messages ?? 0
    },
  }
}

async function* messagesOf(reader: Connection, { id, inboxId }: Account): AsyncGenerator<StoredMessage> {
  const key = { account_id: id, mailbox_id: inboxId }
  for (let uid = 0; ; ) {
    const page = await reader.rows(messagesAfter, { ...key, uid, limit: pageRows })
    for (const { uidl, ...next } of page) {
      uid = next.uid
      const found = await reader.row(storedMessage, { ...key, uidl })
      // Expunged since its page was read.
      if (found?.expunged_at !== null) continue
      yield {
        ...(await messageOctets(reader, found)),
        uidl,
        internalDate: new Date(found.internal_date),
        flags: bitsToFlags(found.flags),
      }
    }
    if (page.length < pageRows) return
  }
}

const messageCount = statement<{ account_id: Id; mailbox_id: Id }>()((db, p) =>
  db
    .selectFrom('mailbox')
    .select('messages')
    .where('account_id', '=', p.account_id)
    .where('id', '=', p.mailbox_id),
)

const messagesAfter = statement<{ account_id: Id; mailbox_id: Id; uid: number; limit: number }>()((db, p) =>
  db
    .selectFrom('message')
    .select(['uid', 'uidl'])
    .where('account_id', '=', p.account_id)
    .where('mailbox_id', '=', p.mailbox_id)
    .where('expunged_at', 'is', null)
    .where('uid', '>', p.uid)
    .orderBy('uid')
    .limit(p.limit),
)

const storedMessage = statement<{ account_id: Id; mailbox_id: Id; uidl: string }>()((db, p) =>
  db
    .selectFrom('message')
    .innerJoin('content', 'content.id', 'message.content_id')
    .select([
      'message.expunged_at',
      'message.internal_date',
      'message.flags',
      'message.content_id',
      'message.trace',
      'content.octets as content_octets',
      'content.header_octets',
      'content.dot_lines',
    ])
    .where('message.account_id', '=', p.account_id)
    .where('message.mailbox_id', '=', p.mailbox_id)
    .where('message.uidl', '=', p.uidl),
)
