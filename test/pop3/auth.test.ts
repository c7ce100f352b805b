// AUTH as a protocol, RFC 5034: framing, states, what is announced. The mechanisms behind it have tests of their own.
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Authenticator } from '../../src/auth/authenticator.ts'
import type { SaslExchange, SaslStep } from '../../src/auth/sasl.ts'
import { Refusal } from '../../src/mail/errors.ts'
import type { Store } from '../../src/mail/store.ts'
import { type Office, type OfficeOptions, openOffice, plainAuthenticator, until } from './office.ts'

const offices: Office[] = []
afterEach(async () => {
  for (const office of offices.splice(0)) await office.stop()
})

async function open(options: OfficeOptions = {}): Promise<Office> {
  const office = await openOffice({ messages: ['Subject: 1\n\none\n'], authenticator: scripted, ...options })
  offices.push(office)
  return office
}

const base64 = (text: string) => Buffer.from(text).toString('base64')
const octets = (text: string) => Buffer.from(text)
const failed = '-ERR [AUTH] authentication failed'

/**
 * One mechanism for each thing that an exchange can do: `ECHO` asks until it is told `open`; `LAST` has last words;
 * `DOWN` cannot tell; `FAULT` breaks.
 */
function scripted(store: Store): Authenticator {
  const login = async (): Promise<SaslStep> => {
    const account = await store.findAccount('alice')
    if (!account) throw new Error('no alice')
    return { kind: 'success', login: { account, readOnly: false, appPassword: undefined } }
  }
  const exchanges: Record<string, () => SaslExchange> = {
    ECHO: () => ({
      async next(response) {
        if (response === undefined) return { kind: 'challenge', octets: octets('') }
        const said = Buffer.from(response).toString()
        if (said === 'open') return login()
        return said === 'shut' || said === ''
          ? { kind: 'failure', reason: 'refused' }
          : { kind: 'challenge', octets: octets(`${said}?`) }
      },
    }),
    LAST: () => ({ next: async () => ({ ...(await login()), octets: octets('v=proof') }) }),
    DOWN: () => ({
      next: async () => {
        throw new Refusal('directory-unavailable', 'the directory is down')
      },
    }),
    FAULT: () => ({
      next: async () => {
        throw new Error('a secret of ours')
      },
    }),
  }
  return {
    ...plainAuthenticator(store),
    sasl: {
      mechanisms: () => Object.keys(exchanges),
      begin: name => exchanges[name.toUpperCase()]?.(),
    },
  }
}

describe('AUTH', () => {
  it('lists its mechanisms when asked for none, and in CAPA', async () => {
    const office = await open()
    const peer = await office.connect()
    await peer.line()
    const list = ['+OK mechanisms follow', 'ECHO', 'LAST', 'DOWN', 'FAULT']
    expect(await peer.askLong('AUTH')).toEqual(list)
    expect(await peer.askLong('AUTH ')).toEqual(list)
    expect(await peer.askLong('CAPA')).toContain('SASL ECHO LAST DOWN FAULT')
  })

  it.each([
    {
      why: 'with an initial response',
      lines: [`AUTH ECHO ${base64('open')}`],
      replies: ['+OK 1 message (19 octets)'],
    },
    { why: 'in any case', lines: [`auth echo ${base64('open')}`], replies: ['+OK 1 message (19 octets)'] },
    {
      why: 'asked for the first response',
      lines: ['AUTH ECHO', base64('open')],
      replies: ['+ ', '+OK 1 message (19 octets)'],
    },
    {
      why: 'after many challenges',
      lines: ['AUTH ECHO', base64('a'), base64('b'), base64('open')],
      replies: ['+ ', `+ ${base64('a?')}`, `+ ${base64('b?')}`, '+OK 1 message (19 octets)'],
    },
    {
      why: 'with last words of the server, which are a challenge',
      lines: ['AUTH LAST =', ''],
      replies: [`+ ${base64('v=proof')}`, '+OK 1 message (19 octets)'],
    },
  ])('lets in $why', async ({ lines, replies }) => {
    const office = await open()
    const peer = await office.connect()
    await peer.line()
    for (const [index, line] of lines.entries()) expect(await peer.ask(line)).toBe(replies[index])
    expect(await peer.ask('STAT')).toBe('+OK 1 19')
    expect(await peer.ask('QUIT')).toMatch(/^\+OK/)
    expect(await office.summary()).toMatchObject({
      user: 'alice',
      mechanism: lines[0]?.split(' ')[1]?.toUpperCase(),
    })
  })

  it.each([
    { why: 'an initial response that is no base64', lines: ['AUTH ECHO !!!!'] },
    { why: 'base64 without its padding', lines: ['AUTH ECHO b3Blbg'] },
    { why: 'base64 with bits left over', lines: ['AUTH ECHO b3BlbE==', 'AUTH ECHO b3Blbh=='].slice(1) },
    { why: 'a response that is no base64', lines: ['AUTH ECHO', 'öpen'] },
    { why: 'a response with a space in it', lines: ['AUTH ECHO', 'b3Bl bg=='] },
    { why: 'an equals sign for an empty response to a challenge', lines: ['AUTH ECHO', '='] },
    { why: 'a response of more than 64 KiB', lines: ['AUTH ECHO', 'b3Bl'.repeat(20_000)] },
    { why: 'cancelling', lines: ['AUTH ECHO', '*'] },
    { why: 'cancelling after the proof', lines: ['AUTH LAST =', '*'] },
    { why: 'an answer to last words that need none', lines: ['AUTH LAST =', base64('x')] },
    { why: 'a refusal', lines: [`AUTH ECHO ${base64('shut')}`] },
    { why: 'an empty initial response that opens nothing', lines: ['AUTH ECHO ='] },
  ])('answers $why alike, and goes on', async ({ lines }) => {
    const office = await open()
    const peer = await office.connect()
    await peer.line()
    for (const line of lines.slice(0, -1)) expect(await peer.ask(line)).toMatch(/^\+ /)
    expect(await peer.ask(lines.at(-1) ?? '')).toBe(failed)
    // The next line is a command again, and no response.
    expect(await peer.ask('STAT')).toBe('-ERR not allowed in this state')
    expect(await peer.ask(`AUTH ECHO ${base64('open')}`)).toMatch(/^\+OK/)
  })

  it.each([
    { why: 'an unknown mechanism', line: 'AUTH NONE', says: '-ERR no such mechanism' },
    { why: 'a mechanism with a wrong name', line: 'AUTH A:B', says: /^-ERR a mechanism and/ },
    { why: 'two responses', line: 'AUTH ECHO AAAA AAAA', says: /^-ERR a mechanism and/ },
    { why: 'a space and no response', line: 'AUTH ECHO ', says: /^-ERR a mechanism and/ },
    { why: 'a directory that is down', line: 'AUTH DOWN', says: /^-ERR \[SYS\/TEMP\] accounts cannot be/ },
    { why: 'a fault of ours', line: 'AUTH FAULT', says: /^-ERR \[SYS\/TEMP\] internal fault \w+$/ },
  ])('refuses $why', async ({ line, says }) => {
    const peer = await (await open()).connect()
    await peer.line()
    const reply = await peer.ask(line)
    if (typeof says === 'string') expect(reply).toBe(says)
    else expect(reply).toMatch(says)
  })

  it('takes tokens of 48 KiB', async () => {
    const peer = await (await open()).connect()
    await peer.line()
    const token = 'x'.repeat(48_000)
    expect(await peer.ask(`AUTH ECHO ${base64(token)}`)).toBe(`+ ${base64(`${token}?`)}`)
    expect(await peer.ask(base64(token))).toBe(`+ ${base64(`${token}?`)}`)
  })

  it('takes responses that came with the command, in order', async () => {
    const peer = await (await open()).connect()
    await peer.line()
    peer.send(`AUTH ECHO\r\n${base64('a')}\r\n${base64('open')}\r\nSTAT\r\nQUIT\r\n`)
    expect(await peer.rest()).toBe(
      `+ \r\n+ ${base64('a?')}\r\n+OK 1 message (19 octets)\r\n+OK 1 19\r\n+OK signing off (1 message left)\r\n`,
    )
  })

  it('counts its failures with those of PASS, and closes after too many', async () => {
    const office = await open({ limits: { loginFailures: 3 } })
    const peer = await office.connect()
    await peer.line()
    peer.send('AUTH ECHO\r\n*\r\nUSER alice\r\nPASS no\r\nAUTH ECHO ====\r\nNOOP\r\n')
    const lines = (await peer.rest()).split('\r\n')
    expect(lines.filter(line => line.startsWith('-ERR [AUTH]'))).toHaveLength(3)
    expect(await office.summary()).toMatchObject({ loginFailures: 3, reason: 'login-failures' })
  })

  it('forgets what USER said', async () => {
    const peer = await (await open()).connect()
    await peer.line()
    await peer.ask('USER alice')
    await peer.ask('AUTH ECHO')
    await peer.ask('*')
    expect(await peer.ask('PASS sesame')).toBe('-ERR send USER first')
  })

  it('is not there where nobody offers it', async () => {
    const peer = await (await open({ authenticator: plainAuthenticator })).connect()
    await peer.line()
    expect(await peer.ask('AUTH PLAIN')).toBe('-ERR no such mechanism')
    expect((await peer.askLong('CAPA')).join()).not.toContain('SASL')
  })

  it('logs nothing of what was said', async () => {
    const office = await open()
    const peer = await office.connect()
    await peer.line()
    await peer.ask(`AUTH FAULT ${base64('Xyzzy-1234')}`)
    await peer.ask(`AUTH ECHO ${base64('Xyzzy-1234')}`)
    peer.drop()
    await office.summary()
    expect(JSON.stringify(office.log)).not.toMatch(/Xyzzy|WHl6en/)
  })
})

describe('an exchange', () => {
  /** `ASK` asks and lets in; `WAIT` lets in when `open` is called; what was abandoned is counted. */
  function watched() {
    const seen = { abandoned: 0, isAsked: false, opened: 0 }
    let letIn = () => {}
    const gate = new Promise<void>(resolve => {
      letIn = resolve
    })
    const authenticator = (store: Store): Authenticator => {
      const exchange = (next: SaslExchange['next']): SaslExchange => ({
        next,
        abandon() {
          seen.abandoned += 1
        },
      })
      const login = async (): Promise<SaslStep> => {
        const account = await store.findAccount('alice')
        if (!account) throw new Error('no alice')
        return { kind: 'success', login: { account, readOnly: false, appPassword: undefined } }
      }
      const wait = async () => {
        seen.isAsked = true
        await gate
      }
      const exchanges: Record<string, () => SaslExchange> = {
        ASK: () =>
          exchange(async response => (response ? login() : { kind: 'challenge', octets: octets('?') })),
        WAIT: () => exchange(() => wait().then(login)),
        'WAIT-ASK': () => exchange(() => wait().then(() => ({ kind: 'challenge', octets: octets('?') }))),
      }
      const sasl = {
        mechanisms: () => Object.keys(exchanges),
        begin: (name: string) => exchanges[name]?.(),
      }
      return { ...plainAuthenticator(store), sasl }
    }
    const wrap: NonNullable<OfficeOptions['wrap']> = maildrops => ({
      ...maildrops,
      openMaildrop(account, session) {
        seen.opened += 1
        return maildrops.openMaildrop(account, session)
      },
    })
    return { seen, letIn: () => letIn(), options: { authenticator, wrap } }
  }

  it.each([
    ['cancelled', '*'],
    ['answered with what is no response', '???'],
    ['answered at too great length', 'b3Bl'.repeat(20_000)],
  ])('is told when it is %s', async (_, line) => {
    const { seen, options } = watched()
    const peer = await (await open(options)).connect()
    await peer.line()
    await peer.ask('AUTH ASK')
    expect(await peer.ask(line)).toBe(failed)
    expect(seen.abandoned).toBe(1)
  })

  it('is told when the client goes', async () => {
    const { seen, options } = watched()
    const office = await open(options)
    const peer = await office.connect()
    await peer.line()
    await peer.ask('AUTH ASK')
    peer.drop()
    await office.summary()
    expect(seen.abandoned).toBe(1)
  })

  it('is told when the client has gone before the challenge', async () => {
    const { seen, letIn, options } = watched()
    const office = await open(options)
    const peer = await office.connect()
    await peer.line()
    peer.send('AUTH WAIT-ASK\r\n')
    await until(() => seen.isAsked)
    peer.drop()
    await office.summary()
    letIn()
    await until(() => seen.abandoned === 1)
  })

  it('that ends well is not abandoned', async () => {
    const { seen, options } = watched()
    const office = await open(options)
    const peer = await office.connect()
    await peer.line()
    await peer.ask('AUTH ASK')
    expect(await peer.ask('AAAA')).toMatch(/^\+OK/)
    await peer.ask('QUIT')
    await office.summary()
    expect(seen).toMatchObject({ abandoned: 0, opened: 1 })
  })

  it('opens no maildrop for who has gone', async () => {
    const { seen, letIn, options } = watched()
    const office = await open(options)
    const peer = await office.connect()
    await peer.line()
    peer.send('AUTH WAIT\r\n')
    await until(() => seen.isAsked)
    peer.drop()
    await office.summary()
    letIn()
    // Waits for all that is left of the session.
    await office.server.close()
    expect(seen.opened).toBe(0)
  })
})

describe('last words of the server', () => {
  it.each([
    [29_999, '+OK 1 message (19 octets)'],
    [30_001, failed],
  ])('that are answered after %i ms: %s', async (afterMs, reply) => {
    const peer = await (await open()).connect()
    await peer.line()
    const real = performance.now.bind(performance)
    // Stands still, and jumps.
    let nowMs = real()
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => nowMs)
    try {
      await peer.ask('AUTH LAST =')
      nowMs += afterMs
      expect(await peer.ask('')).toBe(reply)
    } finally {
      clock.mockRestore()
    }
  })
})

describe('APOP', () => {
  const withApop = (store: Store): Authenticator => ({
    ...plainAuthenticator(store),
    apop: {
      isOffered: true,
      async authenticate(name, timestamp, digest, origin) {
        expect(timestamp).toMatch(new RegExp(`^<${origin.sessionId}@pop\\.example>$`))
        const account = await store.findAccount(name)
        return account && digest === 'a'.repeat(32)
          ? { account, readOnly: true, appPassword: 'old phone' }
          : undefined
      },
    },
  })

  it('has a timestamp in each greeting, never the same, and lets in', async () => {
    const office = await open({ authenticator: withApop })
    const [one, two] = [await office.connect(), await office.connect()]
    const greetings = [await one.line(), await two.line()]
    expect(greetings[0]).toMatch(/^\+OK pop\.example POP3 server ready <[!-;=?-~]+@pop\.example>$/)
    expect(greetings[0]).not.toBe(greetings[1])
    expect(await one.ask(`APOP alice ${'b'.repeat(32)}`)).toBe(failed)
    expect(await one.ask(`APOP alice ${'a'.repeat(32)}`)).toBe('+OK 1 message (19 octets)')
    expect(await one.ask('DELE 1')).toBe('-ERR [SYS/PERM] this login may read, not delete')
    expect((await one.askLong('RETR 1')).at(-1)).toBe('one')
  })

  it.each([
    'APOP',
    'APOP alice',
    `APOP alice ${'A'.repeat(32)}`,
    `APOP alice ${'a'.repeat(31)}`,
    `APOP  ${'a'.repeat(32)}`,
  ])('refuses %j', async line => {
    const peer = await (await open({ authenticator: withApop })).connect()
    await peer.line()
    expect(await peer.ask(line)).toBe('-ERR a user name and a digest of 32 hexadecimal digits expected')
  })

  it('is not offered where no account may use it', async () => {
    const peer = await (await open()).connect()
    expect(await peer.line()).toBe('+OK pop.example POP3 server ready')
    expect(await peer.ask(`APOP alice ${'a'.repeat(32)}`)).toBe('-ERR APOP is not offered here')
  })
})

describe('a channel that is not good enough for a login', () => {
  it('refuses all four ways in, and announces none', async () => {
    const office = await open({ cleartextLogin: 'never' })
    const peer = await office.connect()
    await peer.line()
    for (const line of [
      'USER alice',
      'PASS sesame',
      `APOP alice ${'a'.repeat(32)}`,
      'AUTH',
      'AUTH ECHO b3Blbg==',
    ])
      expect(await peer.ask(line)).toBe('-ERR [SYS/PERM] TLS is required before login')
    const capabilities = await peer.askLong('CAPA')
    expect(capabilities).toContain('UIDL')
    expect(capabilities.join()).not.toMatch(/USER|SASL/)
  })
})
