// `--folder NAME`, of the commands that bring mail in.
import { Option } from 'commander'
import type { Account } from '../mail/account.ts'
import { parseFolderName } from '../mail/folder-name.ts'
import { rejecting } from './arguments.ts'
import type { Office } from './office.ts'

export function folderOption(description: string): Option {
  return new Option('--folder <name>', description).argParser(rejecting(parseFolderName))
}

export function hasFolder({ store }: Office, { id }: Account, folder: string): Promise<boolean> {
  return store.hasFolder(id, folder)
}
