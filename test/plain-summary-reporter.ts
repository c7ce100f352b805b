// Closes a test run with one plain line, `N passed, N failed`, for people and machines that read the last line of a
// log. Names every skipped test with its reason first: nothing is left out in silence.
import type { Reporter, TestCase, TestModule, TestRunEndReason } from 'vitest/node'

interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: readonly string[]
}

/** Counts tests; a file that could not be loaded and an error outside any test count as one failure each. */
function tallyOf(modules: readonly TestModule[], errorsOutsideTests: number): Tally {
  const tests = modules.flatMap(module => [...module.children.allTests()])
  const inState = (state: string) => tests.filter(test => test.result().state === state)
  const brokenFiles = modules.filter(
    module => module.state() === 'failed' && ![...module.children.allTests('failed')].length,
  )
  return {
    passed: inState('passed').length,
    failed: inState('failed').length + inState('pending').length + brokenFiles.length + errorsOutsideTests,
    skipped: inState('skipped').map(skippedLine),
  }
}

function skippedLine(test: TestCase): string {
  const result = test.result()
  const reason = result.state === 'skipped' ? result.note : undefined
  return `skipped: ${test.fullName} (${reason ?? 'no reason given'})`
}

/** The lines to print, the plain one last. */
export function closingLines({ passed, failed, skipped }: Tally): string[] {
  const suffix = skipped.length > 0 ? `, ${skipped.length} skipped` : ''
  return [...skipped, `${passed} passed, ${failed} failed${suffix}`]
}

export default class PlainSummaryReporter implements Reporter {
  onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: readonly unknown[],
    reason: TestRunEndReason,
  ): void {
    const lines = closingLines(tallyOf(modules, unhandledErrors.length))
    if (reason === 'interrupted') lines.push('the run was interrupted')
    // At exit, because the coverage table is printed after this event and the plain line comes last.
    process.once('exit', () => process.stdout.write(`\n${lines.join('\n')}\n`))
  }
}
