// Steps about listings: STAT, LIST and UIDL, that they have the form they must have, agree with each other and stay as they are.
import { Failure } from '../../conformance/case.ts'
import { octetsOf, step } from '../../conformance/steps.ts'
import { shown } from '../../conformance/wire.ts'
import { answered, ask } from './ask.ts'
import type { Pop3Play } from './play.ts'
import { type Complaint, lines, type Pop3Step, reply } from './steps.ts'

/** Two numbers, as of STAT and of a line of LIST. How they are parted is for the cases about just that. */
const twoNumbers = /^\s*([0-9]{1,15})\s+([0-9]{1,15})(?:\s.*)?$/

/** The numbers of a drop listing or a scan listing. Throws a `Failure` when it is none. */
export function numbersOf(text: string): readonly [number, number] {
  const match = twoNumbers.exec(text)
  if (!match) throw new Failure(`${shown(octetsOf(text))} is not two numbers`)
  return [Number(match[1]), Number(match[2])]
}

/** Lines remembered by `remember`; a mistake of the case when there are none. */
export function remembered(play: Pop3Play, name: string): readonly string[] {
  const found: unknown = play.memory.get(name)
  if (!isLines(found)) throw new Error(`the case never remembered ${name}`)
  return found
}

function isLines(found: unknown): found is readonly string[] {
  return Array.isArray(found) && found.every(line => typeof line === 'string')
}

/** Expects the listing that was remembered. */
export function unchanged(name: string): Pop3Step {
  return lines(`the same listing (${name}) as before`, (found, play) => {
    const before = remembered(play, name)
    if (found.length !== before.length)
      return `${before.length} messages were listed before, now ${found.length}`
    const at = found.findIndex((line, index) => line !== before[index])
    if (at < 0) return undefined
    return `${shown(octetsOf(before[at] ?? ''))} was listed before, now ${shown(octetsOf(found[at] ?? ''))}`
  })
}

/** Expects the lines that were remembered for these messages, and no others. */
export function stillListed(name: string, numbers: readonly number[]): Pop3Step {
  return lines(
    `the lines of ${numbers.join(', ') || 'none'} as they were (${name}), and no other`,
    (found, play) => {
      const due = remembered(play, name).filter(line => numbers.includes(Number.parseInt(line, 10)))
      return found.join('\n') === due.join('\n')
        ? undefined
        : `${shown(octetsOf(found.join(', ')))} is listed, ${shown(octetsOf(due.join(', ')))} was due`
    },
  )
}

/** Expects a listing of exactly these messages, in any form. */
export function listed(...numbers: readonly number[]): Pop3Step {
  return lines(numbers.length === 0 ? 'no line' : `lines for ${numbers.join(', ')}`, found => {
    const there = found.map(line => line.split(' ')[0]).join(' ')
    return there === numbers.join(' ') ? undefined : `it lists ${shown(octetsOf(there))}`
  })
}

/** Expects a status line with what was remembered for that message. */
export function lineOf(name: string, number: number): Pop3Step {
  return reply(`\`+OK\` and line ${number} of the listing (${name})`, ({ status, text }, play) => {
    const due = remembered(play, name).find(line => line.startsWith(`${number} `))
    return status === 'ok' && due !== undefined && (text === due || text.startsWith(`${due} `))
      ? undefined
      : `it answered ${answered(status, text)}, the listing has ${shown(octetsOf(due ?? 'no such line'))}`
  })
}

/** Sends STAT, expects so many messages. */
export function statCounts(count: number): Pop3Step {
  return step(`send \`STAT\`, expect ${count} messages`, async play => {
    const [now] = await askStat(play)
    if (now !== count) throw new Failure(`STAT says ${now} messages, ${count} were due`)
  })
}

/** Sends STAT, and remembers the count and the octets. */
export function rememberStat(name: string): Pop3Step {
  return step(`send \`STAT\`, expect the drop listing (remembered as ${name})`, async play => {
    play.memory.set(name, (await askStat(play)).join(' '))
  })
}

/** Sends STAT, expects what it was before. */
export function statUnchanged(name: string): Pop3Step {
  return step(`send \`STAT\`, expect the same as before (${name})`, async play => {
    const now = (await askStat(play)).join(' ')
    const before = play.memory.get(name)
    if (now !== before) throw new Failure(`STAT said ${String(before)} before, now ${now}`)
  })
}

/** Sends STAT, expects what the lines of these messages sum up to. */
export function statSums(name: string, numbers: readonly number[]): Pop3Step {
  return step(`send \`STAT\`, expect the sum of ${numbers.join(', ') || 'nothing'} (${name})`, async play => {
    const due = remembered(play, name)
      .map(numbersOf)
      .filter(([number]) => numbers.includes(number))
      .reduce((octets, [, size]) => octets + size, 0)
    const now = (await askStat(play)).join(' ')
    if (now !== `${numbers.length} ${due}`)
      throw new Failure(`STAT says ${now}, the messages are ${numbers.length} of ${due} octets`)
  })
}

async function askStat({ wire }: Pop3Play): Promise<readonly [number, number]> {
  return numbersOf(await ask(wire, 'STAT'))
}

/** Expects a listing; each of its lines is looked at by itself. */
export function listingLines(explain: string, find: (line: string) => Complaint): Pop3Step {
  return lines(explain, found => {
    for (const line of found) {
      const complaint = find(line)
      if (complaint !== undefined) return complaint
    }
    return undefined
  })
}
