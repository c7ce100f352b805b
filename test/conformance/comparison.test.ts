// Two conversations side by side: what counts as the same answer, and that lines which are new or missing do not make all
// that follow differ.
import { expect, it } from 'vitest'
import { compare } from '../../src/conformance/comparison.ts'
import { Secrets } from '../../src/conformance/secrets.ts'
import type { Direction, TranscriptEntry } from '../../src/conformance/transcript.ts'

const secrets = new Secrets('correct horse')

/** `>` sent, `<` received, on the first connection or the one named before. */
function talk(...packets: readonly string[]): readonly TranscriptEntry[] {
  return packets.map((packet, atMs) => {
    const [, wire = '', mark, text = ''] = /^(\w*)([<>])(.*)$/s.exec(packet) ?? []
    const direction: Direction = mark === '>' ? 'sent' : 'received'
    return { atMs, wire: wire || 'first', direction, octets: Buffer.from(text, 'latin1') }
  })
}

it.each([
  { why: 'the same', then: '+OK 2 120', now: '+OK 2 120', likeness: 'same' },
  { why: 'another size', then: '+OK 2 120', now: '+OK 2 121', likeness: 'different' },
  { why: 'another status', then: '+OK', now: '-ERR', likeness: 'different' },
  { why: 'another timestamp', then: '+OK <1.2@a>', now: '+OK <3.4@a>', likeness: 'alike' },
  { why: 'another id', then: '1 0123abcdef', now: '1 9876fedcba', likeness: 'alike' },
  {
    why: 'another time',
    then: 'Date: Thu, 26 Nov 2026 01:02:03 +0000',
    now: 'Date: Fri, 27 Nov 2026 11:12:13 +0000',
    likeness: 'alike',
  },
])('$why: $likeness', ({ then, now, likeness }) => {
  const [line] = compare(talk(`<${then}\r\n`), talk(`<${now}\r\n`), secrets)
  expect(line?.likeness).toBe(likeness)
})

it('pairs lines however they were cut into packets, each connection for itself', () => {
  const then = talk('>STAT\r\n', '<+OK 1 5\r\n', 'second<+OK\r\n', '>NOOP\r\n', '<+OK\r\n', 'second<-ERR\r\n')
  const now = talk('second<+O', '>STAT\r\n', '<+OK 1', '< 5\r\n+OK\r\n', '>NOOP\r\n', 'second<K\r\n-ERR\r\n')
  const lines = compare(then, now, secrets)
  expect(lines.map(({ likeness }) => likeness)).toEqual(['same', 'same', 'same', 'same', 'same', 'same'])
  expect(lines.map(({ then: text }) => text)).toEqual([
    'STAT\\r\\n',
    '+OK 1 5\\r\\n',
    '+OK\\r\\n',
    'NOOP\\r\\n',
    '+OK\\r\\n',
    '-ERR\\r\\n',
  ])
})

it('shows what is missing, what is new and what is not whole', () => {
  const then = talk('>LIST\r\n', '<+OK\r\n1 5\r\n2 5\r\n.\r\n', '>QUIT\r\n', '<+OK bye\r\n')
  const now = talk('>LIST\r\n', '<+OK\r\n2 5\r\n3 5\r\n.\r\n', '>QUIT\r\n', '<+O')
  expect(compare(then, now, secrets).map(line => [line.then, line.now, line.likeness])).toEqual([
    ['LIST\\r\\n', 'LIST\\r\\n', 'same'],
    ['+OK\\r\\n', '+OK\\r\\n', 'same'],
    ['1 5\\r\\n', undefined, 'different'],
    ['2 5\\r\\n', '2 5\\r\\n', 'same'],
    [undefined, '3 5\\r\\n', 'different'],
    ['.\\r\\n', '.\\r\\n', 'same'],
    ['QUIT\\r\\n', 'QUIT\\r\\n', 'same'],
    ['+OK bye\\r\\n', '+O', 'different'],
  ])
})

it('shows no secret', () => {
  const [line] = compare(talk('>PASS correct horse\r\n'), talk('>PASS correct horse\r\n'), secrets)
  expect(line?.then).toBe('PASS {password}\\r\\n')
})
