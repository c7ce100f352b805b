// Trace fields: Return-Path and Received of RFC 5321 section 4.4, Delivered-To of RFC 9228. Whatever the peer said is
// put through `clean`, so that no name or address can add a field, end a comment, or break a line.
import type { Envelope, TransmissionType } from '../envelope.ts'
import type { Id } from '../id.ts'
import { isAddressLiteral, isDomainName } from './address.ts'

/** RFC 5322 section 2.1.1: no line above 998 octets without its CRLF. A path has at most 256. */
const maxNameOctets = 255

/** The fields that stand before one copy alone: `Return-Path: <...>` and `Delivered-To: ...`, CRLF included. */
export function copyTrace(reversePath: string, deliveredTo: string): Uint8Array {
  return Buffer.from(`Return-Path: <${clean(reversePath)}>\r\nDelivered-To: ${clean(deliveredTo)}\r\n`)
}

/** The Received field of one reception, folded, CRLF included. `for` is named only when it betrays nobody. */
export function receivedField(envelope: Envelope, hostname: string, id: Id): Uint8Array {
  const { protocol, cipherSuite, forwardPaths } = envelope
  const lines = [
    ...fromClause(envelope),
    `by ${clean(hostname)} (Poplar)${protocol ? ` with ${protocol}` : ''} id ${id}`,
  ]
  const [forwardPath] = forwardPaths
  if (forwardPath !== undefined && forwardPaths.every(path => path === forwardPath)) {
    lines.push(`for <${clean(forwardPath)}>`)
  }
  // RFC 8314 section 4.3
  if (cipherSuite !== undefined) lines.push(`tls ${clean(cipherSuite)}`)
  return Buffer.from(`Received: ${lines.join('\r\n\t')};\r\n\t${dateTime(envelope.receivedAt)}\r\n`)
}

/** RFC 5322 section 3.3, always in UTC: `Fri, 20 Nov 2026 19:17:00 +0000`. */
export function dateTime(date: Date): string {
  return date.toUTCString().replace('GMT', '+0000')
}

/** The word after `with`. RFC 3848, RFC 6531 section 4.3 */
export function transmissionType(
  dialogue: 'SMTP' | 'ESMTP' | 'LMTP',
  { smtpUtf8 = false, secure = false, authenticated = false } = {},
): TransmissionType {
  if (dialogue === 'SMTP') return 'SMTP'
  const name = smtpUtf8 ? (dialogue === 'LMTP' ? 'UTF8LMTP' : 'UTF8SMTP') : dialogue
  if (secure) return `${name}${authenticated ? 'SA' : 'S'}`
  return `${name}${authenticated ? 'A' : ''}`
}

function fromClause({ heloName, peerAddress, smtpUtf8 }: Envelope): string[] {
  const peer = peerAddress === undefined ? undefined : addressLiteral(peerAddress)
  if (heloName === undefined) return peer === undefined ? [] : [`from ${peer}`]
  const name = domainOf(heloName, smtpUtf8)
  return [`from ${name}${peer === undefined ? '' : ` (${peer})`}`]
}

/** The name as it may stand for a domain; what is none loses the characters that no domain has. */
function domainOf(heloName: string, smtpUtf8: boolean): string {
  const isAscii = /^[\x21-\x7e]*$/.test(heloName)
  if ((isAscii || smtpUtf8) && (isDomainName(heloName) || isAddressLiteral(heloName))) return heloName
  return heloName.slice(0, maxNameOctets).replace(/[^\w.:-]/g, '?') || 'unknown'
}

function addressLiteral(address: string): string {
  const name = address.replace(/[^0-9A-Za-z.:%-]/g, '?')
  return name.includes(':') ? `[IPv6:${name}]` : `[${name}]`
}

/** Control characters and line separators never pass; neither does an angle bracket. */
function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}<>]/gu, '?')
}
