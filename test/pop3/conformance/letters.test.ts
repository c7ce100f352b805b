// The letters: those that are called lawful are, those that are not break a rule, and each is known by its field.
import { describe, expect, it } from 'vitest'
import { awkwardLetters } from '../../../src/pop3/conformance/awkward-letters.ts'
import {
  aboutLetter,
  type LetterName,
  letter,
  letterField,
  letterId,
} from '../../../src/pop3/conformance/letters.ts'

const names = ['plain', 'second', 'third', 'dots', ...Object.keys(awkwardLetters)] as LetterName[]

/** RFC 5322 sections 2.1.1, 2.3 and 3.5, and RFC 5321 section 4.5.3.1.6. */
function faultOf(octets: Buffer): string | undefined {
  const text = octets.toString('latin1')
  if (!text.endsWith('\r\n')) return 'no CRLF at the end'
  if (!text.includes('\r\n\r\n')) return 'no empty line'
  if (/[\0\x01-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(text)) return 'control characters'
  if (/\r(?!\n)|(?<!\r)\n/.test(text)) return 'CR or LF alone'
  const longest = Math.max(...text.split('\r\n').map(line => line.length))
  return longest > 998 ? `a line of ${longest} octets` : undefined
}

it.each(names)('%s is lawful or is said not to be', name => {
  const { octets, isUnlawful } = letter(name, 'seed')
  expect(faultOf(octets) !== undefined, faultOf(octets)).toBe(isUnlawful)
})

it.each(names)('%s is known by the first of its fields with that name, and by its seed', name => {
  const { octets } = letter(name, 'one')
  expect(octets.toString('latin1').split('\r\n')).toContain(`${letterField}: ${name} one`)
  expect(new RegExp(`^${letterField}: (\\S+)`, 'm').exec(octets.toString('latin1'))?.[1]).toBe(name)
  expect(octets.equals(letter(name, 'two').octets)).toBe(false)
})

it('none is described as another is, nor has its id', () => {
  expect(new Set(names.map(aboutLetter)).size).toBe(names.length)
  expect(new Set(names.map(letterId)).size).toBe(names.length)
})

describe('what they are about', () => {
  it.each([
    ['megabyte', 1024 * 1024],
    ['manyFields', 64 * 1024],
    ['dottedLines', 100 * 1024],
    ['line100k', 100_000],
  ] as const)('%s has %d octets or more', (name, atLeast) => {
    expect(letter(name, '').octets.length).toBeGreaterThanOrEqual(atLeast)
  })

  it('dottedLines has a dotted line on every border of blocks that a server may read in', () => {
    const { octets } = letter('dottedLines', '')
    for (const size of [1024, 4096, 8192, 16_384])
      for (let at = size; at < octets.length; at += size) {
        const line = octets.toString(
          'latin1',
          octets.lastIndexOf('\n', at - 1) + 1,
          octets.indexOf('\n', at) + 1,
        )
        expect(line).toMatch(/^\.x*\r\n$/)
      }
  })
})
