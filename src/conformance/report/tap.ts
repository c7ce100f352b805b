// A run in the Test Anything Protocol, version 14. What is only recommended and fails is marked TODO: a harness goes by it
// as the exit code does, and calls the run good.
import { casesOf, type Report, type ReportedCase, targetOf } from './report.ts'

export function tapOf(report: Report): string {
  const cases = casesOf(report)
  const lines = cases.map((each, at) => pointOf(each, at + 1))
  return [
    'TAP version 14',
    `# ${targetOf(report.server)}, seed ${report.seed}`,
    `1..${cases.length}`,
    ...lines,
    '',
  ].join('\n')
}

function pointOf(each: ReportedCase, number: number): string {
  const { id, section, title, severity, outcome, reason } = each
  const name = `${number} - ${escaped(`${section} ${id}: ${title}`)}`
  if (outcome === 'pass') return `ok ${name}`
  if (outcome === 'skip') return `ok ${name} # SKIP ${escaped(reason)}`
  const isTodo = severity !== 'must'
  return `not ok ${name}${isTodo ? ` # TODO ${severity}` : ''}\n${diagnosis(each)}`
}

/** In YAML, of which JSON is a part. */
function diagnosis({ severity, rfc, reason, cost, transcriptFile }: ReportedCase): string {
  const facts = {
    severity,
    rfc,
    reason,
    cost,
    ...(transcriptFile !== undefined && { transcript: transcriptFile }),
  }
  const lines = Object.entries(facts).map(([name, value]) => `  ${name}: ${JSON.stringify(value)}`)
  return ['  ---', ...lines, '  ...'].join('\n')
}

function escaped(text: string): string {
  return text.replace(/[\\#]/g, character => `\\${character}`)
}
