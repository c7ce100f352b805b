// SASLprep: the examples of RFC 4013 section 3, and what may be asked for but not kept.
import { describe, expect, test } from 'vitest'
import { prepareName, preparePassword } from '../../src/auth/prepare.ts'

const rows: readonly (readonly [text: string, prepared: string | undefined, reason: string])[] = [
  ['I\u00adX', 'IX', 'RFC 4013 section 3, 1: a soft hyphen is mapped to nothing'],
  ['user', 'user', 'RFC 4013 section 3, 2: no transformation'],
  ['USER', 'USER', 'RFC 4013 section 3, 3: case is kept'],
  ['\u00aa', 'a', 'RFC 4013 section 3, 4: NFKC'],
  ['\u2168', 'IX', 'RFC 4013 section 3, 5: NFKC, the same as 1'],
  ['\u0007', undefined, 'RFC 4013 section 3, 6: a prohibited character'],
  ['\u0627\u0031', undefined, 'RFC 4013 section 3, 7: bidirectional check'],
  ['', undefined, 'nothing'],
  ['\u00ad', undefined, 'nothing is left of it'],
  ['\u00a0', ' ', 'a space that is not ASCII is mapped to one that is'],
  [' a b ', ' a b ', 'spaces count'],
  ['\u0627\u0031\u0628', '\u0627\u0031\u0628', 'right to left at both ends'],
  ['a\u0627', undefined, 'left to right and right to left'],
  ['a\u0000', undefined, 'NUL'],
  ['a\u007f', undefined, 'DEL'],
  ['\ue000', undefined, 'private use'],
  ['\ufffd', undefined, 'the replacement character'],
  ['\ud800', undefined, 'half a surrogate pair'],
  ['\u200e', undefined, 'a change of direction'],
  ['e\u0301', '\u00e9', 'composed'],
  ['\ufeffa', 'a', 'a byte order mark is mapped to nothing'],
]

describe('SASLprep', () => {
  test.each(rows)('of the name %j is %j: %s', (text, prepared) => {
    expect(prepareName(text)).toBe(prepared)
    expect(prepareName(text, 'stored')).toBe(prepared)
  })

  test.each(rows.filter(([text]) => text !== '\ud800'))('of the password %j is %j: %s', (text, prepared) => {
    const octets = preparePassword(new TextEncoder().encode(text))
    expect(octets && Buffer.from(octets).toString('utf8')).toBe(prepared)
  })

  test('what Unicode 3.2 did not know may be asked for, not kept', () => {
    expect(prepareName('\u{1f511}')).toBe('\u{1f511}')
    expect(prepareName('\u{1f511}', 'stored')).toBeUndefined()
    expect(preparePassword(Buffer.from('\u0221'), 'query')).toBeDefined()
    expect(preparePassword(Buffer.from('\u0221'), 'stored')).toBeUndefined()
  })

  test.each([
    [[0xff], 'never in UTF-8'],
    [[0xc0, 0x80], 'an overlong NUL'],
    [[0xed, 0xa0, 0x80], 'a surrogate'],
    [[0xc3], 'cut off'],
  ])('%j is no password: %s', octets => {
    expect(preparePassword(Uint8Array.from(octets))).toBeUndefined()
  })
})
