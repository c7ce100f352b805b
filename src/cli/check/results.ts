// Where the results of a check go: transcripts of what failed, reports into files that are whole or not there, and standard
// output, which one report may have for itself.
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { htmlOf } from '../../conformance/report/html.ts'
import { jsonOf } from '../../conformance/report/json.ts'
import { junitOf } from '../../conformance/report/junit.ts'
import { type Report, type ReportedRun, summaryOf, targetOf } from '../../conformance/report/report.ts'
import { tableOf } from '../../conformance/report/table.ts'
import { tapOf } from '../../conformance/report/tap.ts'
import type { CaseRun } from '../../conformance/runner.ts'
import type { Secrets } from '../../conformance/secrets.ts'
import { formatTranscript } from '../../conformance/transcript-file.ts'
import { packageVersion } from '../../version.ts'
import { CommandFailure, exitCodes } from '../failure.ts'
import type { AnyCase } from './suites.ts'

export interface ResultOptions {
  readonly json?: string
  readonly junit?: string
  readonly html?: string
  readonly tap?: boolean
}

const formats = { json: jsonOf, junit: junitOf, html: htmlOf } as const
const fileFormats = ['json', 'junit', 'html'] as const

/** More of a transcript than this is not in reports, only in its file. */
const maxShownCharacters = 64 * 1024

/** Refuses two reports for standard output, and files that cannot be written: better now than when all has run. */
export function requireOutputs(options: ResultOptions): void {
  const files = fileFormats.filter(name => isStandardOutput(options[name]))
  if (files.length + (options.tap ? 1 : 0) > 1)
    throw new CommandFailure('only one report can go to standard output', exitCodes.usage)
  for (const name of fileFormats) {
    const file = options[name]
    if (file === undefined || isStandardOutput(file)) continue
    try {
      accessSync(dirname(file), constants.W_OK)
    } catch (error) {
      throw new CommandFailure(`${file}: ${(error as Error).message}`, exitCodes.usage, { cause: error })
    }
  }
}

/** Writes the files that are asked for; standard output gets one of them, TAP, or the table. */
export function writeReports(report: Report, options: ResultOptions): void {
  let isTaken = options.tap ?? false
  for (const name of fileFormats) {
    const file = options[name]
    if (file === undefined) continue
    if (isStandardOutput(file)) {
      isTaken = true
      process.stdout.write(formats[name](report))
    } else writeWhole(file, formats[name](report))
  }
  if (options.tap) process.stdout.write(tapOf(report))
  if (isTaken) process.stderr.write(`${summaryOf(report)}; seed ${report.seed}\n`)
  else process.stdout.write(tableOf(report))
}

type TranscriptFacts = Pick<Report, 'server' | 'seed'> & { readonly user: string | undefined }

/** Keeps the transcripts of what failed, in a folder of its own when none is named. */
export class TranscriptFolder {
  readonly #secrets: Secrets
  #folder: string | undefined
  #isThere = false

  constructor(folder: string | undefined, secrets: Secrets) {
    this.#folder = folder
    this.#secrets = secrets
  }

  keep(run: CaseRun<AnyCase>, facts: TranscriptFacts): ReportedRun {
    const { outcome, transcript } = run
    if (outcome.outcome !== 'fail' || transcript.length === 0) return { run }
    const text = formatTranscript({ header: headerOf(run, facts), entries: transcript }, this.#secrets)
    const transcriptFile = join(this.#path(), `${outcome.id}.txt`)
    writeWhole(transcriptFile, text)
    return text.length > maxShownCharacters
      ? { run, transcriptFile }
      : { run, transcriptFile, transcript: text }
  }

  #path(): string {
    this.#folder ??= mkdtempSync(join(tmpdir(), 'poplar-check-'))
    if (!this.#isThere) mkdirSync(this.#folder, { recursive: true })
    this.#isThere = true
    return this.#folder
  }
}

function headerOf(
  { item, outcome }: CaseRun<AnyCase>,
  { server, seed, user }: TranscriptFacts,
): Record<string, string> {
  return {
    case: item.id,
    title: item.title,
    section: outcome.section,
    rfc: item.rfc,
    severity: item.severity,
    reason: outcome.reason,
    target: targetOf(server),
    security: server.security,
    greeting: server.greeting ?? '',
    implementation: server.implementation ?? '',
    ...(user !== undefined && { user }),
    seed,
    poplar: packageVersion(),
  }
}

function isStandardOutput(file: string | undefined): boolean {
  return file === '-' || file === '/dev/stdout'
}

/** A file that is replaced has its new text or its old one; what is no file (a pipe, a device) is written to. */
function writeWhole(file: string, text: string): void {
  const found = statSync(file, { throwIfNoEntry: false })
  const temporary = `${file}.${process.pid}.tmp`
  try {
    if (found && !found.isFile()) return writeFileSync(file, text)
    writeFileSync(temporary, text)
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw new CommandFailure(`${file}: ${(error as Error).message}`, exitCodes.usage, { cause: error })
  }
}
