// Messages with a marked Subject: always so many octets more, however the message is made and cut.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MessageOctets } from '../../../src/mail/maildrop-store.ts'
import { markOctets, markSubject } from '../../../src/mail/message/marked-subject.ts'
import { WireForm } from '../../../src/mail/message/wire-form.ts'

const mark = { text: '[Junk]', folder: 'Junk' }
const added = markOctets(mark)

/** A message in wire form, cut every so many octets. */
function messageOf(text: string, cut = 1000): MessageOctets {
  const form = new WireForm()
  const octets = Buffer.concat([form.push(Buffer.from(text, 'latin1')), form.end()])
  const body: Uint8Array[] = []
  for (let at = 0; at < octets.length; at += cut) body.push(octets.subarray(at, at + cut))
  return { octets: octets.length, headerOctets: form.headerOctets, dotLines: form.dotLines, body }
}

function marked(text: string, cut?: number): string {
  const { body } = markSubject(messageOf(text, cut), mark)
  if (Symbol.asyncIterator in body) throw new Error('the body was given whole')
  return Buffer.concat([...body]).toString('latin1')
}

const pad = (octets: number) => `X-Poplar-Folder: ${' '.repeat(octets)}Junk\r\n`

describe('a marked Subject', () => {
  it.each<[reason: string, text: string, expected: string]>([
    ['stands before the old one', 'Subject: hi\n\nx\n', `Subject: [Junk] hi\r\n${pad(10)}\r\nx\r\n`],
    ['is parted from what follows at once', 'Subject:hi\n\nx\n', `Subject: [Junk] hi\r\n${pad(9)}\r\nx\r\n`],
    ['fills an empty one', 'Subject:\n\nx\n', `Subject: [Junk]\r\n${pad(10)}\r\nx\r\n`],
    ['is found in any case', 'sUbJeCt: hi\n\n', `sUbJeCt: [Junk] hi\r\n${pad(10)}\r\n`],
    [
      'is found with blanks before the colon',
      'Subject \t: hi\n\n',
      `Subject \t: [Junk] hi\r\n${pad(10)}\r\n`,
    ],
    ['is made where there is none', 'From: a\n\nx\n', `From: a\r\nSubject: [Junk]\r\n${pad(0)}\r\nx\r\n`],
    ['is made before an empty header', '\nx\n', `Subject: [Junk]\r\n${pad(0)}\r\nx\r\n`],
    ['is made of nothing', '', `Subject: [Junk]\r\n${pad(0)}`],
    [
      'stands in a header without an end',
      'Subject: hi\nFrom: a\n',
      `Subject: [Junk] hi\r\nFrom: a\r\n${pad(10)}`,
    ],
    ['is not a longer name', 'Subjects: hi\n\n', `Subjects: hi\r\nSubject: [Junk]\r\n${pad(0)}\r\n`],
    ['is not a shorter name', 'Sub: hi\n\n', `Sub: hi\r\nSubject: [Junk]\r\n${pad(0)}\r\n`],
    ['is not a name in two words', 'Subject x: hi\n\n', `Subject x: hi\r\nSubject: [Junk]\r\n${pad(0)}\r\n`],
    [
      'is not in a continued line',
      'A: b\n Subject: hi\n\n',
      `A: b\r\n Subject: hi\r\nSubject: [Junk]\r\n${pad(0)}\r\n`,
    ],
    [
      'is not in the body',
      'A: b\n\nSubject: hi\n',
      `A: b\r\nSubject: [Junk]\r\n${pad(0)}\r\nSubject: hi\r\n`,
    ],
    [
      'is the first of several',
      'Subject: 1\nSubject: 2\n\n',
      `Subject: [Junk] 1\r\nSubject: 2\r\n${pad(10)}\r\n`,
    ],
  ])('%s', (_reason, text, expected) => {
    for (const cut of [1000, 1, 2, 3, 7]) expect(marked(text, cut)).toBe(expected)
  })

  it('adds the same to every message, and nothing but header', () => {
    const line = fc.constantFrom(
      'Subject: a',
      'Subject:b',
      'subject :',
      ' more',
      '',
      'X',
      '.',
      'Subject',
      'S',
      ':',
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), fc.integer({ min: 1, max: 30 }), (lines, cut) => {
        const message = messageOf(lines.map(text => `${text}\n`).join(''), cut)
        const { octets, headerOctets, dotLines } = markSubject(message, mark)
        const text = marked(lines.map(text => `${text}\n`).join(''), cut)
        expect(text.length).toBe(octets)
        expect(octets).toBe(message.octets + added)
        const form = new WireForm()
        form.push(Buffer.from(text, 'latin1'))
        expect([form.octets, form.headerOctets, form.dotLines]).toEqual([octets, headerOctets, dotLines])
        expect(text.match(/^X-Poplar-Folder: +Junk\r$/gm)).toHaveLength(1)
      }),
      { numRuns: 500 },
    )
  })

  it('streams a message that comes later', async () => {
    const { body, ...facts } = messageOf('Subject: hi\n\nx\n', 4)
    async function* later() {
      for (const piece of body as Iterable<Uint8Array>) yield await Promise.resolve(piece)
    }
    const pieces: Uint8Array[] = []
    for await (const piece of markSubject({ ...facts, body: later() }, mark).body) pieces.push(piece)
    expect(Buffer.concat(pieces).toString()).toBe(marked('Subject: hi\n\nx\n'))
  })
})
