// Says what a POP3 server really does, by asking it: first without a login, then in one session or several. Nothing is deleted:
// DELE is never said, nor QUIT once a message was fetched.
import { profiles } from '../client/quirks.ts'
import { Course, type ProbeOptions } from './course.ts'
import { openSecured, probeDoor } from './door.ts'
import { note, type ProbeReport, well, wrong } from './finding.ts'
import { openSession, probeMaildrop } from './maildrop.ts'
import { idleVerdict } from './session-findings.ts'
import type { Oddity } from './visit.ts'

export type { ProbeOptions } from './course.ts'
export type { Finding, ProbeReport } from './finding.ts'

/** Rejects with a `Pop3Error` where there is no POP3 server to be probed, or when aborted. */
export async function probeServer(options: ProbeOptions): Promise<ProbeReport> {
  const course = new Course(options)
  const { notes, reach } = course
  const { auth, idleMs } = options
  await probeDoor(course)
  if (auth) await probeMaildrop(course, auth)
  else course.add('login', 'login', note('was not tried: no user was named'))
  if (idleMs !== undefined) await probeIdle(course, idleMs)
  concludeLines(course)
  concludeQuirks(course)
  return {
    host: reach.host,
    port: reach.port,
    capabilities: {
      clear: notes.seen('clear') ?? null,
      tls: notes.seen('tls') ?? null,
      login: notes.seen('login') ?? null,
    },
    tls: notes.peer ?? null,
    findings: course.findings,
    quirks: notes.quirks,
  }
}

async function probeIdle(course: Course, maxMs: number): Promise<void> {
  const { auth } = course.options
  const verdict = await course.verdictOf(async () => {
    const visit = await (auth ? openSession(course, auth) : openSecured(course))
    try {
      return await idleVerdict(visit, course.notes, { maxMs, isSession: auth !== undefined })
    } finally {
      visit.leave()
    }
  })
  course.add('idle', 'idle limit', verdict)
}

const oddities: { readonly [K in Oddity]: string } = {
  'bare-lf': 'lines that end with LF alone',
  'stray-line': 'blank lines in front of a status line',
  'long-status': 'status lines of more than 512 octets',
  'status-form': 'status lines that do not begin with `+OK` or `-ERR` and a space',
}

function concludeLines(course: Course): void {
  const found = [...course.notes.oddities].map(oddity => oddities[oddity])
  course.add(
    'lines',
    'lines of answers',
    found.length === 0 ? well('as RFC 1939 has them') : wrong(found.join('; ')),
  )
}

/** What the client knows of such servers, and what it should be told besides. */
function concludeQuirks(course: Course): void {
  const { notes, reach, greetingText } = course
  for (const { name, host, greeting, quirks } of profiles)
    if (host?.test(reach.host) || greeting?.test(greetingText))
      course.add('profile', 'profile', note(`the client knows ${name}: ${JSON.stringify(quirks)}`))
  const isPlain = Object.keys(notes.quirks).length === 0
  course.add(
    'quirks',
    'quirks',
    isPlain
      ? well('the client needs to be told nothing')
      : note(`tell the client ${JSON.stringify(notes.quirks)}`),
  )
}
