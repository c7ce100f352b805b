// Port: the folders of an account. INBOX, Junk and Trash count as there before they are made; what is put into them makes
// them. Names are compared without regard to case.
import type { AccountName } from './account.ts'
import type { Id } from './id.ts'

export interface Folder {
  readonly name: string
  /** Messages that are not expunged; POP3 may show fewer. */
  readonly messages: number
  readonly octets: number
}

export interface Folders {
  /** In order of name, INBOX first; only those that were made. Empty for an unknown account. */
  listFolders(accountId: Id): Promise<readonly Folder[]>
  /** Whether the account has such a folder; of an unknown account always false, after the same work. */
  hasFolder(accountId: Id, name: string): Promise<boolean>
  /** `name` is one of `parseFolderName`. Refuses with `no-such-account`, `folder-exists`. */
  createFolder(accountName: AccountName, name: string): Promise<void>
  /**
   * Removes a folder without messages; what was deleted from it can still be brought back, into INBOX. Refuses with
   * `no-such-account`, `no-such-folder`, `folder-not-empty`, and with `bad-name` for INBOX.
   */
  removeFolder(accountName: AccountName, name: string): Promise<void>
}
