// Steps about messages as they are read: as they were sent, as often as one likes, as large as they are listed.
import { Failure } from '../../conformance/case.ts'
import { differenceFrom, mended } from '../../conformance/sameness.ts'
import { pause, step } from '../../conformance/steps.ts'
import { shown } from '../../conformance/wire.ts'
import { ask } from './ask.ts'
import { type LetterName, letterField } from './letters.ts'
import { numbersOf } from './listing-steps.ts'
import { authenticateOn, connectOn } from './login.ts'
import type { Pop3Play } from './play.ts'
import { readBody, readReply } from './replies.ts'
import { body, type Complaint, type Pop3Step } from './steps.ts'

/** Sends LIST for one message and RETR, expects as many octets as are listed. */
export function octetsAgree(number: number): Pop3Step {
  return step(`send \`LIST ${number}\` and \`RETR ${number}\`, expect as many octets as listed`, play =>
    compareOctets(play, number),
  )
}

async function compareOctets({ wire }: Pop3Play, number: number): Promise<void> {
  const [, size] = numbersOf(await ask(wire, `LIST ${number}`))
  await ask(wire, `RETR ${number}`)
  const { length } = await readBody(wire)
  if (length !== size)
    throw new Failure(`LIST says ${size} octets of message ${number}, RETR sends ${length}`)
}

/** The same for all messages from 1 to `count`. */
export function allOctetsAgree(count: number): Pop3Step {
  return step(`for each of ${count} messages: as many octets by RETR as by LIST`, async play => {
    for (let number = 1; number <= count; number++) await compareOctets(play, number)
  })
}

/** Expects a message, whatever it is. */
export const anyBody: Pop3Step = body('a message', () => undefined)

/** Expects a message, remembers its octets. */
export function rememberBody(name: string): Pop3Step {
  return body(`a message (remembered as ${name})`, (octets, play) => {
    play.memory.set(name, octets)
    return undefined
  })
}

/** Expects exactly the octets that were remembered. */
export function sameBody(name: string): Pop3Step {
  return body(`the same octets as before (${name})`, (octets, play) =>
    differenceIn(rememberedBody(play, name), octets),
  )
}

/** Expects the header that was remembered, its empty line and so many lines of the body; all where there are no more. */
export function topOfBody(name: string, count: number): Pop3Step {
  const what = count === 1 ? '1 line' : `${count} lines`
  return body(`the header, an empty line and ${what} of the message before (${name})`, (octets, play) =>
    differenceIn(topOf(rememberedBody(play, name), count), octets),
  )
}

function rememberedBody(play: Pop3Play, name: string): Buffer {
  const found: unknown = play.memory.get(name)
  if (!Buffer.isBuffer(found)) throw new Error(`the case never remembered ${name}`)
  return found
}

function topOf(message: Buffer, count: number): Buffer {
  const headerEnd = message.indexOf('\r\n\r\n')
  let end = headerEnd < 0 ? message.length : headerEnd + 4
  for (let line = 0; line < count && end < message.length; line++) {
    const at = message.indexOf('\r\n', end)
    end = at < 0 ? message.length : at + 2
  }
  return message.subarray(0, end)
}

function differenceIn(due: Buffer, came: Buffer): Complaint {
  if (came.equals(due)) return undefined
  let at = 0
  while (at < due.length && due[at] === came[at]) at++
  const piece = (octets: Buffer) => (at < octets.length ? shown(octets.subarray(at, at + 30)) : 'the end')
  return `${came.length} octets came and ${due.length} were due; from octet ${at + 1} on ${piece(came)}, not ${piece(due)}`
}

/** Expects the letter with that number in the maildrop, its line ends mended as a delivery system may mend them. */
export function mendedLetter(number: number): Pop3Step {
  return body(`letter ${number}, its line ends as they were or CRLF`, (octets, play) => {
    const sent = play.letters[number - 1]?.octets
    if (!sent) return `the case has no letter ${number}`
    if (differenceFrom({ octets: sent }, octets) === undefined) return undefined
    return differenceFrom({ octets: mended(sent) }, mended(octets))
  })
}

/** Expects a message that has the field of the letter with that name. */
export function letterNamed(name: LetterName): Pop3Step {
  return body(`the letter \`${name}\``, octets =>
    octets.includes(`${letterField}: ${name} `) ? undefined : 'it is another message',
  )
}

/** Expects `-ERR`, or the letter with that number as it was sent: no other message, and no part of one. */
export function letterOrErr(number: number): Pop3Step {
  return step(`expect \`-ERR\`, or \`+OK\` and letter ${number} as it was sent`, async play => {
    const { status } = await readReply(play.wire)
    if (status === 'err') return
    if (status !== 'ok') throw new Failure('it answered with a challenge')
    const sent = play.letters[number - 1]
    const complaint = sent
      ? differenceFrom(sent, await readBody(play.wire))
      : `the case has no letter ${number}`
    if (complaint !== undefined) throw new Failure(complaint)
  })
}

/** How long mail may be on its way. */
const arrivalMs = 8_000
const pollMs = 30

/** Logs in, anew where it must, until the maildrop has so many messages. */
export function logInToFind(count: number): Pop3Step {
  return step(`log in until there are ${count} messages`, async play => {
    const untilMs = performance.now() + arrivalMs
    for (;;) {
      const wire = await connectOn(play)
      await authenticateOn(wire, play.credentials)
      const [there] = numbersOf(await ask(wire, 'STAT'))
      if (there === count) return
      await ask(wire, 'QUIT')
      if (there > count || performance.now() > untilMs)
        throw new Failure(`there are ${there} messages, ${count} were due`)
      await pause(pollMs)
    }
  })
}
