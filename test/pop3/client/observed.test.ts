// What onlookers see of a session: a tap, `node:diagnostics_channel`, and `closed`; and that no secret is in any of it.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  type ConnectOptions,
  connect,
  oauth2,
  password,
  type WireFrame,
} from '../../../src/pop3/client/index.ts'
import type { Answer } from './scripted-server.ts'
import { fetchAll, open, optionsFor, serve } from './scripted-session.ts'

function watch(...names: string[]): { name: string; event: Record<string, unknown> }[] {
  const seen: { name: string; event: Record<string, unknown> }[] = []
  for (const name of names) {
    const take = (event: unknown) => seen.push({ name, event: event as Record<string, unknown> })
    subscribe(`poplar:pop3:client:${name}`, take)
    onTestFinished(() => {
      unsubscribe(`poplar:pop3:client:${name}`, take)
    })
  }
  return seen
}

describe('a tap', () => {
  it('sees all that is said, in order, and no password', async () => {
    const frames: string[] = []
    const tap = ({ direction, octets }: WireFrame) =>
      void frames.push(`${direction === 'sent' ? 'C' : 'S'}: ${Buffer.from(octets).toString('latin1')}`)
    const { session } = await open([[/^CAPA$/, '+OK\r\nUSER\r\n.\r\n']], undefined, { tap })
    await fetchAll(session, (await session.listing()).slice(0, 1))
    await session.commit()
    // Listings and messages come in pieces, as they came.
    const text = frames.join('').replaceAll('\r\n', '\n')
    expect(text).toBe(
      [
        'S: +OK ready\nC: CAPA\nS: +OK\nS: USER\n.\n',
        'C: USER ann\nS: +OK\nC: PASS ****\nS: +OK\nC: CAPA\nS: +OK\nS: USER\n.\n',
        'C: LIST\nS: +OK\nS: 1 10\n2 20\n.\nC: UIDL\nS: +OK\nS: 1 a\n2 b\n.\n',
        'C: RETR 1\nS: +OK\nS: A: b\n\nc\n.\nC: QUIT\nS: +OK\n',
      ].join(''),
    )
  })

  it.each<[string, ConnectOptions['auth'], readonly Answer[]]>([
    ['PASS', password('ann', 'sesame'), [[/^PASS /, '-ERR sesame is wrong\r\n']]],
    ['PASS, answered with nonsense', password('ann', 'sesame'), [[/^PASS /, 'sesame?\r\n']]],
    [
      'PLAIN',
      password('ann', 'sesame', { mechanisms: ['PLAIN'] }),
      [
        [/^CAPA$/, '+OK\r\nSASL PLAIN\r\n.\r\n'],
        [/^AUTH /, '-ERR\r\n'],
      ],
    ],
    [
      'LOGIN',
      password('ann', 'sesame', { mechanisms: ['LOGIN'] }),
      [
        [/^CAPA$/, '+OK\r\nSASL LOGIN\r\n.\r\n'],
        [/^AUTH /, '+ VXNlcm5hbWU6\r\n'],
        [/^YW5u$/, '+ UGFzc3dvcmQ6\r\n'],
      ],
    ],
    [
      'a token',
      oauth2('ann', 'sesame'),
      [
        [/^CAPA$/, '+OK\r\nSASL XOAUTH2\r\n.\r\n'],
        [/^AUTH /, '+ \r\n'],
        [/^dXNl/, '-ERR sesame\r\n'],
      ],
    ],
  ])('and events and errors hold no secret: %s', async (_how, auth, answers) => {
    const seen: unknown[] = watch('connect', 'command', 'message', 'end')
    const frames: string[] = []
    const tap = ({ octets }: WireFrame) => void frames.push(Buffer.from(octets).toString('latin1'))
    const server = await serve(answers)
    const error: unknown = await connect({ ...optionsFor(server), auth, tap }).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ name: 'Pop3Error' })
    const text = [
      JSON.stringify(seen),
      frames.join(''),
      JSON.stringify(error),
      (error as Error).message,
    ].join('\n')
    for (const part of [
      'sesame',
      Buffer.from('sesame').toString('base64'),
      Buffer.from('\0sesame').toString('base64'),
    ])
      expect(text).not.toContain(part)
    // The server was told.
    expect(server.lines.some(line => /sesame|c2VzYW1l|AHNlc2FtZ|Nlc2FtZ|zZXNhbWU/.test(line))).toBe(true)
  })

  it('that throws ends the session with that', async () => {
    let isFaulty = false
    const tap = () => {
      if (isFaulty) throw new Error('disk full')
    }
    const { session } = await open([], undefined, { tap })
    isFaulty = true
    await expect(session.noop()).rejects.toMatchObject({ cause: { message: 'disk full' } })
    expect(await session.closed).toMatchObject({ cause: { message: 'disk full' } })
  })
})

describe('diagnostics channels', () => {
  it('tell of connections, commands, messages and ends', async () => {
    const seen = watch('connect', 'command', 'message', 'end')
    const { session, server } = await open([[/^DELE 2$/, '-ERR [SYS/PERM] no\r\n']])
    const listing = await session.listing()
    await fetchAll(session, listing)
    for (const ref of listing) session.markDeleted(ref)
    await session.commit()
    await session.closed
    const durationMs = expect.any(Number) as number
    const number = seen[0]?.event['session']
    const command = (text: string, status = 'ok', responseCode?: string) => ({
      name: 'command',
      event: { session: number, command: text, status, responseCode, durationMs },
    })
    const message = { name: 'message', event: { session: number, octets: 11, durationMs } }
    expect(seen).toEqual([
      command('CAPA'),
      command('USER ann'),
      command('PASS ****'),
      command('CAPA'),
      {
        name: 'connect',
        event: { session: number, host: '127.0.0.1', port: server.port, durationMs, error: undefined },
      },
      command('LIST'),
      command('UIDL'),
      command('RETR 1'),
      message,
      command('RETR 2'),
      message,
      command('DELE 1'),
      command('DELE 2', 'err', 'SYS/PERM'),
      command('QUIT'),
      {
        name: 'end',
        event: {
          session: number,
          error: undefined,
          sentOctets: expect.any(Number) as number,
          receivedOctets: expect.any(Number) as number,
        },
      },
    ])
  })

  it('tell why there is no session, and why one was lost', async () => {
    const seen = watch('connect', 'end')
    await expect(open([[/^PASS /, '-ERR no\r\n']])).rejects.toMatchObject({ code: 'login-refused' })
    const { session } = await open([[/^NOOP$/, undefined, 'cut']])
    await expect(session.noop()).rejects.toMatchObject({ code: 'connection-lost' })
    await session.closed
    expect(seen.map(({ name, event }) => [name, event['error']])).toEqual([
      ['connect', 'login-refused'],
      ['connect', undefined],
      ['end', 'connection-lost'],
    ])
  })
})

describe('closed', () => {
  it.each(['commit', 'abandon'] as const)('resolves with nothing after %s', async how => {
    const { session } = await open([])
    await session[how]()
    expect(await session.closed).toBeUndefined()
    expect(session.isOpen).toBe(false)
  })

  it('resolves with what ended the session while nothing was asked', async () => {
    const { session, server } = await open([])
    await server.close()
    expect(await session.closed).toMatchObject({ code: 'connection-lost' })
    expect(session.isOpen).toBe(false)
  })
})

describe('one operation at a time', () => {
  it('waits for those before it', async () => {
    const { session, server } = await open([])
    const [listing] = await Promise.all([session.listing(), session.noop(), session.commit()])
    expect(listing).toHaveLength(2)
    expect(server.lines.slice(-4)).toEqual(['LIST', 'UIDL', 'NOOP', 'QUIT'])
  })

  it('is refused while an iteration is under way, which goes on', async () => {
    const { session } = await open([])
    let count = 0
    for await (const { body } of session.retrieve(await session.listing())) {
      await expect(session.noop()).rejects.toMatchObject({ code: 'busy' })
      await expect(session.retrieve([]).next()).rejects.toMatchObject({ code: 'busy' })
      expect(Buffer.from(await body.bytes())).toHaveLength(11)
      count += 1
    }
    expect(count).toBe(2)
    await session.noop()
  })

  it('never gives a part of a body for the whole', async () => {
    const { session } = await open([])
    const bodies: AsyncIterator<Uint8Array>[] = []
    for await (const { body } of session.retrieve(await session.listing()))
      bodies.push(body[Symbol.asyncIterator]())
    for (const body of bodies) await expect(body.next()).rejects.toMatchObject({ code: 'closed' })
  })
})

describe('UTF8 and LANG, RFC 6856', () => {
  const tags: Answer = [/^CAPA$/, '+OK\r\nUSER\r\nUTF8 USER\r\nLANG\r\n.\r\n']

  it('are asked before the login, where the server has them', async () => {
    const { session, server } = await open(
      [
        tags,
        [/^UTF8$/, '+OK\r\n'],
        [/^LANG de$/, '+OK de ja\r\n'],
        [/^LANG$/, '+OK\r\nen English\r\nde Deutsch \xc3\xbc\r\n.\r\n'],
      ],
      undefined,
      { utf8: true, language: 'de' },
    )
    expect(server.lines.slice(0, 5)).toEqual(['CAPA', 'LANG de', 'UTF8', 'USER ann', 'PASS sesame'])
    expect(session).toMatchObject({ isUtf8: true, language: 'de' })
    expect(await session.languages()).toEqual([
      { tag: 'en', name: 'English' },
      { tag: 'de', name: 'Deutsch ü' },
    ])
  })

  it('are done without where it has not, or refuses', async () => {
    const wishes = { utf8: true, language: 'de' }
    const without = await open([], undefined, wishes)
    expect(without.server.lines).not.toContain('UTF8')
    expect(without.session).toMatchObject({ isUtf8: false, language: undefined })
    const refusing = await open([tags], undefined, wishes)
    expect(refusing.session).toMatchObject({ isUtf8: false, language: undefined })
    await expect(refusing.session.languages()).rejects.toMatchObject({ code: 'refused' })
  })

  it('are not asked when nobody wants them', async () => {
    const { server } = await open([tags])
    expect(server.lines.slice(0, 3)).toEqual(['CAPA', 'USER ann', 'PASS sesame'])
  })

  it('carry names and passwords in UTF-8', async () => {
    const { server } = await open([tags], undefined, { auth: password('änn', 'sésame'), utf8: true })
    expect(server.lines).toContain(`USER ${Buffer.from('änn').toString('latin1')}`)
  })
})
