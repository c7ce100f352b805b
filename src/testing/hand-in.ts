// Letters handed in by a test itself, past all protocols but not past the rules of delivery.
import type { MailDelivery, Recipient } from '../mail/delivery/deliver.ts'
import { localEnvelope } from '../mail/envelope.ts'
import { composeLetter, envelopeOf, type LetterEnvelope, type NewLetter } from './new-letter.ts'

/** Gives the id of what was delivered. Rejects with an Error that names what stood in the way; then nothing was. */
export async function handIn(
  letter: NewLetter | string | Uint8Array,
  given: Partial<LetterEnvelope>,
  delivery: MailDelivery,
  office: { readonly domain: string; readonly now: Date },
): Promise<string> {
  const isRaw = typeof letter === 'string' || letter instanceof Uint8Array
  const { octets, envelope } = isRaw
    ? { octets: Buffer.from(letter), envelope: await completed(letter, given) }
    : await composeLetter(letter, office)
  const recipients: Recipient[] = []
  for (const address of envelope.to) {
    const resolution = await delivery.resolve(address, octets.length)
    if (!resolution.recipient) throw new Error(`no mail for ${address}: ${reasons[resolution.refusal]}`)
    recipients.push(resolution.recipient)
  }
  if (recipients.length === 0) throw new Error('the message names no recipient')
  const { id, outcomes } = await delivery.deliver(
    { ...localEnvelope(envelope.from, ''), forwardPaths: envelope.to },
    [octets],
    recipients,
    'all',
  )
  for (const outcome of outcomes)
    if (!outcome.delivered) throw new Error(`no mail delivered: ${outcome.reason}`)
  return id
}

const reasons = {
  'bad-address': 'that is no address',
  'not-local': 'its domain is not the office’s; see `catchAll`',
  'unknown-user': 'the office has no such mailbox; see `addUser` and `catchAll`',
  'over-quota': 'its quota is full',
} as const

async function completed(
  octets: string | Uint8Array,
  { from, to }: Partial<LetterEnvelope>,
): Promise<LetterEnvelope> {
  if (from !== undefined && to !== undefined) return { from, to }
  const own = await envelopeOf(octets)
  return { from: from ?? own.from, to: to ?? own.to }
}
