// The benchmark's mail is what it claims to be: figures are only as good as what they were measured with.
import { describe, expect, it } from 'vitest'
import { composeMessage, factsOf, mixedMaildrops, stuffed } from '../../bench/corpus.ts'

describe('corpus', () => {
  const plans = mixedMaildrops()
  const messages = plans.flatMap(({ messageCount, message }) =>
    Array.from({ length: messageCount }, (_, index) => message(index)),
  )

  it('has 60 maildrops of 40 messages in exact shares of sizes', () => {
    expect(plans).toHaveLength(60)
    expect(plans.every(({ messageCount }) => messageCount === 40)).toBe(true)
    const shares = new Map<number, number>()
    for (const { octets } of messages) shares.set(octets.length, (shares.get(octets.length) ?? 0) + 1)
    expect([...shares].sort(([a], [b]) => a - b)).toEqual([
      [2 * 1024, 1200],
      [8 * 1024, 720],
      [40 * 1024, 408],
      [400 * 1024, 72],
    ])
  })

  it('has one line in a hundred that begins with a dot, and counts them', () => {
    const lines = messages.flatMap(({ octets }) => octets.toString('latin1').split('\r\n').slice(0, -1))
    const dotLines = lines.filter(line => line.startsWith('.'))
    expect(dotLines.length / lines.length).toBeCloseTo(0.01, 3)
    expect(dotLines).toContain('.')
    expect(messages.reduce((sum, message) => sum + message.dotLines, 0)).toBe(dotLines.length)
  })

  it('is wire form: CRLF alone, the last line ended, the header where it says', () => {
    for (const { octets, headerOctets } of messages) {
      const text = octets.toString('latin1')
      expect(text.endsWith('\r\n')).toBe(true)
      expect(/[^\r]\n|\r[^\n]/.test(text)).toBe(false)
      expect(text.indexOf('\r\n\r\n') + 4).toBe(headerOctets)
    }
  })

  it.each([
    [512, 'whatever is left at the end, the size is exact'],
    [1024, 'the messages of the huge maildrop'],
    [2047, 'an odd size'],
  ])('composes messages of exactly %i octets: %s', octets => {
    for (let serial = 0; serial < 2000; serial++)
      expect(composeMessage(serial, octets).octets.length).toBe(octets)
  })

  it('is the same each time, and differs from message to message', () => {
    const again = mixedMaildrops()[3]?.message(5)
    expect(plans[3]?.message(5)).toEqual(again)
    expect(plans[3]?.message(6).octets.equals(again?.octets ?? Buffer.alloc(0))).toBe(false)
  })

  it('is sent with one more octet for each leading dot, and the final dot', () => {
    const [message = composeMessage(1, 2048)] = messages.filter(({ dotLines }) => dotLines > 1)
    const sent = stuffed(message)
    expect(sent.length).toBe(message.octets.length + message.dotLines + 3)
    expect(sent.toString('latin1').endsWith('\r\n.\r\n')).toBe(true)
    expect(/\r\n\.[^.\r]/.test(sent.toString('latin1'))).toBe(false)
  })

  it('adds up', () => {
    const [plan = mixedMaildrops()[0]!] = plans
    const own = messages.slice(0, 40)
    expect(factsOf(plan)).toMatchObject({
      messageCount: 40,
      totalOctets: own.reduce((sum, { octets }) => sum + octets.length, 0),
      totalDotLines: own.reduce((sum, { dotLines }) => sum + dotLines, 0),
    })
  })
})
