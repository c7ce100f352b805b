// What is known of servers by their name, and what is learned of them.
import { describe, expect, it } from 'vitest'
import { profiles, ServerMemory } from '../../../src/pop3/client/index.ts'
import { mergeQuirks, quirksOfGreeting, quirksOfHost } from '../../../src/pop3/client/quirks.ts'
import { open } from './scripted-session.ts'

describe('profiles', () => {
  it('name their sources, and are found by host or greeting', () => {
    for (const { sources, host, greeting, quirks } of profiles) {
      expect(sources.length).toBeGreaterThan(0)
      expect(host ?? greeting).toBeDefined()
      expect(Object.keys(mergeQuirks())).toEqual(expect.arrayContaining(Object.keys(quirks)))
    }
  })

  it.each([
    ['pop.gmail.com', { listsPart: true, takesWhatWasRetrieved: true }],
    ['POP.GoogleMail.com', { takesWhatWasRetrieved: true }],
    ['outlook.office365.com', { keepAliveMs: 30_000, bearerInOneLine: false }],
    ['pop3.web.de', { loginDelaySeconds: 720 }],
    ['poczta.o2.pl', { window: 1 }],
    ['pop.tom.com', { capa: false }],
  ])('know %s', (host, quirks) => {
    expect(quirksOfHost(host)).toMatchObject(quirks)
  })

  it.each(['notgmail.com', 'gmail.com.example.net', 'web.dev', 'example.net'])('know nothing of %s', host => {
    expect(quirksOfHost(host)).toEqual({})
  })

  it('know servers by their greeting', async () => {
    expect(quirksOfGreeting('WDPop ready for requests from 1.2.3.4')).toMatchObject({ window: 1 })
    expect(quirksOfGreeting('mail.example.net Cyrus POP3 3.6.1 server ready <1.2@x>')).toEqual({
      bindsToTls: false,
    })
    const { session, server } = await open([], '+OK DavMail 6.2.2 POP ready at now\r\n')
    expect(session.quirks).toMatchObject({ deletesAtOnce: true, window: 1 })
    // One at a time: UIDL waits for the answer to LIST.
    for (const ref of await session.listing()) session.markDeleted(ref)
    expect(server.lines.at(-1)).toBe('UIDL')
  })

  it('give way to what the caller says', async () => {
    const { session } = await open([], '+OK DavMail 6\r\n', { quirks: { window: 5 } })
    expect(session.quirks).toMatchObject({ deletesAtOnce: true, window: 5 })
  })
})

describe('memory', () => {
  it('lasts a day, and holds a thousand servers', () => {
    let now = 0
    const memory = new ServerMemory(() => now)
    memory.learn('A.example', 110, { window: 1 })
    memory.learn('a.example', 110, { uidl: false })
    expect(memory.of('a.example', 110)).toEqual({ window: 1, uidl: false })
    expect(memory.of('a.example', 995)).toEqual({})
    now += 86_400_000
    expect(memory.of('a.example', 110)).toEqual({})
    for (let port = 1; port <= 1001; port++) memory.learn('b.example', port, { window: 1 })
    expect(memory.of('b.example', 1)).toEqual({})
    expect(memory.of('b.example', 2)).toEqual({ window: 1 })
    memory.forget('b.example', 2)
    expect(memory.of('b.example', 2)).toEqual({})
  })
})
