// `poplar check --replay`: plays the transcript of a failure again and shows both conversations side by side.
import { readFileSync } from 'node:fs'
import { Failure, Unable } from '../../conformance/case.ts'
import { type ComparedLine, compare, type Likeness } from '../../conformance/comparison.ts'
import { replay } from '../../conformance/replay.ts'
import { Secrets } from '../../conformance/secrets.ts'
import { parseTranscript, type TranscriptFile } from '../../conformance/transcript-file.ts'
import { CommandFailure, exitCodes } from '../failure.ts'
import { printLine } from '../output.ts'
import { type AnyCase, type SuiteOptions, suiteFor } from './suites.ts'
import { parseServerUrl, type ServerUrl } from './target.ts'

/** Exit code 0 when the server answers as it did then, 1 when it does not. */
export async function replayFile(file: string, options: SuiteOptions, secrets: Secrets): Promise<void> {
  const { header, entries } = read(file, secrets)
  const { target, signal } = options
  try {
    const beside = await prepare(header, options)
    const { host, port, tls, patienceMs } = target
    const now = await replay(entries, { address: { host, port }, tls, patienceMs, beside, signal })
    const lines = compare(entries.slice(0, now.played), now.entries, secrets)
    for (const line of sideBySide(lines)) printLine(line)
    conclude(lines, now.played === entries.length)
  } catch (error) {
    if (error instanceof Failure || error instanceof Unable)
      throw new CommandFailure(`cannot be played again: ${secrets.hide(error.message)}`, exitCodes.usage, {
        cause: error,
      })
    throw error
  }
}

export interface Recording {
  /** Undefined where the header has no good one. */
  readonly url: ServerUrl | undefined
  readonly security: { readonly tls?: true; readonly stls?: true }
  readonly options: { readonly seed?: string; readonly user?: string }
}

/** What the transcript says of how it came about; options that are given go before it. */
export function recordingIn(file: string): Recording {
  const { target = '', security, seed, user } = read(file, new Secrets('')).header
  let url: ServerUrl | undefined
  try {
    url = parseServerUrl(target.split(' ')[0] ?? '')
  } catch {
    // Then the command line must have one.
  }
  return {
    url,
    security: security === 'tls' ? { tls: true } : security === 'starttls' ? { stls: true } : {},
    options: { ...(seed !== undefined && { seed }), ...(user !== undefined && { user }) },
  }
}

function read(file: string, secrets: Secrets): TranscriptFile {
  try {
    return parseTranscript(readFileSync(file, 'utf8'), secrets)
  } catch (error) {
    throw new CommandFailure(`${file}: ${(error as Error).message}`, exitCodes.usage, { cause: error })
  }
}

async function prepare(
  header: TranscriptFile['header'],
  options: SuiteOptions,
): Promise<((note: string) => Promise<void>) | undefined> {
  const kind = suiteFor(options.url)
  const item = kind.sections.flatMap(({ cases }) => cases).find(({ id }) => id === header['case'])
  if (!item?.mail) return undefined
  if (options.deliver || item.mail === 'any') return kind.prepare?.(item, options)
  process.stderr.write(`poplar: ${advice(item)}\n`)
  return undefined
}

function advice({ mail = [] }: AnyCase): string {
  const names = mail === 'any' || mail.length === 0 ? 'no message' : mail.join(', ')
  return `the maildrop should hold ${names}; with --deliver it is filled, without it is taken as it is`
}

const signs: Readonly<Record<Likeness, string>> = { same: ' ', alike: '~', different: '!' }
const minWidth = 80
const defaultWidth = 160

function sideBySide(lines: readonly ComparedLine[]): readonly string[] {
  const width = Math.max(minWidth, process.stdout.columns ?? defaultWidth)
  const cell = Math.floor((width - 5) / 2)
  const fit = (text: string) => (text.length > cell ? `${text.slice(0, cell - 3)}...` : text.padEnd(cell))
  const row = (before: string, after: string, sign: string) =>
    `${fit(before)} ${sign} ${fit(after)}`.trimEnd()
  const isAlone = new Set(lines.map(({ wire }) => wire)).size < 2
  const rows = lines.map(({ wire, isOurs, then, now, likeness }) => {
    const name = `${isAlone ? '' : `${wire} `}${isOurs ? '>' : '<'} `
    const side = (text: string | undefined) => (text === undefined ? '' : name + text)
    return row(side(then), side(now), signs[likeness])
  })
  return [row('THEN', 'NOW', ' '), ...rows]
}

function conclude(lines: readonly ComparedLine[], isWhole: boolean): void {
  const different = lines.filter(({ likeness }) => likeness === 'different').length
  if (different > 0) process.exitCode = exitCodes.failed
  if (different > 0) printLine(`${different} ${different === 1 ? 'line differs' : 'lines differ'} (!)`)
  else if (isWhole) printLine('the server answers as it did then (~: but for times and ids)')
  // Up to there all was alike, and what the case is about is not known.
  if (!isWhole)
    throw new CommandFailure(
      'what follows answers a challenge of that time, and cannot be played again',
      exitCodes.usage,
    )
}
