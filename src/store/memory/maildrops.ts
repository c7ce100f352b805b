// Maildrops, their locks, and reading outside a session, in the memory store.
import type { ArchiveStore } from '../../mail/archive-store.ts'
import { type DeletionCause, sessionCause } from '../../mail/deletion.ts'
import { Refusal } from '../../mail/errors.ts'
import { bitsToFlags } from '../../mail/flags.ts'
import { inboxName, junkName, trashName } from '../../mail/folder-name.ts'
import type { DeletePolicy } from '../../mail/maildrop-settings.ts'
import type {
  Maildrop,
  MaildropLocks,
  MaildropOptions,
  MaildropStore,
  MessageOctets,
  SubjectMark,
} from '../../mail/maildrop-store.ts'
import { asciiForm } from '../../mail/message/ascii-form.ts'
import { markOctets, markSubject } from '../../mail/message/marked-subject.ts'
import { listingOf, uidlAt } from '../listing.ts'
import { listView, type MailboxListing, partOf, type ViewListing } from '../view-listing.ts'
import {
  bodyOf,
  folderOf,
  type MemoryAccount,
  type MemoryLease,
  type MemoryMessage,
  type MemoryState,
  present,
} from './state.ts'

export function memoryMaildrops(state: MemoryState): MaildropStore {
  return {
    async openMaildrop(account, holder, options = {}) {
      const entry = state.current(account)
      if (!entry) throw new Refusal('no-such-account', `there is no account ${account.name}`)
      if (state.liveLease(account.id)) {
        throw new Refusal('maildrop-in-use', `another session holds the maildrop of ${account.name}`)
      }
      const opened = openView(entry, options)
      const since = state.now()
      const lease = { accountName: account.name, holder, since, expiresAt: since + state.leaseMs }
      state.leases.set(account.id, lease)
      return maildropOf(state, entry, { lease, opened, policy: options.onDelete ?? 'expunge' })
    },
  }
}

interface Opened {
  readonly view: ViewListing
  /** Of the messages of each part. */
  readonly marks: readonly (SubjectMark | undefined)[]
}

/** Refuses with `no-such-folder`. */
function openView(entry: MemoryAccount, options: MaildropOptions): Opened {
  const { folder = inboxName, junk, addressee } = options
  const name = folderOf(entry, folder)
  if (name === undefined) throw new Refusal('no-such-folder', `${entry.account.name} has no folder ${folder}`)
  const shown = [{ name, mark: undefined }, ...(junk ? [{ name: junkName, mark: junk }] : [])]
  const parts = shown.map(({ name, mark }) => {
    const messages = present(entry, name).filter(
      message =>
        message.hiddenAt === undefined && (addressee === undefined || message.addressee === addressee),
    )
    return { ...mailboxListing(messages), addedOctets: mark ? markOctets(mark) : 0 }
  })
  return { view: listView(parts, options), marks: shown.map(({ mark }) => mark) }
}

function mailboxListing(messages: readonly MemoryMessage[]): MailboxListing {
  const ascii = messages.flatMap(({ asciiOctets }, index) =>
    asciiOctets === undefined ? [] : [[index, asciiOctets] as const],
  )
  return {
    listing: listingOf(
      messages.map(({ octets }) => octets),
      messages.map(({ uidl }) => uidl),
      new Map(ascii),
    ),
    dates: Float64Array.from(messages, ({ internalDate }) => internalDate.getTime()),
  }
}

interface OpenedMaildrop {
  readonly lease: MemoryLease
  readonly opened: Opened
  readonly policy: DeletePolicy
}

function maildropOf(
  state: MemoryState,
  entry: MemoryAccount,
  { lease, opened, policy }: OpenedMaildrop,
): Maildrop {
  const { id } = entry.account
  const { view, marks } = opened
  const { listing } = view
  const holds = () => state.leases.get(id) === lease

  return {
    listing,

    async read(index, form) {
      const message = entry.messages.get(uidlAt(listing, index))
      if (!message || state.current(entry.account) !== entry) {
        throw new Refusal('message-gone', 'the message was removed for good meanwhile')
      }
      const { asciiOctets, trace } = message
      const whole = messageOctets(message)
      const found =
        form !== 'ascii' || asciiOctets === undefined ? whole : asciiForm(whole, trace.length, asciiOctets)
      const mark = marks[partOf(view, index)]
      return mark ? markSubject(found, mark) : found
    },

    async update(indexes, retrieved = []) {
      const uidls = [...indexes, ...retrieved].map(index => uidlAt(listing, index))
      const { holder, accountName } = lease
      if (!holds()) throw new Refusal('lease-lost', 'the lock on the maildrop was lost: nothing was deleted')
      for (const [position, uidl] of uidls.entries()) {
        const message = entry.messages.get(uidl)
        if (!message || message.expungedAt !== undefined) continue
        const cause = sessionCause(accountName, holder, position < indexes.length ? 'dele' : 'retrieved')
        leave(state, entry, message, { policy, cause })
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

interface Leaving {
  readonly policy: DeletePolicy
  readonly cause: DeletionCause
}

/** What DELE comes to at QUIT. */
function leave(
  state: MemoryState,
  entry: MemoryAccount,
  message: MemoryMessage,
  { policy, cause }: Leaving,
): void {
  const { folder } = message
  if (policy === 'hide') {
    message.hiddenAt = state.now()
    state.recordDeletion(entry, message, folder, cause, 'hidden')
  } else if (policy === 'trash' && folder !== trashName) {
    state.recordDeletion(entry, message, folder, cause, 'trash')
    message.folder = state.folder(entry, trashName) ?? folder
    // To the end of it.
    entry.messages.delete(message.uidl)
    entry.messages.set(message.uidl, message)
  } else state.expunge(entry, message, folder, cause)
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
      const entry = state.current(account)
      return entry ? present(entry).length : 0
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
