// How mail gets into the office: as in any other, but mailboxes may come to be when mail is for them, and whatever was
// delivered is told, octets and envelope.

import type { Account } from '../mail/account.ts'
import { createMailDelivery, type MailDelivery, type Resolution } from '../mail/delivery/deliver.ts'
import type { DeliveryTarget } from '../mail/delivery-target.ts'
import { isRefusal } from '../mail/errors.ts'
import { foldDomain } from '../mail/fold.ts'
import { type MailAddress, parseAddress } from '../mail/message/address.ts'
import type { Store } from '../mail/store.ts'
import type { Mailboxes } from './mailboxes.ts'

/** Which addresses that nobody has get a mailbox: none, those of the office's domain, or all there are. */
export type CatchAll = boolean | 'any-domain'

/** Where a message lies. */
export interface LetterCopy {
  readonly account: Account
  readonly uidl: string
}

/** A message that was laid down, once however many received it. */
export interface DeliveredLetter {
  readonly id: string
  /** The reverse-path; empty for the null one. */
  readonly from: string
  /** The forward-paths that were delivered to. */
  readonly to: readonly string[]
  readonly receivedAt: Date
  /** As it is stored, Received field in front; without the trace of each copy. */
  readonly octets: Uint8Array
  readonly copies: readonly LetterCopy[]
}

export interface OfficeDeliveryParts {
  readonly store: Store
  readonly mailboxes: Mailboxes
  readonly hostname: string
  readonly catchAll: CatchAll
  readonly maxOctets: number
  readonly now: () => number
  readonly onDelivered: (letter: DeliveredLetter) => void
}

const separator = '+'

export function createOfficeDelivery(parts: OfficeDeliveryParts): MailDelivery {
  const { store, hostname, maxOctets, now, onDelivered } = parts
  const rules = {
    directory: store,
    hostname,
    localDomains: [hostname],
    subaddressSeparator: separator,
    maxOctets,
    bareNewline: 'normalize',
  } as const
  const plain = createMailDelivery({ ...rules, target: store })

  return {
    async resolve(forwardPath, announcedOctets) {
      const resolution = await plain.resolve(forwardPath, announcedOctets)
      return resolution.recipient ? resolution : ((await makeMailbox(forwardPath, parts)) ?? resolution)
    },

    async deliver(envelope, octets, recipients, mode) {
      const chunks: Uint8Array[] = []
      const copies: LetterCopy[] = []
      const receivedAt = new Date(now())
      const receipt = await createMailDelivery({
        ...rules,
        target: overheard(store, chunks, copies),
      }).deliver({ ...envelope, receivedAt }, octets, recipients, mode)
      const to = recipients
        .filter((_, index) => receipt.outcomes[index]?.delivered)
        .map(({ address }) => address)
      const letter = { id: receipt.id, from: envelope.reversePath, to, receivedAt }
      if (to.length > 0) onDelivered({ ...letter, octets: Buffer.concat(chunks), copies })
      return receipt
    },
  }
}

/** Undefined where the address is nobody's and stays so. */
async function makeMailbox(
  forwardPath: string,
  { store, mailboxes, hostname, catchAll }: OfficeDeliveryParts,
): Promise<Resolution | undefined> {
  const address = parseAddress(forwardPath)
  if (!address || catchAll === false) return undefined
  const isOurs = address.domain === undefined || address.domain === foldDomain(hostname)
  if (!isOurs && catchAll !== 'any-domain') return undefined
  try {
    const { name } = await mailboxes.ensure(mailboxName(address))
    const account = await store.findAccount(name)
    return account && { recipient: { address: address.text, accounts: [account] } }
  } catch (error) {
    // There are addresses that no account can be called by.
    if (isRefusal(error, 'bad-name')) return undefined
    throw error
  }
}

/** Without sub-address. */
function mailboxName({ localPart, domain }: MailAddress): string {
  const at = localPart.indexOf(separator)
  const local = at > 0 ? localPart.slice(0, at) : localPart
  return domain === undefined ? local : `${local}@${domain}`
}

function overheard(target: DeliveryTarget, chunks: Uint8Array[], laidDown: LetterCopy[]): DeliveryTarget {
  return {
    begin() {
      const delivery = target.begin()
      return {
        ...delivery,
        write(chunk) {
          chunks.push(chunk)
          return delivery.write(chunk)
        },
        async commit(facts, copies, mode) {
          const outcomes = await delivery.commit(facts, copies, mode)
          for (const [index, { account }] of copies.entries()) {
            const outcome = outcomes[index]
            if (outcome?.delivered) laidDown.push({ account, uidl: outcome.uidl })
          }
          return outcomes
        },
      }
    },
  }
}
