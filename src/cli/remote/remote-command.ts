// The commands that talk to another POP3 server, `poplar probe` and `poplar get`: both name it, reach it and log in by the same
// arguments and options, and are ended by SIGINT.
import { type Argument, Command, type Option } from 'commander'
import { jsonOption, withExamples } from '../arguments.ts'
import { addReachOptions, serverArgument } from './reach.ts'

/** What one has of its own. */
export interface RemoteCommand {
  readonly name: string
  readonly description: string
  /** Behind the server. */
  readonly arguments?: readonly Argument[]
  /** In front of those that both have. */
  readonly options: readonly Option[]
  /** Pairs of a command line and what it does. */
  readonly examples: readonly (readonly [string, string])[]
}

export function remoteCommand({ arguments: others = [], ...own }: RemoteCommand): Command {
  const command = new Command(own.name).description(own.description)
  for (const argument of [serverArgument(), ...others]) command.addArgument(argument)
  for (const option of [...own.options, jsonOption()]) command.addOption(option)
  return withExamples(addReachOptions(command), own.examples)
}

/** The signal is aborted by SIGINT, for as long as the work takes. */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupt = new AbortController()
  const stop = () => interrupt.abort()
  process.once('SIGINT', stop)
  try {
    return await work(interrupt.signal)
  } finally {
    process.removeListener('SIGINT', stop)
  }
}
