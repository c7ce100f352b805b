// The load generator accepts exactly the reply it expects, however it is cut, and nothing else.
import { describe, expect, it } from 'vitest'
import { type ExpectedReply, ReplyChecker } from '../../bench/load/reply-checker.ts'

/** What the checker says of a reply in two pieces: the octets it took of all, or its complaint. */
function feedCutAt(text: string, cut: number, expected: ExpectedReply): number | string | undefined {
  const checker = new ReplyChecker()
  checker.expect(expected)
  const octets = Buffer.from(text, 'latin1')
  const first = checker.feed(octets.subarray(0, cut), 0)
  if (first !== undefined) return first
  const second = checker.feed(octets.subarray(cut), 0)
  return typeof second === 'number' ? cut + second : second
}

const listing = { status: '+OK', bodyOctets: '1 120\r\n2 200\r\n.\r\n'.length }

const right: readonly (readonly [string, string, ExpectedReply])[] = [
  ['a status line', '+OK ready\r\n', { status: '+OK' }],
  ['a status line with figures', '+OK 2 320\r\n', { status: '+OK 2 320' }],
  ['figures with words behind', '+OK 2 320 octets\r\n', { status: '+OK 2 320' }],
  ['a multi-line reply', '+OK 2 messages\r\n1 120\r\n2 200\r\n.\r\n', listing],
  ['an empty multi-line reply', '+OK\r\n.\r\n', { status: '+OK', bodyOctets: 3 }],
]

const wrong: readonly (readonly [string, string, ExpectedReply])[] = [
  ['a refusal', '-ERR no\r\n', { status: '+OK' }],
  ['a longer figure', '+OK 2 3200\r\n', { status: '+OK 2 320' }],
  ['another figure', '+OK 2 321\r\n', { status: '+OK 2 320' }],
  ['a reply that is an octet longer', '+OK\r\n1 1201\r\n2 200\r\n.\r\n', listing],
  ['a reply without the final dot', '+OK\r\n1 120\r\n2 200\r\n3 \r\n', listing],
]

describe('reply checker', () => {
  it.each(right)('takes %s, cut anywhere, and not one octet behind it', (_, reply, expected) => {
    for (let cut = 0; cut <= reply.length; cut++) {
      expect(feedCutAt(`${reply}+OK the next`, cut, expected)).toBe(reply.length)
    }
  })

  it.each(wrong)('complains of %s, cut anywhere', (_, reply, expected) => {
    for (let cut = 0; cut <= reply.length; cut++) {
      expect(feedCutAt(reply, cut, expected)).toBeTypeOf('string')
    }
  })

  it('takes a body octet by octet', () => {
    const checker = new ReplyChecker()
    checker.expect(listing)
    const octets = Buffer.from('+OK\r\n1 120\r\n2 200\r\n.\r\n')
    const results = Array.from(octets, octet => checker.feed(Buffer.of(octet), 0))
    expect(results.slice(0, -1).every(result => result === undefined)).toBe(true)
    expect(results.at(-1)).toBe(1)
  })

  it('waits for a reply that is not yet whole', () => {
    const checker = new ReplyChecker()
    checker.expect(listing)
    expect(checker.feed(Buffer.from('+OK\r\n1 120\r\n2 200\r\n.\r'), 0)).toBeUndefined()
  })
})
