// What a probe counts in a message as it comes over the wire, wherever the packets are cut.
import { describe, expect, it } from 'vitest'
import { type BodyFacts, BodyMeter } from '../../../src/pop3/probe/body-meter.ts'

/** The facts, and what was left behind the final line. */
function measure(text: string, pieceOctets = text.length): readonly [BodyFacts, string] {
  const octets = Buffer.from(text, 'latin1')
  const meter = new BodyMeter(1_000)
  for (let at = 0; at < octets.length; at += pieceOctets) {
    const end = meter.count(octets.subarray(at, at + pieceOctets))
    if (end >= 0) return [meter.facts, text.slice(at + end)]
  }
  throw new Error('the message does not end')
}

const none = {
  bareLineFeeds: 0,
  loneReturns: 0,
  stuffedLines: 0,
  unstuffedLines: 0,
  nuls: 0,
  endedBare: false,
}

describe('a message', () => {
  it.each([
    ['an empty one', '.\r\n', '', {}],
    ['plain lines', 'a\r\n\r\nbcd\r\n.\r\n', 'a\r\n\r\nbcd\r\n', { lines: 3, longestLine: 5 }],
    ['stuffed dots', '..\r\n..x\r\n.\r\n', '.\r\n.x\r\n', { lines: 2, stuffedLines: 2, longestLine: 4 }],
    ['a dot that was not stuffed', '.x\r\n.\r\n', '.x\r\n', { lines: 1, unstuffedLines: 1, longestLine: 4 }],
    [
      'a dot and a CR',
      '.\rx\r\n.\r\n',
      '.\rx\r\n',
      { lines: 1, unstuffedLines: 1, loneReturns: 1, longestLine: 5 },
    ],
    ['LF alone', 'a\nb\r\n.\r\n', 'a\nb\r\n', { lines: 2, bareLineFeeds: 1, longestLine: 3 }],
    ['a final line of LF alone', 'a\r\n.\n', 'a\r\n', { lines: 1, endedBare: true, longestLine: 3 }],
    ['NUL and CR', '\0a\rb\r\n.\r\n', '\0a\rb\r\n', { lines: 1, nuls: 1, loneReturns: 1, longestLine: 6 }],
  ])('of %s is counted, in one piece and in many', (_what, wire, message, facts) => {
    for (const pieceOctets of [wire.length + 4, 1, 2, 3]) {
      const [found, rest] = measure(`${wire}+OK\n`, pieceOctets)
      expect(found).toEqual({
        ...none,
        lines: 0,
        longestLine: 0,
        octets: message.length,
        beginning: Buffer.from(message, 'latin1'),
        ...facts,
      })
      expect('+OK\n'.startsWith(rest) || rest === '+OK\n').toBe(true)
    }
  })

  it('is kept no further than is asked for', () => {
    const meter = new BodyMeter(4)
    meter.count(Buffer.from('abc'))
    meter.count(Buffer.from('def\r\n.\r\n'))
    expect(meter.facts.beginning.toString()).toBe('abcd')
    expect(meter.octets).toBe(8)
  })
})
