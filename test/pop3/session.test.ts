// A session without a socket: chunking, order, pausing.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freePolicy } from '../../src/mail/account-policy.ts'
import { LoginDelays } from '../../src/mail/login-delays.ts'
import { plainViews } from '../../src/mail/login-view.ts'
import type { Store } from '../../src/mail/store.ts'
import { CapabilityTexts } from '../../src/pop3/server/capabilities.ts'
import { defaultLanguage } from '../../src/pop3/server/languages/languages.ts'
import { completeLimits, refusalDelayMs } from '../../src/pop3/server/limits.ts'
import { Session } from '../../src/pop3/server/session.ts'
import type { Pop3Services } from '../../src/pop3/server/state.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { FakeOutlet } from './fake-outlet.ts'
import { addAccount, impatient, keptLog, password, plainAuthenticator, until } from './office.ts'

let store: Store

beforeEach(async () => {
  store = createMemoryStore()
  await addAccount(store, 'alice', [
    'Subject: 1\n\n.dot\nbody\n',
    'Subject: 2\n\nsecond\n',
    'Subject: 3\n\nthird\n',
  ])
})
afterEach(() => store.close())

function open(services: Partial<Pop3Services> = {}): {
  session: Session
  outlet: FakeOutlet
  gone: Promise<void>
} {
  const outlet = new FakeOutlet()
  let onGone = () => {}
  const gone = new Promise<void>(resolve => {
    onGone = resolve
  })
  const complete: Pop3Services = {
    authenticator: plainAuthenticator(store),
    maildrops: store,
    log: keptLog().log,
    limits: completeLimits(impatient),
    hostname: 'pop.example',
    capabilities: new CapabilityTexts({ ofCommands: ['TOP'], implementation: '' }),
    policy: freePolicy,
    loginDelays: new LoginDelays(),
    views: () => plainViews,
    preferredLanguage: defaultLanguage,
    tls: undefined,
    mayLogInClear: () => true,
    isForOldDevices: false,
    service: 'pop3',
    observer: undefined,
    ...services,
  }
  return { session: new Session(complete, outlet, '192.0.2.1', onGone), outlet, gone }
}

/** Everything a session says to these chunks. */
async function repliesTo(chunks: readonly Uint8Array[]): Promise<string> {
  const { session, outlet, gone } = open()
  for (const chunk of chunks) {
    session.received(chunk)
    await Promise.resolve()
  }
  session.inputEnded()
  await until(() => !outlet.isOpen)
  session.closed()
  await gone
  return outlet.text
}

/** All commands, right and wrong ones; ends without QUIT, so that each replay finds the same maildrop. */
const recorded = Buffer.from(
  [
    'CAPA',
    'USER alice',
    `PASS wrong`,
    'USER alice',
    `PASS ${password}`,
    'STAT',
    'LIST',
    'UIDL',
    'RETR 1',
    'TOP 1 1',
    'DELE 1',
    'DELE 1',
    'LIST',
    'LIST 2',
    'UIDL 3',
    'LAST',
    'RETR 0',
    '',
    'XYZZ',
    'NOOP',
    'RSET',
    'RETR 3',
    'HELP',
    'TOP 2 0',
  ]
    .map((line, index) => line + (index % 5 === 4 ? '\n' : '\r\n'))
    .join(''),
) // prettier-ignore

describe('chunking', () => {
  it('answers the same whatever the size of the chunks', async () => {
    const whole = await repliesTo([recorded])
    expect(whole).toContain('..dot\r\nbody\r\n.\r\n')
    for (let size = 1; size <= 512; size += size < 20 ? 1 : 37) {
      const chunks: Buffer[] = []
      for (let at = 0; at < recorded.length; at += size) chunks.push(recorded.subarray(at, at + size))
      expect(await repliesTo(chunks), `chunks of ${size}`).toBe(whole)
    }
  })

  it('answers the same wherever it is split in two', async () => {
    const whole = await repliesTo([recorded])
    for (let at = 1; at < recorded.length; at++) {
      expect(await repliesTo([recorded.subarray(0, at), recorded.subarray(at)]), `split at ${at}`).toBe(whole)
    }
  })
})

describe('order', () => {
  it('finishes a reply before the next command begins, however long the store takes', async () => {
    const waiting: (() => void)[] = []
    const { session, outlet } = open({
      maildrops: {
        async openMaildrop(account, holder) {
          const maildrop = await store.openMaildrop(account, holder)
          return {
            listing: maildrop.listing,
            read: async index => {
              await new Promise<void>(resolve => waiting.push(resolve))
              return maildrop.read(index)
            },
            noteRetrieved: async indexes => maildrop.noteRetrieved?.(indexes),
            update: indexes => maildrop.update(indexes),
            release: () => maildrop.release(),
          }
        },
      },
    })
    session.received(Buffer.from(`USER alice\r\nPASS ${password}\r\nRETR 2\r\nRETR 3\r\nNOOP\r\n`))
    await until(() => waiting.length === 1)
    expect(outlet.text).not.toContain('octets\r\nSubject')
    waiting[0]?.()
    await until(() => waiting.length === 2)
    expect(outlet.text).toMatch(/second\r\n\.\r\n$/)
    waiting[1]?.()
    await until(() => outlet.text.endsWith('third\r\n.\r\n+OK\r\n'))
    session.closed()
  })

  it('pauses its input while the peer does not read, and loses nothing', async () => {
    const { session, outlet } = open()
    session.received(Buffer.from(`USER alice\r\nPASS ${password}\r\n`))
    await until(() => outlet.text.includes('messages'))
    outlet.full = true
    outlet.text = ''
    session.received(Buffer.from('NOOP\r\n'.repeat(10_000)))
    expect(outlet.isPaused).toBe(true)
    expect(outlet.text).toBe('+OK\r\n')
    outlet.drain()
    await until(() => !outlet.isPaused)
    expect(outlet.text).toBe('+OK\r\n'.repeat(10_000))
    session.closed()
  })

  it('gives other sessions their turn during a long pipeline', async () => {
    const { session, outlet } = open()
    session.received(Buffer.from(`USER alice\r\nPASS ${password}\r\n`))
    await until(() => outlet.text.includes('messages'))
    outlet.text = ''
    session.received(Buffer.from('UIDL\r\n'.repeat(10_000)))
    const atOnce = outlet.text.length
    expect(atOnce).toBeLessThan(1_000_000)
    await until(() => outlet.text.match(/\r\n\.\r\n/g)?.length === 10_000)
    session.closed()
  })
})

describe('limits', () => {
  it('never lets the autologout fall below 10 minutes, RFC 1939 section 3, but for tests', () => {
    expect(completeLimits().autologoutMs).toBe(600_000)
    expect(() => completeLimits({ autologoutMs: 599_999 })).toThrow(RangeError)
    expect(completeLimits({ autologoutMs: 50, allowShortAutologout: true }).autologoutMs).toBe(50)
  })

  it('answers refusals ever more slowly, up to a bound', () => {
    const delays = Array.from({ length: 12 }, (_, index) => refusalDelayMs(completeLimits(), index + 1))
    expect(delays).toEqual([0, 0, 0, 100, 200, 400, 800, 1_600, 3_000, 3_000, 3_000, 3_000])
  })
})
