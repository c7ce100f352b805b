// What is kept of every deletion, and the port that lists it: who took which message away, when, from where, and why.
import type { AccountName } from './account.ts'
import type { LeaseHolder } from './maildrop-store.ts'

/** Why a message left: its reason in a word, and what an operator reads. */
export const deletionReasons = {
  dele: 'deleted by a client',
  retrieved: 'retrieved, and to be deleted then',
  retention: 'a retention rule',
  trash: 'a retention rule for Trash',
  account: 'the account was removed',
} as const
export type DeletionReason = keyof typeof deletionReasons

/** The cause of what a session deletes. */
export function sessionCause(
  user: AccountName,
  { sessionId, peer, protocol, appPassword }: LeaseHolder,
  reason: DeletionReason,
): DeletionCause {
  const actor = appPassword === undefined ? user : `${user} (${appPassword})`
  return { reason, actor, sessionId, peer, ...(protocol !== undefined && { protocol }) }
}

/** What became of it: kept for `undelete` only, moved to Trash, or no longer shown by POP3. */
export type DeletionFate = 'expunged' | 'trash' | 'hidden'

/** Who deletes, and why. */
export interface DeletionCause {
  readonly reason: DeletionReason
  /** The login: an account, or an account and its app password; or the program that does it. */
  readonly actor: string
  /** None where no session did it. */
  readonly sessionId?: string
  /** The peer's address. */
  readonly peer?: string
  /** Such as `pop3`. */
  readonly protocol?: string
}

export interface Deletion extends DeletionCause {
  readonly at: Date
  /** As it was called then. */
  readonly folder: string
  readonly uidl: string
  readonly octets: number
  readonly fate: DeletionFate
}

export interface DeletionQuery {
  /** Only those at this time or later. */
  readonly since?: Date
  readonly sessionId?: string
  /** The latest so many. Default 1000. */
  readonly limit?: number
}

export interface DeletionAudit {
  /** Deletions in the accounts that have or had this name, oldest first. */
  listDeletions(name: AccountName, query?: DeletionQuery): Promise<readonly Deletion[]>
}
