// `poplar import` and `poplar export`, as programs: what they print, their exit codes, and that what goes out comes in.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LinePeer } from '../e2e/line-peer.ts'
import { Office } from '../e2e/office.ts'
import { itWith } from '../e2e/program.ts'
import { dovecotUidls } from '../store/archive/dovecot-pop3.ts'
import { Workplace } from './workplace.ts'

let place: Workplace
beforeEach(async () => {
  place = new Workplace()
  for (const name of ['ann', 'bob']) await place.run(`user add ${name} --password-stdin`, 'x')
})
afterEach(() => place.remove())

function put(path: string, text: string): void {
  const full = join(place.folder, path)
  mkdirSync(join(full, '..'), { recursive: true })
  writeFileSync(full, text, 'latin1')
}

function read(path: string): string {
  return readFileSync(join(place.folder, path), 'latin1')
}

/** Three messages, a list that knows two of them. */
function putMaildir(): void {
  put('md/new/3.c', 'Subject: c\n\nnew\n')
  put('md/cur/1.a:2,S', 'Subject: a\n\n.\n..\nno end')
  put('md/cur/2.b:2,RS', 'Subject: b\r\n\r\nFrom x\r\n')
  put('md/dovecot-uidlist', '3 V255 N9\n7 :1.a\n8 Pkept :2.b\n')
}

describe('import', () => {
  it('brings a Maildir in, and says where the UIDLs come from', async () => {
    putMaildir()
    expect(await place.run('import ann maildir md')).toEqual({
      code: 0,
      stdout: 'imported 3, skipped 0, failed 0\nUIDLs: from dovecot-uidlist\n',
      stderr: '',
    })
    expect(await place.json('user list')).toMatchObject([{ usedMessages: 3 }, { usedMessages: 0 }])
  })

  it('skips on the second run what has a UIDL', async () => {
    putMaildir()
    rmSync(join(place.folder, 'md/new/3.c'))
    await place.run('import ann maildir md')
    expect((await place.run('import ann maildir md')).stdout).toMatch(/^imported 0, skipped 2, failed 0\n/)
  })

  it('repeats a folder of .eml files with --once, and says that without it doubles them', async () => {
    put('eml/a.eml', 'Subject: a\n\na\n')
    expect((await place.run('import ann eml eml')).stdout).toMatch(/doubles? these messages \(see --once\)/)
    for (const imported of [1, 0])
      expect(await place.json('import bob eml eml --once')).toMatchObject({ imported, skipped: 1 - imported })
  })

  it('changes nothing with --dry-run, and reports as --json', async () => {
    putMaildir()
    expect(await place.json('import ann maildir md --dry-run')).toEqual({
      imported: 3,
      skipped: 0,
      failed: 0,
      renamed: 0,
      dryRun: true,
      uidlSource: 'dovecot-uidlist',
      failures: [],
    })
    expect(await place.json('user list')).toMatchObject([{ usedMessages: 0 }, { usedMessages: 0 }])
  })

  it('ends before anything is imported when the list of UIDLs is cut off, unless that is accepted', async () => {
    putMaildir()
    put('md/dovecot-uidlist', '3 V255 N9\n7 :1.a\n8 Pkept :2.')
    const refused = await place.run('import ann maildir md')
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(/^poplar: md\/dovecot-uidlist line 3: cut off\npoplar: .*--lenient/)
    expect(await place.json('user list')).toMatchObject([{ usedMessages: 0 }, { usedMessages: 0 }])
    expect(await place.run('import ann maildir md --lenient')).toMatchObject({ code: 0 })
    expect(await place.run('import bob maildir md --new-uidls')).toMatchObject({ code: 0, stderr: '' })
  })

  it('stops at the quota with exit code 1, and goes on when there is room', async () => {
    putMaildir()
    await place.run('user quota ann 40')
    const stopped = await place.run('import ann maildir md')
    expect(stopped).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^imported 1, skipped 0, failed 1\n/) as string,
    })
    expect(stopped.stderr).toMatch(/md\/cur\/2\.b:2,RS: .*over quota\npoplar: stopped: /)
    await place.run('user quota ann 0')
    expect((await place.run('import ann maildir md')).stdout).toMatch(/^imported 2, skipped 1, failed 0\n/)
  })

  it.each([
    ['import nobody maildir md', 1, /there is no account nobody/, 'no account'],
    ['import ann maildir none', 1, /none: not a Maildir/, 'no folder'],
    ['import ann mbox none', 1, /none: no such file/, 'no file'],
    ['import ann mbox junk', 1, /junk: not an mbox/, 'no mbox'],
    ['import ann tar junk', 2, /Allowed choices are maildir, mbox, eml/, 'no format'],
    ['import ann maildir md --uidl-format %q', 1, /UIDL format "%q"/, 'no format of UIDLs'],
    [
      'import ann eml junk --once --new-uidls',
      2,
      /cannot be used with/,
      'options that contradict each other',
    ],
    ['import ann maildir', 2, /missing required argument 'path'/, 'no path'],
  ])('%s ends with %i and %s: %s', async (args, code, says) => {
    putMaildir()
    put('junk', '\u0000\u00ffjunk')
    const outcome = await place.run(args)
    expect(outcome).toMatchObject({ code, stdout: '' })
    expect(outcome.stderr).toMatch(says)
    expect(outcome.stderr).toMatch(/^poplar: [^\n]+\n$/)
  })

  it('shows names of files that would steer the terminal without what steers', async () => {
    put('md/cur/1.\u001b[31mred', 'x')
    mkdirSync(join(place.folder, 'md/new'), { recursive: true })
    put('md/dovecot-uidlist', `3 V255 N9\n7 P${'x'.repeat(71)} :1.\u001b[31mred\n`)
    const { stderr } = await place.run('import ann maildir md')
    expect(stderr).toMatch(/1\.\?\[31mred/)
  })
})

describe('export', () => {
  it.each([
    'maildir',
    'mbox',
  ])('%s brings everything to another account: UIDLs, order, octets', async format => {
    putMaildir()
    await place.run('import ann maildir md')
    expect((await place.run(`export ann ${format} out`)).stdout).toBe('exported 3 to out\n')
    expect(await place.json(`import bob ${format} out`)).toMatchObject({ imported: 3, renamed: 0 })
    await place.run('export ann mbox ann.mbox')
    await place.run('export bob mbox bob.mbox')
    const [ann, bob] = [read('ann.mbox'), read('bob.mbox')]
    expect(bob).toBe(ann)
    expect(ann).toContain('X-UIDL: 00000007000000ff\n')
  })

  it.each([
    ['export ann maildir md', 1, /md: not empty/, 'a folder with something in it'],
    ['export ann mbox file', 1, /file: exists/, 'a file that exists'],
    ['export ann mbox none/file', 1, /no such file or folder/, 'no folder for it'],
    ['export nobody mbox out', 1, /there is no account nobody/, 'no account'],
    ['export ann eml out', 2, /Allowed choices are maildir, mbox/, 'no format'],
  ])('%s ends with %i and %s: %s', async (args, code, says) => {
    put('md/x', 'x')
    put('file', 'x')
    const outcome = await place.run(args)
    expect(outcome).toMatchObject({ code, stdout: '' })
    expect(outcome.stderr).toMatch(says)
    expect([read('file'), read('md/x')]).toEqual(['x', 'x'])
  })
})

describe('moving from Dovecot while the office runs', () => {
  itWith('dovecot', 'its clients see the UIDLs they know, in the same order', async () => {
    for (let i = 0; i < 30; i++)
      put(`md/new/${1_700_000_000 + i * 7}.M${i}P1.host`, `Subject: ${i}\n\nbody ${i}\n`)
    mkdirSync(join(place.folder, 'md/cur'))
    mkdirSync(join(place.folder, 'md/tmp'))
    const known = await dovecotUidls(place.folder, `maildir:${join(place.folder, 'md')}`)
    const office = await Office.open(['cid'])
    try {
      cpSync(join(place.folder, 'md'), join(office.folder, 'md'), { recursive: true })
      await office.run(['import', 'cid', 'maildir', join(office.folder, 'md')])
      const peer = await LinePeer.logIn(office.ports.pop3, 'cid', 'cid-secret')
      const listing = (await peer.askBody('UIDL')).toString()
      expect(known).toHaveLength(30)
      expect(listing).toBe(known.map((uidl, index) => `${index + 1} ${uidl}\r\n`).join(''))
      await peer.ask('QUIT')
    } finally {
      await office.close()
    }
  })
})
