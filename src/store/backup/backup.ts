// Backups of an office that goes on serving: all of it, or one account, in one file that is itself a database of Poplar.
import { join } from 'node:path'
import type { AccountName } from '../../mail/account.ts'
import { Refusal } from '../../mail/errors.ts'
import { type CopyOptions, copyAccount, copyFault, copyMailFile } from '../sql/sqlite/copy-mail.ts'
import { checksumFault, writeNewFile } from './new-file.ts'

export interface BackupOptions extends CopyOptions {
  /** Only this account. */
  readonly accountName?: AccountName
}

/** The database of a data folder. */
export function mailFileOf(folder: string): string {
  return join(folder, 'poplar.sqlite')
}

/**
 * Writes a backup of the office in a folder. Refuses with `bad-name` when the file is there already, with
 * `no-such-account`, `store-full`, `store-busy`, `store-unusable`; then there is no file of that name.
 */
export async function writeBackup(folder: string, file: string, options: BackupOptions = {}): Promise<void> {
  const { accountName } = options
  const source = mailFileOf(folder)
  await writeNewFile(file, async path => {
    if (accountName === undefined) await copyMailFile(source, path, options)
    else copyAccount(source, path, accountName)
  })
}

/** Refuses with `store-unusable` a backup whose checksum is wrong or missing, or that is damaged. Reads all of it. */
export async function verifyBackup(file: string): Promise<void> {
  let fault: string | undefined
  try {
    fault = (await checksumFault(file)) ?? copyFault(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    fault = 'there is no such file'
  }
  if (fault !== undefined) throw new Refusal('store-unusable', `${file} cannot be used: ${fault}`)
}
