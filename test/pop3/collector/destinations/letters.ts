// Letters in memory, plain and awkward ones, and what every test of a destination hands over with them.
import { createHash } from 'node:crypto'
import type { CollectedRecord } from '../../../../src/mail/collection-ledger.ts'
import type { DestinationOptions } from '../../../../src/pop3/collector/destination.ts'
import type { Letter } from '../../../../src/pop3/collector/letter.ts'
import { newRecord } from '../../../../src/pop3/collector/record.ts'

export interface TestLetter extends Letter {
  readonly content: Buffer
}

/** `content` in wire form; handed out in pieces of `pieceOctets`. */
export function makeLetter(
  key: string,
  content: string | Uint8Array,
  { reversePath = 'bob@example.org', pieceOctets = 1000 } = {},
): TestLetter {
  const octets = typeof content === 'string' ? Buffer.from(content, 'latin1') : Buffer.from(content)
  const digest = createHash('sha256').update(octets).digest('hex')
  const end = octets.indexOf('\r\n\r\n')
  return {
    deliveryKey: createHash('sha256')
      .update(JSON.stringify(['old', key, digest]))
      .digest('hex'),
    digest,
    octets: octets.length,
    source: 'old',
    receivedAt: new Date('2026-11-20T19:17:00Z'),
    reversePath,
    header: end < 0 ? octets : octets.subarray(0, end + 4),
    content: octets,
    async *body() {
      for (let at = 0; at < octets.length; at += pieceOctets) yield octets.subarray(at, at + pieceOctets)
    },
  }
}

export function plainLetter(number: number, lines = 3): TestLetter {
  const text = `Line of message ${number}.\r\n`.repeat(lines)
  return makeLetter(`uidl-${number}`, `Subject: message ${number}\r\n\r\n${text}`)
}

/** What file formats stumble over. */
export const awkwardLetters = [
  ['empty', ''],
  ['header only', 'Subject: x\r\n'],
  ['From_ lines', 'From: a@b\r\n\r\nFrom here\r\n>From there\r\n>>From x\r\n\r\nFrom y\r\n'],
  ['dots', 'A: b\r\n\r\n.\r\n..\r\n.x\r\n'],
  ['CR, NUL and 8 bits', 'A: b\r\n\r\na\rb\r\r\nc\0d\xe9\r\n\r\n\r\n'],
  ['a From_ line first', 'From ann Thu Nov 20 19:17:00 2026\r\nA: b\r\n\r\nx\r\n'],
  ['a field of ours', `X-Poplar-Delivery: ${'0'.repeat(64)}\r\nA: b\r\n\r\nx\r\n`],
  [
    'large',
    `A: b\r\n\r\n${'A line of seventy octets or so, that makes the message large. \r\n'.repeat(8000)}`,
  ],
].map(([key = '', content = '']) => makeLetter(key, content))

export function storing(signal: AbortSignal = new AbortController().signal): DestinationOptions {
  return { signal, record: recordOf('uidl') }
}

export function recordOf(key: string): CollectedRecord {
  return { ...newRecord('old', key), state: 'stored', destinations: ['ann'], storedAt: new Date() }
}
