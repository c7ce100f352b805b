// A run for programs.
import { casesOf, type Report } from './report.ts'

/** `{ server, seed, cases: [{ id, section, severity, outcome, reason }] }`. */
export function jsonOf(report: Report): string {
  const { server, seed } = report
  const cases = casesOf(report).map(({ id, section, severity, outcome, reason }) => ({
    id,
    section,
    severity,
    outcome,
    reason,
  }))
  return `${JSON.stringify({ server, seed, cases }, null, 2)}\n`
}
