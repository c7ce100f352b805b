import { describe, expect, it } from 'vitest'
import {
  ConnectionGate,
  type GateOptions,
  type Reputation,
  type ShedReason,
} from '../../src/net/connection-gate.ts'
import { silentLog } from '../../src/net/log.ts'

const rules = {
  prefixOf: (address: string) => address.split('.').slice(0, 3).join('.'),
  isExempt: (address: string) => address.startsWith('127.'),
}
const limits = { perMinute: 60, perSecond: 0, maxLagMs: 100 }

function gateOf(options: Partial<GateOptions> = {}): ConnectionGate {
  return new ConnectionGate({
    rules,
    log: silentLog,
    loop: { lagMs: 0, utilization: 0 },
    ...limits,
    ...options,
  })
}

/** The verdicts on so many connections, all at the same moment. */
function verdicts(gate: ConnectionGate, addressOf: (n: number) => string, count: number, nowMs = 1_000_000) {
  return Array.from({ length: count }, (_, n) => gate.refusalOf(addressOf(n), nowMs))
}

function letIn(reasons: readonly (ShedReason | undefined)[]): number {
  return reasons.filter(reason => reason === undefined).length
}

const one = () => '192.0.2.1'

/** Each number another prefix. */
function spread(n: number): string {
  return `${10 + (n >> 16)}.${(n >> 8) & 0xff}.${n & 0xff}.1`
}

describe('the gate', () => {
  it('lets an address have its minute at once, and then one by one', () => {
    const gate = gateOf()
    const reasons = verdicts(gate, one, 61)
    expect(letIn(reasons)).toBe(60)
    expect(reasons[60]).toBe('rate')
    expect(letIn(verdicts(gate, one, 2, 1_000_999))).toBe(0)
    expect(letIn(verdicts(gate, one, 2, 1_001_000))).toBe(1)
    expect(letIn(verdicts(gate, one, 70, 1_121_000))).toBe(60)
  })

  it('lets in the one of a minute at any moment, however it is rounded', () => {
    for (let nowMs = 1000.1; nowMs < 1e7; nowMs = nowMs * 1.1 + 1 / 3)
      expect(letIn(verdicts(gateOf({ perMinute: 1, perSecond: 1 }), one, 2, nowMs))).toBe(1)
  })

  it('counts by prefix, and exempt addresses not at all', () => {
    const gate = gateOf()
    expect(letIn(verdicts(gate, n => `192.0.2.${n}`, 100))).toBe(60)
    expect(letIn(verdicts(gate, n => `198.51.100.${n}`, 100))).toBe(60)
    expect(letIn(verdicts(gate, () => '127.0.0.1', 1000))).toBe(1000)
  })

  it('holds no refused connection against an address', () => {
    const gate = gateOf()
    verdicts(gate, one, 1000)
    expect(letIn(verdicts(gate, one, 10, 1_005_000))).toBe(5)
  })

  it('gives each address a tenth while all together are too many, and its rate again afterwards', () => {
    const gate = gateOf({ perSecond: 50 })
    expect(letIn(verdicts(gate, n => `10.0.${n}.1`, 50))).toBe(50)
    const reasons = verdicts(gate, one, 7)
    expect(letIn(reasons)).toBe(5)
    expect(reasons[5]).toBe('overload')
    expect(letIn(verdicts(gate, () => '198.51.100.1', 1))).toBe(1)
    expect(letIn(verdicts(gate, one, 20, 1_001_000))).toBe(11)
  })

  it.each([
    [1, 'its minute, and then its rate'],
    [20, 'all that may, while they have some of their minute'],
    [100, 'all that may'],
    [4096, 'though each of them comes seldom'],
    [200_000, 'though they are more than it remembers'],
  ])('holds a flood of 5,000 a second from %d addresses to its limits: %s', addresses => {
    const gate = gateOf({ perMinute: 1200, perSecond: 1000 })
    const seconds = 20
    let count = 0
    for (let n = 0; n < 5000 * seconds; n++)
      if (gate.refusalOf(spread(n % addresses), 1_000_000 + n / 5) === undefined) count += 1
    const ofEach = 1200 + 20 * seconds
    expect(count).toBeLessThanOrEqual(Math.min(addresses * ofEach, 1000 * (seconds + 2)))
    expect(count).toBeGreaterThan(1000)
  })

  it.each([
    [100, '20 a second of each, all that it may at other times'],
    [400, '5 a second of each'],
  ])('sheds none of those who come seldom in a flood from %d addresses: %s', addresses => {
    const gate = gateOf({ perMinute: 1200, perSecond: 1000 })
    let letInOfFlood = 0
    let refused = 0
    for (let n = 0; n < 100_000; n++) {
      const nowMs = 1_000_000 + n / 2
      if (gate.refusalOf(spread(n % addresses), nowMs) === undefined) letInOfFlood += 1
      const isTurn = n % 200 === 0
      if (isTurn && gate.refusalOf(spread(100_000 + ((n / 200) % 250)), nowMs) !== undefined) refused += 1
    }
    expect(letInOfFlood).toBeLessThan(52_000)
    expect(refused).toBe(0)
  })

  it.each([
    [100, 60, 'no more than allowed'],
    [101, 6, 'a tenth when the event loop is behind'],
    [400, 6, 'a tenth up to four times that'],
    [401, 0, 'nobody beyond'],
  ])('at a lag of %d ms it lets in %d of one address: %s', (lagMs, count) => {
    const gate = gateOf({ loop: { lagMs, utilization: 0 } })
    expect(letIn(verdicts(gate, one, 100))).toBe(count)
    expect(letIn(verdicts(gate, () => '127.0.0.1', 9))).toBe(9)
  })

  it('lets known addresses in at their rate, however late it is and whatever comes', () => {
    const loop = { lagMs: 9999, utilization: 1 }
    const reputationOf = (address: string): Reputation => (address === '192.0.2.1' ? 'known' : 'stranger')
    const gate = gateOf({ loop, perSecond: 10, reputationOf })
    expect(letIn(verdicts(gate, spread, 1000))).toBe(0)
    expect(letIn(verdicts(gate, one, 100))).toBe(60)
  })

  it('lets few suspects in while the event loop has its hands full, and all strangers', () => {
    const loop = { lagMs: 0, utilization: 0.8 }
    const reputationOf = (address: string): Reputation => (address.startsWith('10.') ? 'suspect' : 'stranger')
    const gate = gateOf({ loop, reputationOf })
    const reasons = verdicts(gate, spread, 100)
    expect(letIn(reasons)).toBe(10)
    expect(reasons[10]).toBe('overload')
    expect(letIn(verdicts(gate, n => `198.51.${n}.1`, 100))).toBe(100)
    expect(letIn(verdicts(gate, n => spread(100 + n), 100, 1_000_500))).toBe(5)
    loop.utilization = 0.79
    expect(letIn(verdicts(gate, n => spread(200 + n), 100))).toBe(100)
  })

  const allowances: readonly { options: Partial<GateOptions>; count: number; why: string }[] = [
    { options: { perMinute: 0 }, count: 5000, why: 'no limit of an address' },
    { options: { perMinute: 0, perSecond: 40 }, count: 40, why: 'then the limit of all is a hard one' },
    {
      options: { maxLagMs: 0, loop: { lagMs: 9999, utilization: 0 } },
      count: 60,
      why: 'a lag that nobody asks for',
    },
    { options: { perMinute: 5, perSecond: 1 }, count: 1, why: 'a share that is less than one' },
  ]
  it.each(allowances)('lets in $count with $options: $why', ({ options, count }) => {
    expect(letIn(verdicts(gateOf(options), one, 5000))).toBe(count)
  })

  it('remembers a bounded number of addresses, and forgets those whose time is over', () => {
    const gate = gateOf({ perMinute: 1 })
    const addressOf = (n: number) => `10.${n >> 8}.${n & 0xff}.1`
    verdicts(gate, spread, 100_000)
    // Known ones are still held to their limit; those there is no room for are let in.
    expect(letIn(verdicts(gate, addressOf, 10))).toBe(0)
    expect(letIn(verdicts(gate, one, 10))).toBe(10)
    expect(letIn(verdicts(gate, one, 10, 1_060_000))).toBe(1)
  })

  it('writes one line for many', () => {
    const lines: unknown[] = []
    const log = { ...silentLog, warn: (fields: unknown) => lines.push(fields) }
    const gate = gateOf({ perMinute: 1, log })
    verdicts(gate, one, 1000)
    expect(lines).toEqual([{ rate: 1, overload: 0, peer: '192.0.2.1' }])
    verdicts(gate, one, 2, 1_010_000)
    expect(lines[1]).toEqual({ rate: 999, overload: 0, peer: '192.0.2.1' })
  })

  it('measures how far the event loop is behind', async () => {
    const gate = new ConnectionGate({ rules, log: silentLog, ...limits, maxLagMs: 20 })
    expect(gate.refusalOf('192.0.2.1')).toBeUndefined()
    const untilMs = performance.now() + 400
    while (performance.now() < untilMs) JSON.stringify(untilMs)
    await expect.poll(() => gate.refusalOf('198.51.100.1'), { interval: 1 }).toBe('overload')
    await expect.poll(() => gate.refusalOf('203.0.113.1'), { interval: 50 }).toBeUndefined()
  })
})
