// Maildirs and folders of .eml files as other programs leave them, sound and broken.
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Archive } from '../../../src/store/archive/archive.ts'
import { openEml } from '../../../src/store/archive/eml.ts'
import { baseNameOf, flagSuffix, flagsOf } from '../../../src/store/archive/maildir-name.ts'
import { openMaildir } from '../../../src/store/archive/maildir-reader.ts'
import { writeMaildir } from '../../../src/store/archive/maildir-writer.ts'
import { writeMbox } from '../../../src/store/archive/mbox-writer.ts'
import { asStored, gather } from './nasty.ts'

let folder: string
let maildir: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'poplar-maildir-'))
  maildir = join(folder, 'Maildir')
  for (const part of ['cur', 'new', 'tmp']) mkdirSync(join(maildir, part), { recursive: true })
})
afterEach(() => rmSync(folder, { recursive: true }))

function put(path: string, text: string): string {
  const full = join(maildir, path)
  mkdirSync(dirname(full), { recursive: true })
  writeFileSync(full, text, 'latin1')
  return full
}

/** Contents, or what reading them threw. */
async function read(archive: Archive) {
  const messages = []
  for await (const { octets, ...facts } of archive.messages) {
    const text = await gather(octets).then(String, (error: Error) => error.message)
    messages.push({ ...facts, text })
  }
  return messages
}

const texts = async (path = maildir) => (await read(await openMaildir(path))).map(({ text }) => text)

describe('names in a Maildir', () => {
  it.each([
    ['1.2.h:2,S', '1.2.h', ['seen'], 'one flag'],
    ['1.2.h:2,DFRST', '1.2.h', ['draft', 'flagged', 'answered', 'seen', 'deleted'], 'every flag'],
    ['1.2.h:2,', '1.2.h', [], 'no flag'],
    ['1.2.h', '1.2.h', [], 'no info: in new/'],
    ['1.2.h;2,S', '1.2.h', ['seen'], 'a semicolon, where colons may not be'],
    ['1.2.h!2,S', '1.2.h', ['seen'], 'an exclamation mark'],
    ['1.2.h,S=3,W=4:2,RSa', '1.2.h,S=3,W=4', ['answered', 'seen'], 'sizes, and a keyword of Dovecot'],
    ['1.2.h:2,S,R', '1.2.h', ['seen'], 'what follows a comma are no flags'],
    ['1.2.h:1,S', '1.2.h', [], 'experimental info'],
    ['1.2.h!x', '1.2.h!x', [], 'an exclamation mark in the name'],
  ])('%s | %s | %j: %s', (name, baseName, flags) => {
    expect(baseNameOf(name)).toBe(baseName)
    expect(flagsOf(name)).toEqual(flags)
  })

  it('have flags in the order Maildir wants', () => {
    expect(flagSuffix(['seen', 'answered', 'draft', 'flagged', 'deleted'])).toBe(':2,DFRST')
  })
})

describe('a Maildir', () => {
  it('is read in order of delivery time, then name, whichever folder a message is in', async () => {
    put('cur/1000000000.b:2,S', 'fourth')
    put('new/999999999.z', 'second')
    put('cur/1000000000.a:2,', 'third')
    put('new/1000000000.c', 'fifth')
    put('cur/noname', 'first')
    expect(await texts()).toEqual(['first', 'second', 'third', 'fourth', 'fifth'])
  })

  it('gives dates, flags and names', async () => {
    const path = put('cur/1.a:2,FS', 'x')
    utimesSync(path, 0, 1_234_567_890.5)
    const [message] = await read(await openMaildir(maildir))
    expect(message).toEqual({
      text: 'x',
      source: path,
      internalDate: new Date(1_234_567_890_500),
      flags: ['flagged', 'seen'],
    })
  })

  it('is its INBOX: what is no message is passed over', async () => {
    put('cur/.dot', 'x')
    put('tmp/1.half', 'x')
    put('.Sent/cur/1.a:2,S', 'x')
    put('cur/folder/x', 'x')
    put('subscriptions', 'x')
    put('new/1.a', 'message')
    expect(await texts()).toEqual(['message'])
  })

  it('takes UIDLs from Dovecot before Courier, and knows where they come from', async () => {
    for (const name of ['1.a', '2.b', '3.c']) put(`cur/${name}:2,S`, name)
    put('courierpop3dsizelist', '/2 9 1500000000\n1.a 3 1:2\n2.b:2,S 3 2:2\n')
    put('dovecot-uidlist', '3 V1 N9\n5 Pkept :2.b\n')
    const archive = await openMaildir(maildir)
    expect(archive).toMatchObject({ uidlSource: 'dovecot-uidlist', faults: [], total: 3 })
    const uidls = (await read(archive)).map(({ text, uidl }) => [text, uidl])
    expect(uidls).toEqual([
      ['2.b', 'kept'],
      ['1.a', 'UID1-2'],
      ['3.c', undefined],
    ])
  })

  it('takes UIDLs from Courier alone', async () => {
    put('new/1.a', 'x')
    put('courierpop3dsizelist', '/3 9 1500000000\n1.a 3 1:2:0\n')
    const archive = await openMaildir(maildir)
    expect(archive.uidlSource).toBe('courierpop3dsizelist')
    expect((await read(archive))[0]?.uidl).toBe('UID1-2')
  })

  it('names the fault of a broken list and its line, and keeps every message', async () => {
    put('new/1.a', 'one')
    put('new/2.b', 'two')
    const list = put('dovecot-uidlist', '3 V1 N9\n5 Pkept :1.a\n6 :2.')
    const archive = await openMaildir(maildir)
    expect(archive.faults).toEqual([`${list} line 3: cut off`])
    expect((await read(archive)).map(({ text, uidl }) => [text, uidl])).toEqual([
      ['one', 'kept'],
      ['two', undefined],
    ])
  })

  it('names a message whose UIDL POP3 could not carry', async () => {
    put('new/1.a', 'one')
    put('dovecot-uidlist', `3 V1 N9\n5 P${'x'.repeat(71)} :1.a\n`)
    const archive = await openMaildir(maildir)
    expect(archive.faults).toEqual([
      `${join(maildir, '1.a')}: its UIDL is not 1 to 70 printable characters: "${'x'.repeat(71)}"`,
    ])
    expect((await read(archive))[0]?.uidl).toBeUndefined()
  })

  it('fails for the one message that cannot be read', async () => {
    put('new/1.a', 'one')
    const gone = put('new/2.b', 'two')
    symlinkSync('/etc/passwd', join(maildir, 'new/3.c'))
    put('new/4.d', 'four')
    const archive = await openMaildir(maildir)
    rmSync(gone)
    expect((await read(archive)).map(({ text }) => text)).toEqual([
      'one',
      `${gone}: no such file or folder`,
      `${join(maildir, 'new/3.c')}: a symbolic link, which is not followed`,
      'four',
    ])
  })

  it('fails for a message without permission', async context => {
    if (userInfo().uid === 0) context.skip('root may read everything')
    const path = put('new/1.a', 'one')
    chmodSync(path, 0)
    expect(await texts()).toEqual([`${path}: not readable or writable for this user`])
  })

  it.each([
    ['', 'an empty folder'],
    ['cur', 'only cur'],
  ])('is refused when it is none: %s', async part => {
    const path = join(folder, 'other')
    mkdirSync(join(path, part), { recursive: true })
    await expect(openMaildir(path)).rejects.toThrow(`${path}: not a Maildir: there is no folder`)
  })

  it('is refused when it is a file', async () => {
    await expect(openMaildir(put('file', 'x'))).rejects.toThrow(/file: not a Maildir/)
  })

  it('brings 300 KiB and more in pieces', async () => {
    const text = 'x'.repeat(600_000)
    put('new/1.a', text)
    expect(await texts()).toEqual([text])
  })
})

describe('writing', () => {
  const one = [
    { content: Buffer.from('a: b\r\n'), uidl: 'u', internalDate: new Date(1_234_567_890_123), flags: [] },
  ]

  it('refuses a folder that is not empty, and a file', async () => {
    await expect(writeMaildir(maildir, asStored(one))).rejects.toThrow(`${maildir}: not empty`)
    await expect(writeMaildir(put('file', 'x'), asStored(one))).rejects.toThrow(/file/)
  })

  it('refuses an mbox that exists, and leaves it as it is', async () => {
    const path = put('mbox', 'x')
    await expect(writeMbox(path, asStored(one))).rejects.toThrow(`${path}: exists`)
    expect(statSync(path).size).toBe(1)
  })

  it('leaves nothing half written when a message cannot be read on', async () => {
    async function* broken() {
      yield* asStored(one)
      for await (const message of asStored(one)) {
        const body = (function* () {
          yield Buffer.from('begun')
          throw new Error('the disk cannot read it')
        })()
        yield { ...message, body }
      }
    }
    const path = join(folder, 'out')
    await expect(writeMaildir(path, broken())).rejects.toThrow('the disk cannot read it')
    expect(readdirSync(join(path, 'tmp'))).toEqual([])
    expect(readdirSync(join(path, 'cur'))).toHaveLength(1)
    await expect(writeMbox(join(folder, 'mbox'), broken())).rejects.toThrow('the disk cannot read it')
    expect(readdirSync(folder)).not.toContain('mbox')
  })

  it('gives files to nobody else', async () => {
    await writeMbox(join(folder, 'mbox'), asStored(one))
    expect(statSync(join(folder, 'mbox')).mode & 0o777).toBe(0o600)
  })
})

describe('.eml files', () => {
  it('are one, or all of a folder in order of their names', async () => {
    const date = 'Date: Fri, 20 Nov 2026 19:17:00 +0000\n\n'
    put('eml/b.EML', `${date}b`)
    put('eml/a.eml', `${date}a`)
    put('eml/sub/c.eml', `${date}c`)
    put('eml/readme.txt', 'x')
    const messages = await read(await openEml(join(maildir, 'eml')))
    expect(messages.map(({ text }) => text.at(-1))).toEqual(['a', 'b', 'c'])
    expect(messages[0]).toMatchObject({ internalDate: new Date('2026-11-20T19:17:00Z'), flags: [] })
    expect(await read(await openEml(join(maildir, 'eml/readme.txt')))).toHaveLength(1)
  })

  it('without a date have that of the file', async () => {
    const path = put('eml/a.eml', 'x')
    utimesSync(path, 0, 1_000_000_000)
    expect((await read(await openEml(path)))[0]?.internalDate).toEqual(new Date(1_000_000_000_000))
  })

  it('are named when they cannot be read', async () => {
    const path = join(maildir, 'a.eml')
    symlinkSync('/etc/passwd', path)
    expect((await read(await openEml(path)))[0]?.text).toBe(`${path}: a symbolic link, which is not followed`)
  })

  it('are missed', async () => {
    await expect(openEml(maildir)).rejects.toThrow(`${maildir}: no .eml file in this folder`)
    await expect(openEml(join(folder, 'none'))).rejects.toThrow('no such file or folder')
  })
})
