// Headers of the PROXY protocol, whole and cut anywhere.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { looksProxied, parseProxyHeader } from '../../src/net/proxy-protocol.ts'

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')

/** A header of version 2. */
function v2(command: number, family: number, body: readonly number[], announced = body.length): Buffer {
  const fixed = [0x20 | command, family, announced >> 8, announced & 0xff]
  return Buffer.concat([signature, Buffer.from([...fixed, ...body])])
}

const tcp4 = [192, 0, 2, 7, 198, 51, 100, 1, 0x1f, 0x90, 0, 110]
const tcp6 = [
  0x20,
  1,
  0x0d,
  0xb8,
  ...Array<number>(11).fill(0),
  7,
  ...Array<number>(16).fill(1),
  0,
  1,
  0,
  110,
]
const mapped = [
  ...Array<number>(10).fill(0),
  0xff,
  0xff,
  192,
  0,
  2,
  7,
  ...Array<number>(16).fill(1),
  0,
  1,
  0,
  110,
]

const complete: readonly (readonly [header: Buffer, address: string | undefined, why: string])[] = [
  [Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 56324 110\r\n'), '192.0.2.7', 'version 1'],
  [Buffer.from('PROXY TCP6 2001:db8::7 2001:db8::1 56324 110\r\n'), '2001:db8::7', 'IPv6'],
  [Buffer.from('PROXY TCP6 ::ffff:192.0.2.7 ::1 1 110\r\n'), '192.0.2.7', 'IPv4 in IPv6'],
  [Buffer.from('PROXY UNKNOWN\r\n'), undefined, 'the proxy does not know'],
  [Buffer.from('PROXY UNKNOWN ffff::1 whatever 1 2\r\n'), undefined, 'nor does what follows count'],
  [v2(1, 0x11, tcp4), '192.0.2.7', 'version 2'],
  [v2(1, 0x21, tcp6), '2001:db8:0:0:0:0:0:7', 'IPv6'],
  [v2(1, 0x21, mapped), '192.0.2.7', 'IPv4 in IPv6'],
  [v2(1, 0x11, [...tcp4, 0x20, 0, 3, 1, 2, 3]), '192.0.2.7', 'with an addition'],
  [v2(0, 0, []), undefined, 'the proxy itself'],
  [v2(0, 0x11, tcp4), undefined, 'the proxy itself, whatever it says'],
  [v2(1, 0, [1, 2, 3]), undefined, 'an unspecified family'],
]

const malformed: readonly (readonly [octets: Buffer, reason: string, why: string])[] = [
  [Buffer.from('USER ann\r\n'), 'no header', 'a command'],
  [Buffer.from('\x16\x03\x01'), 'no header', 'TLS'],
  [Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 56324\r\n'), 'malformed', 'a port is missing'],
  [Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 1 65536\r\n'), 'malformed', 'no port'],
  [Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 01 110\r\n'), 'malformed', 'a leading zero'],
  [Buffer.from('PROXY TCP4 2001:db8::7 2001:db8::1 1 110\r\n'), 'malformed', 'the other family'],
  [Buffer.from('PROXY TCP4 192.0.2.7  198.51.100.1 1 110\r\n'), 'malformed', 'two spaces'],
  [Buffer.from('PROXY UDP4 192.0.2.7 198.51.100.1 1 110\r\n'), 'malformed', 'no TCP'],
  [Buffer.from(`PROXY TCP4 ${'1'.repeat(200)}`), 'too long', 'no end'],
  [Buffer.from(`PROXY UNKNOWN ${'1'.repeat(100)}\r\n`), 'too long', '114 octets'],
  [Buffer.concat([signature, Buffer.from([0x31, 0x11, 0, 12, ...tcp4])]), 'unknown version', 'version 3'],
  [v2(1, 0x11, tcp4.slice(0, 8)), 'malformed', 'too few octets for its addresses'],
  [v2(1, 0x12, tcp4), 'malformed', 'datagrams'],
  [v2(1, 0x31, Array<number>(216).fill(0)), 'malformed', 'a Unix socket'],
  [v2(2, 0x11, tcp4), 'malformed', 'an unknown command'],
  [v2(1, 0x11, tcp4, 60_000), 'too long', '60,000 octets announced'],
]

describe('a header', () => {
  it.each(complete)('%#: %s', (header, address) => {
    expect(parseProxyHeader(header)).toEqual({
      kind: 'complete',
      octets: header.length,
      peer: address === undefined ? undefined : { address },
    })
  })

  it.each(complete)('%# says nothing before it is whole, and the same with more behind it', header => {
    for (let end = 0; end < header.length; end++)
      expect(parseProxyHeader(header.subarray(0, end))).toEqual({ kind: 'incomplete' })
    const more = Buffer.concat([header, Buffer.from('USER ann\r\n')])
    expect(parseProxyHeader(more)).toEqual(parseProxyHeader(header))
  })

  it.each(malformed)('%# is none (%s, %s)', (octets, reason) => {
    expect(parseProxyHeader(octets)).toEqual({ kind: 'malformed', reason })
  })

  it('of any octets never throws, and waits for no more than 2,048', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(Buffer.alloc(0), Buffer.from('PROXY '), signature),
        fc.uint8Array(),
        (start, rest) => {
          const filled = Buffer.concat([start, rest, Buffer.alloc(2048)])
          expect(parseProxyHeader(filled).kind).not.toBe('incomplete')
        },
      ),
    )
  })
})

describe('looksProxied', () => {
  it.each([
    ['PROXY TCP4 ', true],
    ['\r\n\r\n\0\r', true],
    ['PROX', false],
    ['\r\n', false],
    ['CAPA\r\n', false],
  ])('%j: %s', (text, expected) => {
    expect(looksProxied(Buffer.from(text, 'latin1'))).toBe(expected)
  })
})
