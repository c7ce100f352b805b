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

type Column = ReadonlyMap<number, string>

/** Joins LIST and UIDL; `uidl` is undefined where the server has no UIDL. */
export function joinListing(list: readonly string[], uidl: readonly string[] | undefined): Listing {
  const anomalies: ListingAnomaly[] = []
  const sizes = readColumn(list, anomalies)
  const ids = uidl && readColumn(uidl, anomalies)
  const numbers = [...new Set([...sizes.keys(), ...(ids?.keys() ?? [])])].sort((a, b) => a - b)
  const seen = new Map<string, number>()
  const refs = numbers.map((number, index): MessageRef => {
    if (number - (numbers[index - 1] ?? 0) > 1) anomalies.push({ kind: 'gap', number })
    if (ids && !ids.has(number)) anomalies.push({ kind: 'only-in-list', number })
    if (!sizes.has(number)) anomalies.push({ kind: 'only-in-uidl', number })
    const id = ids?.get(number)
    return { number, octets: sizeOf(sizes.get(number)), uidl: id, key: keyOf(number, id, seen, anomalies) }
  })
  return Object.assign(refs, { anomalies })
}

/** Number and the rest of each line; servers put several spaces between, and things behind. */
function readColumn(lines: readonly string[], anomalies: ListingAnomaly[]): Column {
  const column = new Map<number, string>()
  for (const line of lines) {
    const match = /^[ \t]*0*([1-9]\d{0,9})[ \t]+/.exec(line)
    if (!match) {
      anomalies.push({ kind: 'unreadable-line', line: line.slice(0, maxShown) })
      continue
    }
    const number = Number(match[1])
    if (column.has(number)) anomalies.push({ kind: 'listed-twice', line: line.slice(0, maxShown) })
    else column.set(number, withoutBlanksBehind(line.slice(match[0].length)))
  }
  return column
}

const maxShown = 100

/** An expression for it would take the square of a hostile line's length. */
function withoutBlanksBehind(text: string): string {
  let end = text.length
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\t')) end -= 1
  return end === text.length ? text : text.slice(0, end)
}

function sizeOf(text: string | undefined): number | undefined {
  const digits = /^\d{1,15}(?=\s|$)/.exec(text ?? '')?.[0]
  return digits === undefined ? undefined : Number(digits)
}

function keyOf(
  number: number,
  uidl: string | undefined,
  seen: Map<string, number>,
  anomalies: ListingAnomaly[],
): string | undefined {
  if (uidl === undefined || uidl === '') return undefined
  const ordinal = (seen.get(uidl) ?? 0) + 1
  seen.set(uidl, ordinal)
  if (ordinal === 1) return uidl
  anomalies.push({ kind: 'duplicate-uidl', number, uidl })
  return `${uidl}#${ordinal}`
}
