// What the peers' runs found, as a value and as the page docs/conformance/peers.md. Nothing in it is typed by hand.
import type { Outcome, Severity, Verdict } from '../src/conformance/case.ts'
import { printable, severities } from '../src/conformance/report/report.ts'

export interface PeerResult {
  readonly name: string
  readonly title: string
  readonly arrangement: string
  /** When it ran, ISO 8601. */
  readonly at: string
  /** Why it could not be looked at; what follows is absent then. */
  readonly error?: string
  readonly version?: string
  readonly seed?: string
  readonly greeting?: string
  readonly cases?: readonly PeerCase[]
}

export interface PeerCase extends Outcome {
  /** Of a failed must, from the folder of the page. */
  readonly transcript?: string
}

export interface SectionTitle {
  readonly name: string
  readonly title: string
}

export interface Circumstances {
  /** `Debian GNU/Linux 12 (bookworm)`. */
  readonly system: string
  readonly sections: readonly SectionTitle[]
  /** Titles of the cases, by id. */
  readonly titles: ReadonlyMap<string, string>
}

export function peersPage(results: readonly PeerResult[], circumstances: Circumstances): string {
  const looked = results.filter(({ cases }) => cases !== undefined)
  const failed = results.filter(({ error }) => error !== undefined)
  const dates = looked.map(({ at }) => at.slice(0, 10)).sort()
  const days = [...new Set([dates.at(0), dates.at(-1)])].join(' to ')
  return `${[
    '<!-- made by npm run conformance:peers -->',
    '# Other servers',
    '',
    `What the [suite](README.md) finds in POP3 servers that are not ours: each as its package has it, on ${circumstances.system}, with a configuration of a few lines (in [peers/](../../peers)), ${days}. Each had a maildrop of its own, filled by its own way of delivery.`,
    '',
    'A *must* is demanded by an RFC, or mail or secrets are lost without it; a *should* is recommended or expected by clients; a *quirk* is where servers differ lawfully. A failed *must* has its transcript beside this page: `poplar check --replay FILE` plays it again. A case is skipped where the server does not have, and does not announce, what it is about.',
    '',
    ...overview(looked),
    '',
    ...bySection(looked, circumstances.sections),
    '',
    ...looked.flatMap(result => aboutPeer(result, circumstances)),
    ...(failed.length > 0 ? ['## Not looked at', '', ...failed.flatMap(notLookedAt)] : []),
  ]
    .join('\n')
    .trimEnd()}\n`
}

/** Passed and failed, of all cases or of a section's. */
function overview(results: readonly PeerResult[]): readonly string[] {
  return [
    `| server | version | mail | ${severities.join(' | ')} | skipped |`,
    `|---|---|---|${severities.map(() => '---|').join('')}---:|`,
    ...results.map(({ name, title, version = '', arrangement, cases = [] }) => {
      const figures = severities.map(severity => figure(cases, severity))
      const skipped = countOf(cases, 'skip')
      return `| [${title}](#${name}) | ${cell(version)} | ${arrangement} | ${figures.join(' | ')} | ${skipped} |`
    }),
    '',
    'Figures are passed / failed.',
  ]
}

function bySection(results: readonly PeerResult[], sections: readonly SectionTitle[]): readonly string[] {
  return [
    '## By section',
    '',
    'Failed cases by severity: *must* + *should* + *quirk*; `ok` when none failed, `-` when all were skipped.',
    '',
    `| section | ${results.map(({ title }) => title).join(' | ')} |`,
    `|---|${results.map(() => '---|').join('')}`,
    ...sections.map(({ name, title }) => {
      const cells = results.map(({ cases = [] }) => failures(cases.filter(({ section }) => section === name)))
      return `| [${cell(title)}](${name}.md) | ${cells.join(' | ')} |`
    }),
  ]
}

function failures(cases: readonly PeerCase[]): string {
  if (cases.every(({ outcome }) => outcome === 'skip')) return '-'
  const counts = severities.map(severity => countOf(cases, 'fail', severity))
  return counts.every(count => count === 0) ? 'ok' : counts.join(' + ')
}

function aboutPeer(result: PeerResult, { titles }: Circumstances): readonly string[] {
  const { name, title, version = '', greeting = '', cases = [] } = result
  const failed = (severity: Severity) =>
    cases.filter(each => each.outcome === 'fail' && each.severity === severity)
  const rows = (severity: Severity) =>
    failed(severity).map(({ id, section, reason, transcript }) => {
      const holds = cell(titles.get(id) ?? '')
      const file = transcript === undefined ? '' : `[transcript](${transcript})`
      return `| [${id}](${section}.md#${id}) | ${holds} | ${cell(reason)} | ${file} |`
    })
  const table = (severity: Severity) =>
    failed(severity).length === 0
      ? [`No *${severity}* failed.`, '']
      : [
          `Failed *${severity}*:`,
          '',
          '| case | what should hold | what it did | |',
          '|---|---|---|---|',
          ...rows(severity),
          '',
        ]
  const greets = printable(greeting).replaceAll('`', "'")
  return [
    `## ${name}`,
    '',
    `${title} ${version}${greets === '' ? '' : `, which greets with \`${greets}\``}.`,
    '',
    ...severities.flatMap(table),
  ]
}

function notLookedAt({ name, title, error = '' }: PeerResult): readonly string[] {
  const text = error.split('\n').map(line => `    ${printable(line)}`.trimEnd())
  return [`### ${name}`, '', `${title}:`, '', ...text, '']
}

function figure(cases: readonly PeerCase[], severity: Severity): string {
  return `${countOf(cases, 'pass', severity)} / ${countOf(cases, 'fail', severity)}`
}

function countOf(cases: readonly PeerCase[], verdict: Verdict, severity?: Severity): number {
  return cases.filter(each => each.outcome === verdict && (!severity || each.severity === severity)).length
}

/** In a cell of a table, with what stands between backquotes left as code. */
function cell(text: string): string {
  return printable(text)
    .split(/(`[^`]*`)/)
    .map((part, at) => (at % 2 === 1 ? part : part.replace(/[\\*_<>#[\]`]/g, character => `\\${character}`)))
    .join('')
    .replaceAll('|', '\\|')
}
