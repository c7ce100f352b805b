// What real servers were reported to do in a session, as threads tell it: each is played, and what must come of it is said.
import { describe, expect, it } from 'vitest'
import { connect, type Session } from '../../../src/pop3/client/index.ts'
import type { Answer } from './scripted-server.ts'
import { fetchAll, open, optionsFor, serve } from './scripted-session.ts'

const usual = 'A: b\r\n\r\nc\r\n'
const capa = (...tags: string[]): Answer => [
  /^CAPA$/,
  `+OK\r\n${tags.map(tag => `${tag}\r\n`).join('')}.\r\n`,
]
const oneByOne = capa('USER', 'UIDL', 'TOP')

async function headersOf(session: Session, lines = 0): Promise<string[]> {
  const texts: string[] = []
  for await (const { body } of session.headers(await session.listing(), { lines }))
    texts.push(Buffer.from(await body.bytes()).toString('latin1'))
  return texts
}

/** Waits for what the server has been told, not for a time. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(resolve => setImmediate(resolve))
}

describe('listings', () => {
  it('do without UIDL, and remember it (neomutt/neomutt#1427)', async () => {
    const server = await serve([oneByOne, [/^UIDL$/, '-ERR unknown command\r\n']])
    const unannounced = await serve([capa('USER'), [/^UIDL$/, '-ERR unknown command\r\n']])
    for (const each of [server, unannounced]) {
      const options = optionsFor(each)
      for (let time = 0; time < 2; time++) {
        const session = await connect(options)
        expect((await session.listing()).map(({ key }) => key)).toEqual([undefined, undefined])
        session.abandon()
      }
    }
    // Who announces it may only have had a bad day.
    expect(server.lines.filter(line => line === 'UIDL')).toHaveLength(2)
    expect(unannounced.lines.filter(line => line === 'UIDL')).toHaveLength(1)
  })

  it.each([
    ['several spaces', '1    a b', 'a b', 'thunderbird-android#323'],
    ['more than 70 characters', `1 ${'x'.repeat(100)}`, 'x'.repeat(100), 'mpop'],
    ['octets of 8 bits', '1 \xe9', '\xe9', 'mpop'],
  ])('take unique ids with %s', async (_what, line, uidl) => {
    const { session } = await open([
      [/^LIST$/, '+OK\r\n1 10\r\n.\r\n'],
      [/^UIDL$/, `+OK\r\n${line}\r\n.\r\n`],
    ])
    const listing = await session.listing()
    expect(listing.map(ref => ref.uidl)).toEqual([uidl])
    expect(listing.anomalies).toEqual([])
  })

  it.each([
    ['negative', '-1', 'jstedfast/MailKit#872'],
    ['a format that nobody filled in', '%!d(float64=5461)', 'axllent/mailpit#312'],
    ['too small, for line ends of one octet', '1', 'andyedinborough/aenetmail#150'],
    ['too large', '99999999999', 'fetchmail FAQ S2'],
  ])('do not trust sizes: %s', async (_what, size) => {
    const { session } = await open([
      [/^LIST$/, `+OK\r\n1 ${size}\r\n.\r\n`],
      [/^UIDL$/, '+OK\r\n1 a\r\n.\r\n'],
    ])
    expect(await fetchAll(session)).toEqual([usual])
  })
})

describe('framing', () => {
  it('does not hang on a final dot that is glued to the last line (Exchange 2000, fetchmail FAQ S2)', async () => {
    const { session } = await open([oneByOne, [/^RETR /, '+OK\r\nA: b\r\n\r\nno line end.\r\n']])
    await expect(fetchAll(session)).rejects.toMatchObject({ code: 'timeout' })
  })

  it.each([
    ['one by one', oneByOne],
    ['ahead', capa('USER', 'PIPELINING')],
  ])('takes what comes behind a lone dot for a sign that the message was cut, %s (axllent/mailpit#299, cpython#95252, poco#340)', async (_how, announced) => {
    const { session, server } = await open([
      announced,
      [/^RETR 1$/, '+OK\r\na\r\n.\r\nrest of the message\r\n.\r\n'],
    ])
    const refs = (await session.listing()).slice(0, 1)
    await expect(fetchAll(session, refs)).rejects.toMatchObject({ code: 'protocol' })
    await expect(session.commit()).rejects.toMatchObject({ code: 'protocol' })
    expect(server.lines).not.toContain('QUIT')
  })

  it.each([
    ['another dot', '+OK\r\na\r\n.\r\n', '.\r\n'],
    ['a blank line', '+OK\r\na\r\n.\r\n', '\r\n.\r\n'],
  ])('takes no lone dot behind a message for a stray one, nor behind %s', async (_what, cut, rest) => {
    const { session } = await open([[/^RETR 1$/, `${cut}${rest}`]])
    await expect(fetchAll(session)).rejects.toMatchObject({ code: 'protocol' })
  })

  it('gives no message for another when an end is missing and commands are ahead (Exchange 2000)', async () => {
    const text = 'A: b\r\n\r\nno line end.\r\n'
    const server = await serve([
      [/^LIST$/, `+OK\r\n1 ${text.length}\r\n2 11\r\n3 11\r\n.\r\n`],
      [/^UIDL$/, '+OK\r\n1 a\r\n2 b\r\n3 c\r\n.\r\n'],
      [/^RETR 1$/, `+OK\r\n${text}`],
      [/^RETR 2$/, '+OK\r\nsecond 11\r\n.\r\n'],
      [/^RETR 3$/, '+OK\r\nthird: 11\r\n.\r\n'],
    ])
    const options = optionsFor(server)
    const session = await connect(options)
    await expect(fetchAll(session)).rejects.toMatchObject({
      code: 'protocol',
      message: expect.stringMatching(/end is missing/) as string,
    })
    const again = await connect(options)
    expect(again.quirks.window).toBe(1)
    const refs = (await again.listing()).slice(1)
    expect(await fetchAll(again, refs)).toEqual(['second 11\r\n', 'third: 11\r\n'])
    again.abandon()
  })

  it('finds it out by what comes later, too: nothing is deleted', async () => {
    const { session, server } = await open([
      oneByOne,
      [/^RETR 1$/, '+OK\r\na\r\n.\r\n'],
      [/^DELE 1$/, 'rest of the message\r\n.\r\n+OK\r\n'],
    ])
    const refs = (await session.listing()).slice(0, 1)
    expect(await fetchAll(session, refs)).toEqual(['a\r\n'])
    for (const ref of refs) session.markDeleted(ref)
    const outcome = await session.commit().catch((error: unknown) => error)
    expect(outcome).toMatchObject({ code: 'protocol' })
    expect(server.lines).not.toContain('QUIT')
  })

  it.each([
    ['blank lines and a dot', '\n\r\n.\r\n+OK\r\n', 'andyedinborough/aenetmail#174'],
    ['an empty line', '\r\n+OK\r\n', 'jstedfast/MailKit#1636'],
  ])('passes over %s before a status line', async (_what, answer) => {
    const { session } = await open([[/^DELE /, answer]])
    for (const ref of await session.listing()) session.markDeleted(ref)
    expect(await session.commit()).toEqual({ deleted: 2, refused: [], state: 'committed' })
  })

  it('reads +ERR as -ERR (hmailserver#594)', async () => {
    const { session } = await open([[/^NOOP$/, '+ERR no\r\n']])
    await expect(session.noop()).rejects.toMatchObject({ code: 'refused', serverText: 'no' })
    expect(session.isOpen).toBe(true)
  })

  it.each([
    ['on its line', '+OK      -ERR cannot load\r\n', 'refused', /cannot load/],
    ['as first line of the message', '+OK\r\n-ERR cannot load\r\n', 'server-unavailable', /cannot load/],
  ] as const)('finds an error that comes behind +OK, %s (DavMail)', async (_where, answer, code, text) => {
    const { session } = await open([oneByOne, [/^RETR /, answer]])
    await expect(fetchAll(session)).rejects.toMatchObject({
      code,
      serverText: expect.stringMatching(text) as string,
    })
  })

  it('waits with a server that sends blanks while it loads a message (DavMail)', async () => {
    const { session } = await open([[/^RETR /, `+OK ${' '.repeat(50)}\r\nA: b\r\n\r\nc\r\n.\r\n`]])
    expect(await fetchAll(session)).toEqual([usual, usual])
  })
})

describe('PIPELINING', () => {
  it.each([
    ['hangs up on', undefined, 'end', 'connection-lost', 'jstedfast/MailKit#174'],
    ['answers out of frame', 'A: b\r\n\r\n.\r\n', undefined, 'protocol', 'zone-eu/wildduck#950'],
  ] as const)('that a server %s is not used with it again', async (...[, answer, then, code]) => {
    const server = await serve([[/^RETR 2$/, answer, then]])
    const options = optionsFor(server)
    const first = await connect(options)
    await expect(fetchAll(first)).rejects.toMatchObject({ code })
    const again = await connect(options)
    expect(again.quirks.window).toBe(1)
    again.abandon()
  })

  it('is not blamed for a connection that is lost when nothing was under way', async () => {
    const server = await serve([[/^NOOP$/, undefined, 'cut']])
    const options = optionsFor(server)
    const first = await connect(options)
    await fetchAll(first)
    await expect(first.noop()).rejects.toMatchObject({ code: 'connection-lost' })
    const again = await connect(options)
    expect(again.quirks.window).toBe(Number.POSITIVE_INFINITY)
    again.abandon()
  })
})

describe('TOP', () => {
  it.each([
    ['the whole message', 'A: b\r\n\r\nline 1\r\nline 2\r\n', 'stalwartlabs/stalwart#3165'],
    ['ten lines whatever is asked', `A: b\r\n\r\n${'line\r\n'.repeat(10)}`, 'usa.net, fetchmail FAQ'],
    ['+OK twice', '+OK\r\nA: b\r\n\r\n', 'FTGate, fetchmail FAQ'],
    ['no blank line', 'A: b\r\n', 'fetchmail FAQ'],
  ])('that gives %s gives the header', async (_what, text) => {
    const { session } = await open([[/^TOP /, `+OK\r\n${text}.\r\n`]])
    const [first] = await headersOf(session)
    expect(first).toBe(text.startsWith('A: b\r\n\r\n') || text.startsWith('+OK') ? 'A: b\r\n\r\n' : text)
  })

  it('gives as many lines as were asked for', async () => {
    const { session } = await open([[/^TOP /, '+OK\r\nA: b\r\n\r\n\r\n2\r\n3\r\n.\r\n']])
    expect(await headersOf(session, 2)).toEqual(['A: b\r\n\r\n\r\n2\r\n', 'A: b\r\n\r\n\r\n2\r\n'])
  })

  it('that is missing is an error of the message', async () => {
    const { session } = await open([[/^TOP /, '-ERR unknown command\r\n']])
    await expect(headersOf(session)).rejects.toMatchObject({ code: 'refused' })
    await session.noop()
  })
})

describe('a session', () => {
  it('says why the server hung up while nothing was asked (node-pop3, Thunderbird)', async () => {
    const { session, server } = await open([
      [/^NOOP$/, '+OK\r\n-ERR [SYS/TEMP] idle for too long\r\n', 'end'],
    ])
    await session.noop()
    expect(await session.closed).toMatchObject({
      code: 'connection-lost',
      responseCode: 'SYS/TEMP',
      serverText: 'idle for too long',
    })
    await expect(session.noop()).rejects.toMatchObject({ code: 'connection-lost' })
    expect(server.lines.filter(line => line === 'NOOP')).toHaveLength(1)
  })

  it('is kept alive with servers that end it after a minute (zone-eu/wildduck#709, Thunderbird)', async () => {
    const { session, server } = await open([oneByOne], undefined, { quirks: { keepAliveMs: 20 } })
    await until(() => server.lines.filter(line => line === 'NOOP').length >= 3)
    expect(await fetchAll(session)).toEqual([usual, usual])
    expect(await session.commit()).toMatchObject({ state: 'committed' })
  })

  it('goes on when a message was expunged meanwhile (mysociety/alaveteli#5697)', async () => {
    const { session } = await open([[/^RETR 1$/, '-ERR Message 1 expunged.\r\n']])
    const codes: (string | undefined)[] = []
    for await (const { error, body } of session.retrieve(await session.listing())) {
      codes.push(error?.code)
      if (!error) expect(Buffer.from(await body.bytes()).toString()).toBe(usual)
    }
    expect(codes).toEqual(['refused', undefined])
  })

  it('knows a limit of what may be fetched (zhangyunhao116/zmail#115)', async () => {
    const { session } = await open([[/^RETR /, '-ERR Download exceed. msg=10\r\n']])
    await expect(fetchAll(session)).rejects.toMatchObject({ code: 'rate-limited', retry: 'later' })
  })

  it.each([
    ['no answer', undefined, undefined],
    ['an end', undefined, 'end'],
    ['an answer that is none', 'bye\r\n', 'end'],
  ] as const)('does not know what QUIT did that got %s (odoo/odoo#112948, alaveteli#5005)', async (_what, answer, then) => {
    const { session } = await open([[/^QUIT$/, answer, then]])
    for (const ref of await session.listing()) session.markDeleted(ref)
    expect(await session.commit()).toEqual({ deleted: 2, refused: [], state: 'unknown' })
  })

  it('lists nothing for a server that has nothing, and draws no conclusion (Thunderbird)', async () => {
    const { session } = await open([
      [/^LIST$/, '+OK\r\n.\r\n'],
      [/^UIDL$/, '+OK\r\n.\r\n'],
    ])
    expect([...(await session.listing())]).toEqual([])
  })
})
