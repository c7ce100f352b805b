// The part of a probe that needs no login: greeting, CAPA, STLS (RFC 2595), the certificate, and what can be asked there.
import { refusalOf } from '../client/refusal.ts'
import { askCapabilities } from './capability-findings.ts'
import { certificateVerdicts, tlsVerdict } from './certificate-findings.ts'
import type { Course } from './course.ts'
import { doorProbes } from './door-probes.ts'
import { wrong } from './finding.ts'
import { Visit } from './visit.ts'

/** Rejects with a `Pop3Error` where there is no POP3 server to be probed. */
export async function probeDoor(course: Course): Promise<void> {
  const { notes, reach } = course
  const isImplicit = reach.tls === 'implicit'
  const first = await openDoor(course)
  course.greetingText = first.greeting.text
  try {
    const verdict = await askCapabilities(first, notes, isImplicit ? 'tls' : 'clear')
    course.add('capabilities', isImplicit ? 'CAPA under TLS' : 'CAPA in clear', verdict)
    if (isImplicit) judgeTls(course, first)
  } finally {
    first.leave()
  }
  if (!isImplicit) await probeStls(course)
  const last = await course.runAll(doorProbes, () => openSecured(course))
  last?.leave()
}

/** In clear, or with TLS where that comes first. Nobody must log in on it: the certificate is not judged. */
async function openDoor({ reach, notes }: Course): Promise<Visit> {
  const visit = await Visit.open(reach, notes.oddities, false)
  const { greeting } = visit
  if (greeting.status === 'ok') return visit
  visit.leave()
  throw refusalOf(greeting, { phase: 'greeting', command: 'the connection' })
}

/** The same, with TLS where the server has it. */
export async function openSecured(course: Course): Promise<Visit> {
  const visit = await openDoor(course)
  if (course.hasStls) await visit.secure(false)
  return visit
}

/** A policy without TLS does not keep it from being looked at. */
async function probeStls(course: Course): Promise<void> {
  const { notes } = course
  const verdict = await course.verdictOf(async () => {
    const visit = await openDoor(course)
    try {
      const peer = await visit.secure(false)
      course.hasStls = peer !== undefined
      course.add('stls', 'STLS', notes.promise('STLS', peer !== undefined))
      if (!peer) return []
      judgeTls(course, visit)
      if (!notes.isCapaFatal)
        course.add('capabilities', 'CAPA under TLS', await askCapabilities(visit, notes, 'tls'))
      const isStill = notes.seen('tls')?.some(line => /^STLS\b/i.test(line)) ?? false
      return isStill ? wrong('CAPA names it under TLS, too, which RFC 2595 does not allow') : []
    } finally {
      visit.leave()
    }
  })
  course.add('stls', 'STLS', verdict)
}

function judgeTls(course: Course, { peer }: Visit): void {
  if (!peer) return
  course.notes.peer = peer
  course.add('tls', 'TLS', tlsVerdict(peer))
  course.add('certificate', 'certificate', certificateVerdicts(peer, course.reach.host, Date.now()))
}
