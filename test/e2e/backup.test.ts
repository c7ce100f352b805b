// Backup and restore with the built command, beside a server that serves: what comes back, what is refused, and that a full
// disk leaves no half file.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest'
import { logIn, readMaildrop, uidlsOf } from './maildrop.ts'
import { Office } from './office.ts'
import { runProgram } from './program.ts'

let office: Office
beforeEach(async () => {
  office = await Office.open(['ann', 'bob'])
})
afterEach(() => office.close())

async function send(user: string, ...subjects: readonly string[]): Promise<void> {
  for (const subject of subjects) await office.run(['deliver', user], `Subject: ${subject}\n\n.dot\n`)
}

async function takeAway(user: string): Promise<void> {
  const peer = await logIn(office, user)
  const { length } = await uidlsOf(peer)
  for (let number = 1; number <= length; number++) await peer.ask(`DELE ${number}`)
  expect(await peer.ask('QUIT')).toMatch(/^\+OK/)
  await peer.end()
}

describe('one account', () => {
  it('comes back while serving: UIDLs and octets as they were, nothing doubled', async () => {
    await send('ann', 'one', 'two', 'three')
    await office.run(['deliver', 'ann', '--folder', 'Junk'], 'Subject: spam\n\n')
    await send('bob', 'his')
    const before = await readMaildrop(office, 'ann')
    await office.run(['backup', 'b'])
    expect(await office.run(['backup', '--verify', 'b'])).toBe('b is sound\n')

    expect(await office.run(['restore', 'b', '--account', 'ann'])).toBe(
      'restored 0 of ann, undeleted 0, 4 were there\n',
    )
    await takeAway('ann')
    expect(await office.run(['restore', 'b', '--account', 'ann'])).toBe(
      'restored 0 of ann, undeleted 3, 1 were there\n',
    )
    expect(await readMaildrop(office, 'ann')).toEqual(before)
    expect(await readMaildrop(office, 'bob')).toHaveLength(1)
  }, 60_000)
})

describe('the whole office', () => {
  it('comes back where it is stopped, and only there; what was there before is kept', async () => {
    await send('ann', 'one')
    const before = await readMaildrop(office, 'ann')
    await office.run(['backup', 'b'])
    await send('ann', 'later')
    await expect(office.run(['restore', 'b', '--yes'])).rejects.toThrow(/is served already/)
    expect(await readMaildrop(office, 'ann')).toHaveLength(2)
    await office.signal('SIGTERM')
    expect(await office.run(['restore', 'b', '--yes'])).toMatch(/before lies in .*before-restore\n$/)
    await office.start()
    expect(await readMaildrop(office, 'ann')).toEqual(before)
    expect(existsSync(join(office.data, 'poplar.sqlite.before-restore'))).toBe(true)
    expect(readdirSync(office.data).filter(name => name.includes('restoring'))).toEqual([])
  }, 60_000)

  it('is one moment of an office that goes on: every message whole', async () => {
    await send('ann', 'one')
    const writing = Promise.all(Array.from({ length: 6 }, (_, i) => send('ann', `more ${i}`)))
    await office.run(['backup', 'b'])
    await writing
    await office.signal('SIGTERM')
    await office.run(['restore', 'b', '--yes'])
    await office.start()
    expect((await readMaildrop(office, 'ann')).length).toBeGreaterThanOrEqual(1)
    expect(await office.run(['doctor'])).not.toMatch(/fault/i)
  }, 60_000)
})

describe('a full disk', () => {
  let mountPoint: string | undefined
  afterEach(() => {
    if (!mountPoint) return
    spawnSync('umount', [mountPoint])
    rmSync(mountPoint, { recursive: true, force: true })
    mountPoint = undefined
  }, 60_000)

  function smallDisk(context: TestContext): string {
    const folder = mkdtempSync(join(tmpdir(), 'poplar-disk-'))
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], {
      encoding: 'utf8',
    })
    if (status !== 0) {
      rmSync(folder, { recursive: true })
      context.skip(`cannot mount a small file system here: ${stderr?.trim() || 'no mount command'}`)
    }
    mountPoint = folder
    return folder
  }

  const cases = [
    { what: 'the office', more: [] },
    { what: 'one account', more: ['--account', 'ann'] },
  ]
  it.for(cases)('gets no half file of $what', { timeout: 60_000 }, async ({ more }, context) => {
    const folder = smallDisk(context)
    for (let i = 0; i < 3; i++)
      await office.run(['deliver', 'ann'], `Subject: large\n\n${'A line of it.\n'.repeat(40_000)}`)
    const cli = join(import.meta.dirname, '../../dist/bin/poplar.js')
    const args = [cli, 'backup', join(folder, 'b'), ...more, '--config', office.configFile]
    const { code, stderr } = await runProgram(process.execPath, args)
    expect(code).toBe(1)
    expect(stderr).toMatch(/was not written.*no room|was not written.*disk/)
    expect(readdirSync(folder)).toEqual([])
    expect(await readMaildrop(office, 'ann')).toHaveLength(3)
  })
})
