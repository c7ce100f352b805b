// Steps about input that no client sends. A server may refuse it or close the connection, as it likes; what it must not do
// is obey it, answer out of turn, or be gone for others.
import { Failure } from '../../conformance/case.ts'
import { inTurn } from '../../conformance/steps.ts'
import { shown, type Wire } from '../../conformance/wire.ts'
import { parseReply, type Reply } from './replies.ts'
import { type Complaint, connect, ok, on, type Pop3Step, say, step } from './steps.ts'

/** Reads a status line; undefined where the connection ends instead. */
export async function readReplyOrEnd(wire: Wire): Promise<Reply | undefined> {
  let line: Buffer
  try {
    line = await wire.line()
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

/** Any status line, or the end. */
export const answeredOrClosed: Pop3Step = replyOrEnd('a status line', () => undefined)

/** Steps for a connection that may have ended, and then are left out. */
export function ifOpen(...steps: readonly Pop3Step[]): Pop3Step {
  return step(steps.map(({ explain }) => `where it is still open: ${explain}`).join('\n'), async play => {
    if (play.wire.ending === undefined) await inTurn(steps, play)
  })
}

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

function shownReply(status: Reply['status'], text: string): string {
  const word = { ok: '+OK', err: '-ERR', continue: '+' }[status]
  return shown(Buffer.from(`${word} ${text}`, 'latin1'))
}
