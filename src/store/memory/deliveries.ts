// Deliveries into the memory store: what is written lies aside until `commit`.
import type { CollectedRecord } from '../../mail/collection-ledger.ts'
import type {
  CopyOutcome,
  Delivery,
  DeliveryCopy,
  DeliveryMode,
  DeliveryTarget,
} from '../../mail/delivery-target.ts'
import { flagsToBits } from '../../mail/flags.ts'
import { inboxName } from '../../mail/folder-name.ts'
import { asciiOctetsOf } from '../../mail/message/ascii-form.ts'
import { checkDelivered, hasIt } from '../collected.ts'
import { addGroups, checkUidl, groupsOf } from '../outcomes.ts'
import type { MemoryContent, MemoryMessage, MemoryState } from './state.ts'

export function memoryDeliveries(state: MemoryState): DeliveryTarget {
  return { begin: () => beginDelivery(state) }
}

function beginDelivery(state: MemoryState): Delivery {
  let chunks: Uint8Array[] | undefined = []
  const written = () => {
    if (!chunks) throw new Error('the delivery has ended')
    return chunks
  }

  return {
    id: state.createId(),

    async write(chunk) {
      if (chunk.length > 0) written().push(chunk)
    },

    async commit(facts, copies, mode, collected) {
      if (collected) checkDelivered(collected, mode)
      const octets = written().reduce((sum, chunk) => sum + chunk.length, 0)
      const content: MemoryContent = { ...facts, chunks: written(), octets, references: 0 }
      for (const { uidl } of copies) checkUidl(uidl)
      chunks = undefined
      if (collected && isCollected(state, collected))
        return copies.map(() => ({ delivered: false, reason: 'already-collected' }))
      const outcomes = layDown(state, content, copies, mode)
      if (collected && outcomes.some(({ delivered }) => delivered)) state.saveCollected(collected)
      return outcomes
    },

    async abort() {
      chunks = undefined
    },
  }
}

function isCollected({ collected }: MemoryState, record: CollectedRecord): boolean {
  const known = collected.get(record.source)?.get(record.key)
  return known !== undefined && hasIt(known.record.destinations, record)
}

function layDown(
  state: MemoryState,
  content: MemoryContent,
  copies: readonly DeliveryCopy[],
  mode: DeliveryMode,
): CopyOutcome[] {
  const inTurn = addGroups(copies, groupsOf(copies.length, mode), {
    *add(copy) {
      return addCopy(state, content, copy)
    },
    *takeBack({ account }, uidl) {
      const entry = state.current(account)
      const message = entry?.messages.get(uidl)
      if (!entry || !message) return
      entry.messages.delete(uidl)
      state.count(entry, message, -1)
      content.references -= 1
    },
  })
  return inTurn.next().value
}

function addCopy(state: MemoryState, content: MemoryContent, copy: DeliveryCopy): CopyOutcome {
  const entry = state.current(copy.account)
  if (!entry) return { delivered: false, reason: 'no-such-account' }
  const message = messageOf(state, content, copy)
  const { quotaOctets, usedOctets } = entry.account
  if (entry.messages.has(message.uidl)) return { delivered: false, reason: 'duplicate-uidl' }
  if (!copy.isExemptFromQuota && quotaOctets > 0 && usedOctets + message.octets > quotaOctets) {
    return { delivered: false, reason: 'over-quota' }
  }
  message.folder = state.folder(entry, message.folder) ?? inboxName
  entry.messages.set(message.uidl, message)
  state.count(entry, message, 1)
  content.references += 1
  return { delivered: true, uidl: message.uidl }
}

function messageOf(state: MemoryState, content: MemoryContent, copy: DeliveryCopy): MemoryMessage {
  return {
    uidl: copy.uidl ?? state.createId(),
    content,
    trace: copy.trace,
    octets: copy.trace.length + content.octets,
    asciiOctets: asciiOctetsOf(copy.trace, content.octets, content),
    internalDate: copy.internalDate,
    flags: flagsToBits(copy.flags ?? []),
    folder: copy.folder ?? inboxName,
    addressee: copy.addressee,
    expungedAt: undefined,
    ...(copy.isHidden && { hiddenAt: state.now() }),
  }
}
