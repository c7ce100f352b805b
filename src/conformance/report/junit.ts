// A run in the XML that JUnit's reports made usual. There is no failure in it that does not count: what is only recommended
// and fails is a skipped test whose message says so.
import { markup } from './markup.ts'
import { casesOf, count, type Report, type ReportedCase, type ReportedSection, targetOf } from './report.ts'

export function junitOf(report: Report): string {
  const cases = casesOf(report)
  const suites = report.sections.map(suiteOf).join('')
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n` +
    `<testsuites name="${markup(targetOf(report.server))}" ${numbers(cases)} time="${seconds(report.tookMs)}">\n` +
    `${suites}</testsuites>\n`
  )
}

function suiteOf({ name, cases }: ReportedSection): string {
  const tookMs = cases.reduce((sum, each) => sum + each.tookMs, 0)
  const tests = cases.map(testOf).join('')
  return `  <testsuite name="${markup(name)}" ${numbers(cases)} time="${seconds(tookMs)}">\n${tests}  </testsuite>\n`
}

function testOf(each: ReportedCase): string {
  const { id, section, tookMs } = each
  const head = `    <testcase classname="${markup(section)}" name="${markup(id)}" time="${seconds(tookMs)}"`
  const result = resultOf(each)
  return result === '' ? `${head}/>\n` : `${head}>\n      ${result}\n    </testcase>\n`
}

function resultOf(each: ReportedCase): string {
  const { outcome, severity, reason, title, rfc, cost, transcriptFile } = each
  if (outcome === 'pass') return ''
  if (outcome === 'skip') return `<skipped message="${markup(reason)}"/>`
  const lines = [title, rfc, reason, cost, ...(transcriptFile === undefined ? [] : [transcriptFile])]
  const text = markup(lines.join('\n'))
  return severity === 'must'
    ? `<failure type="must" message="${markup(reason)}">${text}</failure>`
    : `<skipped message="${markup(`${severity}, failed: ${reason}`)}">${text}</skipped>`
}

function numbers(cases: readonly ReportedCase[]): string {
  const failures = count(cases, 'fail', 'must')
  const skipped = count(cases, 'skip') + count(cases, 'fail') - failures
  return `tests="${cases.length}" failures="${failures}" errors="0" skipped="${skipped}"`
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}
