// What the server can do, found out before any case runs, so that what it cannot is skipped with the reason. A survey draws
// no conclusions: whether what the server says is true is for the cases.
import { bounded } from '../../conformance/bounded.ts'
import { Failure } from '../../conformance/case.ts'
import { Play, type Target } from '../../conformance/play.ts'
import { octetsOf } from '../../conformance/steps.ts'
import { shown, type Wire } from '../../conformance/wire.ts'
import type { Credentials } from './credentials.ts'
import { authenticateOn, connectOn } from './login.ts'
import { readBody, readLines, readReply } from './replies.ts'

/** Capability tags in upper case with their arguments; undefined where CAPA is refused. */
export type Capabilities = ReadonlyMap<string, readonly string[]> | undefined

export interface Survey {
  /** The text behind `+OK`. */
  readonly greeting: string
  /** RFC 1939 section 7, with its angle brackets; undefined where there is none. */
  readonly apopTimestamp: string | undefined
  /** Before login, in clear; where the target has TLS from the start, as `secured`. */
  readonly clear: Capabilities
  /** Before login, with the target's TLS; without TLS as `clear`. */
  readonly secured: Capabilities
  /** After login. */
  readonly loggedIn: Capabilities
  /** Optional commands that were answered with `+OK` after login, announced or not. */
  readonly answers: ReadonlySet<OptionalCommand>
}

/** Those that can be tried on a maildrop with a message in it; what they are sent, and whether lines follow. */
const optionalCommands = {
  TOP: { line: 'TOP 1 0', hasLines: true },
  UIDL: { line: 'UIDL', hasLines: true },
  LAST: { line: 'LAST', hasLines: false },
  LANG: { line: 'LANG', hasLines: true },
} as const

export type OptionalCommand = keyof typeof optionalCommands

/** It may take as long as so many answers that come at the last moment. */
const answersPerSurvey = 12

/** Throws a `Failure` when the server is none of POP3 or lets nobody in, `Unable` when there is none. */
export async function survey(target: Target, credentials: Credentials): Promise<Survey> {
  const play = new Play({ target, seed: '', words: {} })
  return bounded(play, target.patienceMs * answersPerSurvey, () => look(play, credentials))
}

async function look(play: Play, credentials: Credentials): Promise<Survey> {
  const { target } = play
  const wire = await play.open()
  const { text: greeting, status } = await readReply(wire)
  if (status !== 'ok') throw new Failure(`the server greets with ${shown(octetsOf(`-ERR ${greeting}`))}`)
  const clear = await askCapabilities(wire)
  let secured = clear
  if (target.security === 'starttls') {
    await wire.send(octetsOf('STLS\r\n'))
    const { status: answer, text } = await readReply(wire)
    if (answer !== 'ok') throw new Failure(`STLS was answered ${shown(octetsOf(`-ERR ${text}`))}`)
    await wire.startTls(target.tls)
    secured = await askCapabilities(wire)
  }
  await authenticateOn(wire, credentials)
  const loggedIn = await askCapabilities(wire)
  const answers = await tried(play, credentials)
  const apopTimestamp = /<[^<>\s]+@[^<>\s]+>/.exec(greeting)?.[0]
  return { greeting, apopTimestamp, clear, secured, loggedIn, answers }
}

/** Asks a connection for CAPA. */
async function askCapabilities(wire: Wire): Promise<Capabilities> {
  await wire.send(octetsOf('CAPA\r\n'))
  if ((await readReply(wire)).status !== 'ok') return undefined
  const tags = (await readLines(wire)).map(line => line.split(' '))
  return new Map(tags.map(([tag = '', ...values]) => [tag.toUpperCase(), values]))
}

async function tried(play: Play, credentials: Credentials): Promise<ReadonlySet<OptionalCommand>> {
  const answered = new Set<OptionalCommand>()
  let { wire } = play
  for (const name of Object.keys(optionalCommands) as OptionalCommand[]) {
    try {
      if (await isAnswered(wire, name)) answered.add(name)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      // Some servers hang up on a command that they do not know.
      wire = await connectOn(play)
      await authenticateOn(wire, credentials)
    }
  }
  return answered
}

async function isAnswered(wire: Wire, name: OptionalCommand): Promise<boolean> {
  const { line, hasLines } = optionalCommands[name]
  await wire.send(octetsOf(`${line}\r\n`))
  if ((await readReply(wire)).status !== 'ok') return false
  if (hasLines) await readBody(wire)
  return true
}
