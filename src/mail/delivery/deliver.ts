// The MDA: tells who receives at an address, and lays messages down for those who do, trace fields in front
// (RFC 5321 section 4.4). Speaks no protocol: SMTP, LMTP and the command line hand it envelopes.
import type { Account } from '../account.ts'
import type { AccountDirectory } from '../account-directory.ts'
import type { CopyOutcome, DeliveryCopy, DeliveryTarget } from '../delivery-target.ts'
import type { Envelope } from '../envelope.ts'
import type { Id } from '../id.ts'
import { parseAddress } from '../message/address.ts'
import { copyTrace, receivedField } from '../message/trace.ts'
import type { Octets } from '../octets.ts'
import { layDown } from './pipeline.ts'
import { foldDomains, resolveAddress } from './resolve.ts'

export interface MailDeliveryOptions {
  readonly directory: AccountDirectory
  readonly target: DeliveryTarget
  /** How this host calls itself in Received. */
  readonly hostname: string
  readonly localDomains: readonly string[]
  /** Parts `local` from `detail` in `local+detail`; '' for none. */
  readonly subaddressSeparator: string
  /** Of one message in stored form, trace not counted. */
  readonly maxOctets: number
  readonly bareNewline: 'normalize' | 'reject'
}

/** A forward-path that was accepted, and who receives at it. */
export interface Recipient {
  /** Without angle brackets, in its one form; stands in Delivered-To. */
  readonly address: string
  /** At least one; several behind an alias. */
  readonly accounts: readonly Account[]
}

export type ResolveRefusal = 'bad-address' | 'not-local' | 'unknown-user' | 'over-quota'

export type Resolution =
  | { readonly recipient: Recipient }
  | { readonly recipient?: undefined; readonly refusal: ResolveRefusal }

export type RecipientOutcome =
  | { readonly delivered: true }
  | { readonly delivered: false; readonly reason: 'over-quota' | 'no-such-account' | 'duplicate-uidl' }

export interface DeliveryReceipt {
  /** The delivery's id, as it stands in Received. */
  readonly id: Id
  /** Octets of the shared content, Received included. */
  readonly octets: number
  /** In the order of the recipients. */
  readonly outcomes: readonly RecipientOutcome[]
}

export interface MailDelivery {
  /**
   * Who receives at a forward-path, given without angle brackets. `over-quota` when one of the accounts has no room for
   * the announced octets: the sender shall come again, rather than one of several owners go without.
   */
  resolve(forwardPath: string, announcedOctets?: number): Promise<Resolution>

  /**
   * Lays the message down once for every account, however many recipients lead to it. With `all`, one refused copy
   * leaves every copy undelivered. A recipient counts as delivered when all accounts behind it received; a sender who
   * tries again may then deliver to some of them twice, but none goes without. Refuses with `message-too-large`,
   * `bare-newline`, `store-full`, `store-busy`, `store-closed`: then nothing was delivered.
   */
  deliver(
    envelope: Envelope,
    octets: Octets,
    recipients: readonly Recipient[],
    mode: 'all' | 'each',
  ): Promise<DeliveryReceipt>
}

/** The delivery agent over one directory and one target. */
export function createMailDelivery(options: MailDeliveryOptions): MailDelivery {
  const { directory, target, hostname, subaddressSeparator, maxOctets, bareNewline } = options
  const resolveOptions = {
    directory,
    localDomains: foldDomains(options.localDomains),
    subaddressSeparator,
  }

  return {
    async resolve(forwardPath, announcedOctets = 0) {
      const address = parseAddress(forwardPath)
      if (!address) return { refusal: 'bad-address' }
      const accounts = await resolveAddress(address, resolveOptions)
      if (!accounts) return { refusal: 'not-local' }
      if (accounts.length === 0) return { refusal: 'unknown-user' }
      if (accounts.some(account => isOverQuota(account, announcedOctets))) return { refusal: 'over-quota' }
      return { recipient: { address: address.text, accounts } }
    },

    async deliver(envelope, octets, recipients, mode) {
      const copies = copiesFor(envelope, recipients)
      const {
        id,
        octets: storedOctets,
        outcomes,
      } = await layDown(target, octets, {
        copies: [...copies.values()],
        mode,
        sharedTrace: id => receivedField(envelope, hostname, id),
        maxOctets,
        bareNewline,
      })
      const byAccount = new Map([...copies.keys()].map((accountId, index) => [accountId, outcomes[index]]))
      return {
        id,
        octets: storedOctets,
        outcomes: recipients.map(recipient => outcomeOf(recipient, byAccount)),
      }
    },
  }
}

function isOverQuota({ quotaOctets, usedOctets }: Account, announcedOctets: number): boolean {
  return quotaOctets > 0 && usedOctets + announcedOctets > quotaOctets
}

/** One copy for each account; the first recipient that leads to it stands in its Delivered-To. */
function copiesFor(
  { reversePath, receivedAt }: Envelope,
  recipients: readonly Recipient[],
): Map<Id, DeliveryCopy> {
  const copies = new Map<Id, DeliveryCopy>()
  for (const { address, accounts } of recipients) {
    for (const account of accounts) {
      if (copies.has(account.id)) continue
      const trace = copyTrace(reversePath, address)
      copies.set(account.id, { account, trace, internalDate: receivedAt })
    }
  }
  return copies
}

/** The first refusal among the copies behind a recipient; delivered when there is none. */
function outcomeOf(
  { accounts }: Recipient,
  byAccount: ReadonlyMap<Id, CopyOutcome | undefined>,
): RecipientOutcome {
  for (const { id } of accounts) {
    const outcome = byAccount.get(id)
    if (outcome && !outcome.delivered) return { delivered: false, reason: outcome.reason }
  }
  return { delivered: true }
}
