// Options of the commands that ask a running server: where it is asked, and which sessions are meant.
import { InvalidArgumentError, Option } from 'commander'
import type { Selection } from '../control/api.ts'
import { parseAccountName } from '../mail/account-name.ts'
import { parseNetwork } from '../mail/network.ts'
import { type ConfigOptions, rejecting } from './arguments.ts'
import { CommandFailure, exitCodes } from './failure.ts'

export interface SelectionOptions {
  readonly user?: string
  readonly from?: string
  readonly session?: string
}

export interface ControlOptions extends ConfigOptions {
  readonly socket?: string
}

export function socketOption(): Option {
  return new Option('--socket <path>', 'control socket of the server (default: as the configuration says)')
}

export function fromOption(): Option {
  return new Option(
    '--from <network>',
    'sessions from an address, or a range such as 192.0.2.0/24',
  ).argParser(text => {
    if (parseNetwork(text)) return text
    throw new InvalidArgumentError('an address or a range expected')
  })
}

export function userOption(): Option {
  return new Option('--user <name>', 'sessions of an account').argParser(rejecting(parseAccountName))
}

/** The one selection that was made; wrong usage when it was none, or several. */
export function selectionOf({ user, from, session }: SelectionOptions, ways: string): Selection {
  const selections: Selection[] = [
    ...(user === undefined ? [] : [{ user }]),
    ...(from === undefined ? [] : [{ from }]),
    ...(session === undefined ? [] : [{ session }]),
  ]
  const [only, ...others] = selections
  if (only && others.length === 0) return only
  throw new CommandFailure(`exactly one of ${ways} expected`, exitCodes.usage)
}
