// Addresses of the envelope: RFC 5321 section 4.1.2 with the limits of section 4.5.3.1, RFC 6531 section 3.3 for what
// is not ASCII. `"john"@x` and `john@x`, `xn--bcher-kva.example` and `Bücher.example` become one. Dots may stand
// anywhere in a local part, because senders exist whose names do so; blanks and control characters may not.
import { foldDomain } from '../fold.ts'

export interface MailAddress {
  /** Unquoted, in the case it was given. */
  readonly localPart: string
  /** In the form of `foldDomain`; undefined for a bare local part. */
  readonly domain: string | undefined
  /** The whole address, quoted where it has to be, without angle brackets. */
  readonly text: string
}

/** Octets in UTF-8. RFC 5321 section 4.5.3.1 */
export const addressLimits = { localPartOctets: 64, domainOctets: 255, addressOctets: 254 } as const

const atoms = /^[\w!#$%&'*+/=?^`{|}~.\u0080-\u{10ffff}-]+$/u
const quotedString = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e\u0080-\u{10ffff}]|\\[\x20-\x7e])*)"$/u
const label = /^[a-z0-9_\u0080-\u{10ffff}](?:[a-z0-9_\u0080-\u{10ffff}-]*[a-z0-9_\u0080-\u{10ffff}])?$/u
const literal = /^\[[\x21-\x5a\x5e-\x7e]+\]$/
/** Control and format characters, lone surrogates, what is no character, and what was no UTF-8. */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Cn}\p{Zl}\p{Zp}\ufffd]/u
const maxLabelLength = 63

/**
 * Reads `local-part` or `local-part@domain`, the local part quoted or not. Undefined for anything else. Reverse-paths
 * made by rewriting and by bounce addresses need `maxLocalPartOctets` raised.
 */
export function parseAddress(
  text: string,
  maxLocalPartOctets: number = addressLimits.localPartOctets,
): MailAddress | undefined {
  if (text === '' || octetsOf(text) > addressLimits.addressOctets || unsafe.test(text)) return undefined
  const at = text.endsWith('"') ? -1 : text.lastIndexOf('@')
  const localPart = parseLocalPart(at === -1 ? text : text.slice(0, at), maxLocalPartOctets)
  if (localPart === undefined) return undefined
  if (at === -1) return { localPart, domain: undefined, text: quoteLocalPart(localPart) }
  const domain = parseDomain(text.slice(at + 1))
  if (domain === undefined) return undefined
  return { localPart, domain, text: `${quoteLocalPart(localPart)}@${domain}` }
}

/** Whether a text is a domain name: labels of letters, digits, inner hyphens and underscores, no dot at its end. */
export function isDomainName(text: string): boolean {
  return (
    octetsOf(text) <= addressLimits.domainOctets &&
    text
      .toLowerCase()
      .split('.')
      .every(part => part.length <= maxLabelLength && label.test(part))
  )
}

/** Whether a text is an address literal, `[192.0.2.1]` or `[IPv6:2001:db8::1]`. RFC 5321 section 4.1.3 */
export function isAddressLiteral(text: string): boolean {
  return literal.test(text) && octetsOf(text) <= addressLimits.domainOctets
}

function parseLocalPart(text: string, maxOctets: number): string | undefined {
  if (octetsOf(text) > maxOctets) return undefined
  if (atoms.test(text)) return text
  return quotedString.exec(text)?.[1]?.replace(/\\(.)/g, '$1') || undefined
}

function parseDomain(text: string): string | undefined {
  if (isAddressLiteral(text)) return text.toLowerCase()
  return isDomainName(text) ? foldDomain(text) : undefined
}

function quoteLocalPart(localPart: string): string {
  return atoms.test(localPart) ? localPart : `"${localPart.replace(/["\\]/g, '\\$&')}"`
}

function octetsOf(text: string): number {
  return Buffer.byteLength(text)
}
