// A run for people: a table by section, then each failure with what it costs, then what was skipped and why.
import {
  casesOf,
  count,
  type Report,
  type ReportedCase,
  type ReportedSection,
  severities,
  summaryOf,
  targetOf,
} from './report.ts'

/** More skips than this are counted by their reason. */
const maxNamedSkips = 12

export function tableOf(report: Report): string {
  const cases = casesOf(report)
  const { server, seed, tookMs } = report
  const skipped = cases.filter(({ outcome }) => outcome === 'skip')
  const parts = [
    grid([
      ['SECTION', ...severities.map(severity => severity.toUpperCase()), 'SKIPPED'],
      ...report.sections.map(rowOf),
    ]),
    ...severities.map(severity =>
      failures(cases.filter(each => each.outcome === 'fail' && each.severity === severity)),
    ),
    skipped.length > maxNamedSkips ? skipsByReason(skipped) : skipsByName(skipped),
    `${summaryOf(report)}\n${targetOf(server)}, seed ${seed}, ${(tookMs / 1000).toFixed(1)} s\n`,
  ]
  return parts.filter(part => part !== '').join('\n')
}

/** `11 of 12 !`: of so many tried; the mark is where one failed. */
function rowOf({ name, cases }: ReportedSection): readonly string[] {
  const cells = severities.map(severity => {
    const [passed, failed] = [count(cases, 'pass', severity), count(cases, 'fail', severity)]
    if (passed + failed === 0) return '-'
    return `${passed} of ${passed + failed}${failed > 0 ? ' !' : ''}`
  })
  const skips = count(cases, 'skip')
  return [name, ...cells, skips === 0 ? '-' : String(skips)]
}

const headings = {
  must: 'Failed',
  should: 'Failed, recommended only',
  quirk: 'Differs from most servers',
} as const

function failures(cases: readonly ReportedCase[]): string {
  const [first] = cases
  if (!first) return ''
  const blocks = cases.map(({ id, title, rfc, reason, cost, transcriptFile }) =>
    [
      `  ${id}: ${title} (${rfc})`,
      `    ${reason}`,
      `    Cost: ${cost}`,
      ...(transcriptFile === undefined ? [] : [`    Transcript: ${transcriptFile}`]),
    ].join('\n'),
  )
  return `${headings[first.severity]} (${first.severity}):\n${blocks.join('\n')}\n`
}

function skipsByName(cases: readonly ReportedCase[]): string {
  if (cases.length === 0) return ''
  return `Skipped:\n${cases.map(({ id, reason }) => `  ${id}: ${reason}\n`).join('')}`
}

function skipsByReason(cases: readonly ReportedCase[]): string {
  const counts = new Map<string, number>()
  for (const { reason } of cases) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  const lines = [...counts].sort(([, a], [, b]) => b - a)
  return `Skipped:\n${lines.map(([reason, cases]) => `  ${String(cases).padStart(4)}  ${reason}\n`).join('')}`
}

function grid(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0))) ?? []
  return rows
    .map(
      row =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}
