// The stores that the contract suites run over. Another database joins by one more line.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { openStore } from '../../src/store/open-store.ts'
import type { StoreFactory } from '../suites/fixtures.ts'

export const stores: Record<string, StoreFactory> = {
  memory: async settings => createMemoryStore(settings),
  'SQLite, writing inline': settings => openStore({ ...settings, folder: scratchFolder(), writer: 'inline' }),
  'SQLite, writing in a thread': settings =>
    openStore({ ...settings, folder: scratchFolder(), writer: 'thread' }),
}

const folders: string[] = []

/** A new folder, removed when the process ends. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'poplar-store-'))
  if (folders.push(folder) === 1) process.once('exit', removeAll)
  return folder
}

function removeAll(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
}
