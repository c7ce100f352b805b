// IMAP folders as a source: of Debian's Dovecot, whose Maildirs show what was done to them, and of servers that do wrong.
import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { SourceError, SourceMessage, SourceSession } from '../../../../src/pop3/collector/source.ts'
import { type ImapSourceOptions, imapSource } from '../../../../src/pop3/collector/sources/imap/imap.ts'
import { type Dovecot, startDovecot } from './dovecot.ts'
import { type ImapAnswer, imapScript } from './imap-script.ts'

const never = new AbortController().signal

interface Changes {
  readonly port: number
  readonly user?: string
  readonly folders?: readonly string[]
  readonly password?: string
  readonly authority?: string
  readonly connection?: Partial<ImapSourceOptions['connection']>
}

function sourceAt({ port, user = 'ann', folders = ['INBOX'], password, authority, connection }: Changes) {
  return imapSource({
    name: 'work',
    user,
    secret: async () => ({ password: password ?? `${user}-secret` }),
    folders,
    connection: {
      host: 'localhost',
      port,
      tls: 'none',
      allowCleartextAuth: true,
      pins: [],
      proxy: undefined,
      ...connection,
    },
    authority: authority === undefined ? undefined : async () => authority,
  })
}

async function open(changes: Changes): Promise<SourceSession> {
  const session = await sourceAt(changes).open(never)
  onTestFinished(async () => session[Symbol.asyncDispose]())
  return session
}

async function octetsOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}

async function fetchAll(session: SourceSession, messages: readonly SourceMessage[]): Promise<Buffer[]> {
  const all: Buffer[] = []
  for await (const { body } of session.retrieve(messages, never)) all.push(await octetsOf(body))
  return all
}

const hasImap = existsSync('/usr/lib/dovecot/imap')
if (!hasImap && process.env['CI'] === 'true') throw new Error('dovecot-imapd is not installed')

/** Whatever an octet can be, lines of all lengths, and the last line ended. */
function messageOf(octets: number, seed: number): Buffer {
  let text = `Subject: ${seed}\r\n\r\n..dots\r\n.\r\na literal {5}\r\ncaf\xe9\x80\r\n`
  while (text.length < octets) text += `${'line'.repeat((text.length * 7) % 200)}\r\n`
  return Buffer.from(`${text.slice(0, octets - 2).replace(/[\r\n]$/, 'x')}\r\n`, 'latin1')
}

describe.skipIf(!hasImap)('Dovecot', () => {
  let dovecot: Dovecot
  beforeAll(async () => {
    dovecot = await startDovecot()
  })
  afterAll(() => dovecot.close())

  it('hands out octets as they are, and no flag is touched', async () => {
    const piece = 256 * 1024
    const sizes = [200, 1000, piece - 1, piece, piece + 1, 2 * piece, 3_000_000, 300]
    const messages = sizes.map((size, index) => messageOf(size, index))
    for (const octets of messages) dovecot.put('exact', octets)
    const before = dovecot.files('exact')
    const session = await open({ port: dovecot.ports.imap, user: 'exact' })
    const { messages: listed } = await session.listing(never)
    expect(listed.map(({ octets }) => octets)).toEqual(messages.map(({ length }) => length))
    expect(listed[0]?.key).toMatch(/^INBOX\/\d+\/1$/)
    expect(listed[0]?.receivedAt).toBeInstanceOf(Date)
    const fetched = await fetchAll(session, listed)
    expect(fetched.map((octets, index) => octets.equals(messages[index] ?? Buffer.alloc(0)))).toEqual(
      sizes.map(() => true),
    )
    expect(dovecot.files('exact')).toEqual(before)
    expect(await session.commit(never)).toEqual({ state: 'committed', refused: [] })
    expect(dovecot.files('exact')).toEqual(before)
  })

  it('hands out headers', async () => {
    dovecot.put('heads', messageOf(100_000, 1))
    const session = await open({ port: dovecot.ports.imap, user: 'heads' })
    const { messages } = await session.listing(never)
    const headers: string[] = []
    for await (const { body } of session.headers?.(messages, never) ?? [])
      headers.push((await octetsOf(body)).toString())
    expect(headers).toEqual(['Subject: 1\r\n\r\n'])
  })

  it('deletes what was marked in several folders, and nothing that somebody else has marked', async () => {
    for (let n = 0; n < 3; n++) dovecot.put('gone', messageOf(100 + n, n))
    dovecot.put('gone', messageOf(200, 9), { flags: 'T' })
    dovecot.put('gone', messageOf(300, 8), { folder: 'Old' })
    const session = await open({ port: dovecot.ports.imap, user: 'gone', folders: ['INBOX', 'Old'] })
    const { messages } = await session.listing(never)
    expect(messages).toHaveLength(5)
    for (const index of [0, 2, 4]) session.markDeleted(messages[index] as SourceMessage)
    // What was marked stays marked, however often the folders are looked at.
    await session.listing(never)
    expect(dovecot.files('gone')).toHaveLength(4)
    expect(await session.commit(never)).toEqual({ state: 'committed', refused: [] })
    expect(dovecot.files('gone')).toHaveLength(2)
    expect(dovecot.files('gone', 'Old')).toEqual([])
    expect(dovecot.files('gone').filter(name => name.endsWith('T'))).toHaveLength(1)
  })

  it('deletes nothing when it is left', async () => {
    dovecot.put('stay', messageOf(100, 1))
    const session = await open({ port: dovecot.ports.imap, user: 'stay' })
    const { messages } = await session.listing(never)
    session.markDeleted(messages[0] as SourceMessage)
    await session[Symbol.asyncDispose]()
    expect(dovecot.files('stay').map(name => name.replace(/.*:/, ''))).toEqual(['2,'])
  })

  it('says that a message is gone, and goes on', async () => {
    for (let n = 0; n < 2; n++) dovecot.put('race', messageOf(100, n))
    const other = await open({ port: dovecot.ports.imap, user: 'race' })
    const session = await open({ port: dovecot.ports.imap, user: 'race' })
    const { messages } = await session.listing(never)
    const theirs = await other.listing(never)
    other.markDeleted(theirs.messages[0] as SourceMessage)
    await other.commit(never)
    const found: (string | undefined)[] = []
    for await (const { error } of session.retrieve(messages, never)) found.push(error?.fault)
    expect(found).toEqual(['message', undefined])
  })

  it('is trusted with its key pinned, or its certificate named, and not without', async () => {
    const { imap, imaps } = dovecot.ports
    for (const [port, tls] of [
      [imaps, 'implicit'],
      [imap, 'stls'],
    ] as const) {
      const connection = { tls, allowCleartextAuth: false }
      const refusal = sourceAt({ port, connection }).open(never)
      await expect(refusal).rejects.toMatchObject({
        fault: 'configuration',
        message: /no trust in the server/,
      })
      const wrong = (await sourceAt({
        port,
        connection: { ...connection, pins: [`sha256/${'A'.repeat(43)}=`] },
      })
        .open(never)
        .catch((thrown: unknown) => thrown)) as SourceError
      expect(wrong).toMatchObject({ fault: 'configuration', message: /is not pinned: it is sha256\// })
      const pin = /it is (sha256\/[^;]+)/.exec(wrong.message)?.[1] ?? ''
      await open({ port, connection: { ...connection, pins: [pin] } })
      await open({ port, connection, authority: dovecot.certificate })
    }
    expect(dovecot.log()).not.toMatch(/auth failed/)
  })

  it.each([
    [
      'a wrong password',
      { password: 'sesame' },
      'credentials',
      /^the login was refused; check `user` and the password$/,
    ],
    ['no such folder', { folders: ['None'] }, 'configuration', /^the server has no folder "None"$/],
    [
      'a password in clear',
      { connection: { allowCleartextAuth: false } },
      'configuration',
      /the password would travel in clear/,
    ],
  ] as const)('is not to be had with %s', async (_why, changes, fault, message) => {
    const failing = sourceAt({ port: dovecot.ports.imap, ...changes })
      .open(never)
      .then(session => session.listing(never).finally(() => session[Symbol.asyncDispose]()))
    await expect(failing).rejects.toMatchObject({ name: 'SourceError', fault, message })
  })
})

describe.skipIf(!hasImap)('a server without UIDPLUS', () => {
  let dovecot: Dovecot
  beforeAll(async () => {
    dovecot = await startDovecot({ imapCapabilities: 'IMAP4rev1' })
  })
  afterAll(() => dovecot.close())

  it('expunges when nothing but ours is marked', async () => {
    for (let n = 0; n < 2; n++) dovecot.put('ours', messageOf(100, n))
    const session = await open({ port: dovecot.ports.imap, user: 'ours' })
    const { messages } = await session.listing(never)
    session.markDeleted(messages[0] as SourceMessage)
    expect(await session.commit(never)).toEqual({ state: 'committed', refused: [] })
    expect(dovecot.files('ours')).toHaveLength(1)
  })

  it('does not when somebody else has marked others: ours stay marked, and are told', async () => {
    dovecot.put('theirs', messageOf(100, 0))
    dovecot.put('theirs', messageOf(100, 1), { flags: 'T' })
    const session = await open({ port: dovecot.ports.imap, user: 'theirs' })
    const { messages } = await session.listing(never)
    session.markDeleted(messages[0] as SourceMessage)
    expect(await session.commit(never)).toEqual({ state: 'committed', refused: [messages[0]] })
    expect(dovecot.files('theirs').map(name => name.replace(/.*:/, ''))).toEqual(['2,T', '2,T'])
  })
})

describe('a server that does wrong', () => {
  async function at(answers: readonly ImapAnswer[], greeting?: string) {
    const server = await imapScript(answers, greeting)
    onTestFinished(() => server.close())
    return server
  }

  const timeouts = { connect: 500, greeting: 500, stall: 500 }
  const fetched = '* 1 FETCH (UID 9 BODY[]<0> '
  const cases: readonly (readonly [
    why: string,
    answers: readonly ImapAnswer[],
    fault: SourceError['fault'],
    message: RegExp,
  ])[] = [
    [
      'closes in the middle of a message',
      [[/^UID FETCH/, `${fetched}{100}\r\nabc`, 'end']],
      'unavailable',
      /./,
    ],
    [
      'announces what nobody has room for',
      [[/^UID FETCH/, `${fetched}{99999999999}\r\n`]],
      'configuration',
      /more than is sensible/,
    ],
    [
      'announces too much by a little',
      [[/^UID FETCH/, `${fetched}{${(64 << 20) + 1}}\r\n`]],
      'configuration',
      /more than is sensible/,
    ],
    ['says nothing', [[/^UID FETCH/, undefined]], 'unavailable', /./],
    ['says goodbye', [[/^EXAMINE/, '* BYE going down\r\n', 'end']], 'unavailable', /./],
    [
      'talks nonsense',
      [
        [/^EXAMINE/, '((((((\r\n% OK\r\n'],
        [/^UID FETCH/, ')))\r\n', 'end'],
      ],
      'unavailable',
      /./,
    ],
    ['repeats the password', [[/^LOGIN/, '% NO sesame\x1b[2J is wrong\r\n']], 'credentials', /^(?!.*sesame)/],
    ['has trouble', [[/^LOGIN/, '% NO [UNAVAILABLE] later\r\n']], 'unavailable', /has trouble/],
    ['has it locked', [[/^LOGIN/, '% NO [INUSE] later\r\n']], 'busy', /another session/],
    [
      'wants TLS',
      [[/^CAPABILITY/, '* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n% OK\r\n']],
      'configuration',
      /no way to log in/,
    ],
    ['refuses the listing', [[/^FETCH/, '% NO [SERVERBUG] x\r\n']], 'unavailable', /has trouble/],
  ]
  it.each(cases)('%s', async (_why, answers, fault, message) => {
    const server = await at(answers)
    const failing = (async () => {
      const session = await sourceAt({
        port: server.port,
        password: 'sesame',
        connection: { timeouts },
      }).open(never)
      onTestFinished(async () => session[Symbol.asyncDispose]())
      const { messages } = await session.listing(never)
      await fetchAll(session, messages)
    })()
    const error = (await failing.catch((thrown: unknown) => thrown)) as SourceError
    expect(error).toMatchObject({ name: 'SourceError', fault, message })
    expect(JSON.stringify([error.message, String(error.cause)])).not.toMatch(/sesame/)
  })

  it('speaks POP3', async () => {
    const server = await at([], '+OK POP3 ready\r\n')
    const opening = sourceAt({ port: server.port, connection: { timeouts } }).open(never)
    await expect(opening).rejects.toMatchObject({ name: 'SourceError', fault: 'unavailable' })
  })

  it('makes a folder anew: nothing is deleted in it under the old names', async () => {
    const server = await at([
      [/^SELECT/, '* 1 EXISTS\r\n* OK [UIDVALIDITY 8] x\r\n* OK [UIDNEXT 10] x\r\n% OK [READ-WRITE] x\r\n'],
    ])
    const session = await open({ port: server.port })
    const { messages } = await session.listing(never)
    session.markDeleted(messages[0] as SourceMessage)
    expect(await session.commit(never)).toEqual({ state: 'unknown', refused: [] })
    expect(server.commands.filter(line => /STORE|EXPUNGE/.test(line))).toEqual([])
  })

  it('sends all where a piece was asked for', async () => {
    const whole = 'A: b\r\n\r\n'.padEnd(300_000, 'x')
    const server = await at([[/^UID FETCH/, `${fetched}{${whole.length}}\r\n${whole})\r\n% OK\r\n`]])
    const session = await open({ port: server.port })
    const { messages } = await session.listing(never)
    expect((await fetchAll(session, messages)).map(String)).toEqual([whole])
  })

  it('is left when it is to stop', async () => {
    const server = await at([[/^UID FETCH/, undefined]])
    const stopping = new AbortController()
    const session = await open({ port: server.port })
    const { messages } = await session.listing(stopping.signal)
    const fetching = session.retrieve(messages, stopping.signal)[Symbol.asyncIterator]().next()
    stopping.abort()
    await expect(fetching).rejects.toMatchObject({ fault: 'aborted' })
  })
})
