// CAPA in the three states in which it can be asked, RFC 2449 section 5: what is named, and what TLS and the login change.
import { Pop3Error } from '../client/errors.ts'
import { note, type Verdict, well, wrong } from './finding.ts'
import type { Notes } from './notes.ts'
import { limits, type Visit } from './visit.ts'

export type CapabilityState = 'clear' | 'tls' | 'login'

const before = { clear: undefined, tls: 'clear', login: 'tls' } as const
const stateWords = { clear: 'in clear', tls: 'under TLS', login: 'after login' } as const

/** Asks for CAPA. That it costs the connection is a verdict, too. */
export async function askCapabilities(visit: Visit, notes: Notes, state: CapabilityState): Promise<Verdict> {
  try {
    const answer = await visit.ask('CAPA')
    if (answer.status !== 'ok') return note(`there is no CAPA: ${notes.quote(answer.line)}`)
    notes.see(state, await visit.lines(limits.capabilities))
  } catch (error) {
    if (!(error instanceof Pop3Error) || error.code === 'aborted') throw error
    notes.isCapaFatal = true
    notes.quirks = { ...notes.quirks, capa: false }
    return wrong(`CAPA ${stateWords[state]} ends the session: ${notes.quote(error.message)}`)
  }
  return found(notes, state)
}

function found(notes: Notes, state: CapabilityState): Verdict {
  const lines = notes.seen(state) ?? []
  const earlier = before[state] && (notes.seen(before[state]) ?? notes.seen('clear'))
  const all = lines.map(line => printable(line.trim())).join(', ')
  const changes = earlier && changesBetween(earlier, lines)
  return well(`${lines.length === 0 ? 'an empty list' : all}${changes ? ` (${changes})` : ''}`)
}

function changesBetween(earlier: readonly string[], now: readonly string[]): string {
  const more = now.filter(line => !earlier.includes(line)).map(printable)
  const less = earlier.filter(line => !now.includes(line)).map(printable)
  const parts = [more.length > 0 && `new: ${more.join(', ')}`, less.length > 0 && `gone: ${less.join(', ')}`]
  return parts.filter(Boolean).join('; ') || 'as before'
}

function printable(text: string): string {
  return text.slice(0, 200).replace(/[^\x20-\x7e]/g, '?')
}

/** What capabilities promise about logging in and keeping mail, in words. RFC 2449 sections 6.5 and 6.7. */
export function promisesOf(notes: Notes): { readonly loginDelay: Verdict; readonly expire: Verdict } {
  const [delay] = notes.announced('LOGIN-DELAY') ?? []
  const [expire] = notes.announced('EXPIRE') ?? []
  if (expire === '0') notes.quirks = { ...notes.quirks, takesWhatWasRetrieved: true }
  return { loginDelay: delayVerdict(delay, notes), expire: expireVerdict(expire, notes) }
}

const number = /^\d{1,9}$/

function delayVerdict(delay: string | undefined, notes: Notes): Verdict {
  if (delay === undefined) return note('none is announced')
  return number.test(delay)
    ? note(`${delay} seconds between two logins`)
    : wrong(`is no number: ${notes.quote(delay)}`)
}

function expireVerdict(expire: string | undefined, notes: Notes): Verdict {
  if (expire === undefined) return note('how long mail is kept is not said')
  if (expire === '0') return note('0: what was fetched may be taken away at QUIT, deleted or not')
  if (expire.toUpperCase() === 'NEVER') return note('mail is kept for ever')
  return number.test(expire)
    ? note(`mail is kept for ${expire} days at least`)
    : wrong(`is no number: ${notes.quote(expire)}`)
}
