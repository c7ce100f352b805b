// Several processes on one data folder, and what is left of them after `kill -9`: everything that was answered is there
// once, nothing is there by half, and no lock stays behind.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import Sqlite from 'better-sqlite3'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Account } from '../../src/mail/account.ts'
import type { Store } from '../../src/mail/store.ts'
import { openStore } from '../../src/store/open-store.ts'
import { copyFor, deliver, holder, textOf, uidlsOf } from '../suites/fixtures.ts'
import { scratchFolder } from './factories.ts'

vi.setConfig({ testTimeout: 60_000 })

const programs = resolve(import.meta.dirname, 'programs')
if (!existsSync(resolve(import.meta.dirname, '../../dist/store/open-store.js'))) {
  throw new Error('these tests run the built store: npm run build first')
}

const running = new Set<ChildProcess>()
afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
})

/** Runs a program to its end and collects its lines; after `killAfter` of them it is killed. */
async function run(
  program: string,
  args: readonly string[],
  killAfter = Number.POSITIVE_INFINITY,
): Promise<string[]> {
  const child = spawn(process.execPath, [join(programs, program), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.add(child)
  const ended = new Promise(done => child.once('exit', done))
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (lines.length === killAfter) child.kill('SIGKILL')
  }
  const code = await ended
  running.delete(child)
  if (killAfter === Number.POSITIVE_INFINITY) expect(code).toBe(0)
  return lines
}

async function folderWithAnn(prepare?: (store: Store, ann: Account) => Promise<unknown>): Promise<string> {
  const folder = scratchFolder()
  const store = await openStore({ folder, writer: 'inline' })
  const ann = await store.addAccount({ name: 'ann' })
  await prepare?.(store, ann)
  await store.close()
  return folder
}

/** Opens what is left, as the server does after a crash. */
async function reopen(folder: string) {
  const store = await openStore({ folder, writer: 'thread' })
  const ann = await store.findAccount('ann')
  if (!ann) throw new Error('ann is gone')
  return { store, ann }
}

describe('kill -9', () => {
  it.each([
    ['thread', 1],
    ['thread', 150],
    ['inline', 40],
  ])('during deliveries (%s, after %i answers) loses and doubles nothing', async (writer, killAfter) => {
    const folder = await folderWithAnn()
    const answered = await run('deliver.mjs', [folder, 'a', writer, '100000'], killAfter)
    expect(answered.length).toBeGreaterThanOrEqual(killAfter)
    const { store, ann } = await reopen(folder)
    const maildrop = await store.openMaildrop(ann, holder)
    const { uidls } = maildrop.listing
    expect(new Set(uidls).size).toBe(uidls.length)
    expect(answered.filter(uidl => !uidls.includes(uidl))).toEqual([])
    for (const [index, uidl] of uidls.entries()) {
      const text = await textOf(await maildrop.read(index))
      const [header, body] = text.split('\r\n\r\n')
      expect(header).toBe(`A: ${uidl}`)
      expect(body?.replaceAll(uidl, '')).toBe('\r\n')
    }
    await maildrop.release()
    expect((await store.checkIntegrity()).faults).toEqual([])
    await store.close()
  })

  it.each([
    ['thread', 1],
    ['thread', 90],
    ['inline', 31],
  ])('during deliveries with a record (%s, after %i answers) leaves both or neither', async (writer, killAfter) => {
    const folder = await folderWithAnn()
    const answered = await run('collect.mjs', [folder, writer, '100000'], killAfter)
    const collected = async () => {
      const { store, ann } = await reopen(folder)
      const maildrop = await store.openMaildrop(ann, holder)
      const keys: string[] = []
      for (const index of maildrop.listing.uidls.keys())
        keys.push(/^A: (k\d+)\r\n/.exec(await textOf(await maildrop.read(index)))?.[1] ?? '')
      await maildrop.release()
      expect([...(await store.loadRecords('gmail')).keys()].sort()).toEqual(keys.sort())
      expect((await store.checkIntegrity()).faults).toEqual([])
      await store.close()
      return keys
    }
    const keys = await collected()
    const delivered = (lines: readonly string[]) =>
      lines.filter(line => line.endsWith(' delivered')).map(line => line.split(' ')[0] ?? '')
    expect(delivered(answered).filter(key => !keys.includes(key))).toEqual([])
    // The next run hands in everything anew: what is there stays once, and the rest comes.
    const all = Array.from({ length: 120 }, (_, at) => `k${at}`)
    const added = delivered(await run('collect.mjs', [folder, writer, '120']))
    expect(added.filter(key => keys.includes(key))).toEqual([])
    expect(await collected()).toEqual([...new Set([...keys, ...all])].sort())
  })

  it.each([
    ['thread', 3],
    ['inline', 4],
  ])('while a ledger is replaced (%s, after %i answers) leaves one of the two, whole', async (writer, killAfter) => {
    const folder = await folderWithAnn()
    await run('replace.mjs', [folder, writer], killAfter)
    const { store } = await reopen(folder)
    const keys = [...(await store.loadRecords('gmail')).keys()]
    expect([1000, 2000]).toContain(keys.length)
    expect(new Set(keys.map(key => key[0])).size).toBe(1)
    expect((await store.findSource('gmail'))?.identity).toBe(String(keys.length))
    await store.close()
  })

  it.each([
    1, 7, 20,
  ])('during UPDATE (after %i answers) deletes all ten or none, and leaves no lock', async killAfter => {
    const uidls = Array.from({ length: 1000 }, (_, i) => `u${String(i).padStart(3, '0')}`)
    const folder = await folderWithAnn((store, ann) =>
      Promise.all(uidls.map(uidl => deliver(store, [copyFor(ann, { uidl })]))),
    )
    const answered = await run('update.mjs', [folder], killAfter)
    const { store, ann } = await reopen(folder)
    const left = await uidlsOf(store, ann)
    const deleted = 1000 - left.length
    expect(left).toEqual(uidls.slice(deleted))
    expect(deleted % 10).toBe(0)
    // One more may have been done whose answer nobody heard.
    expect([0, 10]).toContain(deleted - 10 * answered.length)
    expect((await store.checkIntegrity()).faults).toEqual([])
    await store.close()
  })
})

describe('two processes', () => {
  it('deliver at the same time', async () => {
    const folder = await folderWithAnn()
    const [served, beside] = await Promise.all([
      run('deliver.mjs', [folder, 'server', 'thread', '600']),
      run('deliver.mjs', [folder, 'command', 'inline', '200']),
    ])
    const { store, ann } = await reopen(folder)
    expect([...(await uidlsOf(store, ann))].sort()).toEqual([...served, ...beside].sort())
    expect((await store.checkIntegrity()).faults).toEqual([])
    await store.close()
  })

  it('see each other: mail and passwords at once, locks in a moment', async () => {
    const folder = await folderWithAnn()
    const { store: server, ann } = await reopen(folder)
    expect(await uidlsOf(server, ann)).toEqual([])
    const session = await server.openMaildrop(ann, holder)
    const command = await openStore({ folder, writer: 'inline' })
    const ofAnn = [{ accountName: 'ann', sessionId: 's1' }]
    await expect.poll(() => command.listLeases(), { timeout: 5_000 }).toMatchObject(ofAnn)
    await expect(command.openMaildrop(ann, holder)).rejects.toMatchObject({ code: 'maildrop-in-use' })
    await command.setPassword('ann', { passwordHash: 'new' })
    expect(await server.findAccount('ann')).toMatchObject({ passwordHash: 'new' })
    expect(await command.breakLease('ann')).toBe(true)
    await expect(session.update([])).rejects.toMatchObject({ code: 'lease-lost' })
    await deliver(command, [copyFor(ann, { uidl: 'x' })])
    expect(await uidlsOf(server, ann)).toEqual(['x'])
    await command.close()
    await server.close()
  })
})

describe('leases', () => {
  it('of the server before are dropped by the next, those of a command are not', async () => {
    const folder = await folderWithAnn(store => store.addAccount({ name: 'bob' }))
    const { store: dead, ann } = await reopen(folder)
    const command = await openStore({ folder, writer: 'inline' })
    const bob = await command.findAccount('bob')
    if (!bob) throw new Error('bob is gone')
    const session = await dead.openMaildrop(ann, holder)
    const beside = await command.openMaildrop(bob, holder)
    await expect.poll(() => command.listLeases(), { timeout: 5_000 }).toHaveLength(2)
    const { store: next } = await reopen(folder)
    await (await next.openMaildrop(ann, holder)).release()
    await expect(session.update([])).rejects.toMatchObject({ code: 'lease-lost' })
    await expect(next.openMaildrop(bob, holder)).rejects.toMatchObject({ code: 'maildrop-in-use' })
    await beside.release()
    for (const store of [dead, command, next]) await store.close()
  })

  it('are renewed while they are held, and given back when the store closes', async () => {
    const folder = await folderWithAnn()
    const store = await openStore({ folder, writer: 'inline', leaseMs: 30 })
    const ann = await store.findAccount('ann')
    if (!ann) throw new Error('ann is gone')
    const taken = Date.now()
    await store.openMaildrop(ann, holder)
    await expect
      .poll(async () => (await store.listLeases())[0]?.expiresAt.getTime() ?? 0, { interval: 5 })
      .toBeGreaterThan(taken + 90)
    const other = await openStore({ folder, writer: 'inline' })
    await store.close()
    expect(await other.listLeases()).toEqual([])
    await (await other.openMaildrop(ann, holder)).release()
    await other.close()
  })

  it('of a source exclude other processes; those of the server before are dropped, others run out', async () => {
    const folder = await folderWithAnn()
    const { store: dead } = await reopen(folder)
    const [atServer, other] = [await dead.leaseSource('gmail'), await dead.leaseSource('work')]
    const command = await openStore({ folder, writer: 'inline' })
    expect(await command.leaseSource('gmail')).toBeUndefined()
    await other?.release()
    const byHand = await command.leaseSource('work')
    const { store: next } = await reopen(folder)
    expect((await next.leaseSource('gmail'))?.holds).toBe(true)
    expect(await next.leaseSource('work')).toBeUndefined()
    // Nor does the dead give it back for the living.
    await atServer?.release()
    expect(await command.leaseSource('gmail')).toBeUndefined()
    expect(byHand?.holds).toBe(true)
    for (const store of [dead, command, next]) await store.close()
    const last = await openStore({ folder, writer: 'inline' })
    expect((await last.leaseSource('work'))?.holds).toBe(true)
    await last.close()
  })

  it.skipIf(!existsSync('/proc/self/ns/pid'))(
    'of a source whose holder was killed are free at once',
    async () => {
      const folder = await folderWithAnn()
      expect(await run('lease.mjs', [folder, '600000'], 1)).toEqual(['true'])
      const [one, other] = [
        await openStore({ folder, writer: 'inline' }),
        await openStore({ folder, writer: 'inline' }),
      ]
      const leases = await Promise.all([one.leaseSource('gmail'), other.leaseSource('gmail')])
      expect(leases.filter(lease => lease?.holds)).toHaveLength(1)
      await one.close()
      await other.close()
    },
  )

  it('of a source whose holder was on another machine, or cannot be known, run out, and not before', async () => {
    const folder = await folderWithAnn()
    expect(await run('lease.mjs', [folder, '600000'], 1)).toEqual(['true'])
    const file = new Sqlite(join(folder, 'leases.sqlite'))
    // Another boot is another machine.
    file.exec(
      "update source_lease set owner = replace(owner, substr(owner, instr(owner, ' ') + 1, 8), '00000000')",
    )
    file.close()
    const early = await openStore({ folder, writer: 'inline' })
    expect(await early.leaseSource('gmail')).toBeUndefined()
    await early.close()
    const late = await openStore({ folder, writer: 'inline', now: () => Date.now() + 600_000 })
    expect((await late.leaseSource('gmail'))?.holds).toBe(true)
    await late.close()
  })

  it('that were lost in mid-session delete nothing, even between the first look and the transaction', async () => {
    const folder = await folderWithAnn((store, ann) => deliver(store, [copyFor(ann, { uidl: 'a' })]))
    const { store, ann } = await reopen(folder)
    const session = await store.openMaildrop(ann, holder)
    // The first look is taken at once, the transaction begins in a later turn of the event loop.
    const updating = session.update([0])
    await store.breakLease('ann')
    await expect(updating).rejects.toMatchObject({ code: 'lease-lost' })
    expect(await uidlsOf(store, ann)).toEqual(['a'])
    await store.close()
  })
})
