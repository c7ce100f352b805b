// Undelete and housekeeping in the memory store.
import type { RecoveryStore } from '../../mail/recovery-store.ts'
import type { MemoryAccount, MemoryMessage, MemoryState } from './state.ts'

export function memoryRecovery(state: MemoryState): RecoveryStore {
  return {
    async undelete(account, since) {
      const entry = state.current(account)
      const lost = entry ? expunged(entry, since) : []
      for (const message of lost) {
        message.expungedAt = undefined
        entry?.messages.delete(message.uidl)
        entry?.messages.set(message.uidl, message)
        if (entry) state.count(entry, message, 1)
      }
      return lost.length
    },

    async countExpunged(account, since) {
      const entry = state.current(account)
      return entry ? expunged(entry, since).length : 0
    },

    async clean(expungedBefore, signal) {
      const freed = { messages: 0, contents: 0 }
      for (const entry of state.accounts.values()) {
        if (signal?.aborted) break
        const lease = state.liveLease(entry.account.id)
        const before = Math.min(expungedBefore.getTime(), lease?.since ?? Number.POSITIVE_INFINITY)
        for (const message of expunged(entry)) {
          if ((message.expungedAt ?? before) >= before) continue
          entry.messages.delete(message.uidl)
          message.content.references -= 1
          freed.messages += 1
          if (message.content.references === 0) freed.contents += 1
        }
      }
      return freed
    },
  }
}

function expunged(entry: MemoryAccount, since?: Date): MemoryMessage[] {
  const from = since?.getTime() ?? 0
  return [...entry.messages.values()].filter(
    ({ expungedAt }) => expungedAt !== undefined && expungedAt >= from,
  )
}
