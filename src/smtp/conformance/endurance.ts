// Steps about input that no client sends. A server may refuse it or close the connection, as it likes; what it must not do
// is obey it, answer out of turn, or be gone for others.
import { Failure, Unable } from '../../conformance/case.ts'
import { octetsOf, on, pause, step } from '../../conformance/steps.ts'
import { shown } from '../../conformance/wire.ts'
import type { SmtpPlay } from './play.ts'
import { isRefusal, readReplyOrEnd, shownReply } from './replies.ts'
import { begin, quit, type SmtpStep } from './steps.ts'

const againMs = 3_000
const againPauseMs = 50
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

/** A new connection is greeted before long: a server may need a moment to see that others have gone. */
export const servesAgain: SmtpStep = step('connect anew until greeted, for 3 seconds at most', async play => {
  const untilMs = performance.now() + againMs
  for (;;) {
    if (await isGreeted(play, 'again', true)) return
    if (performance.now() > untilMs) throw new Failure('new connections are not greeted any more')
    await pause(againPauseMs)
  }
})

/** So many connections at once, which are then left; refused ones are no fault. */
export function crowd(count: number): SmtpStep {
  return step(`connect ${count} times at once, read what comes, leave`, async play => {
    for (let i = 1; i <= count; i++) await isGreeted(play, `crowd ${i}`, false)
    play.dropAll('crowd ')
  })
}

async function isGreeted(play: SmtpPlay, name: string, leaves: boolean): Promise<boolean> {
  let is = false
  await play.on(name, async () => {
    try {
      const wire = await play.open()
      is = (await readReplyOrEnd(wire))?.code === 220
      if (leaves) wire.drop()
    } catch (error) {
      if (!(error instanceof Unable)) throw error
    }
  })
  return is
}

/** Octets of no meaning, the same ones for the same seed of the run. */
export function randomOctets(count: number): SmtpStep {
  return step(`send ${count} random octets`, async ({ wire, random }) => {
    await wire.send(Uint8Array.from({ length: count }, () => random.below(256)))
  })
}
