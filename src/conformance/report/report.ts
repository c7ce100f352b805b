// What a run found, as all reports show it: the server, and each case with its verdict, in the order of the sections. Texts
// are clean here, whatever the server sent: no control characters, one line.

import type { ConformanceCase, Outcome, Section, Severity, Verdict } from '../case.ts'
import type { CaseRun } from '../runner.ts'

/** What is known of the server under test. */
export interface ServerFacts {
  /** `pop3`, `smtp`, `lmtp`. */
  readonly protocol: string
  readonly host: string
  readonly port: number
  readonly security: 'clear' | 'starttls' | 'tls'
  /** What it greets with; null when that is not known. */
  readonly greeting: string | null
  /** What it calls itself; null when it does not. */
  readonly implementation: string | null
  /** What it announces, a line each. */
  readonly capabilities: readonly string[]
}

export interface ReportedCase extends Outcome {
  readonly title: string
  readonly rfc: string
  readonly cost: string
  readonly tookMs: number
  /** Where the transcript of a failure lies. */
  readonly transcriptFile?: string
  readonly transcript?: string
}

export interface ReportedSection {
  readonly name: string
  readonly title: string
  /** One at least. */
  readonly cases: readonly ReportedCase[]
}

export interface Report {
  readonly server: ServerFacts
  readonly seed: string
  readonly tookMs: number
  readonly sections: readonly ReportedSection[]
}

/** A case that has run, and where its transcript was put, if it was. */
export interface ReportedRun {
  readonly run: Pick<CaseRun<CaseText>, 'item' | 'outcome' | 'tookMs'>
  readonly transcriptFile?: string
  readonly transcript?: string
}

type CaseText = Pick<ConformanceCase<never>, 'id' | 'title' | 'rfc' | 'cost'>
type SectionText = Pick<Section<CaseText>, 'name' | 'title' | 'cases'>

export interface ReportParts extends Omit<Report, 'sections'> {
  readonly sections: readonly SectionText[]
  /** In any order; `hide` takes secrets out of what the server said. */
  readonly runs: readonly ReportedRun[]
  readonly hide: (text: string) => string
}

export function reportOf({ server, seed, tookMs, sections, runs, hide }: ReportParts): Report {
  const clean = (text: string) => printable(hide(text))
  const byId = new Map(runs.map(each => [each.run.item.id, each]))
  const reported = sections.map(({ name, title, cases }) => ({
    name,
    title,
    cases: cases.flatMap(({ id }) => {
      const found = byId.get(id)
      if (!found) return []
      const { run, ...files } = found
      const { title: text, rfc, cost } = run.item
      const { outcome, tookMs: its } = run
      return [{ ...outcome, reason: clean(outcome.reason), title: text, rfc, cost, tookMs: its, ...files }]
    }),
  }))
  return {
    server: {
      ...server,
      greeting: server.greeting && clean(server.greeting),
      implementation: server.implementation && clean(server.implementation),
      capabilities: server.capabilities.map(clean),
    },
    seed,
    tookMs,
    sections: reported.filter(({ cases }) => cases.length > 0),
  }
}

export const severities: readonly Severity[] = ['must', 'should', 'quirk']

/** How many came to this, of that severity if one is given. */
export function count(cases: readonly ReportedCase[], outcome: Verdict, severity?: Severity): number {
  return cases.filter(each => each.outcome === outcome && (!severity || each.severity === severity)).length
}

export function casesOf({ sections }: Pick<Report, 'sections'>): readonly ReportedCase[] {
  return sections.flatMap(({ cases }) => cases)
}

export function hasFailedMust(report: Report): boolean {
  return count(casesOf(report), 'fail', 'must') > 0
}

/** `pop3://host:port`, with how it was secured. */
export function targetOf({ protocol, host, port, security }: ServerFacts): string {
  const how = security === 'clear' ? '' : security === 'tls' ? ' with TLS' : ' with STARTTLS'
  return `${protocol}://${host.includes(':') ? `[${host}]` : host}:${port}${how}`
}

/** `must: 12 passed, 1 failed`, for each severity that has been tried. */
export function summaryOf(report: Report): string {
  const cases = casesOf(report)
  const parts = severities.flatMap(severity => {
    const [passed, failed] = [count(cases, 'pass', severity), count(cases, 'fail', severity)]
    return passed + failed === 0 ? [] : [`${severity}: ${passed} passed, ${failed} failed`]
  })
  return [...parts, `${count(cases, 'skip')} skipped`].join('; ')
}

/** Nothing that a server sends may steer a terminal or break a file's form. */
export function printable(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, '?')
    .trim()
}
