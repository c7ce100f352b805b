// Opens the sources of accounts that the configuration names, as one directory.
import type { AccountDirectory } from '../../mail/account-directory.ts'
import type { AccountRegistry } from '../../mail/account-registry.ts'
import { type LdapOptions, openLdap } from './ldap.ts'
import { PasswdFile } from './passwd-file.ts'
import type { AccountSource, DirectoryOptions } from './source.ts'
import { sourcedDirectory } from './sourced-directory.ts'
import { createDirectory, storeDirectory } from './sources.ts'
import { openSqlQuery, type SqlQueryOptions } from './sql-query.ts'

export type DirectorySource =
  | { readonly kind: 'store' }
  | { readonly kind: 'passwd-file'; readonly file: string }
  | ({ readonly kind: 'sql' } & SqlQueryOptions)
  | ({ readonly kind: 'ldap' } & LdapOptions)

export interface OpenDirectory {
  readonly directory: AccountDirectory
  /** Closes files and connections; not the registry. */
  readonly close: () => Promise<void>
}

/**
 * The first source that knows a name has it; without any, accounts come from the store. Rejects when a passwd-file
 * cannot be read or an option makes no sense; servers may be down, they are asked later.
 */
export async function openDirectory(
  registry: AccountRegistry,
  sources: readonly DirectorySource[],
  options: DirectoryOptions,
): Promise<OpenDirectory> {
  const opened: Pick<AccountSource, 'close'>[] = []
  const close = async () => {
    await Promise.all(opened.map(source => source.close()))
  }
  try {
    const directories: AccountDirectory[] = []
    for (const source of sources.length === 0 ? [{ kind: 'store' } as const] : sources) {
      directories.push(await openOne(registry, source, options, opened))
    }
    return { directory: createDirectory(directories), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function openOne(
  registry: AccountRegistry,
  source: DirectorySource,
  options: DirectoryOptions,
  opened: Pick<AccountSource, 'close'>[],
): Promise<AccountDirectory> {
  if (source.kind === 'store') return storeDirectory(registry)
  if (source.kind === 'ldap') {
    const ldap = await openLdap(source, options.log)
    opened.push(ldap)
    return sourcedDirectory(registry, ldap, options)
  }
  const other =
    source.kind === 'sql' ? await openSqlQuery(source) : await PasswdFile.open(source.file, options.log)
  opened.push(other)
  return sourcedDirectory(registry, other, options)
}
