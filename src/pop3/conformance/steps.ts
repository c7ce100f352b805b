// The steps of POP3: connecting, logging in, and what answers must be. Whatever is read is held to the form of replies.
import { Failure, type Step } from '../../conformance/case.ts'
import { differenceFrom } from '../../conformance/sameness.ts'
import { inTurn, octetsOf, say, step } from '../../conformance/steps.ts'
import { shown } from '../../conformance/wire.ts'
import type { LetterName } from './letters.ts'
import { authenticateOn, connectOn } from './login.ts'
import type { Pop3Play } from './play.ts'
import { type Reply, readBody, readLines, readReply } from './replies.ts'

export * from '../../conformance/steps.ts'

export type Pop3Step = Step<Pop3Play>

/** A sentence on what is wrong, if something is. */
export type Complaint = string | undefined

/** Opens the connection as the target wants it, reads the greeting, and makes it private where the target has STLS. */
export const connect: Pop3Step = step('connect, read the greeting', async play => {
  await connectOn(play)
})

/** Opens a connection in clear and reads the greeting, whatever the target wants; for cases about STLS. */
export const connectInClear: Pop3Step = step('connect in clear, read the greeting', async play => {
  expectStatus(await readReply(await play.open('clear')), 'ok', undefined, 'the greeting')
})

/** Opens the connection and reads nothing. */
export const openOnly: Pop3Step = step('connect', async play => {
  await play.open()
})

/** Sends USER and PASS, and expects to be let in. A maildrop that an ended session still holds is asked for again. */
export const authenticate: Pop3Step = step('log in', async ({ wire, credentials }) => {
  await authenticateOn(wire, credentials)
})

export const logIn: Pop3Step = step('connect and log in', play => inTurn([connect, authenticate], play))

/** In front of a case that sends PASS itself: an ended session may hold the maildrop for a moment. */
export const freed: Pop3Step = step('log in and out, so that no ended session holds the maildrop', play =>
  inTurn([logIn, quit], play),
)

const words = { ok: '+OK', err: '-ERR', continue: '+ ' } as const

/** Expects `+OK`; the pattern is for what follows it. */
export function ok(pattern?: RegExp): Pop3Step {
  return expectReply('ok', pattern)
}

/** Expects `-ERR`; the pattern is for what follows it. */
export function err(pattern?: RegExp): Pop3Step {
  return expectReply('err', pattern)
}

/** Expects a challenge of AUTH. */
export const challenge: Pop3Step = expectReply('continue')

function expectReply(status: Reply['status'], pattern?: RegExp): Pop3Step {
  const like = pattern ? ` with \`${pattern.source}\`` : ''
  return step(`expect \`${words[status]}\`${like}`, async play => {
    expectStatus(await readReply(play.wire), status, pattern)
  })
}

/** A status line that must be one thing or another; `find` gives a sentence on what is wrong, if something is. */
export function reply(explain: string, find: (reply: Reply, play: Pop3Play) => Complaint): Pop3Step {
  return step(`expect ${explain}`, async play => {
    complain(find(await readReply(play.wire), play))
  })
}

/** Expects `+OK` and lines up to the final dot, without their CRLF. */
export function lines(
  explain: string,
  find: (lines: readonly string[], play: Pop3Play, reply: Reply) => Complaint,
): Pop3Step {
  return step(`expect \`+OK\` and ${explain}`, async play => {
    const status = await readReply(play.wire)
    expectStatus(status, 'ok')
    complain(find(await readLines(play.wire), play, status))
  })
}

/** Expects `+OK` and a message, unstuffed. */
export function body(
  explain: string,
  find: (body: Buffer, play: Pop3Play, reply: Reply) => Complaint,
): Pop3Step {
  return step(`expect \`+OK\` and ${explain}`, async play => {
    const status = await readReply(play.wire)
    expectStatus(status, 'ok')
    complain(find(await readBody(play.wire), play, status))
  })
}

/** Expects `+OK` and the letter with that number in the maildrop, but for header lines that were added. */
export function letterBody(number: number): Pop3Step {
  return body(`letter ${number} as it was sent`, (octets, play) => {
    const sent = play.letters[number - 1]
    return sent ? differenceFrom(sent, octets) : `the case has no letter ${number}`
  })
}

/** Remembers the lines of a listing under a name: `1 120`. */
export function remember(name: string): Pop3Step {
  return lines(`a listing (remembered as ${name})`, (found, play) => {
    play.memory.set(name, found)
    return undefined
  })
}

/** Delivers one more letter, which a new session must see. */
export function deliver(name: LetterName): Pop3Step {
  return step(`have the letter \`${name}\` delivered`, async play => {
    if (!play.deliver) throw new Error('the case delivers, but has not said so in what it needs')
    // A replay of the transcript does it again.
    play.transcript.note(play.wireName, `delivered ${name}`)
    await play.deliver(name)
  })
}

/** The same while a session has the maildrop open: nobody looks whether it has come. */
export function deliverBehind(name: LetterName): Pop3Step {
  return step(`have the letter \`${name}\` delivered while the maildrop is open`, async play => {
    if (!play.deliver) throw new Error('the case delivers, but has not said so in what it needs')
    await play.deliver(name, 'open')
  })
}

/** Has the first message expunged by another way than POP3. */
export const expungeFirst: Pop3Step = step('have message 1 expunged by another way', async play => {
  if (!play.expungeFirst) throw new Error('the case expunges, but has not said so in what it needs')
  await play.expungeFirst()
})

export const quit: Pop3Step = step('send `QUIT`, expect `+OK` and the end', play =>
  inTurn([say('QUIT'), ok(), step('', async ({ wire }: Pop3Play) => wire.ended())], play),
)

function expectStatus(reply: Reply, status: Reply['status'], pattern?: RegExp, to?: string): void {
  const answer = shown(
    octetsOf(`${words[reply.status]}${reply.status === 'continue' ? '' : ' '}${reply.text}`),
  )
  const asked = to === undefined ? '' : ` to ${to}`
  if (reply.status !== status)
    throw new Failure(`it answered ${answer}${asked}, \`${words[status]}\` was due`)
  if (pattern && !pattern.test(reply.text))
    throw new Failure(`it answered ${answer}${asked}, ${pattern.source} was due`)
}

function complain(complaint: Complaint): void {
  if (complaint !== undefined) throw new Failure(complaint)
}
