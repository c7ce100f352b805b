// A maildrop for servers that are published as a library and leave storage to others: a folder with a file for each message,
// in wire form. Copied into the layer of the peer, so it stands alone.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

export interface StoredMessage {
  /** The name of its file: its unique-id too. */
  readonly name: string
  readonly octets: Buffer
}

/** In the order of delivery; files that are still being written begin with a dot. */
export function messagesIn(folder: string): readonly StoredMessage[] {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).filter(name => !name.startsWith('.'))
  return names.sort().map(name => ({ name, octets: readFileSync(join(folder, name)) }))
}

export function remove(folder: string, names: readonly string[]): void {
  for (const name of names) rmSync(join(folder, name), { force: true })
}
