// A transcript on disk: text that a person reads and `poplar check --replay` plays again. A header of `name: value` lines, an
// empty line, then a line for each packet and note: when, which connection, `>` sent, `<` received, `*` noted, and the octets
// escaped. Long packets go on in lines marked `|`. The user's password is never in it: `{password}` and the like are.
import { escaped, type Hidden, type Secrets, unescaped } from './secrets.ts'
import type { Direction, TranscriptEntry } from './transcript.ts'

export interface TranscriptFile {
  /** `case`, `seed`, `target` and whatever else is worth knowing. */
  readonly header: Readonly<Record<string, string>>
  readonly entries: readonly RecordedEntry[]
}

export interface RecordedEntry extends TranscriptEntry {
  /** Something in it was derived from the password and a challenge, and cannot be sent again. */
  readonly isIncomplete?: true
}

const firstLine = 'poplar check transcript, format 1'
const marks: Readonly<Record<Direction, string>> = { sent: '>', received: '<', note: '*' }
const directions: Readonly<Record<string, Direction>> = { '>': 'sent', '<': 'received', '*': 'note' }
const maxLineOctets = 120
const entryLine = /^ *([0-9.]*) +(\S+) +([><*|]) ?(.*)$/
const placeholder = /\{((?:[^{}]|\{[^{}]*\})*)\}/g
const slice = /^(.*)\[(\d+):(\d+)\]$/s

export function formatTranscript({ header, entries }: TranscriptFile, secrets: Secrets): string {
  const heads = Object.entries(header).map(
    ([name, value]) => `${name}: ${secrets.hide(value).replace(/[^\x20-\x7e]/g, '?')}`,
  )
  const hidden = hiddenIn(entries, secrets)
  const width = Math.max(...entries.map(({ wire }) => wire.length), 0)
  const lines = entries.flatMap((entry, at) => {
    const time = entry.atMs.toFixed(1).padStart(9)
    return piecesOf(entry, hidden[at] ?? []).map((text, index) => {
      const [when, mark] = index === 0 ? [time, marks[entry.direction]] : [' '.repeat(9), '|']
      // A space at the end of a line is easily lost.
      const kept = text.replace(/ $/, '\\x20')
      return `${when} ${nameOf(entry.wire).padEnd(width)} ${mark} ${kept}`.trimEnd()
    })
  })
  return `${[firstLine, ...heads, '', ...lines].join('\n')}\n`
}

/** Throws an Error that names the line. */
export function parseTranscript(text: string, secrets: Secrets): TranscriptFile {
  const lines = text.split(/\r?\n/)
  if (lines[0] !== firstLine) throw new Error(`the first line is not \`${firstLine}\``)
  const end = lines.indexOf('')
  const header: Record<string, string> = {}
  for (const [at, line] of lines.slice(1, end).entries()) {
    const [, name, value] = /^([a-z-]+): ?(.*)$/.exec(line) ?? []
    if (name === undefined || value === undefined) throw new Error(`line ${at + 2} has no \`name: value\``)
    header[name] = value
  }
  const entries: RecordedEntry[] = []
  for (const [at, line] of lines.entries()) {
    if (at <= end || line === '') continue
    const [, time, wire, mark = '', rest = ''] = entryLine.exec(line) ?? []
    const direction = directions[mark]
    const last = entries.at(-1)
    if (wire === undefined || (direction === undefined ? !last : time === ''))
      throw new Error(`line ${at + 1} is no packet and no note`)
    const read = readPiece(rest, secrets)
    if (direction) entries.push({ atMs: Number(time), wire, direction, ...read })
    else if (last) entries[entries.length - 1] = joined(last, read)
  }
  return { header, entries }
}

type Piece = Pick<RecordedEntry, 'octets' | 'omitted' | 'isIncomplete'>

function joined(entry: RecordedEntry, piece: Piece): RecordedEntry {
  return { ...entry, ...piece, octets: Buffer.concat([entry.octets, piece.octets]) }
}

function readPiece(text: string, secrets: Secrets): Piece {
  let omitted = 0
  let isIncomplete: true | undefined
  const revealed = text.replace(placeholder, (_, name: string) => {
    const [, count] = /^omitted (\d+)$/.exec(name) ?? []
    omitted += Number(count ?? 0)
    if (count !== undefined) return ''
    const [, whole = name, from, to] = slice.exec(name) ?? []
    const value = secrets.reveal(whole)
    if (value === undefined) isIncomplete = true
    return escaped(value?.slice(Number(from ?? 0), to === undefined ? undefined : Number(to)) ?? '')
  })
  const octets = Buffer.from(unescaped(revealed), 'latin1')
  return { octets, ...(omitted > 0 && { omitted }), ...(isIncomplete && { isIncomplete }) }
}

/** The texts of an entry's lines: a new one behind each LF, and where one grows too long. */
function piecesOf({ octets, omitted }: RecordedEntry, hidden: readonly Hidden[]): readonly string[] {
  const text = Buffer.from(octets).toString('latin1')
  const pieces: string[] = []
  let piece = ''
  let at = 0
  const add = (shown: string, isLineEnd: boolean) => {
    piece += shown
    if (!isLineEnd && piece.length < maxLineOctets) return
    pieces.push(piece)
    piece = ''
  }
  for (const { start, end, name } of [...hidden, { start: text.length, end: text.length, name: '' }]) {
    for (const character of text.slice(at, start)) add(escaped(character), character === '\n')
    if (name !== '') add(`{${name}}`, false)
    at = end
  }
  if (omitted !== undefined) add(`{omitted ${omitted}}`, false)
  return piece !== '' || pieces.length === 0 ? [...pieces, piece] : pieces
}

/**
 * What must not be shown of each entry, counted from its beginning. Secrets are looked for in all that went one way over a
 * connection: packets may have been cut anywhere.
 */
function hiddenIn(entries: readonly RecordedEntry[], secrets: Secrets): readonly (readonly Hidden[])[] {
  const found: Hidden[][] = entries.map(() => [])
  const streams = new Map<string, number[]>()
  for (const [at, { direction, wire }] of entries.entries()) {
    const stream = `${direction} ${wire}`
    streams.set(stream, [...(streams.get(stream) ?? []), at])
  }
  for (const places of streams.values()) {
    const texts = places.map(at => Buffer.from(entries[at]?.octets ?? []).toString('latin1'))
    const all = secrets.find(texts.join(''))
    let begin = 0
    for (const [index, at] of places.entries()) {
      const end = begin + (texts[index]?.length ?? 0)
      for (const each of all) {
        const [from, to] = [Math.max(each.start, begin), Math.min(each.end, end)]
        if (from < to) found[at]?.push({ start: from - begin, end: to - begin, name: cut(each, from, to) })
      }
      begin = end
    }
  }
  return found
}

function cut({ start, end, name }: Hidden, from: number, to: number): string {
  if (from === start && to === end) return name
  if (name.startsWith('hidden')) return `hidden ${to - from}`
  const [, whole = name, first = '0'] = slice.exec(name) ?? []
  const base = Number(first) - start
  return `${whole}[${from + base}:${to + base}]`
}

/** One word. */
function nameOf(wire: string): string {
  return wire.replace(/\s+/g, '-')
}
