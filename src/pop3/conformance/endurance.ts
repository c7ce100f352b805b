// Steps about input that no client sends. A server may refuse it or close the connection, as it likes; what it must not do
// is obey it, answer out of turn, or be gone for others.
import { Failure } from '../../conformance/case.ts'
import {
  crowd as crowdOf,
  type IsGreeting,
  servesAgain as servesAgainWith,
} from '../../conformance/endurance.ts'
import { octetsOf } from '../../conformance/steps.ts'
import { shown, type Wire } from '../../conformance/wire.ts'
import { isLocked } from './login.ts'
import { parseReply, type Reply } from './replies.ts'
import { type Complaint, connect, ok, on, type Pop3Step, say, step } from './steps.ts'

/** Reads a status line; undefined where the connection ends instead. */
export async function readReplyOrEnd(wire: Wire, patienceMs?: number): Promise<Reply | undefined> {
  let line: Buffer
  try {
    line = await wire.line(patienceMs)
  } catch (error) {
    if (error instanceof Failure && wire.ending !== undefined) return undefined
    throw error
  }
  return parseReply(line)
}

/** A status line that must be one thing or another, or the end of the connection. */
export function replyOrEnd(explain: string, find: (reply: Reply) => Complaint): Pop3Step {
  return step(`expect ${explain}, or the end of the connection`, async ({ wire }) => {
    const reply = await readReplyOrEnd(wire)
    const complaint = reply && find(reply)
    if (complaint !== undefined) throw new Failure(complaint)
  })
}

/** `-ERR`, or the end. */
export const refusedOrClosed: Pop3Step = replyOrEnd('`-ERR`', ({ status, text }) =>
  status === 'err' ? undefined : `it answered ${shownReply(status, text)} where only a refusal is right`,
)

/** The same to a login: where it is refused only because somebody has the maildrop, it would have let in. */
export const loginRefused: Pop3Step = replyOrEnd('`-ERR`, and not because of the lock', reply => {
  if (reply.status !== 'err') return 'it let in'
  return isLocked(reply) ? 'it let in, but for the lock' : undefined
})

/** How long a server has to answer where it should not, in milliseconds. */
const unansweredMs = 500

/** Behind a login whose line never ended: no `+OK` comes, whether the server closes or waits for more. */
export const notLetIn: Pop3Step = step(`expect no \`+OK\` for ${unansweredMs} ms`, async ({ wire }) => {
  const octets = await wire.within(unansweredMs)
  if (octets.toString('latin1').startsWith('+OK')) throw new Failure('it let in')
})

/** Any status line, or the end. */
export const answeredOrClosed: Pop3Step = replyOrEnd('a status line', () => undefined)

/** The session is in step: QUIT has one answer, its own. */
export const inStep: Pop3Step = step(
  'where it is still open: send `QUIT`, expect one `+OK` and the end',
  async play => {
    const { wire } = play
    if (wire.ending !== undefined) return
    await wire.send(Buffer.from('QUIT\r\n'))
    const reply = await readReplyOrEnd(wire)
    if (!reply) return
    if (reply.status !== 'ok') throw new Failure(`QUIT was answered ${shownReply(reply.status, reply.text)}`)
    const rest = await wire.rest()
    if (rest.length > 0) throw new Failure(`behind the answer to QUIT it sent ${shown(rest)}`)
  },
)

/** Reads, and throws away, what comes until the server has closed, or until it has nothing more to say to `QUIT`. */
export const closedInTheEnd: Pop3Step = step('read until the server closes', async ({ wire }) => {
  await wire.rest()
})

/** A new connection is greeted and answered. */
export const stillServes: Pop3Step = on('new', connect, say('QUIT'), ok())

const isGreeting: IsGreeting = async wire => (await readReplyOrEnd(wire))?.status === 'ok'

/** A new connection is greeted before long. */
export const servesAgain: Pop3Step = servesAgainWith(isGreeting)

/** So many connections at once, which are then left. */
export function crowd(count: number, greeted: 'all' | 'any'): Pop3Step {
  return crowdOf(count, greeted, isGreeting)
}

/** Behind a name that may have been refused: PASS with the right password, which must not be taken. */
export const noLogin: Pop3Step = step(
  'read the answer; send `PASS {password}`, expect `-ERR` or the end',
  async play => {
    const { wire } = play
    if (!(await readReplyOrEnd(wire)) || wire.ending !== undefined) return
    await wire.send(octetsOf(play.fill('PASS {password}\r\n')))
    if ((await readReplyOrEnd(wire))?.status === 'ok') throw new Failure('it let in')
  },
)

function shownReply(status: Reply['status'], text: string): string {
  const word = { ok: '+OK', err: '-ERR', continue: '+' }[status]
  return shown(Buffer.from(`${word} ${text}`, 'latin1'))
}
