// Steps about who is let in: one attempt by USER and PASS, right or wrong, with what became of it; and APOP, RFC 1939
// section 7.
import { createHash } from 'node:crypto'
import { Failure, Unable } from '../../conformance/case.ts'
import { shown, type Wire } from '../../conformance/wire.ts'
import { answered } from './ask.ts'
import { readReplyOrEnd } from './endurance.ts'
import { connectOn, isLocked } from './login.ts'
import type { Pop3Play } from './play.ts'
import { type Reply, readReply } from './replies.ts'
import { type Complaint, octetsOf, type Pop3Step, step, type Text } from './steps.ts'

/** How long a server may take to close behind its answer. */
const closingMs = 60

/** Servers let who fails wait, and who wants a maildrop that is locked: up to so long, in milliseconds. */
const verdictMs = 20_000

/** What came of an attempt: `end` where the connection was closed in place of an answer. */
export interface Attempt {
  readonly outcome: 'in' | 'refused' | 'end'
  /** The last answer; undefined where there was none. */
  readonly reply: Reply | undefined
}

/** Sends USER and PASS, each once; PASS only where USER was taken. The texts may hold `{user}` and the like. */
export async function attempt(play: Pop3Play, user: Text, password: Text): Promise<Attempt> {
  const { wire } = play
  const first = await answerTo(wire, play.fill(`USER ${user}`))
  if (first?.status !== 'ok') return { outcome: first ? 'refused' : 'end', reply: first }
  const reply = await answerTo(wire, play.fill(`PASS ${password}`))
  if (!reply) return { outcome: 'end', reply }
  return { outcome: reply.status === 'ok' ? 'in' : 'refused', reply }
}

async function answerTo(wire: Wire, line: string): Promise<Reply | undefined> {
  await wire.send(octetsOf(`${line}\r\n`))
  return readReplyOrEnd(wire, verdictMs)
}

/** The answer to a login, however long the server thinks about it. */
export function verdict(explain: string, find: (reply: Reply) => Complaint): Pop3Step {
  return step(`expect ${explain}`, async ({ wire }) => {
    const complaint = find(await readReply(wire, verdictMs))
    if (complaint !== undefined) throw new Failure(complaint)
  })
}

/** Expects `-ERR` to a login. */
export const refused: Pop3Step = verdict('`-ERR`', ({ status, text }) =>
  status === 'err' ? undefined : `it answered ${answered(status, text)}, \`-ERR\` was due`,
)

/** Expects not to be let in: refused, or the connection closed. */
export function notLetIn(user: Text, password: Text): Pop3Step {
  return step(
    `send \`USER ${user}\` and, where that is taken, \`PASS ${password}\`, expect not to be let in`,
    async play => {
      if ((await attempt(play, user, password)).outcome === 'in') throw new Failure('it let us in')
    },
  )
}

/** Expects `-ERR` to USER or to PASS. */
export function refusedLogin(user: Text, password: Text): Pop3Step {
  return step(
    `send \`USER ${user}\` and, where that is taken, \`PASS ${password}\`, expect \`-ERR\` to one of them`,
    async play => {
      const { outcome } = await attempt(play, user, password)
      if (outcome === 'in') throw new Failure('it let us in')
      if (outcome === 'end') throw new Failure('it closed the connection and said nothing')
    },
  )
}

/** Skips the rest where a failed login ended the connection, as RFC 1939 section 4 lets servers do. */
export const ifStillOpen: Pop3Step = step(
  'go on only where the connection is still open',
  async ({ wire }) => {
    const octets = await wire.within(closingMs)
    if (octets.length > 0) throw new Failure(`it sent ${shown(octets)} unasked`)
    if (wire.ending !== undefined) throw new Unable('the server closes the connection behind a failed login')
  },
)

/** Logs in once, without asking again for a maildrop that is locked. */
export const authenticateAtOnce: Pop3Step = step('log in, at the first attempt', async play => {
  const { outcome, reply } = await attempt(play, '{user}', '{password}')
  if (outcome === 'in') return
  const answer = reply ? answered(reply.status, reply.text) : 'nothing'
  throw new Failure(`the login was answered ${answer}`)
})

/** Logs in where another session has the maildrop; remembers how it went. Anything but a lock is a failure. */
export const logInBeside: Pop3Step = step('try to log in, once', async play => {
  const found = await attempt(play, '{user}', '{password}')
  play.memory.set('beside', found)
})

/** How `logInBeside` went. */
export function beside(play: Pop3Play): Attempt {
  const found = play.memory.get('beside')
  if (typeof found !== 'object' || found === null) throw new Error('the case never logged in beside another')
  return found as Attempt
}

/** Expects that the session beside was refused. */
export const wasLockedOut: Pop3Step = step('expect that it was refused', async play => {
  if (beside(play).outcome === 'in') throw new Failure('it let a second session into the maildrop')
})

/** Skips the case where it was let in: nothing can be said of the lock then. */
export const ifLockedOut: Pop3Step = step('go on only where it was refused', async play => {
  if (beside(play).outcome === 'in') throw new Unable('the server lets two sessions in at once')
})

/** Steps for a session that was let in beside another, and are left out where it was not. */
export function ifLetIn(work: Pop3Step): Pop3Step {
  return step(`where it was let in: ${work.explain}`, async play => {
    if (beside(play).outcome === 'in') await work.run(play)
  })
}

/** Opens so many connections, logs in on all of them at once, and looks at how many were let in. */
export function loginRace(count: number, find: (letIn: number) => Complaint): Pop3Step {
  const names = Array.from({ length: count }, (_, n) => `racer ${n + 1}`)
  return step(`connect ${count} times, log in on all of them at once, count who is let in`, async play => {
    const wires: Wire[] = []
    for (const name of names) await play.on(name, async () => void wires.push(await connectOn(play)))
    const { user, password } = play.credentials
    const attempts = await Promise.all(
      wires.map(async wire => {
        if ((await answerTo(wire, `USER ${user}`))?.status !== 'ok') return undefined
        return answerTo(wire, `PASS ${password}`)
      }),
    )
    const strange = attempts.find(
      reply => reply?.status === 'err' && !isLocked(reply) && reply.code === 'AUTH',
    )
    if (strange) throw new Failure(`a right password was answered ${answered(strange.status, strange.text)}`)
    const complaint = find(attempts.filter(reply => reply?.status === 'ok').length)
    if (complaint !== undefined) throw new Failure(complaint)
  })
}

/** Remembers the timestamp of the greeting just read under a name; skips the case where there is none. */
export function rememberTimestamp(name: string): Pop3Step {
  return step(`remember the timestamp of the greeting (as ${name})`, async play => {
    const timestamp = timestampIn(play)
    if (timestamp === undefined) throw new Unable('the greeting has no timestamp for APOP')
    play.memory.set(name, timestamp)
  })
}

/** With its angle brackets, from the greeting of the connection opened last. */
export function timestampIn(play: Pop3Play): string | undefined {
  return /<[^<>\s]+@[^<>\s]+>/.exec(greetingOf(play))?.[0]
}

/** Of the connection opened last, without its `+OK`. */
export function greetingOf({ memory }: Pop3Play): string {
  const text = memory.get('greeting')
  if (typeof text !== 'string') throw new Error('the case never connected')
  return text
}

/** `{digest}` becomes what APOP sends for a remembered timestamp: MD5 of it and the password, in lower case. */
export function givenDigest(timestamp: string, password: Text = '{password}'): Pop3Step {
  return step(
    `let \`{digest}\` be the MD5 digest of the timestamp (${timestamp}) and \`${password}\``,
    async play => {
      const text = `${String(play.memory.get(timestamp))}${play.fill(password)}`
      play.memory.set('digest', createHash('md5').update(octetsOf(text)).digest('hex'))
    },
  )
}
