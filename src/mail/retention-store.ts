// Port: what the office does by itself with what is kept: retention rules, the age of the audit, quotas that run full.
import type { Account } from './account.ts'
import type { DeletionAudit } from './deletion.ts'
import type { Housework } from './housework.ts'
import type { RetentionRule } from './retention.ts'

/** An account whose quota may call for a warning. */
export interface QuotaUse {
  readonly account: Account
  /** The per cent its owner was told of last; 0 for none since there was room again. */
  readonly warnedPercent: number
}

export interface RetentionStore extends DeletionAudit {
  /**
   * Expunges what the rules, and the settings of accounts, name, in small steps. The age of a message is that of its
   * internal date. Rules by retrieval with 0 are for sessions, and do nothing here.
   */
  applyRetention(rules: readonly RetentionRule[], signal?: AbortSignal): Promise<Housework>

  /** Forgets deletions before a time, and of each account all but the latest 100,000. Returns how many. */
  pruneDeletions(before: Date, signal?: AbortSignal): Promise<number>

  /** Accounts that use `percent` of their quota or more, or whose owner was told of something. */
  listQuotaUse(percent: number): Promise<readonly QuotaUse[]>

  /** Keeps what the owner was told of. */
  noteQuotaWarning(account: Account, percent: number): Promise<void>
}
