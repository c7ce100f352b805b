// The key that is the account at a CA, RFC 8555 section 7.3: one for each directory, made once and kept.
import { createPrivateKey } from 'node:crypto'
import { join } from 'node:path'
import { createKey } from './key.ts'
import { moveIntoPlace, readIfThere, syncFolderOf, writeBeside } from './secret-file.ts'

/** The file that holds the account key for a directory, such as `account_acme.example_directory.key`. No domain has a `_`. */
export function accountKeyFile(folder: string, directoryUrl: string): string {
  const { host, pathname, search } = new URL(directoryUrl)
  const name = `${host}${pathname}${search}`.toLowerCase().replace(/[^a-z0-9.-]+/g, '_')
  return join(folder, `account_${name.slice(0, 100).replace(/_+$/, '')}.key`)
}

/** Reads the account's key, or makes it. Rejects when the file holds no key, rather than forgetting an account. */
export async function openAccountKey(folder: string, directoryUrl: string): Promise<string> {
  const file = accountKeyFile(folder, directoryUrl)
  const kept = await readIfThere(file)
  if (kept !== undefined) {
    if (!isPrivateKey(kept)) throw new Error(`${file} holds no private key; remove it to have a new account`)
    return kept
  }
  const key = await createKey()
  await writeBeside(file, key)
  await moveIntoPlace(file)
  await syncFolderOf(file)
  return key
}

function isPrivateKey(pem: string): boolean {
  try {
    createPrivateKey(pem)
    return true
  } catch {
    return false
  }
}
