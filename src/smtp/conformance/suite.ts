// The suite against one SMTP or LMTP server: survey, then every case that can be tried. It hands over mail for one recipient,
// and where there is a way to see what arrives, takes it away again.
import { bounded } from '../../conformance/bounded.ts'
import { Failure, Unable } from '../../conformance/case.ts'
import type { Collect } from '../../conformance/collection.ts'
import type { Target } from '../../conformance/play.ts'
import { type CaseRun, chosen, type RunParts, runCases } from '../../conformance/runner.ts'
import { nothingArrived } from './message-steps.ts'
import { type Means, unmet } from './needs.ts'
import { SmtpPlay } from './play.ts'
import { sections } from './sections/index.ts'
import type { SmtpCase } from './smtp-case.ts'
import { type Survey, survey } from './survey.ts'

export interface SmtpSuiteOptions {
  readonly protocol: 'smtp' | 'lmtp'
  readonly target: Target
  /** Mail for it is taken; without angle brackets. */
  readonly recipient: string
  /** How what arrives for the recipient is seen. Default: not at all; cases about it are skipped then. */
  readonly collect?: Collect | undefined
  readonly slow?: boolean
  /** Sections and cases by name. Default: all. */
  readonly only?: readonly string[]
  /** Any text; the same one gives the same octets. */
  readonly seed: string
  readonly signal?: AbortSignal | undefined
}

export interface SmtpSuite {
  readonly survey: Survey
  /** How many cases there will be. */
  readonly count: number
  readonly runs: AsyncIterable<CaseRun<SmtpCase>>
}

/** Where messages of ours are known by it from those of others. */
const markField = 'X-Poplar-Check'
const arrivalLimitMs = 30_000

/** Surveys the server. Throws `Unable` when it cannot be reached or takes no mail for the recipient, a `Failure` when it is no SMTP. */
export async function openSmtpSuite(options: SmtpSuiteOptions): Promise<SmtpSuite> {
  const { protocol, target, recipient, collect, seed, signal } = options
  const words = wordsFor(protocol, recipient)
  const found = await survey(target, words)
  const means: Means = {
    protocol,
    recipient,
    reads: collect !== undefined,
    slow: options.slow ?? false,
    security: target.security,
  }
  const cases = chosen(sections, options.only)
  const runMark = `${markField}: ${protocol} ${seed} `
  const playOf = (id: string) => {
    const mark = `${runMark}${id};`
    const seedOfCase = `${seed} ${id}`
    return new SmtpPlay({ target, seed: seedOfCase, words: { ...words, mark }, survey: found, mark, collect })
  }
  if (cases.some(({ item: { needs = [] } }) => needs.includes('reading')))
    await expectArrival(playOf('before'))
  const parts: RunParts<SmtpPlay, SmtpCase> = {
    cases,
    signal,
    skips: ({ needs = [] }: SmtpCase) => unmet(needs, found, means),
    prepare: async ({ id, needs = [] }: SmtpCase) => {
      // What cases before it have left is in the way.
      if (needs.includes('reading')) await collect?.(runMark)
      return playOf(id)
    },
  }
  return { survey: found, count: cases.length, runs: runsOf(parts, () => collect?.(runMark)) }
}

/** A message that does not arrive at all arrives elsewhere: then nothing can be found out about the others. */
async function expectArrival(play: SmtpPlay): Promise<void> {
  if (!play.collect) return
  try {
    await bounded(play, arrivalLimitMs, () => nothingArrived.run(play))
  } catch (error) {
    if (error instanceof Failure)
      throw new Unable(`what is sent is not to be found where it should be read: ${error.message}`, {
        cause: error,
      })
    throw error
  }
}

async function* runsOf(
  parts: RunParts<SmtpPlay, SmtpCase>,
  tidy: () => Promise<unknown> | undefined,
): AsyncGenerator<CaseRun<SmtpCase>, void> {
  try {
    yield* runCases<SmtpPlay, SmtpCase>(parts)
  } finally {
    // Each case has its verdict; what is left behind is only untidy.
    await tidy()?.catch(() => undefined)
  }
}

function wordsFor(protocol: 'smtp' | 'lmtp', recipient: string): Readonly<Record<string, string>> {
  const at = recipient.lastIndexOf('@')
  const domain = at < 0 ? '' : recipient.slice(at + 1)
  return {
    hello: protocol === 'lmtp' ? 'LHLO' : 'EHLO',
    recipient,
    local: at < 0 ? recipient : recipient.slice(0, at),
    domain,
    nobody: `nobody-of-that-name-7f3a${at < 0 ? '' : `@${domain}`}`,
    sender: 'check@example.org',
  }
}
