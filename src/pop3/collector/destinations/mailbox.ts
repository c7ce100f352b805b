// A mailbox of this office, by the way that SMTP takes: aliases, filters and quotas hold. Exactly once: message and ledger
// line are one transaction.
import type { MailDelivery, Recipient, ResolveRefusal } from '../../../mail/delivery/deliver.ts'
import type { CopyRefusal } from '../../../mail/delivery-target.ts'
import { localEnvelope } from '../../../mail/envelope.ts'
import { isRefusal, type RefusalCode } from '../../../mail/errors.ts'
import type { KeptMail } from '../../../mail/kept-mail.ts'
import {
  type Destination,
  DestinationError,
  type DestinationFault,
  type DestinationOptions,
  type StoreOutcome,
} from '../destination.ts'
import type { Letter } from '../letter.ts'
import { readMailboxCopies } from './mailbox-copies.ts'

/** So many may wait for the store: while some of them are written, the next are read. */
const atOnce = 64

type Row = readonly [fault: DestinationFault, sentence: string]

const unresolved: Readonly<Record<ResolveRefusal, Row>> = {
  'bad-address': ['configuration', 'is no address'],
  'not-local': ['configuration', 'is of a domain that is not served here'],
  'unknown-user': ['configuration', 'has no account here'],
  'over-quota': ['full', 'is over quota'],
}

const undelivered: Readonly<Record<Exclude<CopyRefusal, 'already-collected'>, Row>> = {
  'over-quota': ['full', 'is over quota'],
  'no-such-account': ['configuration', 'has no account here any more'],
  'duplicate-uidl': ['unavailable', 'could not be given a new UIDL'],
}

const refused: Partial<Record<RefusalCode, DestinationFault>> = {
  'message-too-large': 'message',
  'bare-newline': 'message',
  'store-full': 'full',
  'store-busy': 'unavailable',
  'store-closed': 'unavailable',
  'directory-unavailable': 'unavailable',
}

/** `address` is an account, an alias, or an address of a local domain; without `kept` it cannot be read. */
export function mailboxDestination(
  name: string,
  address: string,
  delivery: MailDelivery,
  kept?: KeptMail,
): Destination {
  return {
    name,
    description: `mailbox ${address}`,
    promise: 'exactly-once',
    atOnce,
    store: (letter, options) => orFault(() => store(letter, options, address, delivery)),
    copies:
      kept &&
      (options =>
        orFault(async () => {
          const { accounts } = await resolved(address, 0, delivery)
          await readMailboxCopies(accounts, kept, options)
        })),
    close: () => Promise.resolve(),
  }
}

async function store(
  letter: Letter,
  { record, signal }: DestinationOptions,
  address: string,
  delivery: MailDelivery,
): Promise<StoreOutcome> {
  signal.throwIfAborted()
  const recipient = await resolved(address, letter.octets, delivery)
  const envelope = { ...localEnvelope(letter.reversePath, recipient.address), receivedAt: letter.receivedAt }
  const { outcomes } = await delivery.deliver(envelope, letter.body(), [recipient], 'all', {
    collected: record,
  })
  const [outcome] = outcomes
  if (!outcome || outcome.delivered) return 'recorded'
  if (outcome.reason === 'already-collected') return 'known'
  throw faultOf(address, undelivered[outcome.reason])
}

async function resolved(address: string, octets: number, delivery: MailDelivery): Promise<Recipient> {
  const { recipient, ...rest } = await delivery.resolve(address, octets)
  if (recipient) return recipient
  throw faultOf(address, 'refusal' in rest ? unresolved[rest.refusal] : unresolved['unknown-user'])
}

function faultOf(address: string, [fault, sentence]: Row): DestinationError {
  return new DestinationError(fault, `${address} ${sentence}`)
}

/** What is neither a refusal nor a fault of the destination is one of ours, and goes on as it is. */
async function orFault<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const fault = isRefusal(error) ? refused[error.code] : undefined
    if (fault === undefined || !isRefusal(error)) throw error
    throw new DestinationError(fault, error.message, { cause: error })
  }
}
