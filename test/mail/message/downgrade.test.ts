// The header without UTF-8, field by field, to the octet; and the same however it was cut.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asciiForm, asciiOctetsOf } from '../../../src/mail/message/ascii-form.ts'
import { DowngradeMeter, downgradedHeader, HeaderDowngrade } from '../../../src/mail/message/downgrade.ts'
import { WireForm } from '../../../src/mail/message/wire-form.ts'

const wire = (text: string) => Buffer.from(text.replace(/\n/g, '\r\n'))
const downgraded = (text: string) =>
  Buffer.from(downgradedHeader(wire(text)))
    .toString('latin1')
    .replace(/\r\n/g, '\n')
const word = (text: string) => `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`

/** Field, what becomes of it, why. The sizes of stored messages depend on these: none may ever change. */
const rows: readonly (readonly [string, string, string])[] = [
  ['Subject: hello\n', 'Subject: hello\n', 'ASCII is not touched'],
  ['Subject:   odd   blanks \n', 'Subject:   odd   blanks \n', 'not even where it is odd'],
  ['Subject: Привет\n', `Subject: ${word('Привет')}\n`, 'unstructured text'],
  ['Subject: Re: är ok är\n', `Subject: Re: ${word('är')} ok ${word('är')}\n`, 'only words that need it'],
  [
    'Subject: Ä  ö x\n',
    `Subject: ${word('Ä  ö')} x\n`,
    'blanks between encoded words would be lost outside of them',
  ],
  ['Subject: Ä\n ö\n', `Subject: ${word('Ä ö')}\n`, 'folding is no part of the text'],
  ['SUBJECT : ü\n', `SUBJECT: ${word('ü')}\n`, 'the name is kept, the obsolete blank is not'],
  ['X-Own: ü\n', `X-Own: ${word('ü')}\n`, 'a field nobody knows is unstructured'],
  ['From: Jörg <j@x.example>\n', `From: ${word('Jörg')} <j@x.example>\n`, 'a display name'],
  ['From: "Jörg \\"J\\" M" <j@x.example>\n', `From: ${word('Jörg "J" M')} <j@x.example>\n`, 'in quotes'],
  [
    'To: a@x, Jörg <j@x>,b@x\n',
    `To: a@x, ${word('Jörg')} <j@x>,b@x\n`,
    'others in the list stay as they are',
  ],
  ['To: j@bücher.example\n', 'To: j@xn--bcher-kva.example\n', 'a domain has A-labels'],
  [
    'From: Jörg <jörg@x.example>\n',
    `From: ${word('Jörg')} Internationalized Address\n ${word('jörg@x.example')} Removed:;\n`,
    'a local part has no other form',
  ],
  ['Cc: ö@x\n', `Cc: Internationalized Address ${word('ö@x')} Removed:;\n`, 'no name'],
  ['Cc: j@x (Jörg)\n', 'Cc: j@x (' + word('Jörg') + ')\n', 'a comment'],
  ['Cc: Küche: a@x, b@x;\n', `Cc: ${word('Küche')}: a@x, b@x;\n`, 'a group'],
  [
    'Cc: Team: a@x, ö@x;\n',
    `Cc: Team: a@x;, Internationalized Address ${word('ö@x')} Removed:;\n`,
    'groups do not nest',
  ],
  [
    'To: "open ü\n',
    `Downgraded-To: ${word('"open ü').replace(word('"open ü'), `"open ${word('ü')}`)}\n`,
    'no address list',
  ],
  ['Return-Path: <ü@x>\n', `Downgraded-Return-Path: ${word('<ü@x>')}\n`, 'encapsulated'],
  ['Return-Path: <a@ü.example>\n', 'Return-Path: <a@xn--tda.example>\n', 'a domain alone'],
  ['Delivered-To: a@ü.example\n', 'Delivered-To: a@xn--tda.example\n', 'no brackets'],
  ['Message-ID: <ü@x>\n', `Downgraded-Message-ID: ${word('<ü@x>')}\n`, 'an identifier must not change'],
  ['In-Reply-To: <a@x> (ü)\n', `In-Reply-To: <a@x> (${word('ü')})\n`, 'its comments may'],
  [
    'Date: Fri, 20 Nov 2026 10:00:00 +0000 (ü (ö))\n',
    `Date: Fri, 20 Nov 2026 10:00:00 +0000 (${word('ü (ö)')})\n`,
    'nested',
  ],
  ['Keywords: a, ü ö ,b\n', `Keywords: a, ${word('ü ö')},b\n`, 'phrases'],
  [
    'Received: from ü.example by mx id 1 for <ö@x>; Fri\n',
    'Received: from xn--tda.example by mx id 1 ; Fri\n',
    'the for clause is left out',
  ],
  [
    'Received: by mx for <a@ü.de>; Fri\n',
    'Received: by mx for <a@xn--tda.de>; Fri\n',
    'unless it has another form',
  ],
  [
    'Content-Type: text/plain; name="a ü.txt"; charset=utf-8\n',
    "Content-Type: text/plain; name*=UTF-8''a%20%C3%BC.txt; charset=utf-8\n",
    'a parameter',
  ],
  [
    'Content-Disposition: attachment; filename=ü\n',
    "Content-Disposition: attachment; filename*=UTF-8''%C3%BC\n",
    'no quotes',
  ],
  ['Content-Description: ü\n', `Content-Description: ${word('ü')}\n`, 'unstructured'],
  ['To: a@ü/x\n', `To: Internationalized Address ${word('a@ü/x')} Removed:;\n`, 'no domain'],
  ['no field ü\n', 'no field ü\n'.replace('ü', 'Ã¼'), 'what is no field stays'],
]

describe('a downgraded header', () => {
  it.each(rows)('%j becomes %j: %s', (from, to) => {
    expect(downgraded(from)).toBe(to)
  })

  it('has encoded words of at most 64 characters in lines of at most 76, and loses no character', () => {
    const text = 'Привет, мир, и всем остальным тоже 用户在例子里 '.repeat(8).trim()
    const header = downgraded(`Subject: ${text}\n`)
    for (const line of header.split('\n')) expect(line.length).toBeLessThanOrEqual(76)
    const words = header.match(/=\?[^ \n]+\?=/g) ?? []
    for (const one of words) expect(one.length).toBeLessThanOrEqual(64)
    const decoded = words.map(one => Buffer.from(one.slice(10, -2), 'base64').toString()).join('')
    expect(decoded).toBe(text)
  })

  it('has long parameters in parts', () => {
    const header = downgraded(`Content-Type: a/b; name="${'ü'.repeat(30)}"\n`)
    expect(header).toContain("name*0*=UTF-8''%C3%BC")
    expect(header).toContain(';\n name*1*=%C3%BC')
  })

  it('leaves 8-bit octets that are no UTF-8 as they are', () => {
    const octets = Buffer.from('Subject: caf\xe9\r\n\r\n', 'latin1')
    expect(downgradedHeader(octets)).toBe(octets)
  })

  it('changes the fields that can be, beside one that cannot', () => {
    const octets = Buffer.concat([Buffer.from('X: caf\xe9\r\n', 'latin1'), wire('Subject: ü\n')])
    const result = Buffer.from(downgradedHeader(octets)).toString('latin1')
    expect(result).toBe(`X: caf\xe9\r\nSubject: ${word('ü')}\r\n`)
  })

  it.each([
    [`X: ${'ü'.repeat(17_000)}\n`, 'a field of more than 32 KiB'],
    [`X: ${'a'.repeat(40_000)}ü\n`, 'UTF-8 behind its limit'],
  ])('passes on what is too long (%#: %s)', text => {
    expect(downgraded(`${text}Y: ü\n`)).toBe(
      `${wire(text).toString('latin1').replace('\r', '')}Y: ${word('ü')}\n`,
    )
  })

  it('stops changing when it has changed much', () => {
    const field = wire(`X: ${'ü'.repeat(10_000)}\n`)
    const result = downgradedHeader(Buffer.concat(Array.from({ length: 6 }, () => field)))
    expect(Buffer.from(result).lastIndexOf(field)).toBe(result.length - field.length)
    expect(Buffer.from(result).indexOf(field)).toBeGreaterThan(0)
  })

  it.each([
    ['a list of one-letter addresses', 'To: ', 'ü,'],
    ['groups in groups', 'To: ü', 'a:'],
    ['open comments', 'To: ü', '('],
    ['backslashes in an open quote', 'To: ü"', '\\'],
    ['blanks', 'X: ü', ' '],
    ['parameters', 'Content-Type: ', 'a="ü";'],
    ['clauses', 'Received: ü', ' for'],
  ])('is made in the end of %s', (_what, start, part) => {
    const line = start + part.repeat(Math.floor(30_000 / Buffer.byteLength(part)))
    expect(downgradedHeader(wire(`${line}ü\n`)).length).toBeGreaterThan(100)
  })
})

const line = fc.constantFrom(
  'Subject: ü',
  'To: Jörg <ü@x>, (',
  ' folded ö',
  '\tfolded',
  'X: y',
  'From: a@b',
  '',
  'no field',
  '.dot: ü',
  'Content-Type: a/b; c="ü"',
  'caf\xc3',
)

function cut(octets: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = []
  let at = 0
  for (let i = 0; at < octets.length; i++) {
    const size = Math.max(1, sizes[i % Math.max(1, sizes.length)] ?? 1)
    pieces.push(octets.subarray(at, at + size))
    at += size
  }
  return pieces
}

describe('any message, cut anywhere', () => {
  const messages = fc.record({
    trace: fc.constantFrom('', 'Delivered-To: a@x\r\n', 'Return-Path: <ü@x>\r\nDelivered-To: ö@x\r\n'),
    lines: fc.array(line, { maxLength: 8 }),
    sizes: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
  })

  it('has one downgraded form, of the size that was measured, with the body as it was', () => {
    fc.assert(
      fc.property(messages, ({ trace, lines, sizes }) => {
        const content = wire(`${lines.join('\n')}\n\nbody ü\n.\n`)
        const traceOctets = Buffer.from(trace)
        const form = new WireForm()
        const meter = new DowngradeMeter()
        form.push(content)
        form.end()
        const { headerOctets, dotLines } = form
        for (const piece of cut(content.subarray(0, headerOctets), sizes)) meter.push(piece)
        const asciiOctets = asciiOctetsOf(traceOctets, content.length, {
          headerOctets,
          dotLines,
          asciiHeaderOctets: meter.end(),
        })
        const whole = Buffer.concat([
          downgradedHeader(traceOctets),
          downgradedHeader(content.subarray(0, headerOctets)),
          content.subarray(headerOctets),
        ])
        if (asciiOctets === undefined) return whole.equals(Buffer.concat([traceOctets, content]))
        const octets = traceOctets.length + content.length
        const message = {
          octets,
          headerOctets: traceOctets.length + headerOctets,
          dotLines,
          body: cut(Buffer.concat([traceOctets, content]), sizes),
        }
        const ascii = asciiForm(message, traceOctets.length, asciiOctets)
        const read = Buffer.concat([...(ascii.body as Iterable<Uint8Array>)])
        expect(read.equals(whole)).toBe(true)
        expect(read.length).toBe(asciiOctets)
        expect(read.subarray(ascii.headerOctets).equals(content.subarray(headerOctets))).toBe(true)
        if (dotLines === 0) expect(read.toString('latin1')).not.toMatch(/^\./m)
        return true
      }),
    )
  })

  it('is emitted as it comes, not kept to the end', () => {
    const emitted: number[] = []
    const downgrade = new HeaderDowngrade(piece => emitted.push(piece.length))
    downgrade.push(wire('A: 1\nB: 2\n'))
    expect(emitted).toEqual([6])
  })
})
