// The suite is tested itself: deliberate faults are put into our intake as it was built, one at a time, and the cases that
// are meant for each must fail; without a fault they pass. MUTANTS names faults, to look at a few.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Outcome } from '../../../src/conformance/case.ts'
import { sections } from '../../../src/smtp/conformance/sections/index.ts'
import { openSmtpSuite, type SmtpSuiteOptions } from '../../../src/smtp/conformance/suite.ts'
import { makeCertificate, writePair } from '../../net/tls-fixtures.ts'
import { faults as all, type IntakeFault } from './mutants/faults.ts'
import { Intakes } from './mutants/intakes.ts'

const dist = join(import.meta.dirname, '../../../dist')
const named = process.env['MUTANTS']?.split(',')
const faults = named ? all.filter(({ id }) => named.includes(id)) : all

async function outcomesOf(options: SmtpSuiteOptions): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  const { runs } = await openSmtpSuite(options)
  for await (const { outcome } of runs) outcomes.push(outcome)
  return outcomes
}

function told({ id, outcome, reason }: Outcome): string {
  return `${id} is ${outcome}${reason === '' ? '' : ` (${reason})`}`
}

/** What is wrong with the suite, or with what is known of the fault. */
async function complaintsAbout(fault: IntakeFault, intakes: Intakes): Promise<readonly string[]> {
  const { id, protocol = 'smtp', caughtBy } = fault
  try {
    const optionsFor = await intakes.open(fault)
    const outcomes = await outcomesOf({ ...optionsFor(protocol), only: caughtBy })
    return outcomes.filter(({ outcome }) => outcome !== 'fail').map(outcome => `${id}: ${told(outcome)}`)
  } catch (error) {
    return [`${id}: ${String(error)}`]
  }
}

describe('faults', () => {
  it('are there to be made: the text that each changes is in its file once', () => {
    const texts = new Map(all.map(({ file }) => [file, readFileSync(join(dist, file), 'utf8')]))
    const times = all.map(({ id, file, find }) => `${id}: ${(texts.get(file)?.split(find).length ?? 0) - 1}`)
    expect(times).toEqual(all.map(({ id }) => `${id}: 1`))
  })

  it('are in every section', () => {
    const caught = new Set(all.flatMap(({ caughtBy }) => caughtBy))
    const without = sections.filter(({ cases }) => !cases.some(({ id }) => caught.has(id)))
    expect(without.map(({ name }) => name)).toEqual([])
    const known = new Set(sections.flatMap(({ cases }) => cases.map(({ id }) => id)))
    expect([...caught].filter(id => !known.has(id))).toEqual([])
    expect(all.filter(({ caughtBy }) => caughtBy.length === 0)).toEqual([])
  })
})

describe('the suite', () => {
  let folder: string
  let intakes: Intakes

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'poplar-intakes-'))
    writePair(folder, 'office', await makeCertificate())
    intakes = new Intakes(folder)
  })
  afterAll(async () => {
    await intakes.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('passes without a fault every case that catches one', async () => {
    const optionsFor = await intakes.open('none')
    const complaints: string[] = []
    for (const its of ['smtp', 'lmtp'] as const) {
      const only = faults
        .filter(({ protocol = 'smtp' }) => protocol === its)
        .flatMap(({ caughtBy }) => caughtBy)
      if (only.length === 0) continue
      const outcomes = await outcomesOf({ ...optionsFor(its), only })
      complaints.push(...outcomes.filter(({ outcome }) => outcome !== 'pass').map(told))
    }
    expect(complaints).toEqual([])
  }, 120_000)

  it.each(faults.map(fault => [fault.id, fault] as const))(
    'catches %s',
    async (_, fault) => {
      expect(await complaintsAbout(fault, intakes)).toEqual([])
    },
    60_000,
  )
})
