// `poplar probe`: what another POP3 server really does. Exit code 0; 1 when something is wrong with it; 2 when it could not be
// probed.
import { type Command, InvalidArgumentError, Option } from 'commander'
import { Pop3Error } from '../pop3/client/index.ts'
import { type Finding, probeServer } from '../pop3/probe/probe.ts'
import type { JsonOptions } from './arguments.ts'
import { CommandFailure, exitCodes } from './failure.ts'
import { type Column, printable, printJson, printRows } from './output.ts'
import { startProgress } from './progress.ts'
import type { Pop3Url } from './remote/pop3-url.ts'
import { credentialsFor, type ReachOptions, reachOf } from './remote/reach.ts'
import { remoteCommand, untilInterrupted } from './remote/remote-command.ts'

interface ProbeCommandOptions extends ReachOptions, JsonOptions {
  /** In seconds. */
  readonly idle?: number
  readonly sample: number
}

const maxIdleSeconds = 3_600
const maxSample = 1_000

export function probeCommand(): Command {
  return remoteCommand({
    name: 'probe',
    description: 'say what another POP3 server really does; it deletes nothing',
    options: [
      new Option('--idle <seconds>', 'wait so long for the server to end a silent session').argParser(
        numberUpTo(maxIdleSeconds),
      ),
      new Option('--sample <messages>', 'how many messages are fetched and counted')
        .argParser(numberUpTo(maxSample))
        .default(10),
    ],
    examples: [
      ['poplar probe pop3s://pop.example.net', 'what can be seen without a login'],
      ['poplar probe pop3s://ann@pop.example.net', 'ask for the password; all that can be seen'],
      ['poplar probe pop3://ann@localhost:1110 --tls none --allow-cleartext --json', 'for a program'],
    ],
  }).action(probe)
}

async function probe(url: Pop3Url, options: ProbeCommandOptions): Promise<void> {
  const reach = reachOf(url, options)
  const auth = url.user === undefined ? undefined : await credentialsFor(url.user, options)
  const progress = startProgress(usualFindings, 'findings')
  try {
    const report = await untilInterrupted(signal =>
      probeServer({
        ...reach,
        port: url.port,
        patienceMs: options.patience * 1000,
        sample: options.sample,
        signal,
        ...(auth && { auth }),
        ...(options.idle !== undefined && { idleMs: options.idle * 1000 }),
        found: () => progress.advance(1),
      }),
    )
    progress.stop()
    if (options.json) printJson(report)
    else printRows(report.findings, columns, {})
    if (report.findings.some(({ state }) => state === 'wrong')) process.exitCode = exitCodes.failed
  } catch (error) {
    if (!(error instanceof Pop3Error)) throw error
    throw new CommandFailure(printable(error.message), exitCodes.usage, { cause: error })
  } finally {
    progress.stop()
  }
}

/** For the bar: how many there mostly are. */
const usualFindings = 32

const columns: readonly Column<Finding>[] = [
  { title: 'what', cell: ({ what }) => what },
  { title: 'state', cell: ({ state }) => state },
  { title: 'finding', cell: ({ finding }) => finding },
]

function numberUpTo(most: number): (text: string) => number {
  return text => {
    if (!/^\d{1,9}$/.test(text) || Number(text) > most)
      throw new InvalidArgumentError(`a whole number, ${most} at most`)
    return Number(text)
  }
}
