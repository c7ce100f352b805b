// The part of a probe that logs in: one session for the listings and the lock, which ends with QUIT, and one for messages, which
// does not. A server that says how long to wait between two logins has one session in all.
import { setTimeout as pause } from 'node:timers/promises'
import { Pop3Error } from '../client/errors.ts'
import type { Credentials } from '../client/index.ts'
import { askCapabilities, promisesOf } from './capability-findings.ts'
import type { Course } from './course.ts'
import { note, well, wrong } from './finding.ts'
import { listingProbes } from './listing-probes.ts'
import { messageProbes } from './message-probes.ts'
import { pipelining } from './pipelining.ts'
import { lockVerdict } from './session-findings.ts'
import { limits, Visit } from './visit.ts'

const defaultSample = 10
const lockPauseMs = 500

/** What keeps it from logging in is a finding. */
export async function probeMaildrop(course: Course, auth: Credentials): Promise<void> {
  const { notes, options } = course
  let first: Visit
  try {
    first = await openSession(course, auth)
  } catch (error) {
    course.add('login', 'login', wrong(course.reasonOf(error)))
    return
  }
  course.add('login', 'login', well(first.isPrivate ? 'under TLS' : 'in clear'))
  if (!notes.isCapaFatal)
    course.add('capabilities', 'CAPA after login', await askCapabilities(first, notes, 'login'))
  const { loginDelay, expire } = promisesOf(notes)
  course.add('expire', 'EXPIRE', expire)
  course.add('login-delay', 'LOGIN-DELAY', loginDelay)
  const isDelayed = Number(notes.announced('LOGIN-DELAY')?.[0] ?? 0) > 0
  const again = () => openWhenFree(course, auth)
  const listed = await course.runAll(listingProbes, again, first)
  if (!isDelayed) {
    const isHeld = listed?.isOpen ?? false
    const lock = isHeld ? await lockVerdict(notes, () => openSession(course, auth)) : note('was not tried')
    course.add('lock', 'lock', lock)
    await quit(course, listed)
  } else course.add('lock', 'lock', note('was not tried: the server wants logins to be rare'))
  const probes = [...messageProbes(options.sample ?? defaultSample), pipelining]
  const rest = isDelayed ? probes.filter(({ probe }) => probe !== 'uidl-stable') : probes
  const last = await course.runAll(rest, again, isDelayed ? listed : undefined)
  last?.leave()
}

/** Nothing was fetched yet: nothing can be taken away. */
async function quit(course: Course, visit: Visit | undefined): Promise<void> {
  if (!visit?.isOpen) return
  const verdict = await course.verdictOf(async () => {
    const { status, line } = await visit.ask('QUIT')
    return status === 'ok' ? well('is answered') : wrong(`is answered ${course.notes.quote(line)}`)
  })
  course.add('quit', 'QUIT after login', verdict)
  visit.leave()
}

/** As the client would do it: TLS as the policy wants it, a certificate that is trusted, and only then the password. */
export async function openSession({ reach, notes, hasStls }: Course, auth: Credentials): Promise<Visit> {
  const { tls = 'implicit' } = reach
  const visit = await Visit.open(reach, notes.oddities, true)
  try {
    const wantsStls = tls === 'stls' || (tls === 'opportunistic' && hasStls)
    if (wantsStls && (await visit.secure(true)) === undefined && tls === 'stls')
      throw new Pop3Error('tls-failed', 'the server has no STLS: nobody logs in without it', { phase: 'tls' })
    await visit.logIn(auth, notes.isCapaFatal ? undefined : await visit.list('CAPA', limits.capabilities))
    return visit
  } catch (error) {
    visit.leave()
    throw error
  }
}

/** The session before may have left a lock behind. */
async function openWhenFree(course: Course, auth: Credentials): Promise<Visit> {
  const { patienceMs, signal } = course.reach
  const untilMs = performance.now() + patienceMs
  for (;;) {
    try {
      return await openSession(course, auth)
    } catch (error) {
      const isLocked = error instanceof Pop3Error && error.code === 'maildrop-in-use'
      if (!isLocked || performance.now() > untilMs) throw error
    }
    await pause(lockPauseMs, undefined, { signal })
  }
}
