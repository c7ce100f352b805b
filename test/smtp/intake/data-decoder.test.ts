import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DataDecoder } from '../../../src/smtp/intake/data-decoder.ts'
import { cutAt } from '../../cut-at.ts'

interface Decoded {
  readonly content: string
  /** What stands behind the final line; undefined when it did not come. */
  readonly rest: string | undefined
}

function decode(chunks: readonly Buffer[]): Decoded {
  const decoder = new DataDecoder()
  const content: Uint8Array[] = []
  for (const [index, chunk] of chunks.entries()) {
    content.push(Buffer.from(decoder.push(chunk)))
    if (decoder.ended) {
      const rest = Buffer.concat([chunk.subarray(decoder.endOffset), ...chunks.slice(index + 1)])
      return { content: Buffer.concat(content).toString('latin1'), rest: rest.toString('latin1') }
    }
  }
  return { content: Buffer.concat(content).toString('latin1'), rest: undefined }
}

const pieces = (text: string, cuts: readonly number[]) => cutAt(Buffer.from(text, 'latin1'), cuts)

/** RFC 5321 section 4.5.2 word for word, over the whole text. */
function naive(text: string): Decoded {
  let content = ''
  let at = 0
  for (;;) {
    const end = text.indexOf('\r\n', at)
    if (end === -1) {
      const held = text.slice(at)
      // Without its end, a line of "." or ".\r" may still turn out to be the final one.
      if (held === '.' || held === '.\r') return { content, rest: undefined }
      return { content: content + held.replace(/^\./, ''), rest: undefined }
    }
    const line = text.slice(at, end)
    at = end + 2
    if (line === '.') return { content, rest: text.slice(at) }
    content += `${line.replace(/^\./, '')}\r\n`
  }
}

const texts = fc
  .array(fc.constantFrom('\r', '\n', '\r\n', '.', 'a', '\r\n.', '\r\n..', '\r\n.\r'), { maxLength: 30 })
  .map(parts => parts.join(''))

describe('mail data', () => {
  it.each<[string, string, string | undefined, string]>([
    ['.\r\nNOOP', '', 'NOOP', 'an empty message'],
    ['a\r\n.\r\nNOOP', 'a\r\n', 'NOOP', 'the last CRLF is content'],
    ['..\r\n.\r\n', '.\r\n', '', 'a line of a single dot was sent as two'],
    ['..a\r\n...\r\n.\r\n', '.a\r\n..\r\n', '', 'one dot is taken off each line'],
    ['.a\r\n.\r\n', 'a\r\n', '', 'also off a line that was sent with one'],
    ['a\r\n.\n.\r\n', 'a\r\n\n.\r\n', undefined, 'a bare LF behind the dot ends nothing'],
    ['a\n.\r\n.\r\n', 'a\n.\r\n', '', 'a bare LF before the dot ends nothing'],
    ['a\n..\r\n.\r\n', 'a\n..\r\n', '', 'and begins no line from which a dot is taken'],
    ['a\r\n.\rb\r\n.\r\n', 'a\r\n\rb\r\n', '', 'a lone CR behind the dot ends nothing'],
    ['a\r.\r\n.\r\n', 'a\r.\r\n', '', 'a lone CR before the dot ends nothing'],
    ['a\r\r\n.\r\n', 'a\r\r\n', '', 'a lone CR before CRLF is content'],
    ['\n.\n', '\n.\n', undefined, 'LF dot LF at the very beginning'],
  ])('%j holds %j, then %j: %s', (text, content, rest) => {
    expect(decode([Buffer.from(text)])).toEqual({ content, rest })
    expect(naive(text)).toEqual({ content, rest })
  })

  it('decodes a nasty text alike at every split point and octet by octet', () => {
    const nasty =
      '..\r\n.a\r\n\n.\r\n\r.\r\n.\r.\r\n.\n.\r\n...\r\n\r\n..\r\r\n.\r\rx\r\n\n..b\r\n.\r\nQUIT\r\n.\r\n'
    const expected = naive(nasty)
    expect(expected.rest).toBe('QUIT\r\n.\r\n')
    for (let first = 0; first <= nasty.length; first++) {
      for (let second = first; second <= nasty.length; second++) {
        expect(decode(pieces(nasty, [first, second])), `${first}, ${second}`).toEqual(expected)
      }
    }
    expect(decode([...nasty].map(character => Buffer.from(character, 'latin1')))).toEqual(expected)
  })

  it('agrees with the naive decoder, however the octets are cut', () => {
    fc.assert(
      fc.property(texts, fc.array(fc.nat(80), { maxLength: 6 }), (text, cuts) => {
        expect(decode(pieces(text, cuts))).toEqual(naive(text))
      }),
      { numRuns: 5_000 },
    )
  })

  it('gives back every content that was stuffed by the rule', () => {
    fc.assert(
      fc.property(texts, fc.array(fc.nat(80), { maxLength: 4 }), (text, cuts) => {
        const content = `${text}\r\n`
        const stuffed = content.replace(/^\./, '..').replaceAll('\r\n.', '\r\n..')
        expect(decode(pieces(`${stuffed}.\r\nRSET\r\n`, cuts))).toEqual({ content, rest: 'RSET\r\n' })
      }),
      { numRuns: 3_000 },
    )
  })

  it('copies nothing where nothing has to be taken out', () => {
    const chunk = Buffer.from('Subject: x\r\n\r\nbody\r\n')
    const content = new DataDecoder().push(chunk)
    expect([content.buffer, content.byteOffset, content.length]).toEqual([
      chunk.buffer,
      chunk.byteOffset,
      chunk.length,
    ])
  })
})
