// Port: what was delivered to an account and is still here, wherever its owner has put it: for who has to tell whether a
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
   * Every content once, in no order: of all folders, and of messages that were deleted as long as `undelete` would find
   * them. Takes no lock.
   */
  keptMail(account: Account): AsyncIterable<KeptContent>
}
