// The mailboxes of accounts: found by the names of folders, made when first needed, removed when empty.
import type { AccountName } from '../../mail/account.ts'
import { Refusal } from '../../mail/errors.ts'
import { inboxName, sameFolder, standingFolder } from '../../mail/folder-name.ts'
import type { Folder, Folders } from '../../mail/folders.ts'
import { createId, type Id } from '../../mail/id.ts'
import { accountByName, noSuchAccount } from './accounts.ts'
import type { Connection, Database } from './database.ts'
import { vacateMailbox } from './leaving.ts'
import { deleteMailbox, insertMailbox, mailboxesOf } from './mailbox-statements.ts'
import { type Operation, row, rows } from './operation.ts'

export function sqlFolders({ reader, writer, now }: Database): Folders {
  return {
    async listFolders(account_id) {
      const found = await reader.rows(mailboxesOf, { account_id })
      return found.map(({ name, messages, octets }) => ({ name, messages, octets })).sort(byName)
    },

    async hasFolder(account_id, name) {
      const found = await reader.rows(mailboxesOf, { account_id })
      return (
        found.length > 0 &&
        (standingFolder(name) !== undefined || found.some(each => sameFolder(each.name, name)))
      )
    },

    async createFolder(accountName, name) {
      await writer.run(createFolder, { accountName, name, id: createId(now()), now: now() })
    },

    async removeFolder(accountName, name) {
      while (await writer.run(removeFolder, { accountName, name }));
    },
  }
}

function byName(one: Folder, other: Folder): number {
  if (one.name === inboxName || other.name === inboxName) return one.name === inboxName ? -1 : 1
  return one.name < other.name ? -1 : 1
}

/** The id of a folder's mailbox; undefined when there is none. */
export async function mailboxOf(reader: Connection, account_id: Id, name: string): Promise<Id | undefined> {
  return (await reader.rows(mailboxesOf, { account_id })).find(each => sameFolder(each.name, name))?.id
}

export interface NewMailbox {
  readonly account_id: Id
  readonly name: string
  /** Taken when the mailbox has to be made. */
  readonly id: Id
  readonly now: number
}

/** The id of a folder's mailbox, made if need be. */
export function* ensureMailbox({ account_id, name, id, now }: NewMailbox): Operation<Id> {
  const found = (yield* rows(mailboxesOf, { account_id })).find(each => sameFolder(each.name, name))
  if (found) return found.id
  yield* rows(insertMailbox, { account_id, id, name, uid_validity: Math.floor(now / 1000) })
  return id
}

interface FolderOf {
  readonly accountName: AccountName
  readonly name: string
}

export function* createFolder(argument: FolderOf & { id: Id; now: number }): Operation<void> {
  const { accountName, name, id, now } = argument
  const account = yield* row(accountByName, { name: accountName })
  if (!account) throw noSuchAccount(accountName)
  const made = yield* ensureMailbox({ account_id: account.id, name, id, now })
  if (made !== id) throw new Refusal('folder-exists', `${accountName} has a folder ${name} already`)
}

/** True while there is more to do: what can be brought back moves to INBOX a step at a time. */
export function* removeFolder({ accountName, name }: FolderOf): Operation<boolean> {
  const account = yield* row(accountByName, { name: accountName })
  if (!account) throw noSuchAccount(accountName)
  const account_id = account.id
  const found = (yield* rows(mailboxesOf, { account_id })).find(each => sameFolder(each.name, name))
  if (!found) throw new Refusal('no-such-folder', `${accountName} has no folder ${name}`)
  if (found.id === account.inbox_id) throw new Refusal('bad-name', `every account has its ${inboxName}`)
  if (found.messages > 0)
    throw new Refusal('folder-not-empty', `the folder ${found.name} of ${accountName} is not empty`)
  if (yield* vacateMailbox({ account_id, from: found.id, to: account.inbox_id })) return true
  yield* rows(deleteMailbox, { account_id, id: found.id })
  return false
}
