// Mboxes as other programs write them: where messages begin, what is unquoted, which date and UIDL they get.
import { mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseFieldDate, parseFromLineDate, parseReceivedDate } from '../../../src/store/archive/mail-date.ts'
import { openMbox } from '../../../src/store/archive/mbox-reader.ts'
import { splitMbox } from '../../../src/store/archive/mbox-splitter.ts'
import { gather, inPieces, nastyOctets } from './nasty.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'poplar-mbox-'))
  path = join(folder, 'mbox')
})
afterEach(() => rm(folder, { recursive: true }))

const from = 'From ann@example.org Thu Nov 20 19:17:00 2026'

/** The messages in a file of that text, the From_ lines between them cut off. */
async function split(text: string, pieceOctets = 1 << 20): Promise<string[]> {
  const messages: string[] = []
  for await (const part of splitMbox(inPieces(Buffer.from(text, 'latin1'), pieceOctets), 'file')) {
    if ('fromLine' in part) messages.push('')
    else messages[messages.length - 1] += Buffer.from(part.octets).toString('latin1')
  }
  return messages
}

async function read(text: string, options = {}) {
  await writeFile(path, text, 'latin1')
  const messages = []
  for await (const { octets, ...facts } of (await openMbox(path, options)).messages)
    messages.push({ ...facts, text: (await gather(octets)).toString('latin1') })
  return messages
}

describe('where messages begin', () => {
  const files: readonly (readonly [string, readonly string[], string])[] = [
    ['', [], 'an empty file'],
    ['\n\r\n', [], 'only line ends'],
    [`${from}\na: b\n\nx\n`, ['a: b\n\nx\n'], 'no empty line at the end'],
    [`${from}\na: b\n\nx\n\n`, ['a: b\n\nx\n'], 'the empty line at the end is not the message\u2019s'],
    [`${from}\na: b\n\nx\n\n\n`, ['a: b\n\nx\n\n'], 'one of two is'],
    [`${from}\na: b\n\nx`, ['a: b\n\nx'], 'no line end at the end'],
    [`\n\n${from}\na: b\n`, ['a: b\n'], 'empty lines before'],
    [`${from}\na\n\n${from}\nb\n`, ['a\n', 'b\n'], 'two messages'],
    [`${from}\n\n${from}\n\n`, ['', ''], 'two messages without an octet'],
    [`${from}\r\na\r\n\r\n${from}\r\nb\r\n\r\n`, ['a\r\n', 'b\r\n'], 'CRLF line ends'],
    [`${from}\na\n${from}\nb\n`, [`a\n${from}\nb\n`], 'no empty line before: text'],
    [`${from}\na\n\nFrom here on\nb\n`, ['a\n\nFrom here on\nb\n'], 'no date: text, for others have one'],
    ['From a\nx\n\nFrom b\ny\n', ['x\n', 'y\n'], 'no dates anywhere'],
    [`${from}\na\n\n>${from}\nb\n`, [`a\n\n>${from}\nb\n`], 'quoted: text'],
    [`${from}\na\n\n${from}`, ['a\n', ''], 'a From_ line at the very end'],
    [
      `${from}\na\n\nFrom ${'x'.repeat(2000)} ${from}\nb\n`,
      [`a\n\nFrom ${'x'.repeat(2000)} ${from}\nb\n`],
      'too long',
    ],
  ]
  for (const [text, messages, reason] of files)
    it(reason, async () => {
      expect(await split(text)).toEqual(messages)
      for (const pieceOctets of [1, 2, 3, 7]) expect(await split(text, pieceOctets)).toEqual(messages)
    })

  it('does not depend on how the file is cut, whatever is in it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(nastyOctets, { maxLength: 4 }),
        fc.integer({ min: 1, max: 11 }),
        async (bodies, size) => {
          const text = bodies.map(body => `${from}\n${Buffer.from(body).toString('latin1')}\n\n`).join('')
          expect(await split(text, size)).toEqual(await split(text))
        },
      ),
    )
  })

  it.each([
    ['Subject: no mbox\n\n', 'one message'],
    ['\u0000\u0001\n\nFrom x\n', 'binary junk'],
    ['>From x\n', 'quoted'],
  ])('refuses %j: %s', async text => {
    await expect(split(text)).rejects.toThrow('file: not an mbox: it does not begin with a From_ line')
  })

  it('refuses a file that is a symbolic link, or none', async () => {
    await symlink('/etc/passwd', path)
    const archive = await openMbox(path)
    await expect(archive.messages[Symbol.asyncIterator]().next()).rejects.toThrow(/symbolic link/)
    await expect(openMbox(join(folder, 'none'))).rejects.toThrow(/no such file/)
  })
})

describe('what a message in an mbox is', () => {
  it('takes one > from quoted lines, passes over what nobody read, and names the message', async () => {
    const text = `${from}\n\nx\n>From y\n>>From z\n>x\n\n${from}\nb: c\n`
    expect((await read(text)).map(message => message.text)).toEqual(['\nx\nFrom y\n>From z\n>x\n', 'b: c\n'])
    const sources: string[] = []
    for await (const { source } of (await openMbox(path)).messages) sources.push(source)
    expect(sources).toEqual([`${path}, message 1`, `${path}, message 2`])
  })

  it('keeps fields of other programs, and takes UIDL and flags from them', async () => {
    const fields = 'X-UIDL: abc\nStatus: RO\nX-Status: AF\nSubject: x\n\nbody\n'
    const [message] = await read(`${from}\n${fields}`)
    expect(message).toMatchObject({ text: fields, uidl: 'abc', flags: ['seen', 'answered', 'flagged'] })
  })

  it.each<[string, { uidlFormat?: string }, string | undefined, string]>([
    ['X-UIDL: a b\n', {}, undefined, 'not a UIDL'],
    ['X-UIDL: a\nX-UIDL: b\n', {}, 'a', 'the first'],
    [
      'X-IMAPbase: 255 9\nX-UID: 10\nX-UIDL: a\n',
      {},
      '0000000a000000ff',
      'UIDs of Dovecot come before an X-UIDL',
    ],
    ['X-IMAPbase: 255 9\nX-UID: 10\nX-UIDL: a\n', { uidlFormat: 'x-uidl' }, 'a', 'unless asked for'],
    ['X-IMAPbase: 255 9\nX-UID: 10\n', { uidlFormat: '%v.%u' }, '255.10', 'another format'],
    ['X-UID: 10\n', {}, undefined, 'no uidvalidity'],
  ])('%j %j has the UIDL %s: %s', async (fields, options, uidl) => {
    expect((await read(`${from}\n${fields}\n`, options))[0]?.uidl).toBe(uidl)
  })

  it.each([
    [`${from}\nDate: Mon, 1 Jan 2001 00:00:00 +0000\n`, '2026-11-20T19:17:00.000Z', 'the From_ line'],
    ['From ann\nDate: Mon, 1 Jan 2001 00:00:00 +0000\n', '2001-01-01T00:00:00.000Z', 'else the Date field'],
    [
      'From ann\nReceived: by x; Tue, 2 Jan 2001 00:00:00 +0000\n',
      '2001-01-02T00:00:00.000Z',
      'else Received',
    ],
    ['From ann\nDate: yesterday\n', '2020-02-02T00:00:00.000Z', 'else the file'],
  ])('%j came in at %s: %s', async (text, date) => {
    await writeFile(path, text)
    await utimes(path, 0, new Date('2020-02-02'))
    for await (const { internalDate } of (await openMbox(path)).messages)
      expect(internalDate.toISOString()).toBe(date)
    expect.assertions(1)
  })
})

describe('dates in mail', () => {
  it.each<[string, string | undefined, string]>([
    ['Fri, 20 Nov 2026 19:17:00 +0100', '2026-11-20T18:17:00.000Z', 'a zone'],
    ['20 Nov 26 19:17 EST', '2026-11-21T00:17:00.000Z', 'two digits, no seconds, a named zone'],
    [
      'Fri, 20 Nov 2026\r\n 19:17:60 GMT (a leap second)',
      '2026-11-20T19:17:59.000Z',
      'folded, second 60, a comment',
    ],
    ['Fri, 20 November 2026 9:17:00 -0330', '2026-11-20T12:47:00.000Z', 'the month in full'],
    ['32 Nov 2026 19:17:00 +0000', undefined, 'no such day'],
    ['20 Nix 2026 19:17:00 +0000', undefined, 'no such month'],
    ['20 Nov 2026 24:17:00 +0000', undefined, 'no such hour'],
    ['', undefined, 'nothing'],
  ])('Date: %s is %s: %s', (value, date) => {
    expect(parseFieldDate(value)?.toISOString()).toBe(date)
  })

  it('reads a Received field behind its last semicolon', () => {
    const value = 'from a (1 Jan 1999 00:00:00 +0000; b) by c; Fri, 20 Nov 2026 19:17:00 +0000'
    expect(parseReceivedDate(value)?.toISOString()).toBe('2026-11-20T19:17:00.000Z')
  })

  it.each<[string, string | undefined, string]>([
    ['From a Fri Nov 20 19:17:00 2026', '2026-11-20T19:17:00.000Z', 'asctime, taken for UTC'],
    ['From a Fri Nov  2 09:17:00 2026', '2026-11-02T09:17:00.000Z', 'a day of one digit'],
    ['From a Fri Nov 20 19:17:00 +0100 2026', '2026-11-20T18:17:00.000Z', 'a zone before the year'],
    ['From a Fri Nov 20 19:17:00 2026 +0100', '2026-11-20T18:17:00.000Z', 'a zone behind the year'],
    ['From a Fri Nov 20 19:17 PST 2026', '2026-11-21T03:17:00.000Z', 'a named zone'],
    ['From a Fri Nov 20 19:17:00 2026 remote from b', '2026-11-20T19:17:00.000Z', 'UUCP'],
    ['From here on', undefined, 'text'],
  ])('%s is %s: %s', (line, date) => {
    expect(parseFromLineDate(line)?.toISOString()).toBe(date)
  })
})
