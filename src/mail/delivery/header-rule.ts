// Rules by header field, for what a spam filter wrote: `X-Spam-Flag: YES`. Names are compared without regard to case, and so
// is the value, up to where a word ends: `Yes` matches `Yes, score=9.1`. Looks at the first line of each field alone.
export interface HeaderRule {
  /** In lower case. */
  readonly name: string
  readonly value: string
}

/** Octets of a line that are looked at. RFC 5322 section 2.1.1 */
const maxLineOctets = 998
const lf = 10

/** Reads `Name: value`; undefined for anything else. RFC 5322 section 3.6.8 */
export function parseHeaderRule(text: string): HeaderRule | undefined {
  const [, name, value] = /^([!-9;-~]{1,76}):[ \t]*([ -~]{1,200}?)[ \t]*$/.exec(text) ?? []
  return name && value ? { name: name.toLowerCase(), value: value.toLowerCase() } : undefined
}

/** One header on its way: `push` every piece of a message in wire form; `matches` may be asked at any time. */
export class HeaderWatch {
  readonly #rules: readonly HeaderRule[]
  #line: Uint8Array[] = []
  #lineOctets = 0
  #isOver: boolean
  #matches = false

  constructor(rules: readonly HeaderRule[]) {
    this.#rules = rules
    this.#isOver = rules.length === 0
  }

  get matches(): boolean {
    return this.#matches
  }

  push(piece: Uint8Array): void {
    let from = 0
    while (!this.#isOver && from < piece.length) {
      const end = piece.indexOf(lf, from)
      this.#gather(piece.subarray(from, end === -1 ? piece.length : end))
      if (end === -1) return
      this.#endLine()
      from = end + 1
    }
  }

  #gather(part: Uint8Array): void {
    const room = maxLineOctets - this.#lineOctets
    if (room > 0) this.#line.push(part.slice(0, room))
    this.#lineOctets += part.length
  }

  #endLine(): void {
    const line = Buffer.concat(this.#line).toString('latin1')
    this.#line = []
    this.#lineOctets = 0
    if (line === '\r') this.#isOver = true
    else if (this.#rules.some(rule => fits(rule, line))) {
      this.#matches = true
      this.#isOver = true
    }
  }
}

function fits({ name, value }: HeaderRule, line: string): boolean {
  const colon = line.indexOf(':')
  if (colon === -1 || line.slice(0, colon).trimEnd().toLowerCase() !== name) return false
  const rest = line
    .slice(colon + 1)
    .trim()
    .toLowerCase()
  return rest.startsWith(value) && !/^[\w-]/.test(rest.slice(value.length))
}
