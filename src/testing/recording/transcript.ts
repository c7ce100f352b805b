// A recorded session as text that a person reads, writes and keeps: a line `C: ` or `S: ` for each line that was sent, its CRLF
// left out, anything but printable US-ASCII escaped; notes in brackets; secrets as names in braces. The octets come out exactly.
import { escaped, type Hidden, unescaped } from '../../conformance/secrets.ts'

export type Side = 'client' | 'server'

/** Text of a line, or what is not told of it. */
export type Piece = { readonly text: string } | { readonly hidden: string }

export type TranscriptEntry =
  | { readonly kind: 'line'; readonly from: Side; readonly pieces: readonly Piece[]; readonly line: number }
  /** Mail data of any kind, up to the line that ends it. */
  | { readonly kind: 'message'; readonly line: number }
  | { readonly kind: 'note'; readonly note: Note; readonly line: number }

/** The name of what a server asked in a login that is bound to it. */
export const challengePiece = 'challenge'

/** What happened between the lines. */
export type Note = 'TLS' | 'the client closed' | 'the server closed'

export interface RecordedLine {
  readonly from: Side
  /** Latin-1, with its end. */
  readonly text: string
  readonly hidden: readonly Hidden[]
}

const firstLine = 'poplar session transcript, format 1'
const notes: readonly Note[] = ['TLS', 'the client closed', 'the server closed']
const marks: Readonly<Record<Side, string>> = { client: 'C:', server: 'S:' }
const needsPassword =
  '# A login here is bound to its challenge (SCRAM): `replay` has to be given the `password`.'
const entryLine = /^([CS]):(?: (.*))?$/
const endless = /(?:^|[^\\])(?:\\\\)*\\c$/
const placeholder = /\{([^{}]*)\}/

export function formatTranscript(sessions: readonly (readonly (RecordedLine | Note)[])[]): string {
  const isBound = sessions
    .flat()
    .some(entry => typeof entry !== 'string' && entry.hidden.some(({ name }) => name === challengePiece))
  const shown = sessions.flatMap((entries, index) => [
    '',
    `[connection ${index + 1}]`,
    ...entries.map(entry => (typeof entry === 'string' ? `[${entry}]` : formatLine(entry))),
  ])
  return `${[firstLine, ...(isBound ? [needsPassword] : []), ...shown].join('\n')}\n`
}

/** The entries of each connection. Throws an Error that names the line. */
export function parseTranscript(text: string): readonly (readonly TranscriptEntry[])[] {
  const sessions: TranscriptEntry[][] = []
  for (const [at, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trimStart()
    if (line === '' || line.startsWith('#') || line === firstLine) continue
    if (/^\[connection \d+\]$/.test(line)) {
      sessions.push([])
      continue
    }
    if (sessions.length === 0) sessions.push([])
    sessions.at(-1)?.push(parseLine(line, at + 1))
  }
  if (!sessions.some(({ length }) => length > 0))
    throw new Error('the transcript has no lines `C: ` and `S: `')
  return sessions
}

function formatLine({ from, text, hidden }: RecordedLine): string {
  const hasUsualEnd = text.endsWith('\r\n')
  const kept = hasUsualEnd ? text.slice(0, -2) : text
  let shown = ''
  let at = 0
  for (const { start, end, name } of hidden) {
    shown += `${escaped(kept.slice(at, start))}{${name}}`
    at = end
  }
  shown += escaped(kept.slice(at))
  // A space at the end of a line is easily lost.
  const whole = `${shown.replace(/ $/, '\\x20')}${hasUsualEnd ? '' : '\\c'}`
  return whole === '' ? marks[from] : `${marks[from]} ${whole}`
}

function parseLine(text: string, line: number): TranscriptEntry {
  const note = notes.find(each => text === `[${each}]`)
  if (note) return { kind: 'note', note, line }
  const [, mark, content = ''] = entryLine.exec(text) ?? []
  if (mark === undefined)
    throw new Error(
      `line ${line} of the transcript is none of \`C: \`, \`S: \`, ${notes.map(n => `[${n}]`).join(', ')}`,
    )
  const from = mark === 'C' ? 'client' : 'server'
  if (from === 'client' && content === '{message}') return { kind: 'message', line }
  const isEndless = endless.test(content)
  const whole = isEndless ? content.slice(0, -2) : content
  const pieces: Piece[] = whole
    .split(placeholder)
    .map((part, index) => (index % 2 === 0 ? { text: unescaped(part) } : { hidden: part }))
  return { kind: 'line', from, pieces: isEndless ? pieces : [...pieces, { text: '\r\n' }], line }
}
