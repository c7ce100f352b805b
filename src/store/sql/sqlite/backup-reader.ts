// Reads what a backup holds of an account. A backup of an older schema is read from a copy that was brought up to date: the
// backup itself is never changed.
import { mkdtempSync, rmSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Account, AccountName } from '../../../mail/account.ts'
import type { AppPassword } from '../../../mail/app-passwords.ts'
import { bitsToFlags, type Flag } from '../../../mail/flags.ts'
import type { Id } from '../../../mail/id.ts'
import { accountByName, toAccount } from '../accounts.ts'
import { appPasswordsIn } from '../app-passwords.ts'
import { readChunk } from '../contents.ts'
import { mailboxesOf } from '../mailbox-statements.ts'
import { statement } from '../statement.ts'
import { SqliteConnection } from './connection.ts'
import { currentVersion, openForReading, prepareMailFile, stateOfMailFile } from './mail-file.ts'

export interface BackedUpMessage {
  readonly uidl: string
  readonly folder: string
  /** What stands before the content for this account alone. */
  readonly trace: Uint8Array
  readonly internalDate: Date
  readonly flags: readonly Flag[]
  readonly addressee: string | undefined
  /** POP3 showed it no longer. */
  readonly isHidden: boolean
  /** The octets behind the trace, in pieces. */
  content(): AsyncIterable<Uint8Array>
}

export interface BackupReader {
  account(name: AccountName): Account | undefined
  folders(account: Account): readonly string[]
  aliases(account: Account): readonly string[]
  appPasswords(account: Account): Promise<readonly AppPassword[]>
  /** Those that were not expunged, folder by folder, in the order of POP3's numbers. */
  messages(account: Account): Iterable<BackedUpMessage>
  countMessages(account: Account): number
  close(): void
}

/** Opens a backup that was verified. Refuses with `store-unusable`, and with `store-full` when a copy finds no room. */
export async function openBackup(path: string): Promise<BackupReader> {
  if (stateOfMailFile(path) === currentVersion) return readerOf(path, () => {})
  const folder = mkdtempSync(join(dirname(path), '.poplar-restoring-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    const copy = join(folder, 'poplar.sqlite')
    await copyFile(path, copy)
    prepareMailFile(copy)
    return readerOf(copy, remove)
  } catch (error) {
    remove()
    throw error
  }
}

const pageRows = 200

function readerOf(path: string, onClose: () => void): BackupReader {
  const reader = new SqliteConnection(openForReading(path))
  const mailboxes = ({ id }: Account) => reader.rows(mailboxesOf, { account_id: id })

  return {
    account(name) {
      const found = reader.row(accountByName, { name })
      return found && toAccount(found)
    },
    folders: account => mailboxes(account).map(({ name }) => name),
    aliases: ({ id }) => reader.rows(aliasesOf, { account_id: id }).map(({ address }) => address),
    appPasswords: ({ id }) => appPasswordsIn(reader, id),
    countMessages: account => mailboxes(account).reduce((sum, { messages }) => sum + messages, 0),

    *messages(account) {
      for (const { id: mailbox_id, name } of mailboxes(account))
        yield* messagesOf(reader, { account_id: account.id, mailbox_id }, name)
    },

    close() {
      reader.close()
      onClose()
    },
  }
}

function* messagesOf(
  reader: SqliteConnection,
  key: { readonly account_id: Id; readonly mailbox_id: Id },
  folder: string,
): Generator<BackedUpMessage> {
  for (let uid = 0; ; ) {
    const page = reader.rows(messagesAfter, { ...key, uid, limit: pageRows })
    for (const found of page) {
      uid = found.uid
      yield {
        uidl: found.uidl,
        folder,
        trace: found.trace,
        internalDate: new Date(found.internal_date),
        flags: bitsToFlags(found.flags),
        addressee: found.addressee ?? undefined,
        isHidden: found.hidden_at !== null,
        content: () => contentOf(reader, found.content_id, found.content_octets),
      }
    }
    if (page.length < pageRows) return
  }
}

async function* contentOf(
  reader: SqliteConnection,
  content_id: Id,
  octets: number,
): AsyncGenerator<Uint8Array> {
  let left = octets
  for (let seq = 0; left > 0; seq++) {
    const chunk = await readChunk(reader, content_id, seq)
    if (!chunk || chunk.length > left) throw new Error(`content ${content_id} breaks off at chunk ${seq}`)
    left -= chunk.length
    yield chunk
  }
}

const aliasesOf = statement<{ account_id: Id }>()((db, p) =>
  db.selectFrom('address').select('address').where('account_id', '=', p.account_id),
)

const messagesAfter = statement<{ account_id: Id; mailbox_id: Id; uid: number; limit: number }>()((db, p) =>
  db
    .selectFrom('message')
    .innerJoin('content', 'content.id', 'message.content_id')
    .select([
      'message.uid',
      'message.uidl',
      'message.trace',
      'message.internal_date',
      'message.flags',
      'message.addressee',
      'message.hidden_at',
      'message.content_id',
      'content.octets as content_octets',
    ])
    .where('message.account_id', '=', p.account_id)
    .where('message.mailbox_id', '=', p.mailbox_id)
    .where('message.expunged_at', 'is', null)
    .where('message.uid', '>', p.uid)
    .orderBy('message.uid')
    .limit(p.limit),
)
