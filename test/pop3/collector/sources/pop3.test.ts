// A maildrop elsewhere as a source: what it lists, hands out and deletes, and what each failure comes to.
import { describe, expect, it, onTestFinished } from 'vitest'
import { password, ServerMemory } from '../../../../src/pop3/client/index.ts'
import { SecretError } from '../../../../src/pop3/collector/secrets/secret-error.ts'
import type { SourceError, SourceSession } from '../../../../src/pop3/collector/source.ts'
import { type Pop3SourceOptions, pop3Source } from '../../../../src/pop3/collector/sources/pop3.ts'
import type { Answer, ScriptedServer } from '../../client/scripted-server.ts'
import { serve } from '../../client/scripted-session.ts'

const never = new AbortController().signal

function optionsFor(server: ScriptedServer, connection = {}): Pop3SourceOptions {
  return {
    name: 'work',
    user: 'ann',
    credentials: async () => password('ann', 'sesame'),
    connection: {
      host: '127.0.0.1',
      port: server.port,
      tls: 'none',
      allowCleartextAuth: true,
      timeouts: { command: 300, stall: 300, greeting: 300 },
      memory: new ServerMemory(),
      ...connection,
    },
  }
}

async function open(
  answers: readonly Answer[],
  connection = {},
): Promise<{ session: SourceSession; server: ScriptedServer }> {
  const server = await serve(answers)
  const session = await pop3Source(optionsFor(server, connection)).open(never)
  onTestFinished(async () => session[Symbol.asyncDispose]())
  return { session, server }
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  let text = ''
  for await (const octets of body) text += Buffer.from(octets).toString('latin1')
  return text
}

/** Bodies, and sentences where there is none. */
async function fetchAll(session: SourceSession): Promise<string[]> {
  const { messages } = await session.listing(never)
  const texts: string[] = []
  for await (const { body, error } of session.retrieve(messages, never)) {
    if (error) texts.push(error.message)
    else texts.push(await textOf(body))
  }
  return texts
}

it('lists, hands out octets as they are, and deletes what was marked with QUIT and not before', async () => {
  const { session, server } = await open([[/^RETR 2$/, '+OK\r\nA: b\r\n\r\n..\xe9\r\n.\r\n']])
  const { messages, oddities } = await session.listing(never)
  expect(messages).toMatchObject([
    { key: 'a', octets: 10 },
    { key: 'b', octets: 20 },
  ])
  expect(oddities).toEqual([])
  expect(await fetchAll(session)).toEqual(['A: b\r\n\r\nc\r\n', 'A: b\r\n\r\n.\xe9\r\n'])
  const { messages: now } = await session.listing(never)
  for (const message of now) session.markDeleted(message)
  // What was said before this was asked has come by now.
  await session.listing(never)
  expect(server.lines.filter(line => line.startsWith('DELE'))).toEqual([])
  expect(await session.commit(never)).toEqual({ state: 'committed', refused: [] })
  expect(server.lines.slice(-3)).toEqual(['DELE 1', 'DELE 2', 'QUIT'])
})

it('does not say QUIT when it is left', async () => {
  const { session, server } = await open([])
  const { messages } = await session.listing(never)
  for (const message of messages) session.markDeleted(message)
  await session[Symbol.asyncDispose]()
  expect(server.lines.filter(line => /^(?:DELE|QUIT)/.test(line))).toEqual([])
})

it('tells what the server would not delete, and when its answer did not come', async () => {
  const { session } = await open([
    [/^DELE 1$/, '-ERR no\r\n'],
    [/^QUIT$/, undefined, 'cut'],
  ])
  const { messages } = await session.listing(never)
  for (const message of messages) session.markDeleted(message)
  await session.listing(never)
  expect(await session.commit(never)).toEqual({ state: 'unknown', refused: [messages[0]] })
})

it('has no keys where the server has no UIDL, and says so', async () => {
  const { session } = await open([[/^UIDL$/, '-ERR what?\r\n']])
  const { messages, oddities } = await session.listing(never)
  expect(messages.map(({ key }) => key)).toEqual([undefined, undefined])
  expect(oddities.join()).toMatch(/no unique ids/)
})

it('does not use keys that no ledger takes', async () => {
  const { session } = await open([
    [/^UIDL$/, `+OK\r\n1 ${'x'.repeat(1001)}\r\n2 ${'y'.repeat(1000)}\r\n.\r\n`],
  ])
  const { messages, oddities } = await session.listing(never)
  expect(messages.map(({ key }) => key?.length)).toEqual([undefined, 1000])
  expect(oddities.join()).toMatch(/1 unique ids have more than 1000 characters/)
})

it('names the same mailbox in the same way, whatever the case of its host', () => {
  const credentials = async () => password('ann', 'sesame')
  const identity = (user: string, connection: Pop3SourceOptions['connection']) =>
    pop3Source({ name: 'x', user, credentials, connection }).identity
  expect(identity('Ann@Example.net', { host: 'POP.Example.NET' })).toBe(
    'pop3 Ann@Example.net@pop.example.net:995',
  )
  expect(identity('ann', { host: '::1', tls: 'stls' })).toBe('pop3 ann@[::1]:110')
  expect(identity('recent:ann@gmail.com', { host: 'pop.gmail.com' })).not.toBe(
    identity('ann@gmail.com', { host: 'pop.gmail.com' }),
  )
})

it('says how often the server lets in, and that RETR takes away', async () => {
  const { session } = await open([[/^CAPA$/, '+OK\r\nUSER\r\nUIDL\r\nLOGIN-DELAY 120\r\n.\r\n']], {
    quirks: { takesWhatWasRetrieved: true, listsPart: true },
  })
  expect(session.habits).toEqual({ listsPart: true, takesWhatWasRetrieved: true, loginDelayMs: 120_000 })
})

it('fetches headers', async () => {
  const { session } = await open([])
  const { messages } = await session.listing(never)
  const headers: string[] = []
  for await (const { body } of session.headers?.(messages, never) ?? []) headers.push(await textOf(body))
  expect(headers).toEqual(['A: b\r\n\r\n', 'A: b\r\n\r\n'])
})

describe('a message that cannot be had', () => {
  it.each([
    ['was expunged', '-ERR Message 1 expunged.\r\n'],
    ['the server cannot read', '-ERR [SYS/PERM] corrupt\r\n'],
    ['the server cannot read now', '-ERR [SYS/TEMP] try later\r\n'],
  ])('does not keep others back: it %s', async (_why, answer) => {
    const { session } = await open([[/^RETR 1$/, answer]])
    const [first, second] = await fetchAll(session)
    expect(first).toMatch(/^the server does not hand it out: /)
    expect(second).toBe('A: b\r\n\r\nc\r\n')
  })

  it('because the server has had enough ends the fetching', async () => {
    const { session } = await open([[/^RETR 1$/, '-ERR Download exceed. msg=10\r\n']])
    await expect(fetchAll(session)).rejects.toMatchObject({ fault: 'busy' })
  })

  it('breaks off in the middle: the network', async () => {
    const { session } = await open([[/^RETR 1$/, '+OK\r\nA: b\r\n', 'cut']])
    await expect(fetchAll(session)).rejects.toMatchObject({ name: 'SourceError', fault: 'unavailable' })
  })

  it('may be left unread', async () => {
    const { session } = await open([[/^RETR 1$/, `+OK\r\n${'x'.repeat(70)}\r\n.\r\n`]])
    const { messages } = await session.listing(never)
    const seen: (string | undefined)[] = []
    for await (const { message } of session.retrieve(messages, never)) seen.push(message.key)
    expect(seen).toEqual(['a', 'b'])
    expect(await session.commit(never)).toMatchObject({ state: 'committed' })
  })
})

describe('a session that cannot be had', () => {
  const cases: readonly {
    readonly why: string
    readonly answers: readonly Answer[]
    readonly fault: SourceError['fault']
    readonly says: RegExp
    readonly connection?: object
  }[] = [
    {
      why: 'a wrong password',
      answers: [[/^PASS /, '-ERR [AUTH] no\x1b[2J\r\n']],
      fault: 'credentials',
      says: /^the login was refused: no\?\[2J; check `user` and the password$/,
    },
    {
      why: 'another session',
      answers: [[/^PASS /, '-ERR [IN-USE] locked\r\n']],
      fault: 'busy',
      says: /another session has the mailbox: locked/,
    },
    {
      why: 'a server in trouble',
      answers: [[/^PASS /, '-ERR [SYS/TEMP] later\r\n']],
      fault: 'unavailable',
      says: /has trouble: later/,
    },
    {
      why: 'a server that somebody has to mend',
      answers: [[/^PASS /, '-ERR [SYS/PERM] broken\r\n']],
      fault: 'configuration',
      says: /mend something there: broken/,
    },
    {
      why: 'a password that would go in clear',
      answers: [],
      connection: { allowCleartextAuth: false },
      fault: 'configuration',
      says: /allow_cleartext = true/,
    },
    {
      why: 'a server without STLS',
      answers: [[/^STLS$/, '-ERR no\r\n']],
      connection: { tls: 'stls' },
      fault: 'configuration',
      says: /refuses STLS/,
    },
    { why: 'silence', answers: [[/^PASS /, undefined]], fault: 'unavailable', says: /./ },
    {
      why: 'a certificate where there is none',
      answers: [],
      connection: { tls: 'implicit' },
      fault: 'configuration',
      says: /in clear there/,
    },
    {
      why: 'a proxy that is none',
      answers: [],
      connection: { proxy: 'ftp://127.0.0.1' },
      fault: 'configuration',
      says: /a proxy is written as/,
    },
  ]
  it.each(cases)('because of $why', async ({ answers, connection, fault, says }) => {
    const server = await serve(answers)
    const opening = pop3Source(optionsFor(server, connection)).open(never)
    await expect(opening).rejects.toMatchObject({
      name: 'SourceError',
      fault,
      message: expect.stringMatching(says) as string,
    })
  })

  it('knows when to come again', async () => {
    const server = await serve([
      [/^CAPA$/, '+OK\r\nUSER\r\nLOGIN-DELAY 720\r\n.\r\n'],
      [/^PASS /, '-ERR [LOGIN-DELAY] too soon\r\n'],
    ])
    const before = Date.now()
    const error = (await pop3Source(optionsFor(server))
      .open(never)
      .catch((thrown: unknown) => thrown)) as SourceError
    expect(error).toMatchObject({ fault: 'busy' })
    expect(error.notBefore?.getTime()).toBeGreaterThanOrEqual(before + 720_000)
  })

  it('because nobody listens', async () => {
    const server = await serve([])
    await server.close()
    const opening = pop3Source(optionsFor(server)).open(never)
    await expect(opening).rejects.toMatchObject({ fault: 'unavailable' })
  })

  it('because it was stopped', async () => {
    const server = await serve([[/^PASS /, undefined]])
    const stopping = new AbortController()
    const opening = pop3Source(optionsFor(server)).open(stopping.signal)
    stopping.abort()
    await expect(opening).rejects.toMatchObject({ fault: 'aborted' })
  })

  it('because there is no password', async () => {
    const server = await serve([])
    const credentials = async () => {
      throw new SecretError('configuration', 'there is no such file')
    }
    const opening = pop3Source({ ...optionsFor(server), credentials }).open(never)
    await expect(opening).rejects.toMatchObject({ fault: 'configuration', message: 'there is no such file' })
    expect(server.connections).toBe(0)
  })
})
