// Reading DER (ITU-T X.690) as far as certificates need it: definite lengths, tags of one octet, views instead of copies.
// Everything is checked against its container; what does not fit is an error.

export interface DerElement {
  /** Class, form and number in one octet: 0x30 is a SEQUENCE, 0xa3 the context's own `[3]`. */
  readonly tag: number
  readonly content: Uint8Array
}

/** The elements that lie one behind the other. Throws a RangeError when the octets are not DER. */
export function readDer(octets: Uint8Array): DerElement[] {
  const elements: DerElement[] = []
  for (let at = 0; at < octets.length; ) {
    const tag = octets[at] ?? 0
    const { length, contentAt } = readLength(octets, at + 1)
    const end = contentAt + length
    if ((tag & 0x1f) === 0x1f || end > octets.length) throw notDer()
    elements.push({ tag, content: octets.subarray(contentAt, end) })
    at = end
  }
  return elements
}

/** The elements inside the first element, which must have that tag. */
export function readInside(octets: Uint8Array, tag: number): DerElement[] {
  const [outer] = readDer(octets)
  if (outer?.tag !== tag) throw notDer()
  return readDer(outer.content)
}

/** An OBJECT IDENTIFIER in its dotted form; empty when an arc has more than 32 bits, as those made of a UUID do. */
export function readOid(element: DerElement | undefined): string {
  if (element?.tag !== 0x06) throw notDer()
  const arcs: number[] = []
  let arc = 0
  for (const octet of element.content) {
    if (arc > 0x1ff_ffff) return ''
    arc = arc * 128 + (octet & 0x7f)
    if (octet < 0x80) {
      arcs.push(arc)
      arc = 0
    }
  }
  const first = arcs.shift() ?? 0
  const root = Math.min(2, Math.floor(first / 40))
  return [root, first - root * 40, ...arcs].join('.')
}

function readLength(octets: Uint8Array, at: number): { length: number; contentAt: number } {
  const first = octets[at]
  if (first === undefined || first === 0x80 || first > 0x84) throw notDer()
  if (first < 0x80) return { length: first, contentAt: at + 1 }
  const contentAt = at + 1 + (first & 0x7f)
  let length = 0
  for (const octet of octets.subarray(at + 1, contentAt)) length = length * 256 + octet
  return { length, contentAt }
}

function notDer(): RangeError {
  return new RangeError('not DER')
}
