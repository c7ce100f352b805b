// A message as a test looks at it: the envelope it came in, what is in it by postal-mime, and what a person would click or
// type of it.
import type { Address, Email } from 'postal-mime'
import { codesOf } from './codes.ts'
import type { DeliveredLetter } from './delivery.ts'
import { textOfHtml } from './html-text.ts'
import { linksOf } from './links.ts'

export interface TestAddress {
  /** Decoded; empty where there is none. */
  readonly name: string
  readonly address: string
}

export interface TestAttachment {
  readonly filename: string | undefined
  readonly contentType: string
  /** `attachment`, `inline`, or as the part has it. */
  readonly disposition: string | undefined
  /** Without angle brackets. */
  readonly contentId: string | undefined
  readonly content: Uint8Array
}

export interface TestHeader {
  /** As it is written. */
  readonly name: string
  /** Unfolded, encoded words decoded. */
  readonly value: string
}

export interface TestMessage {
  /** As it stands in the Received field. */
  readonly id: string
  /** What SMTP was told; Bcc recipients are found here alone. `from` is empty for the null reverse-path. */
  readonly envelope: { readonly from: string; readonly to: readonly string[] }
  readonly receivedAt: Date
  readonly subject: string
  readonly from: TestAddress | undefined
  readonly to: readonly TestAddress[]
  readonly cc: readonly TestAddress[]
  readonly replyTo: readonly TestAddress[]
  /** All fields in order, those of the trace first. */
  readonly headers: readonly TestHeader[]
  /** The first field of this name, in any case. */
  header(name: string): string | undefined
  /** Empty where there is none. */
  readonly text: string
  readonly html: string
  /** Of the text, then of the HTML: in order, each once, entities resolved. */
  readonly links: readonly string[]
  /** What looks like a one-time code, the likeliest first. A code in groups of digits is in one piece. */
  readonly codes: readonly string[]
  readonly attachments: readonly TestAttachment[]
  /** As POP3 gives it, but for the Return-Path and Delivered-To of each copy. */
  readonly raw: Uint8Array
  /** Why its content could not be read: then there is the envelope and `raw` alone. */
  readonly fault: string | undefined
}

/** Never rejects: what cannot be parsed is a message with a fault. */
export async function readMessage(letter: DeliveredLetter): Promise<TestMessage> {
  // Few messages come before the office has started: loading it is no part of that.
  const { default: PostalMime, decodeWords } = await import('postal-mime')
  try {
    const email = await PostalMime.parse(letter.octets, { rfc822Attachments: true })
    return messageOf(letter, email, decodeWords)
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error)
    return messageOf(letter, { headers: [], headerLines: [], attachments: [] }, decodeWords, fault)
  }
}

function messageOf(
  { id, from, to, receivedAt, octets }: DeliveredLetter,
  email: Email,
  decode: (value: string) => string,
  fault?: string,
): TestMessage {
  const { subject = '', text = '', html = '' } = email
  const headers = email.headers.map(({ originalKey, value }) => ({ name: originalKey, value: decode(value) }))
  return {
    id,
    envelope: { from, to },
    receivedAt,
    subject,
    from: addressesOf(email.from && [email.from])[0],
    to: addressesOf(email.to),
    cc: addressesOf(email.cc),
    replyTo: addressesOf(email.replyTo),
    headers,
    header(name) {
      const wanted = name.toLowerCase()
      return headers.find(each => each.name.toLowerCase() === wanted)?.value
    },
    text,
    html,
    links: linksOf(text, html),
    codes: codesOf(subject, text.trim() === '' ? textOfHtml(html) : text),
    attachments: email.attachments.map(({ filename, mimeType, disposition, contentId, content }) => ({
      filename: filename ?? undefined,
      contentType: mimeType,
      disposition: disposition ?? undefined,
      contentId: contentId?.replace(/^<|>$/g, ''),
      content: typeof content === 'string' ? Buffer.from(content) : new Uint8Array(content),
    })),
    raw: octets,
    fault,
  }
}

/** The members of groups by themselves. */
function addressesOf(addresses: readonly Address[] | undefined): readonly TestAddress[] {
  return (addresses ?? [])
    .flatMap(each => each.group ?? [each])
    .map(({ name, address }) => ({ name, address }))
}
