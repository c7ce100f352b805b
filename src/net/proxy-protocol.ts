// The PROXY protocol, versions 1 and 2, as HAProxy's proxy-protocol.txt defines it: what a proxy says, ahead of everything
// else, about who has connected to it. Pure: octets in, cut anywhere; the same comes out as from the whole.
import { isIPv4, isIPv6 } from 'node:net'

/** Who has connected to the proxy; undefined for the proxy's own checks, and where it does not know. */
export interface ProxiedPeer {
  /** IPv4, or IPv6 as it was sent or in groups of hexadecimal digits. */
  readonly address: string
}

export type ProxyHeader =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'malformed'; readonly reason: ProxyFault }
  /** `octets` is its length: what follows is the peer's. */
  | { readonly kind: 'complete'; readonly octets: number; readonly peer: ProxiedPeer | undefined }

export type ProxyFault = 'no header' | 'malformed' | 'too long' | 'unknown version'

const incomplete: ProxyHeader = { kind: 'incomplete' }
/** Section 2.1: with CRLF. */
const maxOctetsOfV1 = 107
const signatureOfV1 = Buffer.from('PROXY ')
/** Section 2.2. */
const signatureOfV2 = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const fixedOctetsOfV2 = 16
/** Addresses, and additions (TLVs) that proxies make: certificates' names, identifiers of clouds. */
const maxOctetsOfV2 = 2048

/** What the octets that have come in so far say. */
export function parseProxyHeader(octets: Uint8Array): ProxyHeader {
  if (startsLike(octets, signatureOfV2)) return parseV2(octets)
  return startsLike(octets, signatureOfV1) ? parseV1(octets) : malformed('no header')
}

/** Whether somebody begins with such a header, or what looks like one so far; false for nothing at all. */
export function looksProxied(octets: Uint8Array): boolean {
  const enough = octets.length >= signatureOfV1.length
  return enough && (startsLike(octets, signatureOfV1) || startsLike(octets, signatureOfV2))
}

function parseV1(octets: Uint8Array): ProxyHeader {
  const end = Buffer.from(octets.buffer, octets.byteOffset, octets.length).indexOf('\r\n')
  if (end < 0) return octets.length < maxOctetsOfV1 ? incomplete : malformed('too long')
  const length = end + 2
  if (length > maxOctetsOfV1) return malformed('too long')
  const [, family, source, target, ...ports] = Buffer.from(octets.subarray(0, end))
    .toString('latin1')
    .split(' ')
  // What follows `UNKNOWN` is to be ignored.
  if (family === 'UNKNOWN') return { kind: 'complete', octets: length, peer: undefined }
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : () => false
  const isWell =
    isAddress(source ?? '') && isAddress(target ?? '') && ports.length === 2 && ports.every(isPort)
  if (source === undefined || !isWell) return malformed('malformed')
  return { kind: 'complete', octets: length, peer: { address: plain(source) } }
}

function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535
}

/** The octets of addresses that each kind of connection has, source first. */
const families: Readonly<
  Record<number, { readonly octets: number; readonly source: (of: Uint8Array) => string }>
> = {
  // TCP over IPv4, TCP over IPv6. Nobody comes to us by datagrams, nor by a Unix socket of the proxy's machine.
  0x11: { octets: 12, source: of => of.subarray(0, 4).join('.') },
  0x21: { octets: 36, source: of => ipv6Of(of.subarray(0, 16)) },
}

function parseV2(octets: Uint8Array): ProxyHeader {
  if (octets.length < fixedOctetsOfV2) return incomplete
  const [version, family] = [octets[12] ?? 0, octets[13] ?? 0]
  const length = fixedOctetsOfV2 + (octets[14] ?? 0) * 256 + (octets[15] ?? 0)
  if (version >> 4 !== 2) return malformed('unknown version')
  if (length > maxOctetsOfV2) return malformed('too long')
  if (octets.length < length) return incomplete
  const command = version & 0xf
  // LOCAL: the proxy itself, to see whether we are alive. An unspecified family says nothing either.
  if (command === 0 || family === 0) return { kind: 'complete', octets: length, peer: undefined }
  const known = families[family]
  if (command !== 1 || !known || length < fixedOctetsOfV2 + known.octets) return malformed('malformed')
  const address = plain(known.source(octets.subarray(fixedOctetsOfV2)))
  return { kind: 'complete', octets: length, peer: { address } }
}

function ipv6Of(octets: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((octets[index * 2] ?? 0) << 8) | (octets[index * 2 + 1] ?? 0)).toString(16),
  )
  const isMapped = groups.slice(0, 5).every(group => group === '0') && groups[5] === 'ffff'
  return isMapped ? octets.subarray(12).join('.') : groups.join(':')
}

/** IPv4 is not shown in its IPv6-mapped form, as in a `Connection`. */
function plain(address: string): string {
  return /^::ffff:[\d.]+$/i.test(address) ? address.slice(7) : address
}

/** As far as they go, the octets are those of the signature. */
function startsLike(octets: Uint8Array, signature: Uint8Array): boolean {
  const common = Math.min(octets.length, signature.length)
  return Buffer.compare(octets.subarray(0, common), signature.subarray(0, common)) === 0
}

function malformed(reason: ProxyFault): ProxyHeader {
  return { kind: 'malformed', reason }
}
