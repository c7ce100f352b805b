// The suite against our own intake: all that must hold does, and all that should, over SMTP and LMTP, in clear and behind
// STARTTLS. CONFORMANCE_ONLY names sections or cases, to look at a few.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Outcome } from '../../../src/conformance/case.ts'
import { sections } from '../../../src/smtp/conformance/sections/index.ts'
import { openSmtpSuite, type SmtpSuiteOptions } from '../../../src/smtp/conformance/suite.ts'
import { type CheckedOffice, openCheckedOffice } from './checked-office.ts'

const { CONFORMANCE_ONLY = '' } = process.env
const named = CONFORMANCE_ONLY === '' ? undefined : CONFORMANCE_ONLY.split(',')
/** Behind STARTTLS it is the same session: where octets and packets matter is tried again. */
const underTls = ['smtp-session', 'smtp-data', 'smtp-pipelining', 'smtp-starttls', 'lmtp']

async function outcomesOf(options: SmtpSuiteOptions): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  const { runs, count } = await openSmtpSuite({ ...options, ...(named && { only: named }) })
  for await (const { outcome } of runs) outcomes.push(outcome)
  expect(outcomes).toHaveLength(count)
  return outcomes
}

describe('our intake', () => {
  let office: CheckedOffice
  beforeAll(async () => {
    office = await openCheckedOffice()
  })
  afterAll(() => office.close())

  it.each([
    ['smtp', 'clear', []],
    ['smtp', 'starttls', underTls],
    ['lmtp', 'clear', []],
    ['lmtp', 'starttls', underTls],
  ] as const)(
    'does all that it must and should: %s, %s',
    async (protocol, security, only) => {
      const outcomes = await outcomesOf({ ...office.options(protocol, security), only })
      const failures = outcomes.filter(({ outcome, severity }) => outcome === 'fail' && severity !== 'quirk')
      expect(failures.map(({ id, reason }) => `${id}: ${reason}`)).toEqual([])
      expect(outcomes.some(({ outcome }) => outcome === 'pass')).toBe(true)
    },
    120_000,
  )
})

describe('the cases', () => {
  const cases = sections.flatMap(section => section.cases)

  it('have names of their own', () => {
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length)
  })
})
