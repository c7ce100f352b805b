// Port: what was delivered to accounts and is still here, wherever their owners have put it: for who has to tell whether a
// message came already.
import type { Account } from './account.ts'
import type { Octets } from './octets.ts'

/** The content of a message, as it was written for all of its recipients; what stood before one copy alone is not in it. */
export interface KeptContent {
  readonly octets: number
  /** CRLF line ends. Throws in mid-message if the store can't read on. */
  readonly body: Octets
}

export interface KeptMail {
  /**
   * Every content once, however many messages of these accounts show it, in no order: of all folders, and of messages that
   * were deleted as long as `undelete` would find them. Takes no lock.
   */
  keptMail(accounts: readonly Account[]): AsyncIterable<KeptContent>
}
