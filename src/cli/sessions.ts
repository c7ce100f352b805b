// `poplar sessions`: who is connected to the running server, and ending sessions without deleting anything.
import { Command } from 'commander'
import type { EndedSession, SessionView } from '../control/api.ts'
import { configOption, type JsonOptions, jsonOption, withExamples } from './arguments.ts'
import {
  type ControlOptions,
  fromOption,
  type SelectionOptions,
  selectionOf,
  socketOption,
  userOption,
} from './control-options.ts'
import { CommandFailure } from './failure.ts'
import { type Column, formatDuration, formatOctets, printLine, printRows } from './output.ts'

export function sessionsCommand(): Command {
  const command = new Command('sessions')
    .description('list the sessions of the running server, oldest first')
    .addOption(jsonOption())
    .addOption(configOption())
    .addOption(socketOption())
    .addCommand(killCommand())
    // What stands behind `kill` belongs to it.
    .enablePositionalOptions()
    .action(async (options: ControlOptions & JsonOptions) => {
      const { askControl } = await import('./control-client.ts')
      const { sessions } = await askControl('sessions', options)
      printRows(sessions, columns, options)
    })
  return withExamples(command, [
    ['poplar sessions', 'print a table'],
    ['poplar sessions kill --user ann', 'end what ann has open'],
  ])
}

function killCommand(): Command {
  const command = new Command('kill')
    .description('end sessions at once; nothing is deleted, but one that is at that already is waited for')
    .argument('[session]', 'id of a session')
    .addOption(userOption())
    .addOption(fromOption())
    .addOption(configOption())
    .addOption(socketOption())
    .action(async (session: string | undefined, options: ControlOptions & SelectionOptions) => {
      const selection = selectionOf({ ...options, ...(session !== undefined && { session }) }, ways)
      const { askControl } = await import('./control-client.ts')
      const { sessions } = await askControl('end', options, { selection })
      if (sessions.length === 0) throw new CommandFailure('there is no such session')
      for (const ended of sessions) printLine(sentences[ended.outcome](describe(ended)))
    })
  return withExamples(command, [
    ['poplar sessions kill 01k6zq3v', 'end one session'],
    ['poplar sessions kill --from 192.0.2.0/24', 'end all sessions from a network'],
  ])
}

const ways = 'a session, --user and --from'

const sentences: Readonly<Record<EndedSession['outcome'], (session: string) => string>> = {
  ended: session => `${session} was ended`,
  finished: session => `${session} was deleting what it had marked, and has ended by itself`,
  ending: session => `${session} has not ended yet`,
}

function describe({ id, user, peer }: SessionView): string {
  return `session ${id} of ${user ?? 'nobody'} from ${peer}`
}

const columns: readonly Column<SessionView>[] = [
  { title: 'session', cell: ({ id }) => id },
  { title: 'service', cell: ({ service }) => service },
  { title: 'peer', cell: ({ peer }) => peer },
  { title: 'user', cell: ({ user }) => user ?? '-' },
  { title: 'login', cell: ({ mechanism }) => mechanism ?? '-' },
  { title: 'tls', cell: ({ tls }) => (tls ? `${tls.version} ${tls.cipher}` : '-') },
  { title: 'state', cell: ({ state }) => state },
  { title: 'in', cell: ({ octetsIn }) => formatOctets(octetsIn), align: 'right' },
  { title: 'out', cell: ({ octetsOut }) => formatOctets(octetsOut), align: 'right' },
  { title: 'age', cell: ({ ageMs }) => formatDuration(ageMs), align: 'right' },
  { title: 'idle', cell: ({ idleMs }) => formatDuration(idleMs), align: 'right' },
]
