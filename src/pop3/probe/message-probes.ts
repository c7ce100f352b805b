// Messages as they really come: a sample of them by RETR, counted octet by octet, and one of them by TOP. After that QUIT is not
// said any more: there are servers that take away what was fetched.
import { Pop3Error } from '../client/errors.ts'
import type { MessageRef } from '../client/index.ts'
import { note, type Verdict, well, wrong } from './finding.ts'
import type { Notes, Probe, Sampled } from './notes.ts'
import { sizesVerdict } from './sizes.ts'
import { topVerdict } from './top.ts'
import type { Visit } from './visit.ts'

/** Of one message in the sample, and of all, by what LIST says. */
const maxMessageOctets = 1 << 20
const maxSampleOctets = 8 << 20
/** RFC 5322 section 2.1.1, with CRLF. */
const maxLineOctets = 1_000

export function messageProbes(sampleSize: number): readonly Probe[] {
  return [
    { probe: 'uidl-stable', what: 'UIDL in the next session', run: uidlStable },
    { probe: 'sizes', what: 'sizes', run: (visit, notes) => sizes(visit, notes, sampleSize) },
    { probe: 'dots', what: 'dots', run: async (_visit, { samples }) => dots(samples) },
    { probe: 'line-ends', what: 'line ends', run: async (_visit, { samples }) => lineEnds(samples) },
    { probe: 'top', what: 'TOP', run: top },
  ]
}

async function uidlStable(visit: Visit, { listing }: Notes): Promise<Verdict> {
  const known = (listing ?? []).flatMap(({ uidl }) => uidl ?? [])
  if (known.length === 0) return note('was not tried: there are no unique ids')
  const lines = await visit.list('UIDL')
  const now = new Set((lines ?? []).map(line => line.replace(/^\s*\d+[ \t]+/, '').trimEnd()))
  const gone = known.filter(id => !now.has(id)).length
  if (gone === 0) return well('all unique ids are as before')
  return wrong(
    `${gone} of ${known.length} unique ids are others now, or their messages were deleted meanwhile`,
  )
}

async function sizes(visit: Visit, notes: Notes, count: number): Promise<Verdict> {
  const samples: Sampled[] = []
  notes.samples = samples
  for (const ref of sampleOf(notes.listing ?? [], count)) {
    const { number, octets: listed } = ref
    const { status, text } = await visit.ask(`RETR ${number}`)
    if (status !== 'ok') return wrong(`message ${number} is not given: ${notes.quote(text)}`)
    samples.push({ number, listed, facts: await bodyOf(visit, number) })
    await inStep(visit, number)
  }
  return sizesVerdict(samples)
}

async function bodyOf(visit: Visit, number: number): Promise<Sampled['facts']> {
  try {
    return await visit.body()
  } catch (error) {
    if (!(error instanceof Pop3Error) || error.code !== 'timeout') throw error
    throw new Pop3Error('timeout', `the final dot of message ${number} does not come`, {
      phase: 'transaction',
      cause: error,
    })
  }
}

/** What comes behind a message that ended too early is no answer to NOOP. */
async function inStep(visit: Visit, number: number): Promise<void> {
  try {
    await visit.ask('NOOP')
  } catch (error) {
    if (!(error instanceof Pop3Error) || error.code !== 'protocol') throw error
    throw new Pop3Error('protocol', `message ${number} goes on behind its final dot: a dot was not stuffed`, {
      phase: 'transaction',
      cause: error,
    })
  }
}

/** Spread over the maildrop; those that LIST calls large are left out. */
function sampleOf(listing: readonly MessageRef[], count: number): readonly MessageRef[] {
  const small = listing.filter(({ octets }) => octets === undefined || octets <= maxMessageOctets)
  const step = Math.max(1, (small.length - 1) / Math.max(1, count - 1))
  const chosen = new Set<MessageRef>()
  let octets = 0
  for (let at = 0; chosen.size < count && Math.round(at) < small.length; at += step) {
    const ref = small[Math.round(at)]
    octets += ref?.octets ?? maxMessageOctets
    if (octets > maxSampleOctets) break
    if (ref) chosen.add(ref)
  }
  return [...chosen]
}

function dots(samples: readonly Sampled[]): Verdict {
  const bad = samples.find(({ facts }) => facts.unstuffedLines > 0)
  if (bad)
    return wrong(
      `${bad.facts.unstuffedLines} lines of message ${bad.number} begin with one dot that was not stuffed`,
    )
  const bare = samples.find(({ facts }) => facts.endedBare)
  if (bare) return wrong(`the line with the final dot of message ${bare.number} ends with LF alone`)
  const stuffed = samples.reduce((sum, { facts }) => sum + facts.stuffedLines, 0)
  return stuffed > 0
    ? well(`${stuffed} lines came with their dot stuffed, and each message ended with its final dot`)
    : note('no line of the sample begins with a dot')
}

/** The last two are what somebody wrote, and no server has to mend them. */
const faults: readonly (readonly [keyof Omit<Sampled['facts'], 'beginning' | 'endedBare'>, string])[] = [
  ['bareLineFeeds', 'line ends of LF alone'],
  ['loneReturns', 'CR that no LF follows'],
  ['nuls', 'octets NUL'],
]

function lineEnds(samples: readonly Sampled[]): Verdict {
  if (samples.length === 0) return note('not known: no message was fetched')
  const found = faults.flatMap(([name, words]) => {
    const count = samples.reduce((sum, { facts }) => sum + facts[name], 0)
    const first = samples.find(({ facts }) => facts[name] > 0)
    return first ? [`${count} ${words} (message ${first.number} first)`] : []
  })
  const hasBare = samples.some(({ facts }) => facts.bareLineFeeds > 0)
  if (found.length > 0) return (hasBare ? wrong : note)(found.join('; '))
  const longest = Math.max(...samples.map(({ facts }) => facts.longestLine))
  return longest > maxLineOctets
    ? note(`CRLF throughout; the longest line has ${longest} octets`)
    : well('CRLF throughout')
}

/** Of the message with the longest body whose header is all there. */
async function top(visit: Visit, notes: Notes): Promise<Verdict> {
  const [first] = notes.listing ?? []
  if (!first) return note('was not tried: the maildrop is empty')
  const chosen = [...notes.samples].sort((a, b) => b.facts.octets - a.facts.octets)[0]
  const number = chosen?.number ?? first.number
  const { status } = await visit.ask(`TOP ${number} 0`)
  if (status !== 'ok') return notes.promise('TOP', false)
  const given = await visit.body()
  const verdict = chosen ? topVerdict(given, chosen.facts) : note('is answered')
  const promised = notes.promise('TOP', true)
  return promised.state === 'well'
    ? verdict
    : { state: worse(verdict.state), finding: `${promised.finding}; it ${verdict.finding}` }
}

function worse(state: Verdict['state']): Verdict['state'] {
  return state === 'well' ? 'note' : state
}
