// What is exported and imported again is the same: octets, dates, flags, UIDLs and order, whatever the messages are.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { quoteFromLines, unquoteFromLines } from '../../../src/mail/message/from-line.ts'
import { toFileLineEnds } from '../../../src/mail/message/line-ends.ts'
import type { Archive } from '../../../src/store/archive/archive.ts'
import { openMaildir } from '../../../src/store/archive/maildir-reader.ts'
import { writeMaildir } from '../../../src/store/archive/maildir-writer.ts'
import { openMbox } from '../../../src/store/archive/mbox-reader.ts'
import { writeMbox } from '../../../src/store/archive/mbox-writer.ts'
import {
  asStored,
  gather,
  inPieces,
  nastyContent,
  nastyOctets,
  type Sample,
  samples,
  toWireForm,
} from './nasty.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'poplar-archive-'))
})
afterEach(() => rm(folder, { recursive: true }))

let count = 0
const freshPath = () => join(folder, String(count++))

async function readBack(archive: Archive): Promise<Sample[]> {
  const messages: Sample[] = []
  for await (const { octets, internalDate, flags, uidl = '' } of archive.messages) {
    messages.push({ content: toWireForm(await gather(octets)), internalDate, flags: [...flags].sort(), uidl })
  }
  return messages
}

const sorted = (messages: readonly Sample[]) =>
  messages.map(message => ({ ...message, flags: [...message.flags].sort() }))

describe('archives', () => {
  it('bring a Maildir back as it was', async () => {
    await fc.assert(
      fc.asyncProperty(samples, async messages => {
        const path = freshPath()
        expect(await writeMaildir(path, asStored(messages))).toBe(messages.length)
        const archive = await openMaildir(path)
        expect(archive.faults).toEqual([])
        expect(await readBack(archive)).toEqual(sorted(messages))
      }),
      { numRuns: 60 },
    )
  })

  it('bring an mbox back as it was', async () => {
    await fc.assert(
      fc.asyncProperty(samples, async messages => {
        const path = freshPath()
        expect(await writeMbox(path, asStored(messages))).toBe(messages.length)
        expect(await readBack(await openMbox(path))).toEqual(sorted(messages))
      }),
      { numRuns: 100 },
    )
  })

  it('keep a message that begins as if it went on with the field before it', async () => {
    const content = Buffer.from(' FAT\r\nA: b\r\n')
    const path = freshPath()
    const messages = [{ content, uidl: 'u', internalDate: new Date(5000), flags: [] }]
    await writeMbox(path, asStored(messages))
    expect(await readBack(await openMbox(path))).toEqual([{ ...messages[0], content: toWireForm(content) }])
  })

  it('keep sizes in the names of a Maildir that are those of the file and of the wire form', async () => {
    const content = Buffer.from('a: b\r\n\r\nx\r\r\ny\r\n')
    const path = freshPath()
    await writeMaildir(path, asStored([{ content, uidl: 'u', internalDate: new Date(5000), flags: [] }]))
    const list = await readFile(join(path, 'dovecot-uidlist'), 'latin1')
    expect(list).toMatch(/^3 V\d+ N2\n1 Pu :5\.M0P\d+Q1\.[^ ,]+,S=12,W=15\n$/)
  })
})

describe('line ends of files', () => {
  it('give the wire form back, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(nastyContent, fc.integer({ min: 1, max: 9 }), async (content, size) => {
        const file = await gather(toFileLineEnds(inPieces(content, size)))
        expect(Buffer.from(toWireForm(file))).toEqual(Buffer.from(content))
      }),
    )
  })

  it('have no CR where there was only CRLF', async () => {
    expect(String(await gather(toFileLineEnds([Buffer.from('a\r'), Buffer.from('\nb\r\n')])))).toBe('a\nb\n')
  })
})

describe('quoting of From_ lines', () => {
  it.each([
    ['From x\n', '>From x\n', 'at the beginning'],
    ['a\nFrom x\n', 'a\n>From x\n', 'in the middle, without an empty line before it too'],
    ['>From x\n', '>>From x\n', 'quoted already'],
    ['From\n', 'From\n', 'no space behind it'],
    ['a From x\n', 'a From x\n', 'not at the beginning of the line'],
    ['>>', '>>', 'ends within the beginning'],
  ])('%j becomes %j: %s', async (plain, quoted) => {
    expect(String(await gather(quoteFromLines([Buffer.from(plain)])))).toBe(quoted)
    expect(String(await gather(unquoteFromLines([Buffer.from(quoted)])))).toBe(plain)
  })

  it('takes back what it did, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        nastyOctets,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        async (octets, a, b) => {
          const quoted = await gather(quoteFromLines(inPieces(octets, a)))
          expect(quoted.toString('latin1')).toBe(octets.length ? String(quoteWhole(octets)) : '')
          expect(await gather(unquoteFromLines(inPieces(quoted, b)))).toEqual(Buffer.from(octets))
        },
      ),
    )
  })

  it('counts a million > and keeps none of them', async () => {
    const arrows = Buffer.alloc(1_000_000, '>')
    const quoted = await gather(quoteFromLines([...inPieces(arrows, 1000), Buffer.from('From x')]))
    expect(quoted.length).toBe(1_000_007)
  })
})

/** The same in one regular expression. */
function quoteWhole(octets: Uint8Array): string {
  return Buffer.from(octets)
    .toString('latin1')
    .replace(/(^|\n)(>*From )/g, '$1>$2')
}
