// What can be seen of a server without logging in: RFC 1939 section 4, RFC 2449, RFC 6856.
import { note, type Verdict, well, wrong } from './finding.ts'
import type { Notes, Probe } from './notes.ts'
import { pipelinedCapa } from './pipelining.ts'
import { limits, type Visit } from './visit.ts'

export const doorProbes: readonly Probe[] = [
  { probe: 'greeting', what: 'greeting', run: greeting },
  { probe: 'unknown-command', what: 'unknown command', run: unknownCommand },
  { probe: 'letter-case', what: 'command in lower case', run: letterCase },
  { probe: 'lang', what: 'LANG', run: lang },
  { probe: 'utf8', what: 'UTF8', run: utf8 },
  pipelinedCapa,
  { probe: 'quit', what: 'QUIT', run: quit },
]

async function greeting({ greeting: { line } }: Visit, notes: Notes): Promise<Verdict> {
  const hasTimestamp = /<[^<>\s]+@[^<>\s]+>/.test(line)
  return well(`${notes.quote(line)}${hasTimestamp ? ', with a timestamp for APOP' : ''}`)
}

async function unknownCommand(visit: Visit, notes: Notes): Promise<Verdict> {
  const { status, line } = await visit.ask('XPOPLAR')
  if (status !== 'err') return wrong(`is answered ${notes.quote(line)}`)
  return well('is refused, and the session goes on')
}

/** Keywords are of any case, RFC 1939 section 3. */
async function letterCase(visit: Visit, notes: Notes): Promise<Verdict> {
  if (notes.isCapaFatal || !hasCapabilities(notes)) return note('was not tried: there is no CAPA to ask for')
  const lines = await visit.list('capa', limits.capabilities)
  return lines ? well('is taken') : wrong('is refused: keywords are of any case')
}

function hasCapabilities(notes: Notes): boolean {
  return notes.seen('tls') !== undefined || notes.seen('clear') !== undefined
}

async function lang(visit: Visit, notes: Notes): Promise<Verdict> {
  const lines = await visit.list('LANG', limits.capabilities)
  const tags = (lines ?? []).map(line => line.split(' ', 1)[0] ?? '')
  return notes.promise('LANG', lines !== undefined, lines && `: ${notes.quote(tags.join(' '))}`)
}

async function utf8(visit: Visit, notes: Notes): Promise<Verdict> {
  const { status } = await visit.ask('UTF8')
  const inNames = notes.announced('UTF8')?.some(value => value.toUpperCase() === 'USER')
  return notes.promise('UTF8', status === 'ok', inNames ? ', in names and passwords too' : '')
}

async function quit(visit: Visit, notes: Notes): Promise<Verdict> {
  const { status, line } = await visit.ask('QUIT')
  if (status !== 'ok') return wrong(`is answered ${notes.quote(line)}`)
  return (await visit.closes())
    ? well('is answered, and the connection closed')
    : wrong('is answered, but the connection stays open')
}
