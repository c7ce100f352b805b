// The collector is killed at every step between a message fetched and its deletion known, and runs again: every message is in
// every destination exactly once, and none is left at the source.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openStore } from '../../../src/store/open-store.ts'
import { startTestOffice, type TestOffice } from '../../../src/testing/index.ts'
import { runProgram } from '../../e2e/program.ts'
import { holder, textOf } from '../../suites/fixtures.ts'

const program = resolve(import.meta.dirname, 'programs/collect.mjs')
/** No run has so many. */
const maxSteps = 60
/** Of one round: the second shows that the first does not stand alone. */
const messages = 2

it('loses nothing and doubles nothing, killed at every step', { timeout: 300_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'poplar-collect-kill-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  await using office = await startTestOffice({ users: [{ name: 'ann', password: 'sesame' }] })
  await addBob(folder)
  const expected: string[] = []
  for (let step = 1; ; step++) {
    expect(step).toBeLessThan(maxSteps)
    for (let number = 0; number < messages; number++) {
      const subject = `step ${step} number ${number}`
      expected.push(subject)
      await office.deliver({ to: 'ann', subject, text: 'with a body' })
    }
    const { signal } = await collect(folder, office, step)
    if (signal !== 'SIGKILL') {
      expect(step).toBeGreaterThan(16)
      break
    }
    // A killed run leaves its lease behind; what it holds of the source is the connection, which ends with it.
    await releaseLease(folder)
    const { stdout, code } = await collect(folder, office, 0)
    expect(code).toBe(0)
    expect(JSON.parse(stdout.toString()) as unknown).toEqual([
      expect.not.objectContaining({ trouble: expect.anything() as unknown }),
    ])
    expect(await subjectsOfBob(folder)).toEqual(expected)
    expect(subjectsOfMaildir(folder)).toEqual([...expected].sort())
  }
  const { stdout } = await collect(folder, office, 0)
  expect(JSON.parse(stdout.toString()) as unknown).toMatchObject([{ listed: 0 }])
  expect(await subjectsOfBob(folder)).toEqual(expected)
})

async function addBob(folder: string): Promise<void> {
  const store = await openStore({ folder, writer: 'inline' })
  await store.addAccount({ name: 'bob' })
  await store.close()
}

function collect(folder: string, office: TestOffice, killAt: number) {
  const { port } = office.pop3
  return runProgram(process.execPath, [program, folder, String(port), 'sesame', String(killAt)])
}

/** As an hour would. */
async function releaseLease(folder: string): Promise<void> {
  const store = await openStore({ folder, writer: 'inline', now: () => Date.now() + 3_600_000 })
  const lease = await store.leaseSource('old')
  await lease?.release()
  await store.close()
}

async function subjectsOfBob(folder: string): Promise<string[]> {
  const store = await openStore({ folder, writer: 'inline' })
  try {
    const bob = await store.findAccount('bob')
    if (!bob) throw new Error('bob is gone')
    const maildrop = await store.openMaildrop(bob, holder)
    const subjects: string[] = []
    for (let index = 0; index < maildrop.listing.count; index++) {
      subjects.push(subjectIn(await textOf(await maildrop.read(index))))
    }
    await maildrop.release()
    return subjects
  } finally {
    await store.close()
  }
}

function subjectsOfMaildir(folder: string): string[] {
  const fresh = join(folder, 'Maildir', 'new')
  return readdirSync(fresh)
    .map(name => subjectIn(readFileSync(join(fresh, name), 'utf8')))
    .sort()
}

function subjectIn(text: string): string {
  return /^Subject: (.*)\r?$/m.exec(text)?.[1]?.trimEnd() ?? 'none'
}
