// LMTP deliveries (RFC 2033) as a busy MTA makes them: several messages on each connection, MAIL, RCPT and DATA in one
// packet (RFC 2920), one recipient each. A message counts when its recipient's 250 is there; afterwards the maildrops
// are asked whether they hold every one of them.
import { connect, type Socket } from 'node:net'
import { type MaildropFacts, mixedMessages, stuffed } from '../corpus.ts'
import type { LmtpJob, MeasuredPhase, RateResult } from './job.ts'
import { Pop3Client } from './pop3-client.ts'
import { measureRate, type Tally } from './tally.ts'

interface Step {
  readonly send: string | Buffer
  /** The codes of the replies to await. */
  readonly codes: readonly string[]
  /** The octets that count as one message when the step is done. */
  readonly messageOctets?: number
}

export async function runLmtpLoad(
  job: LmtpJob,
  atPhase: (phase: MeasuredPhase) => void,
): Promise<RateResult> {
  const heldBefore = await countMessages(job)
  const messages = mixedMessages().map(message => stuffed(message))
  let serial = 0
  let accepted = 0
  const result = await measureRate(job, atPhase, tally => {
    const counting: Tally = {
      get isOver() {
        return tally.isOver
      },
      add(units, octets) {
        accepted += units
        tally.add(units, octets)
      },
      finished: () => tally.finished(),
      fail: error => tally.fail(error),
    }
    const next = () => {
      if (tally.isOver) return tally.finished()
      const steps = stepsOf(job, messages, serial)
      serial += job.messagesPerConnection
      new LmtpConnection(job.port, steps, counting, next)
    }
    for (let slot = 0; slot < job.sessions; slot++) next()
  })
  const held = (await countMessages(job)) - heldBefore
  if (held !== accepted) throw new Error(`${accepted} messages were answered 250, ${held} are there`)
  return result
}

function stepsOf(
  { maildrops, domain, messagesPerConnection }: LmtpJob,
  messages: readonly Buffer[],
  serial: number,
): Step[] {
  const steps: Step[] = [
    { send: '', codes: ['220'] },
    { send: 'LHLO bench.example\r\n', codes: ['250'] },
  ]
  for (let i = serial; i < serial + messagesPerConnection; i++) {
    const message = messages[i % messages.length]!
    const { name } = maildrops[i % maildrops.length]!
    const envelope = `MAIL FROM:<sender@example.org>\r\nRCPT TO:<${name}@${domain}>\r\nDATA\r\n`
    steps.push({ send: envelope, codes: ['250', '250', '354'] })
    steps.push({ send: message, codes: ['250'], messageOctets: message.length })
  }
  steps.push({ send: 'QUIT\r\n', codes: ['221'] })
  return steps
}

/** One connection from greeting to close. */
class LmtpConnection {
  readonly #steps: readonly Step[]
  readonly #tally: Tally
  readonly #socket: Socket
  #step = 0
  #reply = 0
  #line = ''

  constructor(port: number, steps: readonly Step[], tally: Tally, done: () => void) {
    this.#steps = steps
    this.#tally = tally
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.setNoDelay(true)
    this.#socket.setEncoding('latin1')
    this.#socket.on('data', (text: string) => this.#take(text))
    this.#socket.on('error', error => tally.fail(error))
    this.#socket.on('close', () => {
      if (this.#step === steps.length) done()
      else tally.fail(new Error(`the server closed after step ${this.#step}`))
    })
  }

  #take(text: string): void {
    const lines = (this.#line + text).split('\r\n')
    this.#line = lines.pop() ?? ''
    for (const line of lines) {
      // `250-` goes on, `250 ` is the last line of a reply. RFC 5321 section 4.2.1.
      if (line[3] !== '-') this.#takeReply(line)
    }
  }

  #takeReply(line: string): void {
    const step = this.#steps[this.#step]
    const code = step?.codes[this.#reply]
    if (!step || !code || !line.startsWith(code)) {
      return this.#tally.fail(new Error(`the server answered ${JSON.stringify(line)} instead of ${code}`))
    }
    this.#reply += 1
    if (this.#reply < step.codes.length) return
    if (step.messageOctets !== undefined) this.#tally.add(1, step.messageOctets)
    this.#reply = 0
    this.#step += 1
    const next = this.#steps[this.#step]
    if (next) this.#socket.write(next.send, 'latin1')
  }
}

async function countMessages({ pop3Port, maildrops }: LmtpJob): Promise<number> {
  let count = 0
  for (const maildrop of maildrops) count += await countIn(pop3Port, maildrop)
  return count
}

async function countIn(port: number, maildrop: MaildropFacts): Promise<number> {
  const client = await Pop3Client.connect(port)
  await client.login(maildrop)
  const status = await client.command('STAT')
  await client.quit()
  return Number(status.split(' ')[1])
}
