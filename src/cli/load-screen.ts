// One frame of `poplar top` as lines of text, for a screen of any size: what matters most comes first, and nothing is wider
// or longer than the screen.
import type { Busy, Load } from '../control/api.ts'
import { type Column, formatDuration, formatOctets, formatTable, printable } from './output.ts'

export interface ScreenSize {
  readonly columns: number
  readonly rows: number
}

/** At most `rows` lines of at most `columns` characters. */
export function loadScreen(load: Load, { columns, rows }: ScreenSize): string[] {
  const head = headOf(load)
  const room = Math.max(0, rows - head.length)
  const tables = [
    table(
      [...load.commands].sort((one, other) => other.perSecond - one.perSecond),
      commandColumns,
    ),
    table(load.users, busyColumns('user')),
    table(load.peers, busyColumns('peer')),
  ].filter(lines => lines.length > 0)
  const lines = [...head, ...fitted(tables, room)]
  return lines.slice(0, rows).map(line => [...line].slice(0, columns).join('').trimEnd())
}

function headOf(load: Load): string[] {
  const { lagMs, logins } = load
  const total = load.sessions.reduce((sum, { count }) => sum + count, 0)
  const states = load.sessions.map(({ protocol, state, count }) => `${protocol} ${state} ${count}`).sort()
  return [
    `Poplar  up ${formatDuration(load.uptimeMs)}  memory ${formatOctets(load.residentOctets)}  ${load.at.slice(11, 19)}Z`,
    `event loop  ${lagMs.mean.toFixed(1)} ms late, p99 ${lagMs.p99.toFixed(1)}, at most ${lagMs.max.toFixed(1)}${
      load.storeQueue === null ? '' : `   store queue ${load.storeQueue}`
    }`,
    `sessions    ${[`${total}, ${rate(load.openedPerSecond)} new`, ...states].join('   ')}`,
    `logins      ${logins.map(({ outcome, perSecond }) => `${outcome} ${rate(perSecond)}`).join('   ') || 'none'}`,
    `octets      in ${octetRate(load.octetsInPerSecond)}   out ${octetRate(load.octetsOutPerSecond)}`,
  ].map(printable)
}

/** A share of the room for each table; what one leaves, the next ones have. */
function fitted(tables: readonly string[][], room: number): string[] {
  const lines: string[] = []
  for (const [index, own] of tables.entries()) {
    const share = Math.floor((room - lines.length) / (tables.length - index))
    // A title alone says nothing.
    if (share >= 3) lines.push('', ...own.slice(0, share - 1))
  }
  return lines
}

function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string[] {
  return rows.length === 0 ? [] : formatTable(rows, columns).split('\n').slice(0, -1)
}

const commandColumns: readonly Column<Load['commands'][number]>[] = [
  { title: 'command', cell: ({ protocol, verb }) => `${protocol} ${verb}` },
  { title: 'rate', cell: ({ perSecond }) => rate(perSecond), align: 'right' },
  { title: 'refused', cell: ({ refusedPerSecond }) => rate(refusedPerSecond), align: 'right' },
]

function busyColumns(title: string): readonly Column<Busy>[] {
  return [
    { title, cell: ({ name }) => name },
    { title: 'sessions', cell: ({ sessions }) => sessions, align: 'right' },
    { title: 'commands', cell: ({ commandsPerSecond }) => rate(commandsPerSecond), align: 'right' },
    { title: 'octets', cell: ({ octetsPerSecond }) => octetRate(octetsPerSecond), align: 'right' },
  ]
}

function rate(perSecond: number): string {
  return `${perSecond.toFixed(1)}/s`
}

function octetRate(perSecond: number): string {
  return `${formatOctets(Math.round(perSecond))}/s`
}
