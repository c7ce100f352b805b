// Undelete and housekeeping in the memory store.
import type { Deletion } from '../../mail/deletion.ts'
import { noHousework } from '../../mail/housework.ts'
import type { RecoveryStore, UndeleteFilter } from '../../mail/recovery-store.ts'
import type { MemoryAccount, MemoryMessage, MemoryState } from './state.ts'

export function memoryRecovery(state: MemoryState): RecoveryStore {
  /** Those that were expunged, and those that POP3 shows no longer. */
  function deleted(entry: MemoryAccount, { since, sessionId, uidl }: UndeleteFilter): MemoryMessage[] {
    const from = since?.getTime() ?? 0
    const recorded = state.deletions.get(entry.account.name) ?? []
    return [...entry.messages.values()].filter(message => {
      const at = message.expungedAt ?? message.hiddenAt
      if (at === undefined || at < from || (uidl !== undefined && message.uidl !== uidl)) return false
      const isOfSession = (each: Deletion) =>
        each.sessionId === sessionId && each.uidl === message.uidl && each.at.getTime() === at
      return sessionId === undefined || recorded.some(isOfSession)
    })
  }

  return {
    async undelete(account, filter = {}) {
      const entry = state.current(account)
      const lost = entry ? deleted(entry, filter) : []
      for (const message of lost) {
        delete message.hiddenAt
        if (message.expungedAt === undefined) continue
        message.expungedAt = undefined
        entry?.messages.delete(message.uidl)
        entry?.messages.set(message.uidl, message)
        if (entry) state.count(entry, message, 1)
      }
      return lost.length
    },

    async countExpunged(account, filter = {}) {
      const entry = state.current(account)
      return entry ? deleted(entry, filter).length : 0
    },

    async messageState(account, uidl) {
      const message = state.current(account)?.messages.get(uidl)
      if (!message) return undefined
      if (message.expungedAt !== undefined) return 'deleted'
      return message.hiddenAt === undefined ? 'present' : 'hidden'
    },

    async clean(expungedBefore, signal) {
      const freed = { ...noHousework, contents: 0 }
      for (const entry of state.accounts.values()) {
        if (signal?.aborted) break
        const lease = state.liveLease(entry.account.id)
        const before = Math.min(expungedBefore.getTime(), lease?.since ?? Number.POSITIVE_INFINITY)
        for (const message of entry.messages.values()) {
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
