// The messages of SCRAM, RFC 5802 section 7, read strictly: attributes in their order, no mandatory extensions (`m=`, we
// know none), unknown optional ones passed over.
import { parseBase64 } from '../scram.ts'
import { decodeText } from './credentials.ts'
import { decodeSaslName, type Gs2Header, parseGs2Header } from './gs2.ts'

/** The longest message either side sends: a name of 255 octets, each escaped, two nonces, a binding. */
const maxMessageOctets = 4096

export interface ClientFirst {
  readonly header: Gs2Header
  readonly name: string
  readonly nonce: string
  /** Without the header. */
  readonly bare: string
}

export interface ClientFinal {
  /** Base64 of the header and the channel's octets. */
  readonly binding: string
  readonly nonce: string
  readonly proof: Uint8Array
  readonly withoutProof: string
}

export interface ServerFirst {
  readonly nonce: string
  readonly salt: Uint8Array
  readonly iterations: number
  readonly text: string
}

export type ServerFinal =
  | { readonly kind: 'signature'; readonly signature: Uint8Array }
  | { readonly kind: 'error'; readonly error: string }

const nonce = String.raw`[\x21-\x2b\x2d-\x7e]{1,512}`
/** Any attribute that is not `m`, nor `p`, which ends a message. */
const extensions = '(?:,[A-Za-lnoq-z]=[^,]+)*'
const clientFirst = new RegExp(`^n=([^,]+),r=(${nonce})${extensions}$`)
const clientFinal = new RegExp(`^(c=([^,]+),r=(${nonce})${extensions}),p=([^,]+)$`)
const serverFirst = new RegExp(`^r=(${nonce}),s=([^,]+),i=([1-9][0-9]{0,8})${extensions}$`)
const serverFinal = new RegExp(`^(?:v=([^,]+)|e=([ -+--~]{1,100}))${extensions}$`)

export function parseClientFirst(octets: Uint8Array): ClientFirst | undefined {
  const text = decodeText(octets, maxMessageOctets) ?? ''
  const header = parseGs2Header(text)
  if (!header) return undefined
  const bare = text.slice(header.text.length)
  const match = clientFirst.exec(bare)
  const name = decodeSaslName(match?.[1] ?? '')
  return match?.[2] && name ? { header, name, nonce: match[2], bare } : undefined
}

export function parseClientFinal(octets: Uint8Array): ClientFinal | undefined {
  const match = clientFinal.exec(decodeText(octets, maxMessageOctets) ?? '')
  const proof = parseBase64(match?.[4] ?? '')
  if (!match?.[1] || !match[2] || !match[3] || !proof) return undefined
  return { withoutProof: match[1], binding: match[2], nonce: match[3], proof }
}

export function parseServerFirst(octets: Uint8Array): ServerFirst | undefined {
  const text = decodeText(octets, maxMessageOctets) ?? ''
  const match = serverFirst.exec(text)
  const salt = parseBase64(match?.[2] ?? '')
  return match?.[1] && salt ? { nonce: match[1], salt, iterations: Number(match[3]), text } : undefined
}

export function parseServerFinal(octets: Uint8Array): ServerFinal | undefined {
  const match = serverFinal.exec(decodeText(octets, maxMessageOctets) ?? '')
  if (match?.[2]) return { kind: 'error', error: match[2] }
  const signature = parseBase64(match?.[1] ?? '')
  return signature && { kind: 'signature', signature }
}
