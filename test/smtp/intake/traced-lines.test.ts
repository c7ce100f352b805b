// What a tracer sees of SMTP: envelopes, and no secret that a client sends though nobody asked.
import { expect, it } from 'vitest'
import {
  observedVerb,
  resultOf,
  tracedCommand,
  tracedReply,
  tracedResponse,
} from '../../../src/smtp/intake/traced-lines.ts'

it.each([
  ['a greeting', 'EHLO client.example', 'EHLO client.example', 'EHLO'],
  ['a greeting of several words', 'EHLO open sesame', 'EHLO <11 octets>', 'EHLO'],
  ['a reverse-path', 'mail from:<a@b.example> size=10', 'mail from:<a@b.example> size=10', 'MAIL'],
  ['the null reverse-path', 'MAIL FROM:<>', 'MAIL FROM:<>', 'MAIL'],
  ['no path', 'MAIL sesame', 'MAIL <6 octets>', 'MAIL'],
  ['a forward-path', 'RCPT TO:<a@b.example>', 'RCPT TO:<a@b.example>', 'RCPT'],
  ['a mechanism', 'auth scram-sha-256', 'auth scram-sha-256', 'AUTH'],
  ['a password', 'AUTH PLAIN AGFsaWNlAHNlc2FtZQ==', 'AUTH <26 octets>', 'AUTH'],
  ['a password in place of a mechanism', 'AUTH sesame', 'AUTH <6 octets>', 'AUTH'],
  ['a response', 'c2VzYW1l', '<no command, 8 octets>', 'other'],
  ['anything behind a command', 'NOOP sesame', 'NOOP <6 octets>', 'NOOP'],
  ['a command alone', 'quit', 'quit', 'QUIT'],
  ['a name of every object', 'constructor', '<no command, 11 octets>', 'other'],
])('a line: %s', (_why, line, shown, verb) => {
  expect(tracedCommand(Buffer.from(line))).toEqual({ from: 'client', text: shown })
  expect(observedVerb(Buffer.from(line))).toBe(verb)
})

it('a reply has a line for each of its lines', () => {
  expect(tracedReply(250, ['one', 'two']).map(({ text }) => text)).toEqual(['250-one', '250 two'])
  expect(tracedReply(250, ['one', 'two'], '2.0.0').map(({ text }) => text)).toEqual([
    '250-2.0.0 one',
    '250 2.0.0 two',
  ])
  expect(tracedReply(221, 'Bye').map(({ text }) => text)).toEqual(['221 Bye'])
  expect([250, 354, 451, 550].map(resultOf)).toEqual(['ok', 'continue', '451', '550'])
})

it('what is said in AUTH is not shown', () => {
  expect(tracedResponse(Buffer.from('QUIT'))).toEqual({ from: 'client', text: '<4 octets>' })
  expect(tracedReply(334, 'VXNlcm5hbWU6')).toEqual([{ from: 'server', text: '334 <12 octets>' }])
})
