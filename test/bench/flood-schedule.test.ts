// The flood is as large as it says, from as many addresses as it says, and honest people are told from attackers.
import { describe, expect, it } from 'vitest'
import type { MaildropFacts } from '../../bench/corpus.ts'
import { attackerOf, honestVisitorOf, OpenLoop } from '../../bench/load/flood-schedule.ts'

const maildrops: MaildropFacts[] = Array.from({ length: 60 }, (_, index) => ({
  name: `mix${index + 1}`,
  password: 'right',
  messageCount: 0,
  totalOctets: 0,
  totalDotLines: 0,
}))

describe('open loop', () => {
  it.each([
    [[0, 2, 4, 6, 8, 10], 'a clock that ticks often'],
    [[3, 9.999, 10], 'a clock that stumbles'],
    [[10], 'one that was stopped for all the time: what is due is made good'],
    [[0, 10, 10, 7], 'one that stands still or goes back'],
  ])('at ticks %j begins each number once, 500 a second: %s', ticks => {
    const loop = new OpenLoop(500, 1000)
    const begun = ticks.flatMap(tick => [...loop.due(tick * 100)])
    expect(begun).toEqual(Array.from({ length: 501 }, (_, index) => index))
  })

  it('ends at its bound', () => {
    const loop = new OpenLoop(500, 20)
    expect([...loop.due(60_000)]).toHaveLength(20)
    expect([...loop.due(120_000)]).toEqual([])
  })
})

describe('visitors', () => {
  const attackers = Array.from({ length: 4000 }, (_, index) => attackerOf(index, 1000, maildrops))
  const honest = Array.from({ length: 80 }, (_, index) => honestVisitorOf(index, 4, maildrops.slice(0, 40)))

  it('attack from as many addresses as were asked for, all of them loopback, by turns', () => {
    expect(new Set(attackers.map(({ address }) => address)).size).toBe(1000)
    expect(new Set(attackers.slice(0, 1000).map(({ address }) => address)).size).toBe(1000)
    for (const { address } of attackers) expect(address).toMatch(/^127\.(?:\d{1,3}\.){2}9$/)
  })

  it('attack every maildrop as often as nobody at all, and never with its password', () => {
    const names = new Map<string, number>()
    for (const { name } of attackers) names.set(name, (names.get(name) ?? 0) + 1)
    const known = maildrops.map(({ name }) => names.get(name) ?? 0)
    expect(known.reduce((sum, count) => sum + count, 0)).toBe(2000)
    expect(Math.max(...known) - Math.min(...known)).toBeLessThanOrEqual(1)
    expect(attackers.some(({ password }) => password === 'right')).toBe(false)
  })

  it('come honestly from few addresses, the same person always from the same', () => {
    expect(new Set(honest.map(({ address }) => address)).size).toBe(4)
    expect(honest.slice(40)).toEqual(honest.slice(0, 40))
    expect(new Set(honest.map(({ name }) => name)).size).toBe(40)
    expect(honest.every(({ password }) => password === 'right')).toBe(true)
  })

  it('attack and come honestly from different addresses', () => {
    const bad = new Set(attackers.map(({ address }) => address))
    expect(honest.some(({ address }) => bad.has(address))).toBe(false)
  })
})
