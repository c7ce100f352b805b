// Arguments and options that several commands share, so that they read and fail alike everywhere.
import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import { parseAccountName } from '../mail/account-name.ts'
import { CommandFailure, exitCodes } from './failure.ts'

/** What `configOption` gives an action. */
export interface ConfigOptions {
  readonly config?: string
}

/** What `jsonOption` gives an action. */
export interface JsonOptions {
  readonly json?: boolean
}

/** `--config FILE`, which every command takes. */
export function configOption(): Option {
  return new Option('--config <file>', 'configuration file (default: ./poplar.toml if there is one)')
}

/** `--json`, which every command that lists something takes. */
export function jsonOption(): Option {
  return new Option('--json', 'print JSON instead of a table')
}

/** `<user>`: the name of an account, folded and checked. */
export function userArgument(): Argument {
  return new Argument('<user>', 'name of the account').argParser(rejecting(parseAccountName))
}

/** Such a text is not repeated in a complaint: logs of others would have it. */
const passwordInUrl = /:\/\/[^/@]*:[^/@]*@/

/** Makes a parser's error a usage error. */
export function rejecting<T>(parse: (text: string) => T): (text: string) => T {
  return text => {
    try {
      return parse(text)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      if (passwordInUrl.test(text)) throw new CommandFailure(message, exitCodes.usage)
      throw new InvalidArgumentError(message)
    }
  }
}

/** For an option that may be given several times: gathers what the parser makes of each. */
export function gathering<T>(
  parse: (text: string) => T,
): (text: string, before: readonly T[] | undefined) => readonly T[] {
  const parseOne = rejecting(parse)
  return (text, before = []) => [...before, parseOne(text)]
}

/** Adds examples to the command's help: pairs of a command line and what it does. */
export function withExamples(command: Command, examples: readonly (readonly [string, string])[]): Command {
  const lines = examples.map(([line, meaning]) => `  # ${meaning}\n  $ ${line}`)
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
}
