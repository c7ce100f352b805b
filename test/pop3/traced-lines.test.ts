// What a tracer sees of a session: no secret, wherever it was typed.
import { describe, expect, it } from 'vitest'
import { Observers, type TracedLine } from '../../src/net/observer.ts'
import { resultOf, tracedAnswer, tracedCommand } from '../../src/pop3/server/traced-lines.ts'
import { openOffice, password } from './office.ts'

const rows: readonly [why: string, line: string, shown: string][] = [
  ['a password', 'PASS sesame', 'PASS <password>'],
  ['a password with spaces, in lower case', 'pass open sesame', 'PASS <password>'],
  ['no password at all', 'PASS', '<no command, 4 octets>'],
  ['a digest', `APOP alice ${'0123456789abcdef'.repeat(2)}`, 'APOP [alice] <digest>'],
  ['a digest that is none may be a password', 'APOP alice sesame', '<no command, 17 octets>'],
  ['what claims to be a name is told apart', 'USER alice', 'USER [alice]'],
  ['a password behind a name', 'USER alice sesame', '<no command, 17 octets>'],
  ['a bare password', 'sesame', '<no command, 6 octets>'],
  ['a password of one word and another', 'open sesame', '<no command, 11 octets>'],
  ['a verb with a password glued to it', 'PASSsesame', '<no command, 10 octets>'],
  ['an initial response', 'AUTH PLAIN AGFsaWNlAHNlc2FtZQ==', 'AUTH PLAIN <initial response>'],
  ['a mechanism alone', 'auth cram-md5', 'AUTH CRAM-MD5'],
  ['a password in the place of a mechanism', 'AUTH sesame', 'AUTH <no known mechanism, 6 octets>'],
  ['the list of mechanisms', 'AUTH', 'AUTH'],
  ['a command with a number', 'RETR 12', 'RETR 12'],
  ['two numbers', 'top 1 0', 'top 1 0'],
  ['something else where a number belongs', 'RETR sesame', '<no command, 11 octets>'],
  ['something behind a command that takes nothing', 'QUIT sesame', '<no command, 11 octets>'],
]

describe('a line of the client', () => {
  it.each(rows)('%s', (_why, line, shown) => {
    expect(flat(tracedCommand(Buffer.from(line), 'authorization'))).toBe(shown)
    expect(flat(tracedCommand(Buffer.from(line), 'transaction'))).toBe(shown)
    expect(flat(tracedCommand(Buffer.from(line), 'authenticating'))).toBe(`<response, ${line.length} octets>`)
  })

  it('may be too long', () => {
    expect(flat(tracedCommand(undefined, 'authorization'))).toBe('<line too long>')
  })
})

it.each([
  ['+OK fine\r\n', ['+OK fine'], 'ok'],
  ['+OK\r\nTOP\r\n.\r\n', ['+OK', 'TOP', '.'], 'ok'],
  ['+ AGFsaWNl\r\n', ['+ <challenge, 8 octets>'], 'continue'],
  ['-ERR no\r\n', ['-ERR no'], 'err'],
  ['-ERR [SYS/TEMP] no\r\n', ['-ERR [SYS/TEMP] no'], 'sys/temp'],
])('an answer: %j', (text, lines, result) => {
  expect([...tracedAnswer(text)].map(line => line.text)).toEqual(lines)
  expect([...tracedAnswer(Buffer.from(text))].map(line => line.text)).toEqual(lines)
  expect(resultOf(text)).toBe(result)
  expect(resultOf(Buffer.from(text))).toBe(result)
})

describe('a session', () => {
  it('tells observers what it does, and a tracer every line but no mail', async () => {
    const observers = new Observers()
    const told: string[] = []
    const traced: string[] = []
    observers.add({
      opened: session => {
        told.push(`opened ${session.service} ${session.peer}`)
        session.tracer = { trace: (_session, line) => traced.push(`${line.from}: ${flat(line)}`) }
      },
      command: (_session, verb, result, durationMs) => told.push(`${verb} ${result} ${durationMs >= 0}`),
      login: ({ user }, mechanism, outcome) => told.push(`login ${String(user)} ${mechanism} ${outcome}`),
      stateChanged: ({ stateName }) => told.push(`state ${stateName}`),
      ended: (session, reason) =>
        told.push(`ended ${reason} ${session.octetsIn > 0} ${session.octetsOut > 0}`),
    })
    const office = await openOffice({ messages: ['Subject: x\n\nprivate\n'], observer: observers })
    try {
      const peer = await office.connect()
      await peer.line()
      for (const line of [
        'USER alice',
        'PASS wrong',
        'USER alice',
        `PASS ${password}`,
        'nonsense',
        'DELE 1',
        'RSET',
      ])
        await peer.ask(line)
      await peer.ask('RETR 1')
      await peer.body()
      expect(observers.sessions.size).toBe(1)
      await peer.ask('QUIT')
      await office.summary()
      expect(observers.sessions.size).toBe(0)
    } finally {
      await office.stop()
    }
    expect(told).toEqual([
      'opened pop3 127.0.0.1',
      'state authorization',
      'USER ok true',
      'state authorization',
      'login undefined PASS refused',
      'PASS auth true',
      'state authorization',
      'USER ok true',
      'state authorization',
      'state transaction',
      'login alice PASS accepted',
      'PASS ok true',
      'other err true',
      'DELE ok true',
      'RSET ok true',
      'RETR ok true',
      'state update',
      'QUIT ok true',
      'state ended',
      'ended quit true true',
    ])
    expect(traced.filter(line => !line.startsWith('server'))).toEqual([
      'client: USER [alice]',
      'client: PASS <password>',
      'client: USER [alice]',
      'client: PASS <password>',
      'client: <no command, 8 octets>',
      'client: DELE 1',
      'client: RSET',
      'client: RETR 1',
      expect.stringMatching(/^note: \d+ octets of content and end$/),
      'client: QUIT',
      'note: ended: quit',
    ])
    expect(traced.join('\n')).not.toMatch(/sesame|wrong|private/)
  })
})

function flat({ text, claim, rest = '' }: TracedLine): string {
  return `${text}${claim === undefined ? '' : `[${claim}]`}${rest}`
}
