// Maildir as a destination: octets, names, kills at every step, a full disk, and what does not belong into a Maildir.
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WireForm } from '../../../../src/mail/message/wire-form.ts'
import { maildirDestination } from '../../../../src/pop3/collector/destinations/maildir.ts'
import { itWith, runOrFail } from '../../../e2e/program.ts'
import { storeKilledAtEveryStep, storeKilledInFlight, storeOnce } from './killed.ts'
import { awkwardLetters, plainLetter, storing, type TestLetter } from './letters.ts'
import { onSmallDisk } from './small-disk.ts'

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'poplar-maildir-'))
  path = join(folder, 'Maildir')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** What is in new/ and cur/, in wire form. */
function stored(): Buffer[] {
  return ['new', 'cur'].flatMap(name =>
    readdirSync(join(path, name)).map(file => {
      const form = new WireForm()
      const octets = readFileSync(join(path, name, file))
      return Buffer.concat([form.push(octets), form.end()])
    }),
  )
}

function expectOnce(letters: readonly TestLetter[]) {
  const sorted = (all: readonly Buffer[]) => all.map(each => each.toString('latin1')).sort()
  expect(sorted(stored())).toEqual(sorted(letters.map(({ content }) => content)))
  expect(readdirSync(join(path, 'tmp'))).toEqual([])
}

it('makes the Maildir for its owner alone, and keeps every octet', async () => {
  const maildir = maildirDestination('d', path)
  for (const letter of awkwardLetters) expect(await maildir.store(letter, storing())).toBe('stored')
  expectOnce(awkwardLetters)
  for (const name of ['', 'cur', 'new', 'tmp']) expect(lstatSync(join(path, name)).mode & 0o777).toBe(0o700)
  const [file = ''] = readdirSync(join(path, 'new')).filter(name =>
    name.includes(awkwardLetters[3]?.deliveryKey ?? ''),
  )
  expect(file).toMatch(/^1795202220\.M0C[0-9a-f]{64}\.[^,:/]+,S=14,W=19$/)
  expect(lstatSync(join(path, 'new', file)).mtime).toEqual(awkwardLetters[3]?.receivedAt)
})

it('takes many at once', async () => {
  const letters = Array.from({ length: 20 }, (_, number) => plainLetter(number))
  const maildir = maildirDestination('d', path)
  await Promise.all(letters.map(letter => maildir.store(letter, storing())))
  expectOnce(letters)
})

describe('knows a letter again', () => {
  it('in the same process and in another, in new and in cur, with any flags', async () => {
    const letter = plainLetter(1)
    const maildir = maildirDestination('d', path)
    await maildir.store(letter, storing())
    expect(await maildir.store(letter, storing())).toBe('known')
    expect(await maildirDestination('d', path).store(letter, storing())).toBe('known')
    const [name = ''] = readdirSync(join(path, 'new'))
    renameSync(join(path, 'new', name), join(path, 'cur', `${name}:2,RS`))
    expect(await maildir.store(letter, storing())).toBe('known')
    expect(await maildirDestination('d', path).store(letter, storing())).toBe('known')
    expectOnce([letter])
  })

  it('not once it was removed', async () => {
    const letter = plainLetter(1)
    const maildir = maildirDestination('d', path)
    await maildir.store(letter, storing())
    for (const name of readdirSync(join(path, 'new'))) rmSync(join(path, 'new', name))
    expect(await maildir.store(letter, storing())).toBe('stored')
  })

  it('not by a link or a folder of its name', async () => {
    const letter = plainLetter(1)
    await maildirDestination('d', path).store(letter, storing())
    const [name = ''] = readdirSync(join(path, 'new'))
    rmSync(join(path, 'new', name))
    writeFileSync(join(folder, 'other'), 'of others')
    symlinkSync(join(folder, 'other'), join(path, 'new', name))
    expect(await maildirDestination('d', path).store(letter, storing())).toBe('stored')
    expect(readFileSync(join(folder, 'other'), 'utf8')).toBe('of others')
    expectOnce([letter])
  })
})

describe('kill -9', { timeout: 120_000 }, () => {
  it('anywhere in a run of many: each letter once', async () => {
    const letters = Array.from({ length: 60 }, (_, number) => plainLetter(number, (number % 7) * 300))
    await storeKilledInFlight({ kind: 'maildir', path, folder, letterOf: plainLetter }, letters, 17)
    expectOnce(letters)
  })

  it.each(['first', 'late'] as const)('at every step, stored again %s: each letter once', async again => {
    expectOnce(await storeKilledAtEveryStep({ kind: 'maildir', path, folder, letterOf: plainLetter }, again))
  })

  it('while the Maildir is made', async () => {
    for (let step = 1; step <= 8; step++) {
      rmSync(path, { recursive: true, force: true })
      const run = { kind: 'maildir', path, folder, letterOf: plainLetter } as const
      await storeOnce(run, [plainLetter(1)], step)
      expect((await storeOnce(run, [plainLetter(1)], 0)).stderr).toBe('')
      expectOnce([plainLetter(1)])
    }
  })
})

it('says that the disk is full, leaves nothing behind, and goes on when there is room', async context => {
  await onSmallDisk(context, async disk => {
    path = join(disk.folder, 'Maildir')
    const maildir = maildirDestination('d', path)
    await maildir.store(plainLetter(1), storing())
    const large = plainLetter(2, 60_000)
    await expect(maildir.store(large, storing())).rejects.toMatchObject({
      name: 'DestinationError',
      fault: 'full',
    })
    expectOnce([plainLetter(1)])
    expect(await maildir.store(plainLetter(3), storing())).toBe('stored')
    expectOnce([plainLetter(1), plainLetter(3)])
  })
})

describe('refuses', () => {
  it.each([
    ['new is a link elsewhere', () => symlinkSync(folder, join(path, 'new')), /new is a symbolic link/],
    ['cur is a file', () => writeFileSync(join(path, 'cur'), ''), /cur is no folder/],
    ['tmp is a link to nothing', () => symlinkSync('/nowhere', join(path, 'tmp')), /tmp is a symbolic link/],
  ])('a Maildir whose %s', async (_, spoil, reason) => {
    mkdirSync(path)
    spoil()
    const storing1 = maildirDestination('d', path).store(plainLetter(1), storing())
    await expect(storing1).rejects.toMatchObject({
      fault: 'configuration',
      message: expect.stringMatching(reason) as string,
    })
  })

  it('a place that is not there, and a letter once it is told to stop', async () => {
    const nowhere = maildirDestination('d', join(folder, 'no', 'where')).store(plainLetter(1), storing())
    await expect(nowhere).rejects.toMatchObject({ fault: 'configuration' })
    const stopped = maildirDestination('d', path).store(plainLetter(1), storing(AbortSignal.abort()))
    await expect(stopped).rejects.toMatchObject({ fault: 'unavailable' })
  })
})

itWith('python3', 'python3 reads what was stored', async () => {
  const maildir = maildirDestination('d', path)
  for (const letter of [1, 2, 3]) await maildir.store(plainLetter(letter), storing())
  const script =
    'import mailbox, sys; print(sorted(m["subject"] for m in mailbox.Maildir(sys.argv[1], create=False)))'
  const said = await runOrFail('python3', ['-c', script, path])
  expect(said.toString()).toBe("['message 1', 'message 2', 'message 3']\n")
})
