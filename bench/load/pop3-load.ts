// POP3 sessions by the thousand, as cheaply as Node can drive them: one shared read buffer, commands and expected
// replies prepared once per maildrop, and no search for the final dot: a check before the measurement found how long
// each reply is, and each must end with its final dot exactly there. One octet amiss ends the run.
import type { Channel, MeasuredPhase, Pop3Job, RateResult } from './job.ts'
import { LoadSession, type PreparedSession } from './load-session.ts'
import { checkMaildrop } from './pop3-client.ts'
import { stepsOf } from './script.ts'
import { measureRate } from './tally.ts'
import type { TlsMemory } from './transport.ts'

interface Handshakes {
  full: number
  resumed: number
}

export async function runPop3Load(
  job: Pop3Job,
  atPhase: (phase: MeasuredPhase) => void,
): Promise<RateResult> {
  const handshakes: Handshakes = { full: 0, resumed: 0 }
  const prepared = await prepareSessions(job, handshakes)
  const result = await measureRate(job, atPhase, tally => {
    const free = [...prepared]
    const next = () => {
      if (tally.isOver) return tally.finished()
      // A maildrop has one session at a time: RFC 1939 section 4 asks for an exclusive lock.
      const session = free.shift()
      if (!session) return tally.fail(new Error('more sessions than maildrops'))
      new LoadSession(job.port, session, {
        message: octets => tally.add(1, octets),
        failed: error => tally.fail(error),
        done: () => {
          if (job.script === 'login' || job.script === 'list') tally.add(1, 0)
          free.push(session)
          next()
        },
      })
    }
    for (let slot = 0; slot < job.sessions; slot++) next()
  })
  const { full, resumed } = handshakes
  return full + resumed === 0 ? result : { ...result, resumedShare: resumed / (full + resumed) }
}

async function prepareSessions(job: Pop3Job, handshakes: Handshakes): Promise<PreparedSession[]> {
  const prepared: PreparedSession[] = []
  const queue = [...job.maildrops]
  const work = async () => {
    for (let maildrop = queue.shift(); maildrop; maildrop = queue.shift()) {
      const checked = await checkMaildrop(job.checkPort, maildrop)
      prepared.push({
        name: maildrop.name,
        steps: stepsOf(job, maildrop, checked),
        ...(job.channel !== 'clear' && { tls: tlsMemoryOf(job.channel, handshakes) }),
      })
    }
  }
  await Promise.all(Array.from({ length: 8 }, work))
  return prepared
}

/** Each maildrop stands for one client, which knows only its own tickets. */
function tlsMemoryOf(channel: Channel, handshakes: Handshakes): TlsMemory {
  return {
    ticket: undefined,
    keepsTickets: channel === 'tls-resumed',
    countHandshake: isResumed => {
      handshakes[isResumed ? 'resumed' : 'full'] += 1
    },
  }
}
