import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LineReader, tooLong } from '../../src/net/line-reader.ts'
import { cutAt } from '../cut-at.ts'

const limits = { octets: 16 }

/** Pushes the pieces one by one, reading all that can be read after each. */
function linesOf(pieces: readonly Uint8Array[], lineLimits = limits): string[] {
  const reader = new LineReader()
  const lines: string[] = []
  for (const piece of pieces) {
    reader.push(piece)
    for (let line = reader.next(lineLimits); line !== undefined; line = reader.next(lineLimits)) {
      lines.push(line === tooLong ? 'TOO LONG' : Buffer.from(line).toString('latin1'))
    }
  }
  return lines
}

const octets = (text: string) => Buffer.from(text, 'latin1')

describe('lines', () => {
  it.each([
    ['a\r\nb\r\n', ['a', 'b'], 'CRLF'],
    ['a\nb\n', ['a', 'b'], 'a bare LF ends a line'],
    ['a\r\r\n', ['a\r'], 'one CR belongs to the end, the other to the line'],
    ['a\rb\r\n', ['a\rb'], 'a lone CR ends nothing'],
    ['\r\n\n', ['', ''], 'empty lines'],
    ['a\r\nb', ['a'], 'what has no end yet is no line'],
    ['\0\xff\r\n', ['\0\xff'], 'any octet'],
    ['12345678901234\r\n', ['12345678901234'], 'as long as allowed, its end included'],
    ['123456789012345\r\nSTAT\r\n', ['TOO LONG', 'STAT'], 'one octet too long'],
    ['123456789012345\nSTAT\n', ['123456789012345', 'STAT'], 'a bare LF is one octet of the limit'],
    [`${'x'.repeat(99)}\r\nQUIT\r\n`, ['TOO LONG', 'QUIT'], 'reported once'],
    [`${'x'.repeat(99)}`, ['TOO LONG'], 'reported before its end came'],
  ])('%j gives %j: %s', (text, expected) => {
    expect(linesOf([octets(text)])).toEqual(expected)
  })

  it('gives the same lines however the octets were cut', () => {
    const piece = fc.constantFrom('\r', '\n', '\r\n', 'a', 'bc', '0123456789', '\0', 'x'.repeat(20))
    fc.assert(
      fc.property(fc.array(piece), fc.array(fc.nat(200)), (parts, cuts) => {
        const whole = octets(parts.join(''))
        expect(linesOf(cutAt(whole, cuts))).toEqual(linesOf([whole]))
      }),
    )
  })

  it('asks for a longer limit only when the line needs one, and keeps to it', () => {
    const asked: string[] = []
    const extending = {
      octets: 4,
      extend: (start: Uint8Array) => {
        asked.push(Buffer.from(start).toString())
        return start[0] === 0x55 ? 8 : 4
      },
    }
    const text = octets('ab\r\nU23456\r\nxxxxx\r\nU2345678\r\nok\r\n')
    expect(linesOf([text], extending)).toEqual(['ab', 'U23456', 'TOO LONG', 'TOO LONG', 'ok'])
    expect(asked).toEqual(['U234', 'xxxx', 'U234'])
  })

  it('keeps no more than the limit of an endless line', () => {
    const reader = new LineReader()
    for (let i = 0; i < 1000; i++) {
      reader.push(Buffer.alloc(1024, 'x'))
      reader.next(limits)
      expect(reader.pendingOctets).toBeLessThanOrEqual(1024)
    }
  })

  it('leaves lines unread until they are asked for', () => {
    const reader = new LineReader()
    reader.push(octets('a\r\nb\r\n'))
    expect(reader.next(limits)).toEqual(octets('a'))
    expect(reader.pendingOctets).toBe(3)
    reader.push(octets('c\r\n'))
    expect(reader.next(limits)).toEqual(octets('b'))
    expect(reader.next(limits)).toEqual(octets('c'))
    expect(reader.next(limits)).toBeUndefined()
  })
})
