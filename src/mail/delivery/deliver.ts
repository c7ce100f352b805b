// The MDA: tells who receives at an address, and lays messages down for those who do, trace fields in front
// (RFC 5321 section 4.4). Speaks no protocol: SMTP, LMTP and the command line hand it envelopes.
import type { Account } from '../account.ts'
import type { AccountDirectory } from '../account-directory.ts'
import type { CollectedRecord } from '../collection-ledger.ts'
import type { CopyOutcome, CopyRefusal, DeliveryCopy, DeliveryTarget } from '../delivery-target.ts'
import type { Envelope } from '../envelope.ts'
import { foldName } from '../fold.ts'
import { folderNameFault, inboxName, junkName, sameFolder, trashName } from '../folder-name.ts'
import type { Id } from '../id.ts'
import { type MailAddress, parseAddress } from '../message/address.ts'
import { copyTrace, receivedField } from '../message/trace.ts'
import type { Octets } from '../octets.ts'
import { type HeaderRule, HeaderWatch } from './header-rule.ts'
import { writeContent } from './pipeline.ts'
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
  /** Which sub-addresses are folders; default none. */
  readonly toFolder?: FolderDelivery
  /** Messages with such a field go into Junk; default none. */
  readonly junkHeaders?: readonly HeaderRule[]
}

/** Which sub-addresses name folders: that of Junk alone, those of all folders but Trash, or none. */
export type FolderDelivery = 'junk' | 'existing' | 'never'

/** A forward-path that was accepted, and who receives at it. */
export interface Recipient {
  /** Without angle brackets, in its one form; stands in Delivered-To. */
  readonly address: string
  /** At least one; several behind an alias. */
  readonly accounts: readonly Account[]
  /** As in `DeliveryCopy`. */
  readonly folder?: string
  /** As in `DeliveryCopy`. */
  readonly addressee?: string
}

export type ResolveRefusal = 'bad-address' | 'not-local' | 'unknown-user' | 'over-quota'

export type Resolution =
  | { readonly recipient: Recipient }
  | { readonly recipient?: undefined; readonly refusal: ResolveRefusal }

export type RecipientOutcome =
  | { readonly delivered: true }
  | { readonly delivered: false; readonly reason: CopyRefusal }

export interface DeliveryReceipt {
  /** The delivery's id, as it stands in Received. */
  readonly id: Id
  /** Octets of the shared content, Received included. */
  readonly octets: number
  /** In the order of the recipients. */
  readonly outcomes: readonly RecipientOutcome[]
}

export interface DeliverOptions {
  /** As `Delivery.commit` takes it: with the mode `all` only. */
  readonly collected?: CollectedRecord
}

export interface MailDelivery {
  /**
   * Who receives at a forward-path, given without angle brackets. `over-quota` when one of the accounts has no room for
   * the announced octets: the sender shall come again, rather than one of several owners go without.
   */
  resolve(forwardPath: string, announcedOctets?: number): Promise<Resolution>

  /**
   * Lays the message down once for every account, however many recipients lead to it. A recipient is delivered when
   * all accounts behind it receive, and otherwise none of them receives on its behalf, so that a sender who tries again
   * doubles nothing. With `all`, one refused recipient leaves every recipient undelivered; with `each`, the others are
   * delivered. Refuses with `message-too-large`, `bare-newline`, `store-full`, `store-busy`, `store-closed`: then
   * nothing was delivered.
   */
  deliver(
    envelope: Envelope,
    octets: Octets,
    recipients: readonly Recipient[],
    mode: 'all' | 'each',
    options?: DeliverOptions,
  ): Promise<DeliveryReceipt>
}

/** The delivery agent over one directory and one target. */
export function createMailDelivery(options: MailDeliveryOptions): MailDelivery {
  const { directory, target, hostname, subaddressSeparator, maxOctets, bareNewline } = options
  const { toFolder = 'never', junkHeaders = [] } = options
  const resolveOptions = {
    directory,
    localDomains: foldDomains(options.localDomains),
    subaddressSeparator,
  }

  return {
    async resolve(forwardPath, announcedOctets = 0) {
      const address = parseAddress(forwardPath)
      if (!address) return { refusal: 'bad-address' }
      const receivers = await resolveAddress(address, resolveOptions)
      if (!receivers) return { refusal: 'not-local' }
      const { accounts, detail, byAlias } = receivers
      if (accounts.length === 0) return { refusal: 'unknown-user' }
      if (accounts.some(account => isOverQuota(account, announcedOctets))) return { refusal: 'over-quota' }
      const folder = folderFor(detail, toFolder)
      const addressee = byAlias ? localPartOf(address, subaddressSeparator) : undefined
      return {
        recipient: {
          address: address.text,
          accounts,
          ...(folder !== undefined && { folder }),
          ...(addressee !== undefined && { addressee }),
        },
      }
    },

    async deliver(envelope, octets, recipients, mode, { collected } = {}) {
      const copies = copiesFor(envelope, recipients)
      const indexes = new Map(Array.from(copies.keys(), (accountId, index) => [accountId, index]))
      const groups = recipients.map(({ accounts }) => accounts.flatMap(({ id }) => indexes.get(id) ?? []))
      const watch = new HeaderWatch(junkHeaders)
      const content = await writeContent(target, octets, {
        sharedTrace: id => receivedField(envelope, hostname, id),
        maxOctets,
        bareNewline,
        watch,
      })
      const filed = [...copies.values()].map(copy => (watch.matches ? intoJunk(copy) : copy))
      const outcomes = await content.commit(filed, mode === 'all' ? mode : groups, collected)
      return {
        id: content.id,
        octets: content.octets,
        outcomes: groups.map(group => outcomeOf(group, outcomes)),
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
  for (const { address, accounts, folder, addressee } of recipients) {
    for (const account of accounts) {
      const known = copies.get(account.id)
      // Who is meant by his plain name as well shall see it in INBOX.
      if (known?.folder !== undefined && folder === undefined)
        copies.set(account.id, { ...known, folder: inboxName })
      if (known) continue
      copies.set(account.id, {
        account,
        trace: copyTrace(reversePath, address),
        internalDate: receivedAt,
        ...(folder !== undefined && { folder }),
        ...(addressee !== undefined && { addressee }),
      })
    }
  }
  return copies
}

/** Mail to a folder of its own stays there: somebody decided that. */
function intoJunk(copy: DeliveryCopy): DeliveryCopy {
  return (copy.folder ?? inboxName) === inboxName ? { ...copy, folder: junkName } : copy
}

/** A folder that the account does not have means INBOX, which the store sees to. */
function folderFor(detail: string | undefined, toFolder: FolderDelivery): string | undefined {
  if (detail === undefined || toFolder === 'never' || folderNameFault(detail)) return undefined
  if (sameFolder(detail, junkName)) return junkName
  return toFolder === 'existing' && !sameFolder(detail, trashName) ? detail : undefined
}

/** Folded, without sub-address. */
function localPartOf({ localPart }: MailAddress, separator: string): string {
  const local = foldName(localPart)
  const at = separator === '' ? -1 : local.indexOf(separator)
  return at > 0 ? local.slice(0, at) : local
}

/** The first refusal among the copies behind a recipient; delivered when there is none. */
function outcomeOf(copies: readonly number[], outcomes: readonly CopyOutcome[]): RecipientOutcome {
  for (const index of copies) {
    const outcome = outcomes[index]
    if (outcome && !outcome.delivered) return { delivered: false, reason: outcome.reason }
  }
  return { delivered: true }
}
