// The suite against our own server: all that must hold does, and all that should, over every kind of connection and both
// stores. CONFORMANCE_ONLY names sections or cases, to look at a few.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Outcome } from '../../../src/conformance/case.ts'
import { openPop3Suite } from '../../../src/pop3/conformance/suite.ts'
import { type CheckedOffice, openCheckedOffice } from './checked-office.ts'

const { CONFORMANCE_ONLY = '' } = process.env
const only = CONFORMANCE_ONLY === '' ? [] : CONFORMANCE_ONLY.split(',')

describe.each(['memory', 'SQLite'] as const)('our server over %s', kind => {
  let office: CheckedOffice
  beforeAll(async () => {
    office = await openCheckedOffice(kind)
  })
  afterAll(() => office.close())

  it.each(['clear', 'starttls', 'tls'] as const)('does all that it must and should, %s', async security => {
    const outcomes: Outcome[] = []
    const { runs, count } = await openPop3Suite({ ...office.options(security), only })
    for await (const { outcome } of runs) outcomes.push(outcome)
    expect(outcomes).toHaveLength(count)
    const failures = outcomes.filter(({ outcome, severity }) => outcome === 'fail' && severity !== 'quirk')
    expect(failures.map(({ id, reason }) => `${id}: ${reason}`)).toEqual([])
    expect(outcomes.some(({ outcome }) => outcome === 'pass')).toBe(true)
  }, 120_000)
})
