// The stores that the contract suites run over. Another database joins by one more line.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
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

/** A new folder, removed behind the tests of the file. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'poplar-store-'))
  folders.push(folder)
  return folder
}

// The process of the tests may be ended without a word; the file that imports this is not.
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})
