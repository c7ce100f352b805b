// The suite is tested itself: deliberate faults are put into our server as it was built, one at a time, and the cases that are
// meant for each must fail; without a fault they pass. MUTANTS names faults, to look at a few.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Outcome } from '../../../src/conformance/case.ts'
import type { Need } from '../../../src/pop3/conformance/needs.ts'
import { sections } from '../../../src/pop3/conformance/sections/index.ts'
import { makeCertificate, writePair } from '../../net/tls-fixtures.ts'
import type { Fault, StoreKind } from './mutants/fault.ts'
import { faults as all } from './mutants/faults/index.ts'
import { Offices } from './mutants/offices.ts'
import { outcomesOf, told, tryFault, tryFaults } from './mutants/trial.ts'

const dist = join(import.meta.dirname, '../../../dist')
const named = process.env['MUTANTS']?.split(',')
const faults = named ? all.filter(({ id }) => named.includes(id)) : all
const cases = sections.flatMap(section => section.cases)

/** It takes minutes, or moves a gigabyte. */
function isTooMuch(need: Need): boolean {
  return need === 'slow' || need === 'huge'
}

function isOver(fault: Fault, store: StoreKind, security: string): boolean {
  return (fault.store ?? 'memory') === store && (fault.security ?? 'clear') === security
}

function casesFor(some: readonly Fault[]): readonly string[] {
  return [...new Set(some.flatMap(({ caughtBy }) => caughtBy))]
}

/** What other servers failed when they were last looked at. */
function failedByPeers(): readonly string[] {
  const file = join(import.meta.dirname, '../../../docs/conformance/peers.json')
  if (!existsSync(file)) return []
  const peers = JSON.parse(readFileSync(file, 'utf8')) as readonly { cases?: readonly Outcome[] }[]
  return peers
    .flatMap(({ cases = [] }) => cases)
    .filter(({ outcome }) => outcome === 'fail')
    .map(({ id }) => id)
}

describe('faults', () => {
  it('are there to be made: the text that each changes is in its file once', () => {
    const texts = new Map(all.map(({ file }) => [file, readFileSync(join(dist, file), 'utf8')]))
    const times = all.map(({ id, file, find }) => `${id}: ${(texts.get(file)?.split(find).length ?? 0) - 1}`)
    expect(times).toEqual(all.map(({ id }) => `${id}: 1`))
  })

  it('have names of their own, and cases that exist', () => {
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
    const ids = new Set(cases.map(({ id }) => id))
    const unknown = all.flatMap(({ id, caughtBy }) =>
      caughtBy.filter(name => !ids.has(name)).map(name => `${id}: ${name}`),
    )
    expect(unknown).toEqual([])
    expect(all.filter(({ caughtBy }) => caughtBy.length === 0)).toEqual([])
  })

  it('are at least 60, and of every section', () => {
    expect(all.length).toBeGreaterThanOrEqual(60)
    const meant = casesFor(all)
    const tried = sections.filter(section => section.cases.some(({ needs = [] }) => !needs.some(isTooMuch)))
    const without = tried.filter(section => !section.cases.some(({ id }) => meant.includes(id)))
    expect(without.map(({ name }) => name)).toEqual([])
  })
})

describe('the suite', () => {
  let folder: string
  let processes: readonly Offices[]

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'poplar-mutants-'))
    writePair(folder, 'office', await makeCertificate())
    processes = [new Offices(folder), new Offices(folder)]
  })
  afterAll(async () => {
    await Promise.all(processes.map(offices => offices.close()))
    rmSync(folder, { recursive: true, force: true })
  })

  it('passes without a fault every case that catches one', async () => {
    const complaints: string[] = []
    const work = async (offices: Offices, store: StoreKind) => {
      const optionsFor = await offices.open('none', store)
      for (const security of ['clear', 'starttls', 'tls'] as const) {
        const only = casesFor(faults.filter(fault => isOver(fault, store, security)))
        const outcomes = only.length > 0 ? await outcomesOf({ ...optionsFor(security), only }) : []
        complaints.push(...outcomes.filter(({ outcome }) => outcome !== 'pass').map(told))
      }
    }
    const [one, other] = processes
    await Promise.all([work(one!, 'memory'), work(other!, 'SQLite')])
    expect(complaints).toEqual([])
  }, 120_000)

  it('says so where a case that is meant for a fault does not see it, and where the text to change is not there', async () => {
    const { file, find, caughtBy } = all[0]!
    const unseen = { id: 'unseen', file, find, replace: find, caughtBy: caughtBy.slice(0, 1) }
    const nowhere = { ...unseen, id: 'nowhere', find: 'nowhere' }
    const complaints = await Promise.all(
      [unseen, nowhere].map(async (fault, index) => (await tryFault(fault, processes[index]!)).complaints),
    )
    expect(complaints).toEqual([
      [`unseen: ${caughtBy[0]} is pass`],
      [expect.stringContaining('has the text to change 0 times')],
    ])
  }, 60_000)

  it('catches every fault', async () => {
    const trials = await tryFaults(faults, processes)
    const missed = trials.filter(({ complaints }) => complaints.length > 0)
    console.log(`${faults.length - missed.length} of ${faults.length} faults caught`)
    const seen = new Set([...casesFor(all), ...failedByPeers()])
    const unseen = cases.filter(({ id }) => !seen.has(id)).map(({ id }) => id)
    console.log(
      `${unseen.length} of ${cases.length} cases are meant for no fault, and no peer fails them: ${unseen.join(', ')}`,
    )
    expect(missed.flatMap(({ complaints }) => complaints)).toEqual([])
  }, 300_000)
})
