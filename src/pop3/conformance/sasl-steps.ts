// Steps of AUTH, RFC 5034: words in base64 that are made of the account's name and password, and whole exchanges by the
// mechanisms of ../../auth.

import { type SaslClient, SaslClientError } from '../../auth/sasl-client.ts'
import { Failure, Unable } from '../../conformance/case.ts'
import { shown, type Wire } from '../../conformance/wire.ts'
import { connectOn, isLocked } from './login.ts'
import type { Credentials, Pop3Play } from './play.ts'
import { type Reply, readReply } from './replies.ts'
import { inTurn, octetsOf, type Pop3Step, pause, step } from './steps.ts'

const lockAttempts = 20
const lockPauseMs = 100

/** `{name}` in later texts stands for what is made of the account. Undefined: it cannot be made, and the case is skipped. */
export function given(
  name: string,
  explain: string,
  make: (credentials: Credentials) => string | undefined,
): Pop3Step {
  return step(`let \`{${name}}\` be ${explain}`, async ({ memory, credentials }) => {
    const word = make(credentials)
    if (word === undefined) throw new Unable(`this name and password make no ${explain}`)
    memory.set(name, word)
  })
}

/** Octets of a text in UTF-8, in base64. */
export function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

/** The message of PLAIN, RFC 4616 section 2. */
export function plainMessage({ user, password }: Credentials, actAs = ''): string {
  return `${actAs}\0${user}\0${password}`
}

/** `{plain}` is what lets the account in by PLAIN. */
export const givenPlain: Pop3Step = given('plain', "PLAIN's message of the account", credentials =>
  base64(plainMessage(credentials)),
)

/** `{wrong}` is the same with another password. */
export const givenWrong: Pop3Step = given(
  'wrong',
  "PLAIN's message with a wrong password",
  ({ user, password }) => base64(plainMessage({ user, password: `not ${password.length} words` })),
)

/** The steps, and then `+OK`. All anew where an ended session still holds the maildrop. */
export function letsIn(...steps: readonly Pop3Step[]): Pop3Step {
  const explain = [...steps.map(step => step.explain), 'expect `+OK`']
  return step(explain.join('\n'), async play => {
    for (let attempt = 1; ; attempt++) {
      await inTurn(steps, play)
      const reply = await readReply(play.wire)
      if (reply.status === 'ok') return
      if (attempt === lockAttempts || !isLocked(reply))
        throw new Failure(`it refused the login: ${shown(octetsOf(reply.text))}`)
      await pause(lockPauseMs)
    }
  })
}

/** Everything that was said, for somebody who listens. */
export interface Exchange {
  readonly reply: Reply
  readonly challenges: readonly Buffer[]
  readonly responses: readonly string[]
}

/** A login by a mechanism, up to `+OK` or `-ERR`. Throws a `Failure` when the server's words are none of the mechanism. */
export async function converse(wire: Wire, client: SaslClient): Promise<Exchange> {
  const challenges: Buffer[] = []
  const responses: string[] = []
  const say = async (line: string) => {
    responses.push(line)
    await wire.send(octetsOf(`${line}\r\n`))
  }
  const initial = await client.next(undefined)
  await say(`AUTH ${client.name}${initial ? ` ${encoded(initial)}` : ''}`)
  for (;;) {
    const reply = await readReply(wire)
    if (reply.status !== 'continue') {
      if (reply.status === 'ok' && !client.isComplete)
        throw new Failure('it let in before it had proved that it knows the password')
      return { reply, challenges, responses }
    }
    const challenge = decoded(reply.text)
    challenges.push(challenge)
    await say(await responseTo(client, challenge))
  }
}

async function responseTo(client: SaslClient, challenge: Buffer): Promise<string> {
  try {
    return encoded((await client.next(challenge)) ?? new Uint8Array(0))
  } catch (error) {
    if (!(error instanceof SaslClientError)) throw error
    // RFC 5802 section 7: the server says that it refuses, and waits for us to hear it.
    if (error.code === 'server-error') return '*'
    throw new Failure(error.message)
  }
}

/** A login by a mechanism that must succeed. */
export function letsInBy(name: string, make: (credentials: Credentials) => SaslClient): Pop3Step {
  return step(`log in by ${name}, expect \`+OK\``, async play => {
    for (let attempt = 1; ; attempt++) {
      const { reply } = await converse(play.wire, make(play.credentials))
      if (reply.status === 'ok') return
      if (attempt === lockAttempts || !isLocked(reply))
        throw new Failure(`it refused the login: ${shown(octetsOf(reply.text))}`)
      await pause(lockPauseMs)
    }
  })
}

/** A login by a mechanism that must not succeed. */
export function refusesBy(explain: string, make: (credentials: Credentials) => SaslClient): Pop3Step {
  return step(`log in by ${explain}, expect \`-ERR\``, async play => {
    const { reply } = await converse(play.wire, make(play.credentials))
    if (reply.status !== 'err' || isLocked(reply)) throw new Failure(`it let in by ${explain}`)
  })
}

/** Begins an exchange and gives the first challenge, decoded. Throws a `Failure` when there is none. */
export async function firstChallenge(play: Pop3Play, line: string): Promise<Buffer> {
  await play.wire.send(octetsOf(`${line}\r\n`))
  const { status, text } = await readReply(play.wire)
  if (status !== 'continue')
    throw new Failure(`AUTH was answered ${shown(octetsOf(text))}, not with a challenge`)
  return decoded(text)
}

/** Begins and cancels an exchange of each mechanism that is announced and that anybody can begin, on a connection of its own. */
export function eachMechanism(canBegin: RegExp): Pop3Step {
  const explain =
    'for each mechanism that CAPA lists: connect, send `AUTH` and its name, expect a challenge, send `*`, expect `-ERR`'
  return step(explain, async play => {
    for (const name of play.survey.secured?.get('SASL') ?? []) {
      if (!canBegin.test(name)) continue
      const wire = await connectOn(play)
      await firstChallenge(play, `AUTH ${name}`)
      await wire.send(octetsOf('*\r\n'))
      const { status } = await readReply(wire)
      if (status !== 'err') throw new Failure(`AUTH ${name}, cancelled, was not answered \`-ERR\``)
    }
  })
}

function encoded(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64')
}

/** RFC 5034 section 4: a challenge is base64, and nothing but. */
function decoded(text: string): Buffer {
  const octets = Buffer.from(text, 'base64')
  if (octets.toString('base64') !== text)
    throw new Failure(`the challenge ${shown(octetsOf(text))} is no base64`)
  return octets
}
