// Steps that send several commands before the first is answered, cut into packets anyhow, and hold the answers to the order
// of the commands. RFC 2449 section 6.6.
import { Failure } from '../../conformance/case.ts'
import { differenceFrom } from '../../conformance/sameness.ts'
import { inTurn, octetsOf, pause } from '../../conformance/steps.ts'
import { body, err, lines, ok, type Pop3Step, step } from './steps.ts'

/** Between packets, in milliseconds: less, and the network makes one of them. */
const packetGapMs = 1
/** How long answers are left unread while commands are sent, in milliseconds. */
const unreadMs = 200

/** A command, and the step that its answer must pass. */
export interface Ask {
  readonly line: string
  readonly due: Pop3Step
}

export const stat = (pattern: RegExp = /^[0-9]+ [0-9]+/): Ask => ({ line: 'STAT', due: ok(pattern) })
export const noop: Ask = { line: 'NOOP', due: ok() }
export const rset: Ask = { line: 'RSET', due: ok() }
export const dele = (number: number): Ask => ({ line: `DELE ${number}`, due: ok() })
export const refused = (line: string): Ask => ({ line, due: err() })

/** The numbers that a scan listing has. */
export function list(...numbers: readonly number[]): Ask {
  return { line: 'LIST', due: listing('a scan listing', numbers) }
}

export function uidl(...numbers: readonly number[]): Ask {
  return { line: 'UIDL', due: listing('a unique-id listing', numbers) }
}

function listing(what: string, numbers: readonly number[]): Pop3Step {
  return lines(`${what} of ${numbers.join(', ')}`, found => {
    const got = found.map(line => line.split(' ')[0]).join(', ')
    return got === numbers.join(', ') ? undefined : `it lists ${got}`
  })
}

/** The letter, by what stands in its body. */
export function retr(number: number): Ask {
  return {
    line: `RETR ${number}`,
    due: body(`letter ${number}`, (octets, { letters }) => {
      const sent = letters[number - 1]
      if (!sent) return `the case has no letter ${number}`
      return differenceFrom(sent, octets) === undefined ? undefined : `it is not letter ${number}`
    }),
  }
}

/** All in one packet, then all answers in order. */
export function batch(...asks: readonly Ask[]): Pop3Step {
  const names = asks.map(({ line }) => `\`${line}\``).join(', ')
  return step(`send ${names} in one packet, expect their answers in that order`, async play => {
    await play.wire.send(octetsOf(play.fill(textOf(asks))))
    await inTurn(dueOf(asks), play)
  })
}

/** The same, with our side of the connection closed before anything is read. */
export function batchAndHalfClose(...asks: readonly Ask[]): Pop3Step {
  const names = asks.map(({ line }) => `\`${line}\``).join(', ')
  return step(
    `send ${names} in one packet and close our side, expect their answers in that order`,
    async play => {
      await play.wire.send(octetsOf(play.fill(textOf(asks))))
      play.wire.endWriting()
      await inTurn(dueOf(asks), play)
    },
  )
}

/** The same batch as often as it has octets, cut in two after each. */
export function batchAtEverySplit(...asks: readonly Ask[]): Pop3Step {
  const names = asks.map(({ line }) => `\`${line}\``).join(', ')
  const explain = `for every octet: send ${names} in two packets, cut behind it, expect their answers in that order`
  return step(explain, async play => {
    const octets = octetsOf(play.fill(textOf(asks)))
    for (let at = 1; at < octets.length; at++) {
      await play.wire.send(octets.subarray(0, at))
      await pause(packetGapMs)
      await play.wire.send(octets.subarray(at))
      try {
        await inTurn(dueOf(asks), play)
      } catch (error) {
        if (error instanceof Failure) throw new Failure(`cut behind octet ${at}: ${error.message}`)
        throw error
      }
    }
  })
}

/** Each octet in a packet of its own. */
export function batchByOctets(...asks: readonly Ask[]): Pop3Step {
  const names = asks.map(({ line }) => `\`${line}\``).join(', ')
  return step(
    `send ${names}, each octet in a packet of its own, expect their answers in that order`,
    async play => {
      for (const octet of octetsOf(play.fill(textOf(asks)))) {
        await play.wire.send(Uint8Array.of(octet))
        await pause(packetGapMs)
      }
      await inTurn(dueOf(asks), play)
    },
  )
}

/** The command so many times in as few packets as the network makes of it, then all the answers; nothing is read before. */
export function many(count: number, { line, due }: Ask): Pop3Step {
  return step(`send \`${line}\` ${count} times without reading, then expect ${count} answers`, async play => {
    play.wire.pause()
    const sent = play.wire.send(octetsOf(textOf(Array.from({ length: count }, () => ({ line, due })))))
    // A server that reads no more before its answers are taken is within its rights.
    await Promise.race([sent, pause(unreadMs)])
    play.wire.resume()
    for (let i = 0; i < count; i++) await due.run(play)
    await sent
  })
}

function textOf(asks: readonly Ask[]): string {
  return asks.map(({ line }) => `${line}\r\n`).join('')
}

function dueOf(asks: readonly Ask[]): readonly Pop3Step[] {
  return asks.map(({ due }) => due)
}
