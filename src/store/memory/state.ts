// What the memory store holds, and the few rules that several of its ports share.
import type { Account, AccountName } from '../../mail/account.ts'
import type { AppPassword } from '../../mail/app-passwords.ts'
import type { Deletion, DeletionCause, DeletionFate } from '../../mail/deletion.ts'
import type { ContentFacts } from '../../mail/delivery-target.ts'
import { Refusal } from '../../mail/errors.ts'
import { createId, type Id } from '../../mail/id.ts'
import type { LeaseHolder } from '../../mail/maildrop-store.ts'

export interface MemoryContent extends ContentFacts {
  readonly chunks: readonly Uint8Array[]
  readonly octets: number
  /** Messages that show this content. */
  references: number
}

export interface MemoryMessage {
  readonly uidl: string
  readonly content: MemoryContent
  readonly trace: Uint8Array
  readonly octets: number
  /** With the header downgraded; undefined when that changes nothing. */
  readonly asciiOctets: number | undefined
  readonly internalDate: Date
  readonly flags: number
  /** Milliseconds; undefined while the message is in the maildrop. */
  expungedAt: number | undefined
  /** Milliseconds; undefined until it is known to be retrieved. */
  retrievedAt?: number
}

export interface MemoryAccount {
  account: Account
  /** By UIDL, in the order of the maildrop. */
  readonly messages: Map<string, MemoryMessage>
}

export interface MemoryLease {
  readonly accountName: AccountName
  readonly holder: LeaseHolder
  readonly since: number
  expiresAt: number
}

export class MemoryState {
  readonly now: () => number
  readonly leaseMs: number
  readonly accounts = new Map<AccountName, MemoryAccount>()
  /** Address -> names of accounts. */
  readonly aliases = new Map<string, Set<AccountName>>()
  /** By account id, oldest first. */
  readonly appPasswords = new Map<Id, readonly AppPassword[]>()
  /** By the name the account has or had, oldest first. */
  readonly deletions = new Map<AccountName, Deletion[]>()
  /** By account id. */
  readonly leases = new Map<Id, MemoryLease>()

  constructor(now: () => number, leaseMs: number) {
    this.now = now
    this.leaseMs = leaseMs
  }

  /** The account under this name; refuses with `no-such-account`. */
  require(name: AccountName): MemoryAccount {
    const found = this.accounts.get(name)
    if (!found) throw new Refusal('no-such-account', `there is no account ${name}`)
    return found
  }

  /** The same account, unless it was removed, and perhaps created anew, since `account` was looked up. */
  current(account: Account): MemoryAccount | undefined {
    const found = this.accounts.get(account.name)
    return found?.account.id === account.id ? found : undefined
  }

  change(entry: MemoryAccount, fields: Partial<Account>): void {
    entry.account = { ...entry.account, ...fields }
  }

  /** Adds what a message weighs to the account; -1 takes it away. */
  count(entry: MemoryAccount, message: MemoryMessage, sign: 1 | -1): void {
    this.change(entry, {
      usedOctets: entry.account.usedOctets + sign * message.octets,
      usedMessages: entry.account.usedMessages + sign,
    })
  }

  /** The one place where messages are expunged. */
  expunge(entry: MemoryAccount, message: MemoryMessage, folder: string, cause: DeletionCause): void {
    message.expungedAt = this.now()
    this.count(entry, message, -1)
    this.recordDeletion(entry, message, folder, cause)
  }

  recordDeletion(
    { account: { name } }: MemoryAccount,
    { uidl, octets }: MemoryMessage,
    folder: string,
    cause: DeletionCause,
    fate: DeletionFate = 'expunged',
  ): void {
    const recorded = this.deletions.get(name) ?? []
    recorded.push({ ...cause, at: new Date(this.now()), folder, uidl, octets, fate })
    this.deletions.set(name, recorded)
  }

  liveLease(accountId: Id): MemoryLease | undefined {
    const lease = this.leases.get(accountId)
    return lease && lease.expiresAt > this.now() ? lease : undefined
  }

  createId(): Id {
    return createId(this.now())
  }
}

/** The message's octets in pieces, none of them empty. */
export function bodyOf({ trace, content }: MemoryMessage): Uint8Array[] {
  return trace.length === 0 ? [...content.chunks] : [trace, ...content.chunks]
}

/** The messages that are in the maildrop, in its order. */
export function present(entry: MemoryAccount): MemoryMessage[] {
  return [...entry.messages.values()].filter(message => message.expungedAt === undefined)
}
