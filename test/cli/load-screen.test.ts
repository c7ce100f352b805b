// A frame of `poplar top` fits the screen, whatever its size, and says the most important first.
import { expect, it } from 'vitest'
import { loadScreen } from '../../src/cli/load-screen.ts'
import { formatDuration } from '../../src/cli/output.ts'
import type { Load } from '../../src/control/api.ts'

const busy = (name: string) => ({ name, sessions: 1, commandsPerSecond: 2, octetsPerSecond: 2048 })
const load: Load = {
  at: '2026-11-25T12:34:56.000Z',
  uptimeMs: 93_600_000,
  residentOctets: 104_857_600,
  sessions: [
    { protocol: 'pop3', state: 'transaction', count: 20 },
    { protocol: 'smtp', state: 'command', count: 1 },
  ],
  openedPerSecond: 4,
  commands: [
    { protocol: 'pop3', verb: 'NOOP', perSecond: 1, refusedPerSecond: 0 },
    { protocol: 'pop3', verb: 'RETR', perSecond: 12.5, refusedPerSecond: 0.5 },
  ],
  logins: [{ outcome: 'accepted', perSecond: 3 }],
  octetsInPerSecond: 10,
  octetsOutPerSecond: 2048,
  lagMs: { mean: 0.1, p99: 1, max: 3 },
  storeQueue: 7,
  users: Array.from({ length: 10 }, (_, index) => busy(`user${index}`)),
  peers: [busy('192.0.2.1'), busy('2001:db8::1')],
}

it('shows everything where there is room', () => {
  expect(loadScreen(load, { columns: 200, rows: 100 })).toEqual([
    'Poplar  up 1d02h  memory 100.0 MiB  12:34:56Z',
    'event loop  0.1 ms late, p99 1.0, at most 3.0   store queue 7',
    'sessions    21, 4.0/s new   pop3 transaction 20   smtp command 1',
    'logins      accepted 3.0/s',
    'octets      in 10 B/s   out 2.0 KiB/s',
    '',
    'COMMAND      RATE  REFUSED',
    'pop3 RETR  12.5/s    0.5/s',
    'pop3 NOOP   1.0/s    0.0/s',
    '',
    'USER   SESSIONS  COMMANDS     OCTETS',
    ...Array.from({ length: 10 }, (_, index) => `user${index}         1     2.0/s  2.0 KiB/s`),
    '',
    'PEER         SESSIONS  COMMANDS     OCTETS',
    '192.0.2.1           1     2.0/s  2.0 KiB/s',
    '2001:db8::1         1     2.0/s  2.0 KiB/s',
  ])
})

it.each([
  { columns: 80, rows: 24 },
  { columns: 40, rows: 12 },
  { columns: 20, rows: 7 },
  { columns: 1, rows: 1 },
  { columns: 0, rows: 0 },
])('fits into $columns times $rows', ({ columns, rows }) => {
  const lines = loadScreen(load, { columns, rows })
  expect(lines.length).toBeLessThanOrEqual(rows)
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns)
})

it('gives each table its share of a small screen', () => {
  const lines = loadScreen(load, { columns: 80, rows: 24 })
  expect(lines.filter(line => /^(COMMAND|USER|PEER) /.test(line))).toHaveLength(3)
})

it('lets no name steer the terminal', () => {
  const lines = loadScreen({ ...load, users: [busy('\u001b[2Jann')] }, { columns: 200, rows: 100 })
  expect(lines.join('\n')).toContain('?[2Jann')
})

it.each([
  [0, '0s'],
  [59_999, '59s'],
  [61_000, '1m01s'],
  [3_600_000, '1h00m'],
  [90_000_000, '1d01h'],
])('says a duration of %d ms as %s', (durationMs, text) => {
  expect(formatDuration(durationMs)).toBe(text)
})
