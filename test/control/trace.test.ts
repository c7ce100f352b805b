// Following sessions: whose they are may come out late, names are shown when they are names, slow readers lose lines.
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Selection, TraceEvent } from '../../src/control/api.ts'
import { Trace } from '../../src/control/trace.ts'
import { TraceHub } from '../../src/control/trace-hub.ts'
import type { WriteEvent } from '../../src/control/trace-queue.ts'
import { Observers } from '../../src/net/observer.ts'
import { FakeSession } from './fake-session.ts'

const accounts: Readonly<Record<string, string>> = { ann: 'ann', 'ann@example.net': 'ann', bob: 'bob' }

function begin(selection: Selection, write?: WriteEvent, observers = new Observers(), hub = new TraceHub()) {
  const events: TraceEvent[] = []
  let ends = 0
  const lookedUp: string[] = []
  const trace = new Trace(selection, {
    observers,
    hub,
    nameOf: async name => {
      lookedUp.push(name)
      if (name === 'broken') throw new Error('the directory is away')
      return accounts[name]
    },
    write:
      write ??
      (event => {
        events.push(event)
        return undefined
      }),
    onEnd: () => {
      ends += 1
    },
  })
  return {
    trace,
    observers,
    hub,
    events,
    lookedUp,
    get ends() {
      return ends
    },
    open(id: string, about: Partial<FakeSession> = {}) {
      const session = new FakeSession(id, about)
      observers.opened?.(session)
      return session
    },
    async texts(): Promise<string[]> {
      for (let round = 0; round < 20; round++) await turn()
      return events.map(event => ('lost' in event ? `lost ${event.lost}` : `${event.session}: ${event.text}`))
    },
  }
}

describe('a trace of a user', () => {
  it('has the lines before the name was claimed, and no lines of others', async () => {
    const tracing = begin({ user: 'ann' })
    const [ann, bob] = [tracing.open('1'), tracing.open('2')]
    bob.says('USER ', 'bob')
    ann.says('CAPA')
    ann.says('USER ', 'ann@example.net')
    bob.user = 'bob'
    bob.says('STAT')
    expect(await tracing.texts()).toEqual([
      '1: begins: pop3 from 192.0.2.1',
      '1: CAPA',
      '1: USER ann@example.net',
    ])
    expect(bob.tracer).toBeUndefined()
    expect(tracing.lookedUp).not.toContain('bob')
  })

  it('takes up who logs in without a claim, as with AUTH', async () => {
    const tracing = begin({ user: 'ann' })
    const session = tracing.open('1')
    session.says('AUTH PLAIN')
    session.user = 'ann'
    session.says('STAT')
    expect(await tracing.texts()).toEqual(['1: begins: pop3 from 192.0.2.1', '1: AUTH PLAIN', '1: STAT'])
  })

  it('meets who is there already, and leaves mail intake alone', async () => {
    const observers = new Observers()
    observers.opened?.(new FakeSession('1', { user: 'ann', stateName: 'transaction' }))
    observers.opened?.(new FakeSession('2', { user: 'bob' }))
    observers.opened?.(new FakeSession('3', { protocol: 'smtp' }))
    const tracing = begin({ user: 'ann' }, undefined, observers)
    expect(await tracing.texts()).toEqual(['1: is in transaction: pop3 from 192.0.2.1'])
    expect([...observers.sessions].map(({ tracer }) => tracer !== undefined)).toEqual([true, false, false])
  })

  it('keeps few lines of those who have not said who they are', async () => {
    const tracing = begin({ user: 'ann' })
    const session = tracing.open('1')
    for (let count = 0; count < 100; count++) session.says(`NOOP ${count}`)
    session.user = 'ann'
    session.says('STAT')
    const texts = await tracing.texts()
    expect(texts).toHaveLength(20)
    expect(texts.at(-1)).toBe('1: STAT')
  })
})

it('shows what claims to be a name only when it is one', async () => {
  const tracing = begin({ from: '192.0.2.0/24' })
  const session = tracing.open('1')
  for (const claim of ['bob', 'hunter2', 'hunter2', 'broken']) session.says('USER ', claim)
  expect((await tracing.texts()).slice(1)).toEqual([
    '1: USER bob',
    '1: USER <no name of an account>',
    '1: USER <no name of an account>',
    '1: USER <no name of an account>',
  ])
  expect(tracing.lookedUp).toEqual(['bob', 'hunter2', 'broken'])
})

it('follows a network and nobody else', async () => {
  const tracing = begin({ from: '192.0.2.0/24' })
  tracing.open('1', { protocol: 'smtp', service: 'smtp' })
  const other = tracing.open('2', { peer: '198.51.100.1' })
  expect(await tracing.texts()).toEqual(['1: begins: smtp from 192.0.2.1'])
  expect(other.tracer).toBeUndefined()
})

it('of one session ends with it, all lines written', async () => {
  const observers = new Observers()
  const session = new FakeSession('1')
  observers.opened?.(session)
  const tracing = begin({ session: '1' }, undefined, observers)
  session.says('USER ', 'ann')
  observers.ended?.(session, 'quit')
  expect(await tracing.texts()).toEqual(['1: is in authorization: pop3 from 192.0.2.1', '1: USER ann'])
  expect(tracing.ends).toBe(1)
  expect(session.tracer).toBeUndefined()
})

it('lets two look at one session, and one go', async () => {
  const first = begin({ from: '192.0.2.1' })
  const second = begin({ from: '192.0.2.1' }, undefined, first.observers, first.hub)
  const session = first.open('1')
  session.says('STAT')
  expect((await first.texts()).slice(1)).toEqual(['1: STAT'])
  first.trace.close()
  session.says('LIST')
  expect(await first.texts()).toHaveLength(2)
  expect((await second.texts()).slice(1)).toEqual(['1: STAT', '1: LIST'])
  second.trace.close()
  expect(session.tracer).toBeUndefined()
})

it('never waits for a slow reader, who learns what was lost, and where', async () => {
  const written: TraceEvent[] = []
  let catchUp = () => {}
  let isBehind = true
  const tracing = begin({ from: '192.0.2.1' }, event => {
    written.push(event)
    if (!isBehind) return undefined
    return new Promise<void>(resolve => {
      catchUp = resolve
    })
  })
  const session = tracing.open('1')
  await turn()
  for (let count = 0; count < 1500; count++) session.says(`NOOP ${count}`)
  isBehind = false
  catchUp()
  for (let round = 0; round < 3000; round++) await turn()
  session.says('QUIT')
  await tracing.texts()
  expect(written).toHaveLength(1 + 1000 + 1 + 1)
  expect(written.at(-2)).toEqual({ lost: 500 })
  expect(written.at(-1)).toMatchObject({ text: 'QUIT' })
})
