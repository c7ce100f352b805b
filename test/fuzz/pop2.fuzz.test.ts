// Random POP2 commands, right and wrong, cut anywhere: the same octets give the same answers, the session ends, the lock
// comes back, and what was not left by FOLD or QUIT is still there.
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { freePolicy } from '../../src/mail/account-policy.ts'
import { LoginDelays } from '../../src/mail/login-delays.ts'
import { plainViews } from '../../src/mail/login-view.ts'
import type { Store } from '../../src/mail/store.ts'
import { completeLimits } from '../../src/pop2/server/limits.ts'
import { Pop2Session } from '../../src/pop2/server/session.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { FakeOutlet } from '../pop3/fake-outlet.ts'
import { addAccount, keptLog, plainAuthenticator, until } from '../pop3/office.ts'

let store: Store | undefined
afterEach(() => store?.close())

const messages = ['Subject: 1\n\n.dot\n', 'Subject: 2\n\nsecond\n', 'c\n']
const octets = ['Subject: 1\r\n\r\n.dot\r\n', 'Subject: 2\r\n\r\nsecond\r\n', 'c\r\n']

async function officeOf() {
  await store?.close()
  store = createMemoryStore()
  await addAccount(store, 'alice', messages)
  return store
}

/** Everything a session says to these chunks. */
async function said(chunks: readonly Uint8Array[]): Promise<string> {
  const outlet = new FakeOutlet()
  const maildrops = await officeOf()
  const { log, lines } = keptLog()
  let isGone = false
  const services = {
    authenticator: plainAuthenticator(maildrops),
    maildrops,
    policy: freePolicy,
    views: () => plainViews,
    loginDelays: new LoginDelays(),
    log,
    limits: completeLimits(),
    hostname: 'pop.example',
    mayLogIn: () => true,
    service: 'pop2',
    observer: undefined,
  }
  const session = new Pop2Session(services, outlet, '192.0.2.1', () => {
    isGone = true
  })
  for (const chunk of chunks) {
    session.received(chunk)
    await Promise.resolve()
  }
  session.inputEnded()
  await until(() => !outlet.isOpen)
  session.closed()
  await until(() => isGone)
  expect(lines.filter(({ level }) => level === 'error')).toEqual([])
  expect(await maildrops.listLeases()).toEqual([])
  return outlet.text
}

const line = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('READ', 'RETR', 'ACKS', 'ACKD', 'NACK') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('READ 1', 'READ 2', 'READ 3', 'READ 4', 'FOLD INBOX', 'FOLD x', 'QUIT'),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', ' ', 'RETR 1', 'READ 0', `READ ${'9'.repeat(600)}`, '\\', 'HELO a\\'),
  },
)

function cut(whole: Buffer, at: readonly number[]): Buffer[] {
  const ends = [...new Set(at.map(one => one % (whole.length + 1)))].sort((one, other) => one - other)
  return [...ends, whole.length].map((end, index) => whole.subarray(ends[index - 1] ?? 0, end))
}

/** What RFC 937 makes of well-formed lines. */
class Model {
  state: 'MBOX' | 'ITEM' | 'NEXT' | 'ended' = 'MBOX'
  text = '#3 messages\r\n'
  #kept = [0, 1, 2]
  #box: number[] = [0, 1, 2]
  #marked = new Set<number>()
  #current = 1

  next(command: string): void {
    const [verb = '', argument] = command.split(' ')
    const isAcknowledgement = verb === 'ACKS' || verb === 'ACKD' || verb === 'NACK'
    if (this.state === 'ended') return
    if ((this.state === 'NEXT') !== isAcknowledgement) return this.#fail()
    if (verb === 'RETR') return this.#retrieve()
    if (verb === 'QUIT') return this.#quit()
    if (verb === 'FOLD') return this.#fold(argument === 'INBOX')
    if (verb === 'ACKD') this.#marked.add(this.#box[this.#current - 1] ?? -1)
    if (verb === 'ACKD' || verb === 'ACKS') this.#current += 1
    if (argument) this.#current = Number(argument)
    this.state = 'ITEM'
    this.text += `=${octets[this.#at()]?.length ?? 0}\r\n`
  }

  get left(): number {
    return this.#kept.length
  }

  #at(): number {
    const message = this.#box[this.#current - 1] ?? -1
    return this.#marked.has(message) ? -1 : message
  }

  #retrieve(): void {
    const content = octets[this.#at()]
    if (this.state !== 'ITEM' || content === undefined) return this.#fail()
    this.text += content
    this.state = 'NEXT'
  }

  #fold(isInbox: boolean): void {
    this.#kept = this.#kept.filter(message => !this.#marked.has(message))
    this.#marked.clear()
    this.#box = isInbox ? this.#kept : []
    this.#current = 1
    this.state = 'MBOX'
    this.text += `#${this.#box.length} message${this.#box.length === 1 ? '' : 's'}\r\n`
  }

  #quit(): void {
    this.#fold(true)
    this.text = this.text.replace(/#\d+ messages?\r\n$/, '+ goodbye\r\n')
    this.state = 'ended'
  }

  #fail(): void {
    this.text += '- '
    this.state = 'ended'
  }
}

const commands = fc.array(
  fc.constantFrom(
    'READ',
    'READ 1',
    'READ 2',
    'READ 3',
    'READ 7',
    'RETR',
    'ACKS',
    'ACKD',
    'NACK',
    'FOLD INBOX',
    'FOLD x',
    'QUIT',
  ),
  { maxLength: 25 },
)

/** Mostly what is allowed, so that sequences get somewhere. */
function sensible(wanted: readonly string[]): string[] {
  const model = new Model()
  return wanted.filter((command, index) => {
    const trial = Object.assign(new Model(), { state: model.state })
    trial.next(command)
    if (trial.text.endsWith('- ') && command !== 'RETR' && index % 5 > 0) return false
    model.next(command)
    return true
  })
}

describe('POP2', () => {
  it('gives the same answers wherever the octets are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(line, fc.constantFrom('\r\n', '\n')), { maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 8 }),
        fc.boolean(),
        async (lines, cuts, logsIn) => {
          const whole = Buffer.from((logsIn ? 'HELO alice sesame\r\n' : '') + lines.flat().join(''))
          const answers = await said([whole])
          expect(await said(cut(whole, cuts))).toBe(answers)
          expect(answers.startsWith('+ POP2 pop.example')).toBe(true)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('does what RFC 937 says to every sequence of commands', async () => {
    await fc.assert(
      fc.asyncProperty(commands, async wanted => {
        const lines = sensible(wanted)
        const model = new Model()
        for (const command of lines) model.next(command)
        const answers = await said([Buffer.from(['HELO alice sesame', ...lines, ''].join('\r\n'))])
        expect(answers.replace(/^.*\r\n/, '').replace(/- .*\r\n$/, '- ')).toBe(model.text)
        const account = await store!.findAccount('alice')
        expect(account?.usedMessages).toBe(model.left)
      }),
      { numRuns: 300 },
    )
  })
})
