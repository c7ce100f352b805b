// POP3 sessions by the thousand, as cheaply as Node can drive them: one shared read buffer, commands and expected
// replies prepared once per maildrop, and no search for the final dot: a check before the measurement found how long
// each reply is, and each must end with its final dot exactly there. One octet amiss ends the run.
import { connect, type Socket } from 'node:net'
import type { MaildropFacts } from '../corpus.ts'
import type { MeasuredPhase, Pop3Job, Pop3Script, RateResult } from './job.ts'
import { type CheckedMaildrop, checkMaildrop, statOf } from './pop3-client.ts'
import { type ExpectedReply, ReplyChecker } from './reply-checker.ts'
import { measureRate, type Tally } from './tally.ts'

/** Octets to send, and the replies to await before the next step. */
interface Step {
  readonly send: string
  readonly replies: readonly ExpectedReply[]
}

interface PreparedSession {
  readonly maildrop: MaildropFacts
  readonly steps: readonly Step[]
}

const readBuffer = Buffer.allocUnsafeSlow(256 * 1024)

export async function runPop3Load(
  job: Pop3Job,
  atPhase: (phase: MeasuredPhase) => void,
): Promise<RateResult> {
  const prepared = await prepareSessions(job)
  return measureRate(job, atPhase, tally => {
    const free = [...prepared]
    const next = () => {
      if (tally.isOver) return tally.finished()
      // A maildrop has one session at a time: RFC 1939 section 4 asks for an exclusive lock.
      const session = free.shift()
      if (!session) return tally.fail(new Error('more sessions than maildrops'))
      new LoadSession(job.port, session, tally, () => {
        if (job.script === 'login' || job.script === 'list') tally.add(1, 0)
        free.push(session)
        next()
      })
    }
    for (let slot = 0; slot < job.sessions; slot++) next()
  })
}

async function prepareSessions({ port, script, maildrops }: Pop3Job): Promise<PreparedSession[]> {
  const prepared: PreparedSession[] = []
  const queue = [...maildrops]
  const work = async () => {
    for (let maildrop = queue.shift(); maildrop; maildrop = queue.shift()) {
      const checked = await checkMaildrop(port, maildrop)
      prepared.push({ maildrop, steps: stepsOf(script, maildrop, checked) })
    }
  }
  await Promise.all(Array.from({ length: 8 }, work))
  return prepared
}

function stepsOf(script: Pop3Script, maildrop: MaildropFacts, checked: CheckedMaildrop): Step[] {
  return [
    { send: '', replies: [{ status: '+OK' }] },
    { send: `USER ${maildrop.name}\r\n`, replies: [{ status: '+OK' }] },
    { send: `PASS ${maildrop.password}\r\n`, replies: [{ status: '+OK' }] },
    { send: 'STAT\r\n', replies: [{ status: statOf(maildrop) }] },
    ...scriptSteps[script](checked),
    { send: 'QUIT\r\n', replies: [{ status: '+OK' }] },
  ]
}

const scriptSteps: Record<Pop3Script, (checked: CheckedMaildrop) => Step[]> = {
  login: () => [],
  list: ({ listOctets, uidlOctets }) => [
    { send: 'UIDL\r\n', replies: [{ status: '+OK', bodyOctets: uidlOctets }] },
    { send: 'LIST\r\n', replies: [{ status: '+OK', bodyOctets: listOctets }] },
  ],
  fetch: ({ messageOctets }) =>
    messageOctets.map((bodyOctets, index) => ({
      send: `RETR ${index + 1}\r\n`,
      replies: [{ status: '+OK', bodyOctets, isMessage: true }],
    })),
  pipe: ({ messageOctets }) => [
    {
      send: messageOctets.map((_, index) => `RETR ${index + 1}\r\n`).join(''),
      replies: messageOctets.map(bodyOctets => ({ status: '+OK', bodyOctets, isMessage: true })),
    },
  ],
}

/** One session from connect to the server's close. */
class LoadSession {
  readonly #socket: Socket
  readonly #steps: readonly Step[]
  readonly #tally: Tally
  readonly #checker = new ReplyChecker()
  #step = 0
  #reply = 0

  constructor(port: number, { maildrop, steps }: PreparedSession, tally: Tally, done: () => void) {
    this.#steps = steps
    this.#tally = tally
    const onread = {
      buffer: readBuffer,
      callback: (octets: number) => {
        this.#take(readBuffer.subarray(0, octets), maildrop)
        return true
      },
    }
    this.#socket = connect({ port, host: '127.0.0.1', onread })
    this.#socket.on('error', error => tally.fail(error))
    this.#socket.on('close', () => {
      if (this.#step === steps.length) done()
      else tally.fail(new Error(`the server closed early: ${this.#where(maildrop)}`))
    })
    this.#expect()
  }

  #expect(): void {
    const expected = this.#steps[this.#step]?.replies[this.#reply]
    if (expected) this.#checker.expect(expected)
  }

  #take(chunk: Buffer, maildrop: MaildropFacts): void {
    let offset = 0
    while (offset < chunk.length) {
      const step = this.#steps[this.#step]
      const expected = step?.replies[this.#reply]
      if (!step || !expected) return this.#tally.fail(new Error(`too many octets: ${this.#where(maildrop)}`))
      const end = this.#checker.feed(chunk, offset)
      if (typeof end === 'string') return this.#tally.fail(new Error(`${end}: ${this.#where(maildrop)}`))
      if (end === undefined) return
      offset = end
      if (expected.isMessage) this.#tally.add(1, expected.bodyOctets ?? 0)
      this.#advance(step)
    }
  }

  #advance(step: Step): void {
    this.#reply += 1
    if (this.#reply === step.replies.length) {
      this.#reply = 0
      this.#step += 1
      const next = this.#steps[this.#step]
      if (next) this.#socket.write(next.send, 'latin1')
    }
    this.#expect()
  }

  #where({ name }: MaildropFacts): string {
    return `${name}, after ${JSON.stringify(this.#steps[this.#step]?.send.slice(0, 40))}, reply ${this.#reply + 1}`
  }
}
