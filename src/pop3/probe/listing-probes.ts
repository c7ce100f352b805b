// STAT, LIST, UIDL and LAST of a maildrop: RFC 1939 sections 5 and 7, and RFC 1460 for what older servers still have.
import { joinListing, type ListingAnomaly } from '../client/message-ref.ts'
import { note, type Verdict, well, wrong } from './finding.ts'
import type { Notes, Probe } from './notes.ts'
import type { Visit } from './visit.ts'

/** RFC 1939 section 7. */
const maxUidlLength = 70
const maxShownAnomalies = 5

export const listingProbes: readonly Probe[] = [
  { probe: 'stat', what: 'STAT and LIST', run: stat },
  { probe: 'uidl', what: 'UIDL', run: uidl },
  { probe: 'single', what: 'LIST and UIDL of one', run: single },
  { probe: 'absent', what: 'a message that is not there', run: absent },
  { probe: 'last', what: 'LAST', run: last },
]

async function stat(visit: Visit, notes: Notes): Promise<Verdict | readonly Verdict[]> {
  const { status, text, line } = await visit.ask('STAT')
  const [, count, octets] = /^(\d{1,15})[ \t]+(\d{1,15})(?=\s|$)/.exec(text) ?? []
  const list = await visit.list('LIST')
  if (!list) return wrong('LIST is refused')
  notes.listing = joinListing(list, undefined)
  if (status !== 'ok' || octets === undefined) return wrong(`STAT is answered ${notes.quote(line)}`)
  const sum = notes.listing.reduce((total, ref) => total + (ref.octets ?? 0), 0)
  const verdicts = anomaliesOf(notes)
  if (Number(count) !== notes.listing.length)
    verdicts.push(wrong(`STAT says ${count} messages, LIST has ${notes.listing.length}`))
  else if (Number(octets) !== sum)
    verdicts.push(note(`STAT says ${octets} octets, the sum of LIST is ${sum}`))
  else verdicts.push(well(`agree: ${count} messages, ${octets} octets`))
  return verdicts
}

async function uidl(visit: Visit, notes: Notes): Promise<Verdict | readonly Verdict[]> {
  const lines = await visit.list('UIDL')
  if (!lines) {
    notes.quirks = { ...notes.quirks, uidl: false }
    return notes.promise('UIDL', false)
  }
  const sizes = (notes.listing ?? []).map(({ number, octets }) => `${number} ${octets ?? '?'}`)
  notes.listing = joinListing(sizes, lines)
  const verdicts = anomaliesOf(notes).filter(({ finding }) => !finding.includes('LIST has a gap'))
  return [notes.promise('UIDL', true, formOf(notes)), ...verdicts, ...faultsOf(notes)]
}

/** Lengths and an example. */
function formOf(notes: Notes): string {
  const ids = idsOf(notes)
  if (ids.length === 0) return ''
  const lengths = ids.map(({ length }) => length)
  const [least, most] = [lengths.reduce((a, b) => Math.min(a, b)), lengths.reduce((a, b) => Math.max(a, b))]
  return `: ${least === most ? least : `${least} to ${most}`} characters, like ${notes.quote(ids[0] ?? '')}`
}

function idsOf({ listing }: Notes): readonly string[] {
  return (listing ?? []).flatMap(ref => (ref.uidl === undefined ? [] : [ref.uidl]))
}

function faultsOf(notes: Notes): readonly Verdict[] {
  const ids = idsOf(notes)
  const long = ids.filter(id => id.length > maxUidlLength).length
  const odd = ids.filter(id => /[^!-~]/.test(id)).length
  return [
    ...(long > 0 ? [wrong(`${long} unique ids have more than ${maxUidlLength} characters`)] : []),
    ...(odd > 0 ? [wrong(`${odd} unique ids have characters that RFC 1939 does not allow`)] : []),
  ]
}

const anomalyWords: { readonly [K in ListingAnomaly['kind']]: string } = {
  'only-in-list': 'messages have no unique id',
  'only-in-uidl': 'messages are in UIDL, and not in LIST',
  gap: 'times LIST has a gap in its numbers',
  'duplicate-uidl': 'messages have a unique id that another has, too',
  'unreadable-line': 'lines cannot be read',
  'listed-twice': 'messages are listed twice',
}

function anomaliesOf({ listing }: Notes): Verdict[] {
  const counts = new Map<ListingAnomaly['kind'], number>()
  for (const { kind } of listing?.anomalies ?? []) {
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  return [...counts]
    .slice(0, maxShownAnomalies)
    .map(([kind, count]) => wrong(`${count} ${anomalyWords[kind]}`))
}

/** The answer to one number has the number in it; some servers leave it out. */
async function single(visit: Visit, notes: Notes): Promise<Verdict> {
  const ref = notes.listing?.[0]
  if (!ref) return note('was not tried: the maildrop is empty')
  const list = await visit.ask(`LIST ${ref.number}`)
  const size = ref.octets === undefined ? undefined : `${ref.number} ${ref.octets}`
  if (size !== undefined && !startsWith(list.text, size))
    return wrong(`LIST ${ref.number} is answered ${notes.quote(list.line)}, the listing has ${size}`)
  if (ref.uidl === undefined) return well('LIST of one agrees with the listing')
  const id = await visit.ask(`UIDL ${ref.number}`)
  const isSame = startsWith(id.line.replace(/^\+OK[ \t]*/i, ''), `${ref.number} ${ref.uidl}`)
  return isSame
    ? well('agree with the listings')
    : wrong(`UIDL ${ref.number} is answered ${notes.quote(id.line)}`)
}

function startsWith(text: string, words: string): boolean {
  const plain = text.replace(/[ \t]+/g, ' ')
  return plain === words || plain.startsWith(`${words} `)
}

async function absent(visit: Visit, notes: Notes): Promise<Verdict> {
  const number = (notes.listing?.at(-1)?.number ?? 0) + 1_000
  for (const command of [`LIST ${number}`, `RETR ${number}`, 'LIST 0']) {
    const { status, line } = await visit.ask(command)
    if (status === 'err') continue
    // Lines may follow, or not.
    visit.leave()
    return wrong(`${command} is answered ${notes.quote(line)}`)
  }
  return well('is refused')
}

/** No capability names it; RFC 1725 took it out. */
async function last(visit: Visit, notes: Notes): Promise<Verdict> {
  const { status, line } = await visit.ask('LAST')
  return status === 'ok' ? note(`works: ${notes.quote(line)}`) : note('is not there')
}
