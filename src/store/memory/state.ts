// What the memory store holds, and the few rules that several of its ports share.
import type { Account, AccountName } from '../../mail/account.ts'
import type { AppPassword } from '../../mail/app-passwords.ts'
import type { CollectedRecord, CollectedSource } from '../../mail/collection-ledger.ts'
import type { Deletion, DeletionCause, DeletionFate } from '../../mail/deletion.ts'
import type { ContentFacts } from '../../mail/delivery-target.ts'
import { Refusal } from '../../mail/errors.ts'
import { inboxName, sameFolder, standingFolder } from '../../mail/folder-name.ts'
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
  /** As the account calls it. */
  folder: string
  readonly addressee: string | undefined
  /** Milliseconds; undefined while POP3 shows it. */
  hiddenAt?: number
  /** Milliseconds; undefined while the message is in the maildrop. */
  expungedAt: number | undefined
  /** Milliseconds; undefined until it is known to be retrieved. */
  retrievedAt?: number
}

export interface MemoryAccount {
  account: Account
  /** Names of those that were made, INBOX first. */
  folders: readonly string[]
  /** By UIDL, in the order of the maildrop. */
  readonly messages: Map<string, MemoryMessage>
}

export interface MemoryLease {
  readonly accountName: AccountName
  readonly holder: LeaseHolder
  readonly since: number
  expiresAt: number
}

/** A line of the ledger, and when it was first written. */
export interface MemoryCollected {
  readonly record: CollectedRecord
  readonly recordedAt: number
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
  readonly sources = new Map<string, CollectedSource>()
  /** By source, then by key. */
  readonly collected = new Map<string, Map<string, MemoryCollected>>()
  readonly sourceLeases = new Map<string, { expiresAt: number }>()

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

  /** The account's folder of this name, in any case; one that need not be made is made. Undefined for any other. */
  folder(entry: MemoryAccount, name: string): string | undefined {
    const found = folderOf(entry, name)
    if (found === undefined || entry.folders.includes(found)) return found
    entry.folders = [...entry.folders, found]
    return found
  }

  liveLease(accountId: Id): MemoryLease | undefined {
    const lease = this.leases.get(accountId)
    return lease && lease.expiresAt > this.now() ? lease : undefined
  }

  saveCollected(record: CollectedRecord): void {
    const { source, key } = record
    const known = this.collected.get(source) ?? new Map<string, MemoryCollected>()
    this.collected.set(source, known)
    known.set(key, { record: { ...record }, recordedAt: known.get(key)?.recordedAt ?? this.now() })
  }

  createId(): Id {
    return createId(this.now())
  }
}

/** The message's octets in pieces, none of them empty. */
export function bodyOf({ trace, content }: MemoryMessage): Uint8Array[] {
  return trace.length === 0 ? [...content.chunks] : [trace, ...content.chunks]
}

/** The account's folder of this name, in any case, whether it was made or need not be; undefined for any other. */
export function folderOf({ folders }: MemoryAccount, name: string): string | undefined {
  return folders.find(known => sameFolder(known, name)) ?? standingFolder(name)
}

/** The messages that are in a folder, in its order. */
export function present(entry: MemoryAccount, folder: string = inboxName): MemoryMessage[] {
  return [...entry.messages.values()].filter(
    message => message.expungedAt === undefined && message.folder === folder,
  )
}
