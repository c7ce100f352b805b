// Sessions as they are counted: what is open, what has ended, and that no label comes from a peer.
import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { SessionMetrics } from '../../src/metrics/session-metrics.ts'
import type { ObservedSession } from '../../src/net/observer.ts'
import { Observers } from '../../src/net/observer.ts'

type Session = { -readonly [K in keyof ObservedSession]: ObservedSession[K] }

function session(facts: Partial<Session> = {}): Session {
  return {
    id: 'id',
    protocol: 'pop3',
    service: 'pop3',
    peer: '192.0.2.1',
    stateName: 'authorization',
    user: undefined,
    mechanism: undefined,
    channel: undefined,
    octetsIn: 0,
    octetsOut: 0,
    commandCount: 0,
    startedAtMs: performance.now(),
    activeAtMs: performance.now(),
    tracer: undefined,
    endByOperator() {},
    ...facts,
  }
}

function observed() {
  const registry = new Registry()
  const observers = new Observers()
  observers.add(new SessionMetrics(registry, observers.sessions))
  return {
    observers,
    lines: async () => (await registry.metrics()).split('\n').filter(line => !line.startsWith('#')),
  }
}

describe('sessions', () => {
  it('are shown by protocol, TLS and state, and stay at 0 when they are gone', async () => {
    const { observers, lines } = observed()
    const one = session({ stateName: 'transaction' })
    const other = session({ protocol: 'lmtp', channel: { version: 'TLSv1.3', cipher: 'x' } })
    for (const each of [one, other]) observers.opened?.(each)
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'poplar_sessions{protocol="pop3",tls="none",state="transaction"} 1',
        'poplar_sessions{protocol="lmtp",tls="TLSv1.3",state="authorization"} 1',
      ]),
    )
    observers.ended?.(one, 'quit')
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'poplar_sessions{protocol="pop3",tls="none",state="transaction"} 0',
        'poplar_session_ends_total{protocol="pop3",reason="quit"} 1',
        'poplar_session_duration_seconds_count{protocol="pop3"} 1',
        'poplar_sessions_opened_total{service="pop3"} 2',
      ]),
    )
  })

  it('have their octets counted while they last and when they are gone, never less than before', async () => {
    const { observers, lines } = observed()
    const one = session({ octetsIn: 10, octetsOut: 100 })
    const other = session({ octetsIn: 1, octetsOut: 2 })
    for (const each of [one, other]) observers.opened?.(each)
    const sent = 'poplar_octets_total{protocol="pop3",direction="out"}'
    expect(await lines()).toContain(`${sent} 102`)
    observers.ended?.(one, 'quit')
    expect(await lines()).toContain(`${sent} 102`)
    other.octetsOut = 50
    expect(await lines()).toContain(`${sent} 150`)
    expect(await lines()).toContain('poplar_octets_total{protocol="pop3",direction="in"} 11')
  })
})

describe('commands', () => {
  it('are counted by verb and result, and timed by verb', async () => {
    const { observers, lines } = observed()
    const one = session()
    observers.command?.(one, 'STAT', 'ok', 0.3)
    observers.command?.(one, 'STAT', 'ok', 3)
    observers.command?.(one, 'STAT', 'sys/temp', 3)
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'poplar_commands_total{protocol="pop3",verb="STAT",result="ok"} 2',
        'poplar_commands_total{protocol="pop3",verb="STAT",result="sys/temp"} 1',
        'poplar_command_duration_seconds_bucket{le="0.0005",protocol="pop3",verb="STAT"} 1',
        'poplar_command_duration_seconds_count{protocol="pop3",verb="STAT"} 3',
      ]),
    )
  })

  it('of more verbs and results than there are become other', async () => {
    const { observers, lines } = observed()
    for (let index = 0; index < 1_000; index++) observers.command?.(session(), `V${index}`, 'ok', 1)
    for (let index = 0; index < 1_000; index++) observers.command?.(session(), 'V0', `r${index}`, 1)
    const found = (await lines()).filter(line => line.startsWith('poplar_commands_total{'))
    expect(found.length).toBeLessThan(120)
    expect(found).toContain('poplar_commands_total{protocol="pop3",verb="other",result="ok"} 936')
    expect(found).toContain('poplar_commands_total{protocol="pop3",verb="V0",result="other"} 969')
  })
})

describe('the rest', () => {
  it('is counted as it is told, and names no peer and no user', async () => {
    const { observers, lines } = observed()
    const one = session({ user: 'ann', peer: '192.0.2.77' })
    observers.opened?.(one)
    observers.login?.(one, 'PASS', 'accepted')
    observers.login?.(one, 'SCRAM-SHA-256', 'refused')
    observers.delivery?.(session({ protocol: 'lmtp' }), '452')
    observers.turnedAway?.('pop3s', '192.0.2.77', 'tls: failed')
    observers.ended?.(one, 'dropped')
    const found = await lines()
    expect(found).toEqual(
      expect.arrayContaining([
        'poplar_logins_total{protocol="pop3",mechanism="PASS",outcome="accepted"} 1',
        'poplar_logins_total{protocol="pop3",mechanism="SCRAM-SHA-256",outcome="refused"} 1',
        'poplar_deliveries_total{protocol="lmtp",result="452"} 1',
        'poplar_connections_turned_away_total{service="pop3s",reason="tls: failed"} 1',
      ]),
    )
    expect(found.join('\n')).not.toMatch(/ann|192\.0\.2/)
  })
})
