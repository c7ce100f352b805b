// Maildrops, their locks, and reading outside a session, in the memory store.
import type { ArchiveStore } from '../../mail/archive-store.ts'
import { sessionCause } from '../../mail/deletion.ts'
import { Refusal } from '../../mail/errors.ts'
import { bitsToFlags } from '../../mail/flags.ts'
import { inboxName } from '../../mail/folder-name.ts'
import type { Maildrop, MaildropLocks, MaildropStore, MessageOctets } from '../../mail/maildrop-store.ts'
import { asciiForm } from '../../mail/message/ascii-form.ts'
import { listingOf, uidlAt } from '../listing.ts'
import {
  bodyOf,
  type MemoryAccount,
  type MemoryLease,
  type MemoryMessage,
  type MemoryState,
  present,
} from './state.ts'

export function memoryMaildrops(state: MemoryState): MaildropStore {
  return {
    async openMaildrop(account, holder) {
      const entry = state.current(account)
      if (!entry) throw new Refusal('no-such-account', `there is no account ${account.name}`)
      if (state.liveLease(account.id)) {
        throw new Refusal('maildrop-in-use', `another session holds the maildrop of ${account.name}`)
      }
      const since = state.now()
      const lease = { accountName: account.name, holder, since, expiresAt: since + state.leaseMs }
      state.leases.set(account.id, lease)
      return maildropOf(state, entry, lease)
    },
  }
}

function maildropOf(state: MemoryState, entry: MemoryAccount, lease: MemoryLease): Maildrop {
  const { id } = entry.account
  const messages = present(entry)
  const listing = listingOf(
    messages.map(({ octets }) => octets),
    messages.map(({ uidl }) => uidl),
    new Map(
      messages.flatMap(({ asciiOctets }, index) => (asciiOctets === undefined ? [] : [[index, asciiOctets]])),
    ),
  )
  const holds = () => state.leases.get(id) === lease

  return {
    listing,

    async read(index, form) {
      const message = entry.messages.get(uidlAt(listing, index))
      if (!message || state.current(entry.account) !== entry) {
        throw new Refusal('message-gone', 'the message was removed for good meanwhile')
      }
      const { asciiOctets, trace } = message
      const found = messageOctets(message)
      if (form !== 'ascii' || asciiOctets === undefined) return found
      return asciiForm(found, trace.length, asciiOctets)
    },

    async update(indexes, retrieved = []) {
      const uidls = [...indexes, ...retrieved].map(index => uidlAt(listing, index))
      const { holder, accountName } = lease
      if (!holds()) throw new Refusal('lease-lost', 'the lock on the maildrop was lost: nothing was deleted')
      for (const [position, uidl] of uidls.entries()) {
        const message = entry.messages.get(uidl)
        if (!message || message.expungedAt !== undefined) continue
        const cause = sessionCause(accountName, holder, position < indexes.length ? 'dele' : 'retrieved')
        state.expunge(entry, message, inboxName, cause)
      }
      state.leases.delete(id)
    },

    async noteRetrieved(indexes) {
      for (const index of indexes) {
        const message = entry.messages.get(uidlAt(listing, index))
        if (message) message.retrievedAt ??= state.now()
      }
    },

    async release() {
      if (holds()) state.leases.delete(id)
    },
  }
}

export function memoryLocks(state: MemoryState): MaildropLocks {
  return {
    async listLeases() {
      return [...state.leases.values()]
        .filter(({ expiresAt }) => expiresAt > state.now())
        .sort((one, other) => one.since - other.since)
        .map(({ accountName, holder, since, expiresAt }) => ({
          ...holder,
          accountName,
          since: new Date(since),
          expiresAt: new Date(expiresAt),
        }))
    },

    async breakLease(accountName) {
      const { account } = state.accounts.get(accountName) ?? {}
      if (!account || !state.liveLease(account.id)) return false
      return state.leases.delete(account.id)
    },
  }
}

export function memoryArchive(state: MemoryState): ArchiveStore {
  return {
    async *messages(account) {
      const entry = state.current(account)
      for (const message of entry ? present(entry) : []) {
        const { uidl, internalDate, flags } = message
        yield { ...messageOctets(message), uidl, internalDate, flags: bitsToFlags(flags) }
      }
    },

    async countMessages(account) {
      return state.current(account)?.account.usedMessages ?? 0
    },
  }
}

function messageOctets(message: MemoryMessage): MessageOctets {
  return {
    octets: message.octets,
    headerOctets: message.trace.length + message.content.headerOctets,
    dotLines: message.content.dotLines,
    body: bodyOf(message),
  }
}
