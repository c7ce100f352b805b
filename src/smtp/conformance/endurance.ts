// Steps about input that no client sends. A server may refuse it or close the connection, as it likes; what it must not do
// is obey it, answer out of turn, or be gone for others.
import { Failure, Unable } from '../../conformance/case.ts'
import {
  crowd as crowdOf,
  type IsGreeting,
  servesAgain as servesAgainWith,
} from '../../conformance/endurance.ts'
import { octetsOf, on, step } from '../../conformance/steps.ts'
import { shown } from '../../conformance/wire.ts'
import { isRefusal, readReplyOrEnd, shownReply } from './replies.ts'
import { begin, quit, type SmtpStep } from './steps.ts'

/** More than any server reads behind its last word. */
const maxReplies = 20_000

/** A refusal, or the end; some say `221` before it. */
export const refusedOrClosed: SmtpStep = step(
  'expect a refusal, or the end of the connection',
  async ({ wire }) => {
    const reply = await readReplyOrEnd(wire)
    if (reply && !isRefusal(reply) && reply.code !== 221)
      throw new Failure(`it answered ${shownReply(reply)} where only a refusal is right`)
  },
)

/** Any reply, or the end. */
export const answeredOrClosed: SmtpStep = step(
  'expect a reply, or the end of the connection',
  async ({ wire }) => {
    await readReplyOrEnd(wire)
  },
)

/** The session is in step: QUIT has one reply, its own. */
export const inStep: SmtpStep = step(
  'where it is still open: send `QUIT`, expect one `221` and the end',
  async ({ wire }) => {
    if (wire.ending !== undefined) return
    await wire.send(octetsOf('QUIT\r\n'))
    const reply = await readReplyOrEnd(wire)
    if (!reply) return
    // 421 was on its way, RFC 5321 section 3.8.
    if (reply.code !== 221 && reply.code !== 421) throw new Failure(`QUIT was answered ${shownReply(reply)}`)
    const rest = await wire.rest()
    if (rest.length > 0) throw new Failure(`behind the reply to QUIT it sent ${shown(rest)}`)
  },
)

/**
 * Sends QUIT behind mail data, and reads to the end: one reply to each message, one to QUIT. A server that refused the
 * message may have closed at once.
 */
export function onlyReplies(messages: number): SmtpStep {
  const explain = `send \`QUIT\`, expect ${messages === 1 ? 'one reply' : `${messages} replies`} to the mail data, \`221\`, and no more`
  return step(explain, async ({ wire }) => {
    await wire.send(octetsOf('QUIT\r\n'))
    const codes: number[] = []
    for (let reply = await readReplyOrEnd(wire); reply; reply = await readReplyOrEnd(wire)) {
      codes.push(reply.code)
      if (codes.length > maxReplies) throw new Failure('it answers without end')
    }
    const said = codes.join(', ')
    if (codes.includes(354) || codes.length > messages + 1)
      throw new Failure(`it took mail data for commands: it answered ${said}`)
    const isWhole = codes.length === messages + 1 && codes.at(-1) === 221
    const isRefused = codes.length <= messages && codes.every(code => code >= 400)
    if (!isWhole && !isRefused) throw new Failure(`it answered ${said === '' ? 'nothing' : said}`)
  })
}

/** A new connection is greeted and answered. */
export const stillServes: SmtpStep = step('on a new connection: say who we are, and leave', async play => {
  try {
    await on('new', begin, quit).run(play)
  } catch (error) {
    // It was there a moment ago.
    if (error instanceof Unable) throw new Failure(error.message, { cause: error })
    throw error
  }
})

const isGreeting: IsGreeting = async wire => (await readReplyOrEnd(wire))?.code === 220

/** A new connection is greeted before long. */
export const servesAgain: SmtpStep = servesAgainWith(isGreeting)

/** So many connections at once, which are then left; refused ones are no fault. */
export function crowd(count: number): SmtpStep {
  return crowdOf(count, 'any', isGreeting)
}
