// Steps about input that no client sends. A server may refuse it or close the connection, as it likes; what it must not do
// is obey it, answer out of turn, or be gone for others.
import { Failure, Unable } from '../../conformance/case.ts'
import { octetsOf, pause } from '../../conformance/steps.ts'
import { shown, type Wire } from '../../conformance/wire.ts'
import { isLocked } from './login.ts'
import type { Pop3Play } from './play.ts'
import { parseReply, type Reply } from './replies.ts'
import { type Complaint, connect, ok, on, type Pop3Step, say, step } from './steps.ts'

const againMs = 3_000
const againPauseMs = 50

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

/** A new connection is greeted before long: a server may need a moment to see that others have gone. */
export const servesAgain: Pop3Step = step('connect anew until greeted, for 3 seconds at most', async play => {
  const untilMs = performance.now() + againMs
  for (;;) {
    if (await isGreeted(play, 'again')) return
    if (performance.now() > untilMs) throw new Failure('new connections are not greeted any more')
    await pause(againPauseMs)
  }
})

/** So many connections at once, which are then left. `all`: each must be greeted; `any`: refused ones are no fault. */
export function crowd(count: number, greeted: 'all' | 'any'): Pop3Step {
  const explain = `connect ${count} times at once, ${greeted === 'all' ? 'expect as many greetings' : 'read what comes'}, leave`
  return step(explain, async play => {
    const isIn: boolean[] = []
    for (let i = 1; i <= count; i++) isIn.push(await isGreeted(play, `crowd ${i}`, false))
    play.dropAll('crowd ')
    const refused = isIn.filter(is => !is).length
    if (greeted === 'all' && refused > 0) throw new Failure(`${refused} of ${count} connections were refused`)
  })
}

async function isGreeted(play: Pop3Play, name: string, leaves = true): Promise<boolean> {
  let is = false
  await play.on(name, async () => {
    try {
      const wire = await play.open()
      is = (await readReplyOrEnd(wire))?.status === 'ok'
      if (leaves) wire.drop()
    } catch (error) {
      if (!(error instanceof Unable)) throw error
    }
  })
  return is
}

/** Octets of no meaning, the same ones for the same seed of the run. */
export function randomOctets(count: number): Pop3Step {
  return step(`send ${count} random octets`, async ({ wire, random }) => {
    await wire.send(Uint8Array.from({ length: count }, () => random.below(256)))
  })
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
