// Steps about messages: handing them over octet for octet, dots stuffed by us and not by a library, and seeing what arrived.
// A guard goes behind each: what did not come before the guard does not come any more.
import { Failure } from '../../conformance/case.ts'
import { differenceFrom } from '../../conformance/sameness.ts'
import { group, inTurn, octetsOf, on, pause, step } from '../../conformance/steps.ts'
import { shown } from '../../conformance/wire.ts'
import type { SmtpPlay } from './play.ts'
import { readReply, shownReply } from './replies.ts'
import { begin, type Complaint, code, data, mail, quit, rcpt, type SmtpStep, toData } from './steps.ts'

/** How long mail may be on its way; less where there is little patience. */
const maxArrivalMs = 10_000
const pollMs = 40
/** Between packets: enough for the one before to be on its way. */
const packetGapMs = 5
const guardField = 'X-Poplar-Guard: yes'

/** The header that every message of a case begins with, and the empty line. */
export const head = 'From: check@example.org\r\nTo: you@example.org\r\nSubject: check\r\n{mark}\r\n\r\n'

/** RFC 5321 section 4.5.2. Only CRLF ends a line. */
export function stuffed(text: string): string {
  return text.replace(/(^|\r\n)\./g, '$1..')
}

/** Sends the message, with what it begins with and what ends it, in one packet. Its lines end with CRLF. */
export function sendMessage(body: string, what = shown(octetsOf(body))): SmtpStep {
  return step(`send a message of ${what}, and its end`, play =>
    play.wire.send(octetsOf(play.fill(stuffed(head + body) + endOfData))),
  )
}

export const endOfData = '.\r\n'

/** One message from MAIL to its `250`. */
export function handOver(body: string, what?: string): SmtpStep {
  return group(
    `hand over a message of ${what ?? shown(octetsOf(body))}, expect \`250\``,
    toData,
    sendMessage(body, what),
    code('250'),
  )
}

/** Exactly so many messages of this run have arrived; `find` gives a sentence on what is wrong with them, if something is. */
export function arrived(
  count: number,
  explain: string,
  find: (messages: readonly Buffer[], play: SmtpPlay) => Complaint = () => undefined,
): SmtpStep {
  return step(`read what has arrived, expect ${explain}`, async play => {
    const messages = await allArrived(play, count)
    if (messages.length !== count)
      throw new Failure(`${messages.length} messages arrived, ${count} should have`)
    const complaint = find(messages, play)
    if (complaint !== undefined) throw new Failure(complaint)
  })
}

/** One message has arrived, as it was sent but for lines in its header. */
export function arrivedAs(body: string): SmtpStep {
  return arrived(1, 'the message as it was sent', ([message = Buffer.alloc(0)], play) =>
    differenceFrom({ octets: octetsOf(play.fill(head + body)) }, message),
  )
}

/** Nothing of this run. */
export const nothingArrived: SmtpStep = arrived(0, 'nothing')

/** Where what arrived can be read: these steps too. */
export function whereReadable(...steps: readonly SmtpStep[]): SmtpStep {
  return step(steps.map(({ explain }) => `where arrivals can be read: ${explain}`).join('\n'), async play => {
    if (play.collect) await inTurn(steps, play)
  })
}

/** Those of this run but the guard. Waits for the guard, and for so many others, but no longer than mail may be on its way. */
async function allArrived(play: SmtpPlay, count: number): Promise<readonly Buffer[]> {
  const { collect } = play
  if (!collect) throw new Error('the case reads what arrives, but has not said so in what it needs')
  await on('guard', begin, toData, sendGuard, code('250'), quit).run(play)
  const arrivalMs = Math.min(maxArrivalMs, play.target.patienceMs * 2)
  const untilMs = performance.now() + arrivalMs
  const messages: Buffer[] = []
  let isGuardThere = false
  for (;;) {
    for (const message of await collect(play.mark)) {
      if (message.includes(guardField)) isGuardThere = true
      else messages.push(message)
    }
    if (isGuardThere && messages.length >= count) return messages
    if (performance.now() > untilMs) break
    await pause(pollMs)
  }
  if (!isGuardThere)
    throw new Failure(`a message that was answered 250 has not arrived after ${arrivalMs / 1000} s`)
  return messages
}

const sendGuard: SmtpStep = step('', play =>
  play.wire.send(octetsOf(play.fill(`${guardField}\r\n${head}The guard.\r\n${endOfData}`))),
)

/** As often as the message has places to be cut at: hands it over in two packets. */
export function handOverAtEverySplit(body: string, places: readonly number[]): SmtpStep {
  const explain = `for each place in ${shown(octetsOf(body + endOfData))}: hand over a message, cut there`
  return step(explain, async play => {
    const octets = octetsOf(play.fill(stuffed(head + body) + endOfData))
    for (const place of places) {
      await inTurn([mail(), rcpt(), data], play)
      await play.wire.send(octets.subarray(0, octets.length - place))
      await pause(packetGapMs)
      await play.wire.send(octets.subarray(octets.length - place))
      const reply = await readReply(play.wire)
      if (reply.code !== 250)
        throw new Failure(`cut ${place} octets before its end: it answered ${shownReply(reply)}`)
    }
  })
}
