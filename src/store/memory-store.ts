// The store in memory: the reference that the contract tests compare the others with, and the store of test runs.
// Nothing survives the process.
import type { Store } from '../mail/store.ts'
import { memoryAccounts } from './memory/accounts.ts'
import { memoryAppPasswords } from './memory/app-passwords.ts'
import { memoryCollections } from './memory/collections.ts'
import { memoryDeliveries } from './memory/deliveries.ts'
import { memoryFolders } from './memory/folders.ts'
import { memoryKeptMail } from './memory/kept-mail.ts'
import { memoryArchive, memoryLocks, memoryMaildrops } from './memory/maildrops.ts'
import { memoryRecovery } from './memory/recovery.ts'
import { memoryRetention } from './memory/retention.ts'
import { MemoryState } from './memory/state.ts'

export interface MemoryStoreOptions {
  /** The clock, in milliseconds. Default `Date.now`. */
  readonly now?: () => number
  /** How long a lease lasts without being renewed. Default 60,000. */
  readonly leaseMs?: number
}

export function createMemoryStore({ now = Date.now, leaseMs = 60_000 }: MemoryStoreOptions = {}): Store {
  const state = new MemoryState(now, leaseMs)
  const renewal = setInterval(() => {
    for (const lease of [...state.leases.values(), ...state.sourceLeases.values()])
      lease.expiresAt = now() + leaseMs
  }, leaseMs / 3).unref()

  return {
    ...memoryAccounts(state),
    ...memoryAppPasswords(state),
    ...memoryMaildrops(state),
    ...memoryLocks(state),
    ...memoryDeliveries(state),
    ...memoryRecovery(state),
    ...memoryRetention(state),
    ...memoryArchive(state),
    ...memoryKeptMail(state),
    ...memoryFolders(state),
    ...memoryCollections(state),

    async checkIntegrity() {
      const messages = [...state.accounts.values()].flatMap(({ messages }) => [...messages.values()])
      return { faults: [], messages: messages.length, contents: new Set(messages.map(m => m.content)).size }
    },

    async close() {
      clearInterval(renewal)
      state.leases.clear()
      state.sourceLeases.clear()
    },
  }
}
