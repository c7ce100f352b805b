// Writing DER (ITU-T X.690) as far as a certificate needs it: elements of one octet of tag, of definite length.

export const derTags = {
  boolean: 0x01,
  bitString: 0x03,
  octetString: 0x04,
  utf8String: 0x0c,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

const integerTag = 0x02
const oidTag = 0x06

/** An element around octets, or around elements that are written already. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  return Buffer.concat([Buffer.from([tag]), lengthOctets(content.length), content])
}

/** An INTEGER of an unsigned number, its most significant octet first. */
export function derInteger(unsigned: Uint8Array): Buffer {
  const isNegative = ((unsigned[0] ?? 0) & 0x80) !== 0
  return der(integerTag, ...(isNegative ? [Buffer.alloc(1)] : []), unsigned)
}

/** An OBJECT IDENTIFIER from its dotted form. */
export function derOid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return der(oidTag, ...[first * 40 + second, ...rest].map(arcOctets))
}

/** A BIT STRING of whole octets, or of one octet that leaves so many bits unused. */
export function derBits(octets: Uint8Array, unusedBits = 0): Buffer {
  return der(derTags.bitString, Buffer.from([unusedBits]), octets)
}

/** In seconds and UTC, as RFC 5280 section 4.1.2.5 asks: UTCTime for the years up to 2049. */
export function derTime(time: Date): Buffer {
  const text = `${time.toISOString().replace(/[-:T]|\.\d+/g, '')}`
  const utcTimeTag = 0x17
  return time.getUTCFullYear() < 2050
    ? der(utcTimeTag, Buffer.from(text.slice(2)))
    : der(derTags.generalizedTime, Buffer.from(text))
}

function arcOctets(arc: number): Buffer {
  const octets = [arc & 0x7f]
  for (let rest = arc >>> 7; rest > 0; rest >>>= 7) octets.unshift((rest & 0x7f) | 0x80)
  return Buffer.from(octets)
}

function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length])
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  return Buffer.from([0x80 | octets.length, ...octets])
}
