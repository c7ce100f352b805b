// What can only be seen with a second session, or with patience: the lock (RFC 1939 section 4), and how long a server lets a
// session be silent (RFC 1939 section 3).
import { Pop3Error } from '../client/errors.ts'
import { note, type Verdict, well, wrong } from './finding.ts'
import type { Notes } from './notes.ts'
import type { Visit } from './visit.ts'

/** RFC 1939 section 3. */
const leastIdleMs = 600_000

/** `logIn` opens a second session while another has the maildrop. */
export async function lockVerdict(notes: Notes, logIn: () => Promise<Visit>): Promise<Verdict> {
  try {
    const second = await logIn()
    second.leave()
    return note('a second session gets in beside the first')
  } catch (error) {
    if (!(error instanceof Pop3Error) || error.code === 'aborted') throw error
    return refusalVerdict(error, notes)
  }
}

function refusalVerdict({ code, responseCode, serverText, message }: Pop3Error, notes: Notes): Verdict {
  const said = notes.quote(serverText ?? message)
  if (responseCode === 'IN-USE') return well('a second session is refused with [IN-USE]')
  if (code === 'maildrop-in-use') return note(`a second session is refused in words only: ${said}`)
  if (code === 'login-delay') return note('not known: the second login came too soon after the first')
  if (code === 'timeout') return note('a second session waits for the first to end')
  if (code === 'login-refused')
    return wrong(`a second session is refused as if the password were wrong: ${said}`)
  return note(`a second session is refused: ${said}`)
}

/** `visit` is logged in if `isSession`. */
export async function idleVerdict(
  visit: Visit,
  notes: Notes,
  { maxMs, isSession }: { readonly maxMs: number; readonly isSession: boolean },
): Promise<Verdict> {
  const ms = await visit.idle(maxMs)
  const place = isSession ? 'a session' : 'a connection without login'
  if (ms === undefined) return well(`${place} of ${inSeconds(maxMs)} without a word is not ended`)
  const ended = `${place} is ended after ${inSeconds(ms)} without a word`
  if (!isSession) return note(ended)
  if (ms >= leastIdleMs) return well(ended)
  notes.quirks = { ...notes.quirks, keepAliveMs: Math.max(1_000, Math.floor(ms / 2_000) * 1_000) }
  return wrong(`${ended}: RFC 1939 has ten minutes`)
}

function inSeconds(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`
}
