// Retention, quota warnings and the audit of deletions in the memory store.
import { sameFolder, trashName } from '../../mail/folder-name.ts'
import { type Housework, noHousework } from '../../mail/housework.ts'
import type { Id } from '../../mail/id.ts'
import { type RetentionRule, rulesFor } from '../../mail/retention.ts'
import type { RetentionStore } from '../../mail/retention-store.ts'
import { type MemoryAccount, type MemoryMessage, type MemoryState, present } from './state.ts'

export function memoryRetention(state: MemoryState): RetentionStore {
  const warned = new Map<Id, number>()

  return {
    async listDeletions(name, { since, sessionId, limit = 1000 } = {}) {
      const from = since?.getTime() ?? 0
      return (state.deletions.get(name) ?? [])
        .filter(({ at }) => at.getTime() >= from)
        .filter(each => sessionId === undefined || each.sessionId === sessionId)
        .slice(-limit)
    },

    async applyRetention(rules, signal) {
      let messages = 0
      for (const entry of state.accounts.values()) {
        if (signal?.aborted) break
        for (const folder of entry.folders) {
          const held = rulesFor(rules, entry.account.settings, folder)
          const reason = sameFolder(folder, trashName) ? 'trash' : 'retention'
          for (const message of due(entry, folder, held, state.now())) {
            state.expunge(entry, message, folder, { reason, actor: 'retention' })
            messages += 1
          }
        }
      }
      return { ...noHousework, messages } satisfies Housework
    },

    async pruneDeletions(before) {
      let pruned = 0
      for (const [name, recorded] of state.deletions) {
        const kept = recorded.filter(({ at }) => at >= before)
        pruned += recorded.length - kept.length
        state.deletions.set(name, kept)
      }
      return pruned
    },

    async listQuotaUse(percent) {
      return [...state.accounts.values()]
        .map(({ account }) => ({ account, warnedPercent: warned.get(account.id) ?? 0 }))
        .filter(
          ({ account: { quotaOctets, usedOctets }, warnedPercent }) =>
            warnedPercent > 0 || (quotaOctets > 0 && usedOctets * 100 >= quotaOctets * percent),
        )
    },

    async noteQuotaWarning({ id }, percent) {
      warned.set(id, percent)
    },
  }
}

/** What of a folder is to go. */
function due(
  entry: MemoryAccount,
  folder: string,
  rules: readonly RetentionRule[],
  now: number,
): MemoryMessage[] {
  const going = present(entry, folder).filter(message => rules.some(rule => isDue(message, rule, now)))
  for (const { maxMessages = Number.POSITIVE_INFINITY, maxOctets = Number.POSITIVE_INFINITY } of rules) {
    const left = present(entry, folder).filter(message => !going.includes(message))
    let octets = left.reduce((sum, message) => sum + message.octets, 0)
    while (left.length > maxMessages || octets > maxOctets) {
      const oldest = left.shift()
      if (!oldest) break
      octets -= oldest.octets
      going.push(oldest)
    }
  }
  return going
}

function isDue(
  { internalDate, retrievedAt, octets }: MemoryMessage,
  { olderThanMs, afterFetchMs, largerThanOctets = -1 }: RetentionRule,
  now: number,
): boolean {
  if ((olderThanMs === undefined && afterFetchMs === undefined) || afterFetchMs === 0) return false
  return (
    octets > largerThanOctets &&
    (olderThanMs === undefined || internalDate.getTime() + olderThanMs <= now) &&
    (afterFetchMs === undefined || (retrievedAt !== undefined && retrievedAt + afterFetchMs <= now))
  )
}
