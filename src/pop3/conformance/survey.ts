// What the server can do, found out before any case runs, so that what it cannot is skipped with the reason. A survey draws
// no conclusions: whether what the server says is true is for the cases.
import { octetsOf } from '../../conformance/steps.ts'
import type { Wire } from '../../conformance/wire.ts'
import { readLines, readReply } from './replies.ts'

/** Capability tags in upper case with their arguments; undefined where CAPA is refused. */
export type Capabilities = ReadonlyMap<string, readonly string[]> | undefined

export interface Survey {
  /** The text behind `+OK`. */
  readonly greeting: string
  /** RFC 1939 section 7, with its angle brackets; undefined where there is none. */
  readonly apopTimestamp: string | undefined
  /** Before login, in clear; where the target has TLS from the start, as `secured`. */
  readonly clear: Capabilities
  /** Before login, with the target's TLS. */
  readonly secured: Capabilities
  /** After login. */
  readonly loggedIn: Capabilities
  /** Optional commands that were answered with `+OK` after login, announced or not. */
  readonly answers: ReadonlySet<OptionalCommand>
  /** Messages in the maildrop, and those that are not ours. */
  readonly messages: number
  readonly foreign: number
}

export const optionalCommands = ['TOP', 'UIDL', 'LAST', 'HELP', 'LANG', 'UTF8', 'XTND'] as const
export type OptionalCommand = (typeof optionalCommands)[number]

/** Asks a connection for CAPA. */
export async function askCapabilities(wire: Wire): Promise<Capabilities> {
  await wire.send(octetsOf('CAPA\r\n'))
  if ((await readReply(wire)).status !== 'ok') return undefined
  const tags = (await readLines(wire)).map(line => line.split(' '))
  return new Map(tags.map(([tag = '', ...values]) => [tag.toUpperCase(), values]))
}
