// Internet addresses and ranges of them in CIDR notation, RFC 4632 section 3.1 and RFC 4291 section 2.3. An IPv4 address
// that is mapped into IPv6 (RFC 4291 section 2.5.5.2) is the IPv4 address everywhere here.

/** A range of addresses; a single address is a range of one. */
export interface Network {
  /** 4 octets of IPv4 or 16 of IPv6; those behind the prefix are zero. */
  readonly octets: Uint8Array
  /** Length of the prefix, at most 32 or 128. */
  readonly bits: number
}

const mappedBits = 96
/** Without leading zeros, which some read as octal. */
const ipv4Address = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/
const ipv6Group = /^[0-9a-f]{1,4}$/i
const prefixLength = /^(0|[1-9][0-9]{0,2})$/
/** The longest address: eight groups, the last two as IPv4, and a zone. */
const maxAddressLength = 128

/**
 * `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/32`; undefined for all else. Address bits behind the prefix are ignored, so
 * that `192.0.2.7/24` is the range that the address lies in.
 */
export function parseNetwork(text: string): Network | undefined {
  const [address = '', length, ...rest] = text.split('/')
  if (rest.length > 0 || address.includes('%')) return undefined
  const written = parseWritten(address)
  if (!written) return undefined
  if (length !== undefined && !prefixLength.test(length)) return undefined
  const bits = length === undefined ? written.length * 8 : Number(length)
  if (bits > written.length * 8) return undefined
  return isMapped(written) && bits >= mappedBits
    ? masked(written.subarray(12), bits - mappedBits)
    : masked(written, bits)
}

/** Whether the address lies in the range; what is no address lies nowhere. A zone (`fe80::1%eth0`) is ignored. */
export function networkContains(network: Network, address: string): boolean {
  const octets = parseAddress(address)
  if (octets?.length !== network.octets.length) return false
  return equal(masked(octets, network.bits).octets, network.octets)
}

/** Whether an address lies in one of the ranges, which `parseNetwork` understands; what it does not holds nobody. */
export function within(ranges: readonly string[]): (address: string) => boolean {
  const networks = ranges.flatMap(text => parseNetwork(text) ?? [])
  return address => networks.some(network => networkContains(network, address))
}

/**
 * The range that the address lies in, in one spelling: `192.0.2.1/32`, `2001:db8:0:100:0:0:0:0/56`. What is no address
 * stands for itself.
 */
export function prefixOf(address: string, ipv4Bits: number, ipv6Bits: number): string {
  const octets = parseAddress(address)
  if (!octets) return address.slice(0, maxAddressLength)
  const isIpv4 = octets.length === 4
  const network = masked(octets, isIpv4 ? ipv4Bits : ipv6Bits)
  return `${isIpv4 ? network.octets.join('.') : groupsOf(network.octets)}/${network.bits}`
}

/** 4 or 16 octets. */
function parseAddress(text: string): Uint8Array | undefined {
  const octets = parseWritten(text.replace(/%[^%]+$/, ''))
  return octets && isMapped(octets) ? octets.subarray(12) : octets
}

/** As it is written: a mapped address has 16 octets. */
function parseWritten(text: string): Uint8Array | undefined {
  if (text.length > maxAddressLength) return undefined
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

function parseIpv4(text: string): Uint8Array | undefined {
  const match = ipv4Address.exec(text)
  if (!match) return undefined
  const octets = [Number(match[1]), Number(match[2]), Number(match[3]), Number(match[4])]
  return octets.every(octet => octet < 256) ? Uint8Array.from(octets) : undefined
}

/** RFC 4291 section 2.2: eight groups; `::` once for one or more groups of zeros; the last two may be written as IPv4. */
function parseIpv6(text: string): Uint8Array | undefined {
  const [head = '', tail, ...rest] = text.split('::')
  if (rest.length > 0) return undefined
  const front = parseGroups(head, tail === undefined)
  const back = tail === undefined ? [] : parseGroups(tail, true)
  if (!front || !back) return undefined
  const missing = 16 - front.length - back.length
  if (tail === undefined ? missing !== 0 : missing < 2) return undefined
  return Uint8Array.from([...front, ...new Array<number>(missing).fill(0), ...back])
}

/** The octets of `a:b:c`; an IPv4 address may stand at the very end alone. */
function parseGroups(text: string, isEnd: boolean): number[] | undefined {
  if (text === '') return []
  const octets: number[] = []
  const groups = text.split(':')
  for (const [index, group] of groups.entries()) {
    if (ipv6Group.test(group)) {
      const value = Number.parseInt(group, 16)
      octets.push(value >> 8, value & 0xff)
      continue
    }
    const ipv4 = isEnd && index === groups.length - 1 ? parseIpv4(group) : undefined
    if (!ipv4) return undefined
    octets.push(...ipv4)
  }
  return octets
}

/** `::ffff:0:0/96` */
function isMapped(octets: Uint8Array): boolean {
  return (
    octets.length === 16 &&
    octets[10] === 0xff &&
    octets[11] === 0xff &&
    octets.subarray(0, 10).every(octet => octet === 0)
  )
}

function masked(octets: Uint8Array, bits: number): Network {
  if (bits === octets.length * 8) return { octets, bits }
  const kept = octets.map((octet, index) => {
    const own = Math.min(Math.max(bits - index * 8, 0), 8)
    return octet & (0xff00 >> own)
  })
  return { octets: kept, bits }
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.every((octet, index) => octet === other[index])
}

function groupsOf(octets: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((octets[index * 2] ?? 0) << 8) | (octets[index * 2 + 1] ?? 0)).toString(16),
  )
  return groups.join(':')
}
