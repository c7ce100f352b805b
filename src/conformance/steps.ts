// The steps of any protocol of lines: octets out, in packets of the case's choice, silence, ends of connections. What an
// answer is only the protocols know.
import { Failure, type Step } from './case.ts'
import type { Play } from './play.ts'
import { shown } from './wire.ts'

/** US-ASCII, or octets written as latin1; `{user}` and the like are filled in when it is sent. */
export type Text = string

/** Between packets, in milliseconds: enough for the one before to be on its way. */
const packetGapMs = 2

export function step<P = Play>(explain: string, run: (play: P) => Promise<void>): Step<P> {
  return { explain, run }
}

/** Octets of a text: one for each character. */
export function octetsOf(text: Text): Buffer {
  return Buffer.from(text, 'latin1')
}

/** Sends a line; several given are one packet. */
export function say(...lines: readonly Text[]): Step<Play> {
  const text = lines.map(line => `${line}\r\n`).join('')
  return step(
    `send ${lines.map(line => `\`${line}\``).join(', ')}${lines.length > 1 ? ' in one packet' : ''}`,
    play => play.wire.send(octetsOf(play.fill(text))),
  )
}

/** Sends exactly these octets. `what` describes long ones. */
export function send(text: Text, what: string = shown(octetsOf(text))): Step<Play> {
  return step(`send ${what}`, play => play.wire.send(octetsOf(play.fill(text))))
}

/** Sends each piece in a packet of its own. */
export function pieces(
  texts: readonly Text[],
  what: string = texts.map(text => shown(octetsOf(text))).join(', '),
): Step<Play> {
  return step(`send ${what}, each in a packet of its own`, async play => {
    for (const text of texts) {
      await play.wire.send(octetsOf(play.fill(text)))
      await pause(packetGapMs)
    }
  })
}

/** Waits, for what the server does by its clock. */
export function wait(ms: number): Step<Play> {
  return step(`wait ${ms} ms`, () => pause(ms))
}

export const drop: Step<Play> = step('cut the connection', async play => play.wire.drop())

export const halfClose: Step<Play> = step('close our side of the connection', async play =>
  play.wire.endWriting(),
)

/** The server closes, having sent nothing more. */
export const closed: Step<Play> = step('expect the server to close the connection', async play =>
  play.wire.ended(),
)

/** Nothing comes within so many milliseconds, and the connection stays open. */
export function silence(ms: number): Step<Play> {
  return step(`expect nothing for ${ms} ms`, async ({ wire }) => {
    const octets = await wire.within(ms)
    if (octets.length > 0) throw new Failure(`it sent ${shown(octets)} unasked`)
    if (wire.ending !== undefined) throw new Failure(`it ended the connection (${wire.ending})`)
  })
}

/** The steps on another connection, by a name such as `second`. */
export function on<P extends Play>(name: string, ...steps: readonly Step<P>[]): Step<P> {
  return step(steps.map(({ explain }) => `on the ${name} connection: ${explain}`).join('\n'), play =>
    play.on(name, () => inTurn(steps, play)),
  )
}

/** Several steps as one. */
export function group<P>(explain: string, ...steps: readonly Step<P>[]): Step<P> {
  return step(explain, play => inTurn(steps, play))
}

/** Something that must be true of what the case remembers; `find` gives a sentence on what is wrong, if something is. */
export function holds<P extends Play>(explain: string, find: (play: P) => string | undefined): Step<P> {
  return step(`check that ${explain}`, async play => {
    const complaint = find(play)
    if (complaint !== undefined) throw new Failure(complaint)
  })
}

export async function inTurn<P>(steps: readonly Step<P>[], play: P): Promise<void> {
  for (const each of steps) await each.run(play)
}

export function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
