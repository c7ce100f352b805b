// What the server can do, found out before any case runs, and whether it takes mail for the recipient at all.
import { bounded } from '../../conformance/bounded.ts'
import { Unable } from '../../conformance/case.ts'
import { Play, type Target } from '../../conformance/play.ts'
import { octetsOf } from '../../conformance/steps.ts'
import type { Wire } from '../../conformance/wire.ts'
import { connectOn, type Extensions, helloOn } from './introduction.ts'
import { isAcceptance, readReply, shownReply } from './replies.ts'

export interface Survey {
  /** The text behind 220. */
  readonly greeting: string
  /** In clear; where the target has TLS from the start, as `secured`. */
  readonly clear: Extensions
  /** With the target's TLS; without TLS as `clear`. */
  readonly secured: Extensions
}

/** It may take as long as so many answers that come at the last moment. */
const answersPerSurvey = 12

/** Throws a `Failure` when the server is none of SMTP or LMTP, `Unable` when there is none or it takes no mail for the recipient. */
export async function survey(target: Target, words: Readonly<Record<string, string>>): Promise<Survey> {
  const play = new Play({ target, seed: '', words })
  return bounded(play, target.patienceMs * answersPerSurvey, look)
}

async function look(play: Play): Promise<Survey> {
  const { security } = play.target
  const wire = await connectOn(play)
  const secured = await helloOn(play, wire)
  await offer(play, wire)
  const greeting = play.fill('{greeting}')
  const clear = security === 'starttls' ? await lookInClear(play) : secured
  return { greeting, clear, secured }
}

async function lookInClear(play: Play): Promise<Extensions> {
  const wire = await play.open('clear')
  await readReply(wire)
  return helloOn(play, wire)
}

async function offer(play: Play, wire: Wire): Promise<void> {
  for (const line of ['MAIL FROM:<{sender}>', 'RCPT TO:<{recipient}>', 'RSET']) {
    const command = play.fill(line)
    await wire.send(octetsOf(`${command}\r\n`))
    const reply = await readReply(wire)
    if (!isAcceptance(reply)) throw new Unable(`${command} was answered ${shownReply(reply)}`)
  }
}
