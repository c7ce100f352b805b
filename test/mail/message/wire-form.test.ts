import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WireForm } from '../../../src/mail/message/wire-form.ts'
import { cutAt } from '../../cut-at.ts'

interface Result {
  readonly stored: string
  readonly octets: number
  readonly headerOctets: number
  readonly dotLines: number
  readonly hadBareNewline: boolean
}

function transform(chunks: readonly Uint8Array[]): Result {
  const form = new WireForm()
  const pieces = [...chunks.map(chunk => Buffer.from(form.push(chunk))), form.end()]
  const { octets, headerOctets, dotLines, hadBareNewline } = form
  return {
    stored: Buffer.concat(pieces).toString('latin1'),
    octets,
    headerOctets,
    dotLines,
    hadBareNewline,
  }
}

const whole = (text: string) => transform([Buffer.from(text, 'latin1')])

/** The same, written to be obviously right. */
function naive(text: string): Result {
  let stored = text.replace(/(?<!\r)\n/g, '\r\n')
  if (stored !== '' && !stored.endsWith('\r\n')) stored += '\r\n'
  // A lone CR belongs to its line, so lines are cut at CRLF alone.
  const lines = stored.split('\r\n').slice(0, -1)
  const emptyLine = lines.indexOf('')
  return {
    stored,
    octets: stored.length,
    headerOctets:
      emptyLine === -1 ? stored.length : lines.slice(0, emptyLine + 1).join('\r\n').length + '\r\n'.length,
    dotLines: lines.filter(line => line.startsWith('.')).length,
    hadBareNewline: /(?<!\r)\n/.test(text),
  }
}

/** Texts dense in what matters. */
const texts = fc
  .array(fc.constantFrom('\r', '\n', '\r\n', '.', 'a', '\0', '\xff', 'Subject: x\r\n'), { maxLength: 40 })
  .map(parts => parts.join(''))

describe('wire form', () => {
  it.each([
    ['', '', 'an empty message stays empty: there is no line to end'],
    ['a\r\n', 'a\r\n', 'what is right stays'],
    ['a', 'a\r\n', 'the last line is ended'],
    ['a\n', 'a\r\n', 'a bare LF becomes CRLF'],
    ['\n', '\r\n', 'also alone'],
    ['\n\n.\n', '\r\n\r\n.\r\n', 'also many'],
    ['a\rb', 'a\rb\r\n', 'a lone CR stays'],
    ['a\r', 'a\r\r\n', 'also at the end, where the line still has to be ended'],
    ['a\r\r\n', 'a\r\r\n', 'also before CRLF'],
    ['a\n\rb\r\n', 'a\r\n\rb\r\n', 'LF CR is a bare LF and a lone CR'],
    ['\0\r\n', '\0\r\n', 'NUL stays'],
    ['\xe4\xff\r\n', '\xe4\xff\r\n', 'octets above 127 stay'],
  ])('makes of %j %j: %s', (text, stored) => {
    expect(whole(text).stored).toBe(stored)
  })

  it.each([
    ['A: b\r\n\r\nbody', 'A: b\r\n\r\n'.length, 'the empty line belongs to the header'],
    ['A: b\n\nbody', 'A: b\r\n\r\n'.length, 'counted in stored form'],
    ['A: b\r\n', 6, 'all of it when there is no empty line'],
    ['\r\nbody', 2, 'an empty header'],
    ['A: b\r\n\r\r\nbody\r\n\r\n', 'A: b\r\n\r\r\nbody\r\n\r\n'.length, 'a line of a lone CR is not empty'],
    ['', 0, 'nothing has no header'],
  ])('counts the header of %j as %i octets: %s', (text, headerOctets) => {
    expect(whole(text).headerOctets).toBe(headerOctets)
  })

  it.each([
    ['.', 1, 'at the very beginning'],
    ['a\r\n.b\r\n..\r\n', 2, 'each line once, however many dots'],
    ['a\n.b', 1, 'behind a bare LF, which ends a line in stored form'],
    ['a\r.b', 0, 'not behind a lone CR'],
    ['a.\r\n', 0, 'not elsewhere in a line'],
  ])('counts in %j %i lines that begin with a dot: %s', (text, dotLines) => {
    expect(whole(text).dotLines).toBe(dotLines)
  })

  it('agrees with the naive form, however the octets are cut', () => {
    fc.assert(
      fc.property(texts, fc.array(fc.nat(80), { maxLength: 6 }), (text, cuts) => {
        expect(transform(cutAt(Buffer.from(text, 'latin1'), cuts))).toEqual(naive(text))
      }),
      { numRuns: 3_000 },
    )
  })

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(texts, text => {
        const once = whole(text)
        expect(whole(once.stored)).toEqual({ ...once, hadBareNewline: false })
      }),
    )
  })

  it('hands on the very chunk when nothing has to change', () => {
    const chunk = Buffer.from('Subject: x\r\n\r\n.dot\r\n')
    expect(new WireForm().push(chunk)).toBe(chunk)
  })

  it('reads a view into a larger buffer at its own offset', () => {
    const form = new WireForm()
    const view = new Uint8Array(Buffer.from('\n.a\n.\r\n')).subarray(1, 4)
    expect(Buffer.from(form.push(view)).toString()).toBe('.a\r\n')
    expect(form.dotLines).toBe(1)
  })
})
