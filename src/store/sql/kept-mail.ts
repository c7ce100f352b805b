// What accounts still have of what was delivered to them, in SQL: by pages of their messages, each content once.
import { setImmediate } from 'node:timers/promises'
import type { Account } from '../../mail/account.ts'
import { isRefusal } from '../../mail/errors.ts'
import type { Id } from '../../mail/id.ts'
import type { KeptContent, KeptMail } from '../../mail/kept-mail.ts'
import { messageOctets } from './contents.ts'
import type { Connection, Database } from './database.ts'
import type { FoundOctets } from './remembered.ts'
import { statement } from './statement.ts'

const pageRows = 200
const noTrace = new Uint8Array(0)

export function sqlKeptMail({ reader }: Database): KeptMail {
  return {
    async *keptMail(accounts) {
      const seen = new Set<Id>()
      for (const account of accounts) yield* contentsOf(reader, account, seen)
    },
  }
}

async function* contentsOf(reader: Connection, { id }: Account, seen: Set<Id>): AsyncGenerator<KeptContent> {
  for (let from = { mailbox_id: '', uidl: '' }; ; await setImmediate()) {
    const page = await reader.rows(messagesAfter, { account_id: id, ...from, limit: pageRows })
    for (const { mailbox_id, uidl, ...found } of page) {
      from = { mailbox_id, uidl }
      if (seen.has(found.content_id)) continue
      seen.add(found.content_id)
      const content = await octetsOf(reader, found)
      if (content) yield content
    }
    if (page.length < pageRows) return
  }
}

/** Undefined when it was freed since its page was read. */
async function octetsOf(
  reader: Connection,
  found: Omit<FoundOctets, 'trace'>,
): Promise<KeptContent | undefined> {
  try {
    const { octets, body } = await messageOctets(reader, { ...found, trace: noTrace })
    return { octets, body }
  } catch (error) {
    if (isRefusal(error, 'message-gone')) return undefined
    throw error
  }
}

const messagesAfter = statement<{ account_id: Id; mailbox_id: Id; uidl: string; limit: number }>()((db, p) =>
  db
    .selectFrom('message')
    .innerJoin('content', 'content.id', 'message.content_id')
    .select([
      'message.mailbox_id',
      'message.uidl',
      'message.content_id',
      'content.octets as content_octets',
      'content.header_octets',
      'content.dot_lines',
    ])
    .where('message.account_id', '=', p.account_id)
    .where(eb => eb(eb.refTuple('message.mailbox_id', 'message.uidl'), '>', eb.tuple(p.mailbox_id, p.uidl)))
    .orderBy('message.mailbox_id')
    .orderBy('message.uidl')
    .limit(p.limit),
)
