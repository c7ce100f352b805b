// Two conversations of the same packets, side by side: what the server said then and what it says now, line by line. What
// changes from run to run in any server (times, ids, timestamps) is shown and not counted as different.
import { escaped, type Secrets } from './secrets.ts'
import type { TranscriptEntry } from './transcript.ts'

/** `same`: to the octet. `alike`: but for what changes from run to run. */
export type Likeness = 'same' | 'alike' | 'different'

export interface ComparedLine {
  readonly wire: string
  /** The line is ours, sent then and now; its `then` and `now` are the same. */
  readonly isOurs: boolean
  /** Escaped; undefined where there was none. */
  readonly then: string | undefined
  readonly now: string | undefined
  readonly likeness: Likeness
}

interface Line {
  readonly wire: string
  readonly isOurs: boolean
  readonly text: string
}

/** More lines than this are paired by their number and not by likeness. */
const maxAlignedLines = 2_000

/** In the order of `then`. */
export function compare(
  then: readonly TranscriptEntry[],
  now: readonly TranscriptEntry[],
  secrets: Secrets,
): readonly ComparedLine[] {
  const before = linesOf(then, secrets)
  const after = linesOf(now, secrets)
  const queues = new Map<string, ComparedLine[]>()
  for (const wire of new Set([...before, ...after].map(line => line.wire))) {
    const received = (lines: readonly Line[]) =>
      lines.filter(line => line.wire === wire && !line.isOurs).map(({ text }) => text)
    queues.set(
      wire,
      [...paired(received(before), received(after))].map(pair => ({ wire, ...pair })),
    )
  }
  const rows: ComparedLine[] = []
  for (const { wire, isOurs, text } of before) {
    if (isOurs) rows.push({ wire, isOurs, then: text, now: text, likeness: 'same' })
    else rows.push(...takeThrough(queues.get(wire) ?? []))
  }
  return [...rows, ...[...queues.values()].flat()]
}

/** Up to the next line that was there then, and what is new right behind it. */
function takeThrough(queue: ComparedLine[]): readonly ComparedLine[] {
  const at = queue.findIndex(({ then }) => then !== undefined)
  let end = at + 1
  while (queue[end] !== undefined && queue[end]?.then === undefined) end++
  return queue.splice(0, end)
}

function linesOf(entries: readonly TranscriptEntry[], secrets: Secrets): readonly Line[] {
  const lines: Line[] = []
  const begun = new Map<string, string>()
  const add = (wire: string, isOurs: boolean, text: string) =>
    lines.push({ wire, isOurs, text: escaped(text).replace(/\\x7b/g, '{').replace(/\\x7d/g, '}') })
  for (const { wire, direction, octets, omitted } of entries) {
    if (direction === 'note') continue
    const isOurs = direction === 'sent'
    const stream = `${direction} ${wire}`
    const text = (begun.get(stream) ?? '') + Buffer.from(octets).toString('latin1')
    const parts = secrets.hide(text).split(/(?<=\n)/)
    const last = parts.at(-1) ?? ''
    // What was received is made of lines, however it was cut; what was sent is shown as it was sent.
    const isCut = !isOurs && !last.endsWith('\n')
    for (const part of isCut ? parts.slice(0, -1) : parts) add(wire, isOurs, part)
    begun.set(stream, isCut ? text.slice(text.lastIndexOf('\n') + 1) : '')
    if (omitted !== undefined) add(wire, isOurs, `... (${omitted} octets more)`)
  }
  for (const [stream, rest] of begun)
    if (rest !== '') add(stream.slice(stream.indexOf(' ') + 1), false, secrets.hide(rest))
  return lines
}

type Pair = Omit<ComparedLine, 'wire'>

function paired(then: readonly string[], now: readonly string[]): readonly Pair[] {
  const pair = (before: string | undefined, after: string | undefined): Pair => ({
    isOurs: false,
    then: before,
    now: after,
    likeness:
      before === undefined || after === undefined
        ? 'different'
        : before === after
          ? 'same'
          : steady(before) === steady(after)
            ? 'alike'
            : 'different',
  })
  if (Math.max(then.length, now.length) > maxAlignedLines)
    return Array.from({ length: Math.max(then.length, now.length) }, (_, at) => pair(then[at], now[at]))
  return aligned(then.map(steady), now.map(steady)).map(([a, b]) =>
    pair(a === undefined ? undefined : then[a], b === undefined ? undefined : now[b]),
  )
}

type Place = number | undefined

/** Pairs of places, so that as many as can be are equal; unequal ones between them are paired in their order. */
function aligned(a: readonly string[], b: readonly string[]): readonly (readonly [Place, Place])[] {
  const width = b.length + 1
  const longest = new Uint16Array((a.length + 1) * width)
  const at = (i: number, j: number) => longest[i * width + j] ?? 0
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      longest[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  const pairs: (readonly [Place, Place])[] = []
  let [i, j] = [0, 0]
  let [fromA, fromB] = [0, 0]
  const flush = () => {
    for (; fromA < i || fromB < j; fromA++, fromB++)
      pairs.push([fromA < i ? fromA : undefined, fromB < j ? fromB : undefined])
    ;[fromA, fromB] = [i, j]
  }
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      flush()
      pairs.push([i++, j++])
      ;[fromA, fromB] = [i, j]
    } else if (at(i + 1, j) >= at(i, j + 1)) i++
    else j++
  }
  ;[i, j] = [a.length, b.length]
  flush()
  return pairs
}

/** What changes from run to run, with what it becomes. */
const unsteady: readonly (readonly [RegExp, string])[] = [
  [/<[^<>\s]+>/g, '<...>'],
  [/(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +)?\d{1,2} [A-Z][a-z]{2} \d{4} [\d:]{5,8}(?: [+-]\d{4})?/g, 'TIME'],
  [/\d{4}-\d\d-\d\d[T ][\d:.]+Z?/g, 'TIME'],
  [/\b(?=[\w+/=.-]*\d)[\w+/=.-]{6,}/g, 'ID'],
]

/** Longer lines are compared as they are. */
const maxSteadyOctets = 2_000

function steady(line: string): string {
  if (line.length > maxSteadyOctets) return line
  return unsteady.reduce((text, [pattern, name]) => text.replace(pattern, name), line)
}
