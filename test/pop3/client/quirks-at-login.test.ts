// What real servers were reported to do up to the login, as threads tell it: each is played, and what must come of it is said.
import { describe, expect, it } from 'vitest'
import { connect, oauth2, type Pop3Error, password, ServerMemory } from '../../../src/pop3/client/index.ts'
import type { Answer } from './scripted-server.ts'
import { fetchAll, open, optionsFor, serve } from './scripted-session.ts'

const usual = 'A: b\r\n\r\nc\r\n'
const capa = (...tags: string[]): Answer => [
  /^CAPA$/,
  `+OK\r\n${tags.map(tag => `${tag}\r\n`).join('')}.\r\n`,
]

describe('Gmail', () => {
  it('is not told QUIT by a session that was not committed: that takes what was retrieved (Stack Overflow, getmail FAQ)', async () => {
    const { session, server } = await open([])
    await fetchAll(session)
    await session[Symbol.asyncDispose]()
    expect(await session.closed).toBeUndefined()
    expect(server.lines).not.toContain('QUIT')
  })

  it('has its own CAPA read: no PIPELINING, LOGIN-DELAY as a date (horde/Imap_Client#36)', async () => {
    const server = await serve([
      capa(
        'EXPIRE 0',
        'LOGIN-DELAY 300',
        'TOP',
        'UIDL',
        'X-GOOGLE-RICO',
        'SASL PLAIN XOAUTH2 OAUTHBEARER',
        'USER',
      ),
      [/^PASS /, '-ERR [LOGIN-DELAY] too soon\r\n'],
    ])
    const before = Date.now()
    const error: unknown = await connect(optionsFor(server)).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'login-delay', retry: 'later' })
    expect((error as Pop3Error).notBefore?.getTime()).toBeGreaterThanOrEqual(before + 300_000)
  })
})

describe('logging in', () => {
  const bearer = { auth: oauth2('ann', 'x'.repeat(5000), { mechanisms: ['XOAUTH2'] }) }
  const message = Buffer.from(`user=ann\x01auth=Bearer ${'x'.repeat(5000)}\x01\x01`).toString('base64')

  it('sends a token only when it is asked for it (getmail6/getmail6#256, marlam/mpop#11, kisli/vmime#267)', async () => {
    const { server } = await open(
      [
        capa('SASL XOAUTH2', 'UIDL'),
        [/^AUTH XOAUTH2$/, '+ \r\n'],
        [/^AUTH /, '-ERR Protocol error. Connection is closed. 10\r\n', 'end'],
        [/^dXNlcj/, '+OK\r\n'],
      ],
      undefined,
      bearer,
    )
    expect(server.lines.slice(0, 3)).toEqual(['CAPA', 'AUTH XOAUTH2', message])
  })

  it('sends it on the line of AUTH where it was told to', async () => {
    const { server } = await open([capa('SASL XOAUTH2'), [/^AUTH XOAUTH2 /, '+OK\r\n']], undefined, {
      ...bearer,
      quirks: { bearerInOneLine: true },
    })
    expect(server.lines[1]).toBe(`AUTH XOAUTH2 ${message}`)
  })

  it('says how long a token was that is refused (jstedfast/MailKit#1948, eclipse-ee4j/angus-mail#201)', async () => {
    const opening = open(
      [capa('SASL XOAUTH2'), [/^AUTH XOAUTH2$/, '+\r\n'], [/^dXNlcj/, '-ERR AUTH failure\r\n']],
      undefined,
      bearer,
    )
    await expect(opening).rejects.toMatchObject({
      code: 'login-refused',
      tokenOctets: 5000,
      message: expect.stringMatching(/5000 octets/) as string,
    })
  })

  it.each([
    ['is not announced', capa('USER', 'UIDL')],
    ['ends with a blank', capa('SASL PLAIN XOAUTH2 ', 'UIDL')],
    ['is in small letters', capa('sasl xoauth2', 'UIDL')],
  ])('tries XOAUTH2 when it %s (marlam/mpop#14, Thunderbird)', async (_how, announced) => {
    const { session } = await open(
      [announced, [/^AUTH XOAUTH2$/, '+ \r\n'], [/^dXNlcj/, '+OK\r\n']],
      undefined,
      bearer,
    )
    expect(session.isOpen).toBe(true)
  })

  it.each([
    ['+OK in place of +', '+OK\r\n'],
    ['a text behind +', '+ go ahead, please\r\n'],
    ['+OK with a text', '+OK send your token\r\n'],
    ['nothing behind +', '+\r\n'],
  ])('takes %s for an invitation (MailKit 1.2.15 and 1.6.0, jstedfast/MailKit#171)', async (_what, answer) => {
    const { session } = await open(
      [capa('SASL XOAUTH2', 'UIDL'), [/^AUTH XOAUTH2$/, answer], [/^dXNlcj/, '+OK\r\n']],
      undefined,
      bearer,
    )
    expect(session.isOpen).toBe(true)
  })

  it('does not believe +OK before the server has proved that it knows the password', async () => {
    const opening = open(
      [capa('SASL SCRAM-SHA-256'), [/^AUTH SCRAM-SHA-256 /, '+OK welcome\r\n']],
      undefined,
      { auth: password('ann', 'sesame', { mechanisms: ['SCRAM-SHA-256'] }) },
    )
    await expect(opening).rejects.toMatchObject({ code: 'protocol' })
  })

  it('fetches a new token on another connection when the server hangs up (jstedfast/MailKit#539)', async () => {
    const asked: boolean[] = []
    const tokens = (isRetry: boolean) => {
      asked.push(isRetry)
      return isRetry ? 'new' : 'old'
    }
    const old = Buffer.from('user=ann\x01auth=Bearer old\x01\x01').toString('base64')
    const { session, server } = await open(
      [
        capa('SASL XOAUTH2', 'UIDL'),
        [/^AUTH XOAUTH2$/, '+ \r\n'],
        [new RegExp(`^${old}$`), '-ERR expired\r\n', 'end'],
        [/^dXNlcj/, '+OK\r\n'],
      ],
      undefined,
      { auth: oauth2('ann', tokens, { mechanisms: ['XOAUTH2'] }) },
    )
    expect(session.isOpen).toBe(true)
    expect(asked[0]).toBe(false)
    expect(asked.at(-1)).toBe(true)
    expect(server.connections).toBe(2)
  })

  it.each([
    ['-ERR [IN-USE] Do you have another POP session running?', 'maildrop-in-use', 'agsh/yapople#19'],
    ['-ERR Unable to lock maildrop: Mailbox is locked by POP server', 'maildrop-in-use', 'horms/perdition#4'],
    ['-ERR [LOGIN-DELAY] minimum time between mail checks violation', 'login-delay', 'cyrus-imapd#383'],
    ['-ERR Too many login attempts', 'rate-limited', 'email-oauth2-proxy#118'],
    ['-ERR Logon failure: unknown user name or bad password.', 'login-refused', 'jstedfast/MailKit#88'],
  ])('tells from the text: %s', async (answer, code) => {
    await expect(open([[/^PASS /, `${answer}\r\n`]])).rejects.toMatchObject({
      code,
      serverText: expect.stringMatching(/./) as string,
    })
  })
})

describe('CAPA', () => {
  it.each([
    ['hangs', [/^CAPA$/, undefined]],
    ['is hung up on', [/^CAPA$/, undefined, 'end']],
    ['resets the connection', [/^CAPA$/, undefined, 'cut']],
  ] as const)('that %s is not asked on a second connection, nor ever again (fetchmail FAQ R11, O11)', async (_what, answer) => {
    const server = await serve([answer])
    const options = optionsFor(server)
    const first = await connect(options)
    expect(await fetchAll(first)).toEqual([usual, usual])
    first.abandon()
    const again = await connect(options)
    again.abandon()
    expect(server.lines.filter(line => line === 'CAPA')).toHaveLength(1)
    expect(server.connections).toBe(3)
  })

  it('is asked again where a server without it was never reached: it may only have been down', async () => {
    const memory = new ServerMemory()
    const server = await serve([
      [/^CAPA$/, undefined, 'cut'],
      [/^USER /, undefined, 'cut'],
    ])
    await expect(connect({ ...optionsFor(server), memory })).rejects.toMatchObject({
      code: 'connection-lost',
    })
    expect(memory.of('127.0.0.1', server.port)).toEqual({})
  })

  it('that is refused is done without (Atlantis-Software/mailx#3)', async () => {
    const { session, server } = await open([[/^CAPA$/, '-ERR invalid command\r\n']])
    expect(await fetchAll(session)).toEqual([usual, usual])
    expect(server.connections).toBe(1)
  })

  it('is one with what it said before the login (jakartaee/mail-api#50)', async () => {
    let asked = 0
    const answer = () => (asked++ === 0 ? '+OK\r\nUSER\r\nUIDL\r\n.\r\n' : '+OK\r\nTOP\r\n.\r\n')
    const { session } = await open([[/^CAPA$/, answer]])
    expect(session.capabilities.tags).toEqual(['USER', 'UIDL', 'TOP'])
    expect(session.capabilities.sourceOf('UIDL')).toBe('clear')
    expect(session.capabilities.sourceOf('TOP')).toBe('login')
  })

  it('does not stop UIDL from being tried (greenmail-mail-test/greenmail#65)', async () => {
    const { session } = await open([capa('USER')])
    expect((await session.listing()).map(({ key }) => key)).toEqual(['a', 'b'])
    expect(session.capabilities.sourceOf('UIDL')).toBe('probe')
  })
})

describe('STLS', () => {
  it.each([
    '-ERR not valid in this state\r\n',
    '-ERR no\r\n',
  ])('that is refused does not make a password go out in clear: %j (simonrob/email-oauth2-proxy#162, node-pop3#33)', async answer => {
    const server = await serve([capa('STLS', 'USER'), [/^STLS$/, answer]])
    const options = { ...optionsFor(server), allowCleartextAuth: false }
    await expect(connect({ ...options, tls: 'opportunistic' })).rejects.toMatchObject({
      code: 'cleartext-refused',
    })
    await expect(connect({ ...options, tls: 'stls' })).rejects.toMatchObject({ code: 'tls-failed' })
    expect(server.lines.filter(line => /^(?:USER|PASS)/.test(line))).toEqual([])
  })

  it.each([
    '+OK\r\n+OK injected\r\n',
    '+OK\r\n\r\n',
    '+OK\r\n+',
  ])('with anything behind its answer is an attack: %j (CVE-2026-41319, CVE-2021-38371, FHMS-ITS/EAST#3)', async answer => {
    const opening = open([capa('STLS'), [/^STLS$/, answer]], undefined, { tls: 'stls' })
    await expect(opening).rejects.toMatchObject({ code: 'stls-injection', retry: 'never' })
  })
})

describe('what answers there', () => {
  it.each([
    ['IMAP', '* OK ready\r\n', /IMAP/, 'jstedfast/MailKit#357'],
    ['SMTP', '220 ready\r\n', /SMTP/, 'jstedfast/MailKit#594'],
    ['TLS, in an alert without line end', '\x15\x03\x01\0\x02\x02\x28', /TLS/, 'knadh/listmonk#1546'],
  ])('is named: %s', async (_what, greeting, message) => {
    await expect(open([], greeting)).rejects.toMatchObject({
      code: 'not-pop3',
      message: expect.stringMatching(message) as string,
    })
  })

  it('is said to speak in clear where TLS was wanted (knadh/listmonk#1546)', async () => {
    await expect(open([], undefined, { tls: 'implicit' })).rejects.toMatchObject({
      code: 'tls-failed',
      message: expect.stringMatching(/in clear/) as string,
    })
  })
})

describe('CR, LF and NUL', () => {
  it.each([
    'ann\r\nDELE 1',
    'ann\nDELE 1',
    'ann\rDELE 1',
    'ann\0',
  ])('reach no server: %j (CPython gh-143923, ruby/net-pop#31, apache/commons-net#400)', async text => {
    const server = await serve([capa('USER', 'SASL PLAIN LOGIN SCRAM-SHA-256 XOAUTH2')])
    for (const auth of [
      password(text, 'x', { mechanisms: ['USER'] }),
      password('ann', text, { mechanisms: ['USER'] }),
      password(text, 'x', { mechanisms: ['SCRAM-SHA-256'] }),
    ])
      await expect(connect({ ...optionsFor(server), auth })).rejects.toMatchObject({ code: 'bad-argument' })
    expect(server.lines.filter(line => !/^(?:CAPA|USER ann)$/.test(line))).toEqual([])
  })
})
