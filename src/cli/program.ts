// Builds the program out of its commands and runs it: exit codes, one-line errors, quiet ends of closed pipes.
import { Command, CommanderError } from 'commander'
import { packageVersion } from '../version.ts'
import { CommandFailure, exitCodes } from './failure.ts'

/** Commands whose wrong usage has an exit code other than 2. */
const usageExitCodes = new WeakMap<Command, number>()

/** For commands that other programs run and judge by sysexits. */
export function exitOnWrongUsage(command: Command, exitCode: number): Command {
  usageExitCodes.set(command, exitCode)
  return command
}

/** Parses the arguments, runs the command they name and sets `process.exitCode`. Never throws. */
export async function runProgram(
  commands: readonly (() => Command)[],
  argv: readonly string[],
): Promise<void> {
  surviveClosedPipes()
  try {
    await buildProgram(commands).parseAsync(argv)
  } catch (error) {
    process.exitCode = reportFailure(error)
  }
}

export function buildProgram(commands: readonly (() => Command)[]): Command {
  const program = new Command('poplar')
    .description('A mail office: mail comes in by SMTP and LMTP, waits in maildrops, is taken away by POP3.')
    .version(packageVersion(), '--version', 'print the version')
    .helpCommand('help [command]', 'print the help of a command')
  for (const create of commands) program.addCommand(create())
  prepare(program)
  return program
}

/** What every command and subcommand has alike. */
function prepare(command: Command): void {
  command
    .helpOption('-h, --help', 'print this help')
    .configureOutput({ outputError: (text, write) => write(complaint(text.replaceAll('\n', ' '))) })
    .exitOverride(error => {
      if (error.exitCode === 0) throw error
      throw new CommandFailure('', usageExitCodes.get(command) ?? exitCodes.usage)
    })
  for (const child of command.commands) prepare(child)
}

/** Writes the failure's line and returns the exit code. */
function reportFailure(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode
  const message = error instanceof Error ? error.message : String(error)
  if (message !== '') process.stderr.write(complaint(message))
  if (process.env.POPLAR_DEBUG && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`)
  return error instanceof CommandFailure ? error.exitCode : exitCodes.failed
}

function complaint(text: string): string {
  return `poplar: ${text.replace(/^error: /, '').trim()}\n`
}

/** Who reads our output may go away at any time (`| head`): the work goes on, unseen. */
function surviveClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
}
