// `poplar trace`: follows sessions of the running server line by line, secrets left out by the server itself.
import { once } from 'node:events'
import { Argument, Command, Option } from 'commander'
import type { TraceEvent } from '../control/api.ts'
import { parseAccountName } from '../mail/account-name.ts'
import { configOption, type JsonOptions, rejecting, withExamples } from './arguments.ts'
import {
  type ControlOptions,
  fromOption,
  type SelectionOptions,
  selectionOf,
  socketOption,
} from './control-options.ts'
import { printable } from './output.ts'

type TraceOptions = ControlOptions & JsonOptions & Pick<SelectionOptions, 'from' | 'session'>

export function traceCommand(): Command {
  const command = new Command('trace')
    .description('follow sessions live, both ways, without passwords and without mail; Ctrl-C ends it')
    .addArgument(new Argument('[user]', 'name of the account').argParser(rejecting(parseAccountName)))
    .addOption(fromOption())
    .addOption(new Option('--session <id>', 'one session, until it ends'))
    .addOption(new Option('--json', 'print a line of JSON for each line'))
    .addOption(configOption())
    .addOption(socketOption())
    .action(async (user: string | undefined, options: TraceOptions) => {
      const selection = selectionOf({ ...options, ...(user !== undefined && { user }) }, ways)
      const { followControl } = await import('./control-client.ts')
      const stop = new AbortController()
      process.once('SIGINT', () => stop.abort()).once('SIGTERM', () => stop.abort())
      process.stdout.once('close', () => stop.abort())
      await untilAborted(stop.signal, async () => {
        for await (const event of followControl('trace', options, { selection, signal: stop.signal }))
          await print(options.json ? JSON.stringify(event) : lineOf(event))
      })
    })
  return withExamples(command, [
    ['poplar trace ann', 'follow who claims to be ann, and who is'],
    ['poplar trace --from 192.0.2.7', 'follow an address, mail intake included'],
  ])
}

const ways = 'a user, --from and --session'

/** An end that was asked for is no failure. */
async function untilAborted(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** Waits while the terminal is behind: the server loses lines meanwhile, and says so. */
async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain')
}

const signs = { client: 'C:', server: 'S:', note: '--' }
/** Of an id the end differs most. */
const shownOfId = 6

function lineOf(event: TraceEvent): string {
  if ('lost' in event) return `-- ${event.lost} lines were lost: this terminal is too slow`
  const { at, session, protocol, user, from, text } = event
  const who = user === null ? protocol : `${protocol} ${user}`
  return printable(`${at.slice(11, 23)} ${session.slice(-shownOfId)} ${who} ${signs[from]} ${text}`)
}
