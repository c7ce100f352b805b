// Whether commands may be sent ahead, RFC 2449 section 6.6, whatever CAPA says: sixteen in one packet, and then messages.
import { Pop3Error } from '../client/errors.ts'
import type { MessageRef } from '../client/index.ts'
import { note, type Verdict, well, wrong } from './finding.ts'
import type { Notes, Probe } from './notes.ts'
import { type Answer, limits, type Visit } from './visit.ts'

const windowSize = 16
const maxMessages = 4
/** Of a message that is fetched ahead. */
const maxOctets = 256 * 1024

export const pipelining: Probe = { probe: 'pipelining', what: 'PIPELINING', run }

/** All that can be sent ahead without a login; with one there is the other. */
export const pipelinedCapa: Probe = {
  probe: 'pipelining',
  what: 'PIPELINING',
  run: async (visit, notes) => {
    if (notes.auth) return []
    const hasCapa = !notes.isCapaFatal && (notes.seen('tls') ?? notes.seen('clear')) !== undefined
    return hasCapa
      ? judge(visit, notes, () => ofCapabilities(visit))
      : note('was not tried: there is no CAPA')
  },
}

async function run(visit: Visit, notes: Notes): Promise<Verdict> {
  const { listing = [] } = notes
  return judge(
    visit,
    notes,
    async () => (await ofCommands(visit, listing)) ?? (await ofMessages(visit, notes)),
  )
}

/** `look` gives what is wrong. */
async function judge(visit: Visit, notes: Notes, look: () => Promise<string | undefined>): Promise<Verdict> {
  const isAnnounced = notes.announced('PIPELINING') !== undefined
  const fault = await look().catch((error: unknown) => {
    if (!(error instanceof Pop3Error) || error.code === 'aborted') throw error
    return `commands ahead end the session (${notes.quote(error.message)})`
  })
  if (fault === undefined)
    return isAnnounced
      ? well(`${windowSize} commands ahead are answered in order`)
      : note(`${windowSize} commands ahead are answered in order, though CAPA does not name it`)
  visit.leave()
  if (!isAnnounced) return note(`is not named by CAPA, and ${fault}`)
  notes.quirks = { ...notes.quirks, window: 1 }
  return wrong(`is named by CAPA, but ${fault}`)
}

async function ofCapabilities(visit: Visit): Promise<string | undefined> {
  visit.send(Array.from({ length: windowSize }, () => 'CAPA'))
  for (let at = 1; at <= windowSize; at++) {
    if ((await visit.answer()).status !== 'ok') return `CAPA number ${at} of ${windowSize} is refused`
    await visit.lines(limits.capabilities)
  }
  return undefined
}

/** Commands whose answers differ, so that it is seen when they change places. */
async function ofCommands(visit: Visit, listing: readonly MessageRef[]): Promise<string | undefined> {
  const commands = Array.from({ length: windowSize }, (_, at) => {
    const ref = listing[(at / 2) % Math.max(1, listing.length)]
    return at % 2 === 0 && ref ? `LIST ${ref.number}` : at % 4 === 1 ? 'STAT' : 'NOOP'
  })
  visit.send(commands)
  for (const command of commands) {
    const answer = await visit.answer()
    if (!fits(answer, command)) return `the answer to ${command} is not in its place`
  }
  return undefined
}

function fits({ status, text }: Answer, command: string): boolean {
  const number = /^LIST (\d+)$/.exec(command)?.[1]
  if (number !== undefined) return status === 'ok' && new RegExp(`^0*${number}[ \\t]`).test(text)
  return status === 'ok' && (command !== 'STAT' || /^\d+[ \t]+\d+/.test(text))
}

/** There are servers that hang up on several RETR, and on nothing else. */
async function ofMessages(visit: Visit, { samples }: Notes): Promise<string | undefined> {
  const few = samples.filter(({ facts }) => facts.octets <= maxOctets).slice(0, maxMessages)
  visit.send([...few.map(({ number }) => `RETR ${number}`), 'NOOP'])
  for (const { number, facts } of few) {
    if ((await visit.answer()).status !== 'ok') return `message ${number} is refused ahead`
    const { octets } = await visit.body()
    if (octets !== facts.octets) return `message ${number} is another when it is fetched ahead`
  }
  return (await visit.answer()).status === 'ok' ? undefined : 'what comes behind messages is refused'
}
