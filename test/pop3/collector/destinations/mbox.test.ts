// mbox as a destination: octets, locks, kills at every step, a full disk, and what other programs do to the file.
import {
  appendFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WireForm } from '../../../../src/mail/message/wire-form.ts'
import { mboxDestination } from '../../../../src/pop3/collector/destinations/mbox.ts'
import { itWith, runOrFail } from '../../../e2e/program.ts'
import { storeKilledAtEveryStep, storeKilledInFlight, storeOnce } from './killed.ts'
import { awkwardLetters, plainLetter, storing, type TestLetter } from './letters.ts'
import { onSmallDisk } from './small-disk.ts'

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'poplar-mbox-'))
  path = join(folder, 'mbox')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const text = () => readFileSync(path, 'latin1')

/** Without the From_ line and the delivery field; in wire form. */
function messages(): string[] {
  return text()
    .split(/^(?=From )/m)
    .map(entry => {
      const message = entry.replace(/^From .*\nX-Poplar-Delivery: [0-9a-f]{64}\n/, '').slice(0, -1)
      const form = new WireForm()
      const octets = Buffer.from(message.replace(/^>(>*From )/gm, '$1'), 'latin1')
      return Buffer.concat([form.push(octets), form.end()]).toString('latin1')
    })
}

function expectOnce(letters: readonly TestLetter[]) {
  expect(messages().sort()).toEqual(letters.map(({ content }) => content.toString('latin1')).sort())
  expect(readdirSync(folder).filter(name => name !== 'mbox' && name !== 'letters')).toEqual([])
}

it('makes the file for its owner alone, and keeps every octet', async () => {
  const mbox = mboxDestination('d', path)
  for (const letter of awkwardLetters) expect(await mbox.store(letter, storing())).toBe('stored')
  expectOnce(awkwardLetters)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(text().split('\n', 3)).toEqual([
    'From bob@example.org Fri Nov 20 19:17:00 2026',
    `X-Poplar-Delivery: ${awkwardLetters[0]?.deliveryKey}`,
    '',
  ])
})

it('takes many at once, one after the other', async () => {
  const letters = [1, 2, 3, 4, 5, 6].map(number => plainLetter(number))
  const [one, other] = [mboxDestination('d', path), mboxDestination('e', path)]
  await Promise.all(letters.map((letter, index) => (index % 2 ? one : other).store(letter, storing())))
  expectOnce(letters)
})

it.each([
  ['nothing', 'Subject: x\n\nno line end', '\n\n'],
  ['one line end', 'From a Thu Nov 20 19:17:00 2026\nA: b\n\nx\n', '\n'],
  ['an empty line', 'From a Thu Nov 20 19:17:00 2026\nA: b\n\nx\n\n', ''],
])('puts an empty line before a message when the file ends with %s', async (_, before, between) => {
  writeFileSync(path, before)
  await mboxDestination('d', path).store(plainLetter(1), storing())
  expect(text().startsWith(`${before}${between}From bob@example.org `)).toBe(true)
})

describe('knows a letter again', () => {
  it('in the same process and in another, wherever a reader has put the field', async () => {
    const letter = plainLetter(1)
    const mbox = mboxDestination('d', path)
    for (const each of [plainLetter(0), letter, plainLetter(2)]) await mbox.store(each, storing())
    expect(await mbox.store(letter, storing())).toBe('known')
    const field = `X-Poplar-Delivery: ${letter.deliveryKey}\n`
    writeFileSync(
      path,
      text().replace(field, '').replace('Subject: message 1\n', `Subject: message 1\nStatus: RO\n${field}`),
    )
    expect(await mbox.store(letter, storing())).toBe('known')
    expect(await mboxDestination('d', path).store(letter, storing())).toBe('known')
  })

  it('in a large file, whose pieces end anywhere', async () => {
    const filler = plainLetter(0, 60_000)
    const mbox = mboxDestination('d', path)
    const letters = [filler, plainLetter(1), { ...filler, deliveryKey: 'a'.repeat(64) }, plainLetter(2)]
    for (const each of letters) await mbox.store(each, storing())
    const other = mboxDestination('d', path)
    for (const each of letters) expect(await other.store(each, storing())).toBe('known')
  })

  it('not once it was removed, and not by a field in the body of another', async () => {
    const letter = plainLetter(1)
    const mbox = mboxDestination('d', path)
    await mbox.store(letter, storing())
    writeFileSync(
      path,
      `From a Thu Nov 20 19:17:00 2026\nA: b\n\nX-Poplar-Delivery: ${letter.deliveryKey}\n\n`,
    )
    expect(await mbox.store(letter, storing())).toBe('stored')
  })
})

describe('kill -9', { timeout: 120_000 }, () => {
  it('anywhere in a run of many: each letter once', async () => {
    const letters = Array.from({ length: 60 }, (_, number) => plainLetter(number, (number % 7) * 300))
    await storeKilledInFlight({ kind: 'mbox', path, folder, letterOf: plainLetter }, letters, 17)
    expectOnce(letters)
  })

  it.each(['first', 'late'] as const)('at every step, stored again %s: each letter once', async again => {
    const letterOf = (number: number) => plainLetter(number, number * 20)
    expectOnce(await storeKilledAtEveryStep({ kind: 'mbox', path, folder, letterOf }, again))
  })

  it('cuts nothing off that another program has appended behind a torn letter, and stores it whole', async () => {
    const theirs = 'From a Thu Nov 20 19:17:00 2026\nA: b\n\nx\n\n'
    const run = { kind: 'mbox', path, folder, letterOf: plainLetter } as const
    const letter = plainLetter(1, 400)
    await storeOnce(run, [plainLetter(0)], 0)
    const before = statSync(path).size
    // The step that tears it is the one after which the file is longer.
    for (let step = 11; statSync(path).size === before; step++) {
      const { signal } = await storeOnce(run, [letter], step)
      expect(signal).toBe('SIGKILL')
    }
    appendFileSync(path, `\n${theirs}`)
    expect((await storeOnce(run, [letter], 0)).stdout.toString()).toMatch(/ stored\n$/)
    expect(text()).toContain(theirs)
    expect(messages()).toContain(letter.content.toString('latin1'))
    // The key of the torn one is never found again.
    expect(text().match(new RegExp(letter.deliveryKey, 'g'))).toHaveLength(1)
    expect((await storeOnce(run, [letter], 0)).stdout.toString()).toMatch(/ known\n$/)
  })
})

it('says that the disk is full, leaves nothing behind, and goes on when there is room', async context => {
  await onSmallDisk(context, async disk => {
    path = join(disk.folder, 'mbox')
    const mbox = mboxDestination('d', path)
    await mbox.store(plainLetter(1), storing())
    const large = plainLetter(2, 60_000)
    await expect(mbox.store(large, storing())).rejects.toMatchObject({
      name: 'DestinationError',
      fault: 'full',
    })
    expect(messages()).toHaveLength(1)
    expect(await mbox.store(plainLetter(3), storing())).toBe('stored')
    expect(messages()).toHaveLength(2)
    expect(readdirSync(disk.folder)).toEqual(['mbox'])
  })
})

describe('the lock', () => {
  it('of a program that lives is respected', async () => {
    writeFileSync(`${path}.lock`, `${process.pid}:${hostname()}\n`)
    const mbox = mboxDestination('d', path, { lockWaitMs: 150 })
    await expect(mbox.store(plainLetter(1), storing())).rejects.toMatchObject({
      fault: 'unavailable',
      message: `${path} is locked: ${path}.lock`,
    })
    expect(existsSync(path)).toBe(false)
    expect(readdirSync(folder)).toEqual(['mbox.lock'])
    rmSync(`${path}.lock`)
    expect(await mbox.store(plainLetter(1), storing())).toBe('stored')
  })

  it.each([
    ['of a process that is gone', () => `999999999:${hostname()}\n`, 0],
    ['that nobody has touched for long', () => '', 600],
  ])('%s is broken', async (_, content, ageSeconds) => {
    writeFileSync(`${path}.lock`, content())
    const then = Date.now() / 1000 - ageSeconds
    utimesSync(`${path}.lock`, then, then)
    expect(await mboxDestination('d', path).store(plainLetter(1), storing())).toBe('stored')
    expectOnce([plainLetter(1)])
  })

  it.each([
    ['of another machine', () => '999999999:other.example\n'],
    ['that says nothing', () => ''],
  ])('%s is respected while it is fresh', async (_, content) => {
    writeFileSync(`${path}.lock`, content())
    const mbox = mboxDestination('d', path, { lockWaitMs: 150 })
    await expect(mbox.store(plainLetter(1), storing())).rejects.toMatchObject({ fault: 'unavailable' })
  })
})

describe('refuses', () => {
  it.each([
    ['a folder', () => mkdirSync(path), /it is a folder/],
    ['a symbolic link', () => symlinkSync(join(folder, 'other'), path), /symbolic link/],
    [
      'a file with a second name',
      () => {
        writeFileSync(join(folder, 'other'), '')
        linkSync(join(folder, 'other'), path)
      },
      /hard link/,
    ],
  ])('%s', async (_, spoil, reason) => {
    spoil()
    await expect(mboxDestination('d', path).store(plainLetter(1), storing())).rejects.toMatchObject({
      fault: 'configuration',
      message: expect.stringMatching(reason) as string,
    })
    expect(readdirSync(folder).filter(name => name.includes('lock'))).toEqual([])
  })
})

itWith('python3', 'python3 reads what was stored', async () => {
  const mbox = mboxDestination('d', path)
  for (const letter of [1, 2, 3]) await mbox.store(plainLetter(letter), storing())
  const script = 'import mailbox, sys; print([m["subject"] for m in mailbox.mbox(sys.argv[1], create=False)])'
  const said = await runOrFail('python3', ['-c', script, path])
  expect(said.toString()).toBe("['message 1', 'message 2', 'message 3']\n")
})

itWith('mutt_dotlock', 'mutt_dotlock sees the lock, and we see its', async () => {
  const mbox = mboxDestination('d', path, { lockWaitMs: 150 })
  await mbox.store(plainLetter(1), storing())
  await runOrFail('mutt_dotlock', [path])
  await expect(mbox.store(plainLetter(2), storing())).rejects.toMatchObject({ fault: 'unavailable' })
  await runOrFail('mutt_dotlock', ['-u', path])
  expect(await mbox.store(plainLetter(2), storing())).toBe('stored')
})
