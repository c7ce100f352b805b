// A POP2 session without a socket: who may log in at all, what observers are told, and what a tracer is shown.
import { describe, expect, it } from 'vitest'
import { freePolicy } from '../../src/mail/account-policy.ts'
import { LoginDelays } from '../../src/mail/login-delays.ts'
import { plainViews } from '../../src/mail/login-view.ts'
import type { Observer, TracedLine } from '../../src/net/observer.ts'
import { completeLimits } from '../../src/pop2/server/limits.ts'
import { Pop2Session } from '../../src/pop2/server/session.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { FakeOutlet } from '../pop3/fake-outlet.ts'
import { addAccount, keptLog, plainAuthenticator, until } from '../pop3/office.ts'

async function open(given: { observer?: Observer; mayLogIn?: boolean; onGone?: () => void } = {}) {
  const store = createMemoryStore()
  await addAccount(store, 'alice', ['a\n'])
  const outlet = new FakeOutlet()
  const services = {
    authenticator: plainAuthenticator(store),
    maildrops: store,
    policy: freePolicy,
    views: () => plainViews,
    loginDelays: new LoginDelays(),
    log: keptLog().log,
    limits: completeLimits(),
    hostname: 'pop.example',
    mayLogIn: () => given.mayLogIn ?? true,
    service: 'pop2',
    observer: given.observer,
  }
  const session = new Pop2Session(services, outlet, '192.0.2.1', given.onGone ?? (() => {}))
  const ask = async (line: string) => {
    const before = outlet.text.length
    session.received(Buffer.from(`${line}\r\n`))
    await until(() => outlet.text.length > before && outlet.text.endsWith('\r\n'))
    return outlet.text.slice(before)
  }
  return { session, outlet, ask }
}

describe('a peer from whom passwords may not travel in clear', () => {
  it('is refused before anything is looked up', async () => {
    const { ask, outlet } = await open({ mayLogIn: false })
    expect(await ask('HELO alice sesame')).toBe('- passwords may not travel in clear here\r\n')
    expect(outlet.isOpen).toBe(false)
  })
})

describe('observers', () => {
  it('are told of logins, commands and the end', async () => {
    const told: string[] = []
    const { ask, session } = await open({
      observer: {
        login: (_session, mechanism, outcome) => told.push(`${mechanism} ${outcome}`),
        command: (_session, verb, result) => told.push(`${verb} ${result}`),
        ended: (_session, reason) => told.push(reason),
      },
    })
    for (const line of ['HELO alice sesame', 'READ', 'RETR', 'ACKS', 'QUIT']) await ask(line)
    expect(told).toEqual(['HELO accepted', 'HELO ok', 'READ ok', 'RETR ok', 'ACKS ok', 'QUIT ok', 'quit'])
    expect(session).toMatchObject({ protocol: 'pop2', user: 'alice', commandCount: 5, stateName: 'ended' })
  })

  it('are told of what went wrong', async () => {
    const told: string[] = []
    const { ask } = await open({
      observer: {
        login: (_session, mechanism, outcome) => told.push(`${mechanism} ${outcome}`),
        command: (_session, verb, result) => told.push(`${verb} ${result}`),
      },
    })
    await ask('HELO alice wrong')
    expect(told).toEqual(['HELO refused', 'HELO err'])
  })

  it('are told of no login that the peer did not wait for', async () => {
    const told: string[] = []
    const gone = new Promise<void>(resolve => {
      const observer: Observer = { login: (_session, _mechanism, outcome) => told.push(outcome) }
      void open({ observer, onGone: resolve }).then(({ session }) => {
        session.received(Buffer.from('HELO alice sesame\r\n'))
        session.closed()
      })
    })
    await gone
    expect(told).toEqual([])
  })

  it('end a session, which then deletes nothing', async () => {
    const { ask, session, outlet } = await open()
    for (const line of ['HELO alice sesame', 'READ', 'RETR', 'ACKD']) await ask(line)
    session.endByOperator()
    expect(outlet.text).toMatch(/- ended by an operator\r\n$/)
    expect(session.counts.deleted).toBe(0)
  })
})

describe('a tracer', () => {
  it.each([
    ['HELO alice sesame', 'a login'],
    ['HELO alice se\\same', 'a quoted character'],
    ['HELLO alice sesame', 'a mistyped command'],
    ['sesame', 'a password in the wrong place'],
    [`HELO alice ${'sesame'.repeat(200)}`, 'too long a line'],
  ])('is shown no password: %j (%s)', async line => {
    const traced: TracedLine[] = []
    const { ask, session } = await open()
    session.tracer = { trace: (_session, each) => traced.push(each) }
    await ask(line)
    expect(traced.length).toBeGreaterThan(1)
    expect(JSON.stringify(traced)).not.toMatch(/same/)
  })
})
