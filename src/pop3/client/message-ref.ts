// A message of a session, as LIST and UIDL tell of it. Numbers hold for the session alone; what is worth keeping is the key.

export interface MessageRef {
  /** From 1 on; of this session only. */
  readonly number: number
  /** As LIST has it: a hint. Undefined where LIST has no such message, or no number. */
  readonly octets: number | undefined
  /** Undefined where the server has none for it. */
  readonly uidl: string | undefined
  /** The UIDL; behind it `#2` and so on where several messages have the same. Undefined without UIDL. */
  readonly key: string | undefined
}

export type ListingAnomaly =
  | { readonly kind: 'only-in-list' | 'only-in-uidl' | 'gap'; readonly number: number }
  | { readonly kind: 'duplicate-uidl'; readonly number: number; readonly uidl: string }
  | { readonly kind: 'unreadable-line' | 'listed-twice'; readonly line: string }

/** What the server listed, in its order, and what of it was odd. */
export interface Listing extends ReadonlyArray<MessageRef> {
  readonly anomalies: readonly ListingAnomaly[]
}

/** Of each message the number, ascending, and what stands behind it. Arrays, for there may be a million. */
interface Column {
  readonly numbers: readonly number[]
  readonly texts: readonly string[]
}

/** Joins LIST and UIDL; `uidl` is undefined where the server has no UIDL. */
export function joinListing(list: readonly string[], uidl: readonly string[] | undefined): Listing {
  const anomalies: ListingAnomaly[] = []
  const sizes = readColumn(list, anomalies)
  const ids = uidl && readColumn(uidl, anomalies)
  const names = new Names(anomalies)
  const refs: MessageRef[] = []
  let before = 0
  for (let ofSize = 0, ofId = 0; ; ) {
    const sized = sizes.numbers[ofSize] ?? Number.POSITIVE_INFINITY
    const named = ids?.numbers[ofId] ?? Number.POSITIVE_INFINITY
    const number = Math.min(sized, named)
    if (number === Number.POSITIVE_INFINITY) return Object.assign(refs, { anomalies })
    if (number - before > 1) anomalies.push({ kind: 'gap', number })
    if (ids && named > number) anomalies.push({ kind: 'only-in-list', number })
    if (sized > number) anomalies.push({ kind: 'only-in-uidl', number })
    const octets = sized === number ? sizeOf(sizes.texts[ofSize++] ?? '') : undefined
    const id = named === number ? ids?.texts[ofId++] : undefined
    refs.push({ number, octets, uidl: id, key: names.keyOf(number, id) })
    before = number
  }
}

/** Number and the rest of each line; servers put several spaces between, and things behind. */
function readColumn(lines: readonly string[], anomalies: ListingAnomaly[]): Column {
  const numbers: number[] = []
  const texts: string[] = []
  let largest = 0
  /** All numbers, as soon as one has come that is not the largest so far. */
  let seen: Set<number> | undefined
  for (const line of lines) {
    const begin = endOf(zero, line, endOf(blank, line, 0))
    const end = endOf(digit, line, begin)
    const rest = endOf(blank, line, end)
    if (end === begin || end - begin > maxDigits || rest === end) {
      anomalies.push({ kind: 'unreadable-line', line: line.slice(0, maxShown) })
      continue
    }
    const number = Number(line.slice(begin, end))
    if (number > largest) largest = number
    else {
      seen ??= new Set(numbers)
      if (seen.has(number)) {
        anomalies.push({ kind: 'listed-twice', line: line.slice(0, maxShown) })
        continue
      }
    }
    seen?.add(number)
    numbers.push(number)
    texts.push(withoutBlanksBehind(line.slice(rest)))
  }
  return seen ? sorted(numbers, texts) : { numbers, texts }
}

function sorted(numbers: readonly number[], texts: readonly string[]): Column {
  const rows = numbers.map((number, at) => ({ number, text: texts[at] ?? '' }))
  rows.sort((a, b) => a.number - b.number)
  return { numbers: rows.map(({ number }) => number), texts: rows.map(({ text }) => text) }
}

const maxDigits = 10
const maxShown = 100

const zero = (code: number) => code === 0x30
const digit = (code: number) => code >= 0x30 && code <= 0x39
const blank = (code: number) => code === 0x20 || code === 0x09

/** Where characters of a kind end that stand from there on. */
function endOf(isOfKind: (code: number) => boolean, text: string, from: number): number {
  let at = from
  while (at < text.length && isOfKind(text.charCodeAt(at))) at += 1
  return at
}

/** An expression for it would take the square of a hostile line's length. */
function withoutBlanksBehind(text: string): string {
  let end = text.length
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\t')) end -= 1
  return end === text.length ? text : text.slice(0, end)
}

function sizeOf(text: string): number | undefined {
  const digits = /^\d{1,15}(?=\s|$)/.exec(text)?.[0]
  return digits === undefined ? undefined : Number(digits)
}

/** Gives keys: a UIDL that has come before is told apart by how often it has. */
class Names {
  readonly #anomalies: ListingAnomaly[]
  readonly #seen = new Set<string>()
  /** How often, of those that came more than once. */
  readonly #repeated = new Map<string, number>()

  constructor(anomalies: ListingAnomaly[]) {
    this.#anomalies = anomalies
  }

  keyOf(number: number, uidl: string | undefined): string | undefined {
    if (uidl === undefined || uidl === '') return undefined
    const { size } = this.#seen
    if (this.#seen.add(uidl).size > size) return uidl
    const ordinal = (this.#repeated.get(uidl) ?? 1) + 1
    this.#repeated.set(uidl, ordinal)
    this.#anomalies.push({ kind: 'duplicate-uidl', number, uidl })
    return `${uidl}#${ordinal}`
  }
}
