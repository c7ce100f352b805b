// Servers that do it wrong, each in its own way: what comes of it is the message, or an error that says what was wrong; never
// a wait without end, never a message that is another.
import { describe, expect, it } from 'vitest'
import type { Answer } from './scripted-server.ts'
import { fetchAll, open } from './scripted-session.ts'

const usual = 'A: b\r\n\r\nc\r\n'

describe('at connecting', () => {
  it.each([
    ['IMAP', '* OK IMAP4rev1\r\n', 'not-pop3', /IMAP/],
    ['SMTP', '220 mail.example ESMTP\r\n', 'not-pop3', /SMTP/],
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\n', 'not-pop3', /HTTP/],
    ['TLS', '\x15\x03\x01\x00\x02\x02\x0a\n', 'not-pop3', /TLS/],
    ['a server that refuses', '-ERR [SYS/TEMP] too many\r\n', 'server-unavailable', /too many/],
    ['a greeting without end', 'x'.repeat(2_000_000), 'limit-exceeded', /line/],
    ['a server that says nothing', '', 'timeout', /nothing came/],
  ])('finds %s', async (_what, greeting, code, message) => {
    await expect(open([], greeting)).rejects.toMatchObject({
      name: 'Pop3Error',
      code,
      message: expect.stringMatching(message) as unknown,
    })
  })

  it.each([
    ['a greeting', `+OK <${'@'.repeat(900_000)}\r\n`, undefined],
    ['a listing', undefined, `1${' '.repeat(900_000)}x${'\t'.repeat(90_000)}`],
    ['an odd listing', undefined, ' '.repeat(900_000)],
  ])('is not kept busy by %s that is long and strange', async (_what, greeting, line) => {
    const { session } = await open([[/^LIST$/, `+OK\r\n${line ?? '1 10'}\r\n.\r\n`]], greeting)
    await session.listing()
  })

  it('does without CAPA', async () => {
    const { session } = await open([[/^CAPA$/, '-ERR what?\r\n']])
    expect(await fetchAll(session)).toEqual([usual, usual])
  })

  it.each([
    ['-ERR [IN-USE] another session\r\n', 'maildrop-in-use'],
    ['-ERR maildrop is locked\r\n', 'maildrop-in-use'],
    ['-ERR [LOGIN-DELAY] wait\r\n', 'login-delay'],
    ['-ERR [SYS/TEMP] later\r\n', 'server-unavailable'],
    ['-ERR [SYS/PERM] no disk\r\n', 'server-fault'],
    ['-ERR [AUTH] no\r\n', 'login-refused'],
    ['-ERR no\r\n', 'login-refused'],
    ['+ERR no\r\n', 'login-refused'],
  ])('tells apart %j', async (answer, code) => {
    await expect(open([[/^PASS /, answer]])).rejects.toMatchObject({ code, phase: 'login' })
  })

  it('does not repeat a password that the server echoes', async () => {
    const opening = open([[/^PASS /, '-ERR wrong password sesame\r\n']])
    await expect(opening).rejects.toMatchObject({
      code: 'login-refused',
      serverText: undefined,
      message: 'PASS was refused',
    })
  })

  it('takes what came in clear behind the answer to STLS for an attack', async () => {
    const answers: Answer[] = [
      [/^STLS$/, '+OK\r\n+OK injected\r\n'],
      [/^CAPA$/, '+OK\r\nSTLS\r\n.\r\n'],
    ]
    await expect(open(answers, undefined, { tls: 'stls' })).rejects.toMatchObject({ code: 'stls-injection' })
  })
})

describe('in a session', () => {
  it('passes over blank lines and a stray terminator in front of a status line', async () => {
    const { session } = await open([[/^NOOP$/, '\r\n.\r\n+OK\r\n']])
    await session.noop()
  })

  it('reads listings with odd spaces, gaps and double ids, and says so', async () => {
    const { session } = await open([
      [/^LIST$/, '+OK\r\n1  10\r\n3 %!d(float64=5461)\r\n4 -7\r\nwhat\r\n.\r\n'],
      [/^UIDL$/, '+OK\r\n1   a\r\n3 a\r\n5 c\r\n.\r\n'],
    ])
    const listing = await session.listing()
    expect(listing.map(({ number, octets, key }) => [number, octets, key])).toEqual([
      [1, 10, 'a'],
      [3, undefined, 'a#2'],
      [4, undefined, undefined],
      [5, undefined, 'c'],
    ])
    expect(listing.anomalies.map(({ kind }) => kind).sort()).toEqual(
      ['duplicate-uidl', 'gap', 'only-in-list', 'only-in-uidl', 'unreadable-line'].sort(),
    )
  })

  it.each([
    ['dots that are stuffed', '..a\r\n...\r\n.\r\n', '.a\r\n..\r\n'],
    ['a bare LF at the end', 'a\n.\n', 'a\n'],
    ['octets of 8 bits and NUL', '\0\xff\r\n.\r\n', '\0\xff\r\n'],
    ['nothing at all', '.\r\n', ''],
    ['a long line', `${'x'.repeat(300_000)}\r\n.\r\n`, `${'x'.repeat(300_000)}\r\n`],
  ])('fetches %s', async (_what, sent, text) => {
    const { session } = await open([[/^RETR /, `+OK\r\n${sent}`]])
    expect(await fetchAll(session)).toEqual([text, text])
  })

  it.each([
    ['is silent before the end', 'A: b\r\n\r\nhalf', undefined, 'timeout'],
    ['ends the connection in mid-message', 'A: b\r\n\r\nhalf', 'end', 'connection-lost'],
    ['resets it', 'A: b\r\n\r\nhalf', 'cut', 'connection-lost'],
  ] as const)('never takes a part for the whole: the server %s', async (_what, sent, then, code) => {
    const { session } = await open([[/^RETR 2$/, `+OK\r\n${sent}`, then]])
    await expect(fetchAll(session)).rejects.toMatchObject({ code })
    await expect(session.noop()).rejects.toMatchObject({ name: 'Pop3Error' })
  })

  it('does not go on with a server whose message ended in its middle', async () => {
    // Dots were not stuffed: what follows is taken for answers.
    const { session } = await open([
      [/^RETR /, '+OK\r\na\r\n.\r\nb\r\n.\r\n'],
      [/^CAPA$/, '+OK\r\nUSER\r\n.\r\n'],
    ])
    await expect(fetchAll(session)).rejects.toMatchObject({ code: 'protocol' })
  })

  it('closes on a message that is larger than its limit', async () => {
    const { session } = await open([], undefined, { limits: { message: 5 } })
    await expect(fetchAll(session)).rejects.toMatchObject({ code: 'limit-exceeded' })
  })

  it.each([
    ['no answer', undefined, undefined],
    ['an end', undefined, 'end'],
    ['a refusal', '-ERR some were not deleted\r\n', undefined],
  ] as const)('does not know what became of deletions after QUIT with %s', async (_what, answer, then) => {
    const { session } = await open([[/^QUIT$/, answer, then]])
    for (const ref of await session.listing()) session.markDeleted(ref)
    expect(await session.commit()).toEqual({ deleted: 2, refused: [], state: 'unknown' })
  })

  it('tells which deletions were refused', async () => {
    const { session } = await open([[/^DELE 2$/, '-ERR no\r\n']])
    const listing = await session.listing()
    for (const ref of listing) session.markDeleted(ref)
    expect(await session.commit()).toEqual({ deleted: 1, refused: [listing[1]], state: 'committed' })
  })

  it('sends no command behind an abort, and says why', async () => {
    const { session, server } = await open([[/^NOOP$/, undefined]])
    const abort = new AbortController()
    const waiting = session.noop({ signal: abort.signal })
    abort.abort(new Error('enough'))
    await expect(waiting).rejects.toMatchObject({
      code: 'aborted',
      cause: expect.objectContaining({ message: 'enough' }) as unknown,
    })
    await expect(session.commit()).rejects.toMatchObject({ name: 'Pop3Error' })
    expect(server.lines).not.toContain('QUIT')
  })
})
