// The steps of SMTP and LMTP: connecting, saying who we are, the commands of a transaction, and what replies must be.
// Whatever is read is held to the form of replies.
import { Failure, type Step } from '../../conformance/case.ts'
import { group, inTurn, say, step } from '../../conformance/steps.ts'
import { connectOn, helloOn, ourName } from './introduction.ts'
import type { SmtpPlay } from './play.ts'
import { type Reply, readReply, shownReply } from './replies.ts'

export * from '../../conformance/steps.ts'

export type SmtpStep = Step<SmtpPlay>

/** A sentence on what is wrong, if something is. */
export type Complaint = string | undefined

/** Opens the connection as the target wants it, and reads the greeting; where the target has STARTTLS, up to its handshake. */
export const connect: SmtpStep = step('connect, read the greeting', async play => {
  await connectOn(play)
})

/** Opens a connection in clear and reads the greeting, whatever the target wants; for cases about STARTTLS. */
export const connectInClear: SmtpStep = step('connect in clear, read the greeting', async play => {
  const greeting = await readReply(await play.open('clear'))
  if (greeting.code !== 220) throw new Failure(`it greets with ${shownReply(greeting)}`)
})

/** Opens the connection and reads nothing. */
export const openOnly: SmtpStep = step('connect', async play => {
  await play.open()
})

/** EHLO or LHLO. */
export const hello: SmtpStep = step(`send \`{hello} ${ourName}\`, expect \`250\``, async play => {
  await helloOn(play, play.wire)
})

export const begin: SmtpStep = group('connect and say who we are', connect, hello)

/** Expects a reply whose code begins with one of these: `250`, `5`. */
export function code(...beginnings: readonly string[]): SmtpStep {
  const named = beginnings.map(each => `\`${each.padEnd(3, 'xx')}\``).join(' or ')
  return step(`expect ${named}`, async ({ wire }) => {
    const reply = await readReply(wire)
    if (!beginnings.some(each => String(reply.code).startsWith(each)))
      throw new Failure(`it answered ${shownReply(reply)}, ${named} was due`)
  })
}

/** A reply that must be one thing or another; `find` gives a sentence on what is wrong, if something is. */
export function reply(explain: string, find: (reply: Reply, play: SmtpPlay) => Complaint): SmtpStep {
  return step(`expect ${explain}`, async play => {
    const complaint = find(await readReply(play.wire), play)
    if (complaint !== undefined) throw new Failure(complaint)
  })
}

/** Sends a line, expects such a reply. */
export function ask(line: string, ...beginnings: readonly string[]): SmtpStep {
  const answer = code(...beginnings)
  return step(`send \`${line}\`, ${answer.explain}`, play => inTurn([say(line), answer], play))
}

/** What stands between the angle brackets, and parameters behind them. */
export function mail(path = '{sender}', parameters = ''): SmtpStep {
  return ask(`MAIL FROM:<${path}>${parameters === '' ? '' : ` ${parameters}`}`, '250')
}

export function rcpt(path = '{recipient}', parameters = ''): SmtpStep {
  // 251: it is forwarded, RFC 5321 section 3.4.
  return ask(`RCPT TO:<${path}>${parameters === '' ? '' : ` ${parameters}`}`, '250', '251')
}

export const data: SmtpStep = ask('DATA', '354')

/** A transaction up to where the message is due. */
export const toData: SmtpStep = step('send MAIL, RCPT and DATA, and expect each to be taken', play =>
  inTurn([mail(), rcpt(), data], play),
)

export const quit: SmtpStep = step('send `QUIT`, expect `221` and the end', async play => {
  await inTurn([say('QUIT'), code('221')], play)
  await play.wire.ended()
})
