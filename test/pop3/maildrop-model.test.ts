// Any sequence of commands against a plain model of the maildrop: numbers never move, totals add up, what is marked is
// hidden, LAST and RSET do as they should, and QUIT removes exactly what was marked. RFC 1939 section 5.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { addAccount, deliver, type Office, openOffice, stuffed } from './office.ts'
import type { Peer } from './peer.ts'

interface ModelMessage {
  readonly octets: Buffer
  readonly uidl: string
  marked: boolean
}

/** The maildrop as a client may imagine it. */
class Model {
  last = 0
  readonly messages: ModelMessage[]

  constructor(messages: readonly { octets: Buffer; uidl: string }[]) {
    this.messages = messages.map(message => ({ ...message, marked: false }))
  }

  get listed(): (readonly [number: number, message: ModelMessage])[] {
    return this.messages.flatMap((message, index) => (message.marked ? [] : [[index + 1, message] as const]))
  }

  get octets(): number {
    return this.listed.reduce((sum, [, { octets }]) => sum + octets.length, 0)
  }

  /** The message a number means, unless it is marked or missing. */
  at(number: number): ModelMessage | undefined {
    const message = this.messages[number - 1]
    return message?.marked ? undefined : message
  }
}

type Check = (peer: Peer, model: Model) => Promise<void>

async function expectRefused(peer: Peer, command: string): Promise<void> {
  expect(await peer.ask(command)).toMatch(/^-ERR (no such message|message \d+ already deleted)/)
}

const checks: Record<string, (number: number, lines: number) => Check> = {
  STAT: () => async (peer, model) => {
    expect(await peer.ask('STAT')).toBe(`+OK ${model.listed.length} ${model.octets}`)
  },
  LIST: () => async (peer, model) => {
    const [, ...lines] = await peer.askLong('LIST')
    expect(lines).toEqual(model.listed.map(([number, { octets }]) => `${number} ${octets.length}`))
  },
  UIDL: () => async (peer, model) => {
    const [, ...lines] = await peer.askLong('UIDL')
    expect(lines).toEqual(model.listed.map(([number, { uidl }]) => `${number} ${uidl}`))
  },
  'LIST n': number => async (peer, model) => {
    const message = model.at(number)
    if (!message) return expectRefused(peer, `LIST ${number}`)
    expect(await peer.ask(`LIST ${number}`)).toBe(`+OK ${number} ${message.octets.length}`)
  },
  'UIDL n': number => async (peer, model) => {
    const message = model.at(number)
    if (!message) return expectRefused(peer, `UIDL ${number}`)
    expect(await peer.ask(`UIDL ${number}`)).toBe(`+OK ${number} ${message.uidl}`)
  },
  'RETR n': number => async (peer, model) => {
    const message = model.at(number)
    if (!message) return expectRefused(peer, `RETR ${number}`)
    const [status, ...lines] = await peer.askLong(`RETR ${number}`)
    expect(status).toBe(`+OK ${message.octets.length} octets`)
    expect([...lines, '.', ''].join('\r\n')).toBe(stuffed(message.octets))
    model.last = Math.max(model.last, number)
  },
  'TOP n': (number, count) => async (peer, model) => {
    const message = model.at(number)
    if (!message) return expectRefused(peer, `TOP ${number} ${count}`)
    const [, ...lines] = await peer.askLong(`TOP ${number} ${count}`)
    const all = stuffed(message.octets).split('\r\n').slice(0, -2)
    const headerLines = all.indexOf('') < 0 ? all.length : all.indexOf('') + 1
    expect(lines).toEqual(all.slice(0, headerLines + count))
  },
  'DELE n': number => async (peer, model) => {
    const message = model.at(number)
    if (!message) return expectRefused(peer, `DELE ${number}`)
    expect(await peer.ask(`DELE ${number}`)).toBe(`+OK message ${number} deleted`)
    message.marked = true
    model.last = Math.max(model.last, number)
  },
  RSET: () => async (peer, model) => {
    expect(await peer.ask('RSET')).toMatch(/^\+OK/)
    for (const message of model.messages) message.marked = false
    model.last = 0
  },
  LAST: () => async (peer, model) => {
    expect(await peer.ask('LAST')).toBe(`+OK ${model.last}`)
  },
  'delivery meanwhile': () => async peer => {
    // New mail must not show before the next session.
    const account = (await office.store.findAccount('bob'))!
    await deliver(office.store, account, 'Subject: late\n\nlate\n')
    expect(await peer.ask('NOOP')).toBe('+OK')
  },
}

const command = fc
  .tuple(fc.constantFrom(...Object.keys(checks)), fc.integer({ min: 1, max: 7 }), fc.nat(4))
  .map(([name, number, lines]) => ({
    toString: () => `${name} ${number} ${lines}`,
    check: checks[name]!(number, lines),
  }))

const message = fc
  .array(fc.constantFrom('.', '..x', 'line', '', 'X: y'), { maxLength: 6 })
  .map(lines => `Subject: m\n${lines.join('\n')}\n`)

let office: Office
beforeAll(async () => {
  office = await openOffice({ store: createMemoryStore() })
})
afterAll(() => office.stop())

describe('a session', () => {
  it('is what the model says, and QUIT removes exactly what was marked', async () => {
    const messages = fc.array(message, { maxLength: 5 })
    const sessions = fc.array(fc.array(command, { maxLength: 15 }), { minLength: 1, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(messages, sessions, async (texts, commandLists) => {
        await addAccount(office.store, 'bob', texts)
        let kept: string[] | undefined
        try {
          for (const commands of commandLists) {
            const peer = await office.logIn('bob')
            const model = await readModel(peer)
            const uidls = model.messages.map(({ uidl }) => uidl)
            // All that the last session left is there, in the same order, before what came meanwhile.
            expect(uidls.slice(0, kept?.length ?? texts.length)).toEqual(kept ?? uidls)
            for (const { check } of commands) await check(peer, model)
            expect(await peer.ask('QUIT')).toMatch(/^\+OK/)
            expect(await peer.rest()).toBe('')
            kept = model.listed.map(([, { uidl }]) => uidl)
          }
        } finally {
          await office.store.removeAccount('bob')
        }
      }),
      { numRuns: 60 },
    )
  })
})

/** The model a new session starts with, read with the session's own first commands. */
async function readModel(peer: Peer): Promise<Model> {
  const uidls = (await peer.askLong('UIDL')).slice(1).map(line => line.split(' ')[1]!)
  const messages = []
  for (const [index, uidl] of uidls.entries()) {
    const [, ...lines] = await peer.askLong(`RETR ${index + 1}`)
    const octets = Buffer.from(lines.map(line => `${line.replace(/^\.\./, '.')}\r\n`).join(''), 'latin1')
    messages.push({ octets, uidl })
  }
  await peer.ask('RSET')
  return new Model(messages)
}
