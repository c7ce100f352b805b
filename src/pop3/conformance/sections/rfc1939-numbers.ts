// RFC 1939 sections 3 and 5: message numbers are decimal, and what is no number of a message names none. Servers that read
// numbers as C does take the beginning of a word for the whole, and large numbers for small ones.
import type { Severity } from '../../../conformance/case.ts'
import { shown } from '../../../conformance/wire.ts'
import type { LetterName } from '../letters.ts'
import { rememberStat, statUnchanged, unchanged } from '../listing-steps.ts'
import { letterNamed } from '../message-steps.ts'
import type { Pop3Case, Pop3Section } from '../pop3-case.ts'
import { err, group, logIn, octetsOf, quit, remember, say } from '../steps.ts'

interface NumberRow {
  readonly id: string
  readonly sent: string
  /** Of DELE, which loses mail; of others it is no more than `should`, unless the number is of a message that is not there. */
  readonly severity?: Severity
  /** It is a number, too large for any message: what counts modulo something takes it for 1. */
  readonly isLarge?: true
}

const rows: readonly NumberRow[] = [
  { id: 'word', sent: 'abc' },
  { id: 'star', sent: '*' },
  { id: 'letters-behind', sent: '1abc' },
  { id: 'fraction', sent: '1.0' },
  { id: 'half', sent: '1.5' },
  { id: 'exponent', sent: '1e0' },
  { id: 'hexadecimal', sent: '0x1' },
  { id: 'list', sent: '1,2' },
  { id: 'range', sent: '1-2' },
  { id: 'set', sent: '1:2' },
  { id: 'quoted', sent: '"1"' },
  { id: 'negative', sent: '-1' },
  { id: 'minus', sent: '-' },
  { id: 'plus', sent: '+1', severity: 'quirk' },
  { id: 'leading-zero', sent: '01', severity: 'quirk' },
  { id: 'leading-zeros', sent: '0000000001', severity: 'quirk' },
  { id: 'over-8-bits', sent: '257', isLarge: true },
  { id: 'over-16-bits', sent: '65537', isLarge: true },
  { id: 'over-31-bits', sent: '2147483649', isLarge: true },
  { id: 'over-32-bits', sent: '4294967297', isLarge: true },
  { id: 'over-53-bits', sent: '9007199254740993', isLarge: true },
  { id: 'over-63-bits', sent: '9223372036854775809', isLarge: true },
  { id: 'over-64-bits', sent: '18446744073709551617', isLarge: true },
  { id: 'of-40-digits', sent: `1${'0'.repeat(38)}1`, isLarge: true },
  { id: 'minus-of-32-bits', sent: '-4294967295' },
  { id: 'full-width-digit', sent: utf8('１') },
  { id: 'arabic-digit', sent: utf8('١') },
  { id: 'superscript', sent: '\xb9' },
  { id: 'nul-behind', sent: '1\0', severity: 'should' },
  { id: 'nul-and-more', sent: '1\x002', severity: 'should' },
]

function utf8(text: string): string {
  return Buffer.from(text).toString('latin1')
}

const three: readonly LetterName[] = ['plain', 'second', 'third']
const list = group('send `LIST`, remember the scan listing', say('LIST'), remember('list'))
const sameList = group('send `LIST`, expect the same listing', say('LIST'), unchanged('list'))
const rfc = 'RFC 1939 section 3'

function nameOf(sent: string): string {
  return sent.length > 30 ? 'a number of 40 digits' : shown(octetsOf(sent))
}

const deleCases: readonly Pop3Case[] = rows.map(({ id, sent, severity = 'must' }) => ({
  id: `dele-number-${id}`,
  title: `DELE with ${nameOf(sent)} is refused and marks no message`,
  rfc,
  severity,
  cost:
    severity === 'quirk'
      ? 'Clients that work here fail elsewhere.'
      : 'A message is deleted that nobody named.',
  mail: three,
  steps: [
    logIn,
    rememberStat('before'),
    list,
    say(`DELE ${sent}`),
    err(),
    statUnchanged('before'),
    sameList,
    quit,
  ],
}))

const retrCases: readonly Pop3Case[] = rows.map(({ id, sent, severity, isLarge }) => ({
  id: `retr-number-${id}`,
  title: `RETR with ${nameOf(sent)} is refused`,
  rfc,
  severity: severity ?? (isLarge ? 'must' : 'should'),
  cost:
    severity === 'quirk'
      ? 'Clients that work here fail elsewhere.'
      : 'Clients store a message under a number that it does not have.',
  mail: three,
  steps: [logIn, say(`RETR ${sent}`), err(), say('RETR 2'), letterNamed('second'), quit],
}))

const listRows = ['letters-behind', 'negative', 'half', 'over-32-bits', 'over-64-bits', 'nul-behind']

const listCases: readonly Pop3Case[] = rows
  .filter(({ id }) => listRows.includes(id))
  .map(({ id, sent, isLarge }) => ({
    id: `list-number-${id}`,
    title: `LIST with ${nameOf(sent)} is refused`,
    rfc,
    severity: isLarge ? 'must' : 'should',
    cost: 'Clients learn of a message that is not there.',
    mail: three,
    steps: [logIn, list, say(`LIST ${sent}`), err(), sameList, quit],
  }))

export const numbers: Pop3Section = {
  name: 'rfc1939-numbers',
  title: 'Message numbers',
  about:
    'What is sent where a message number is due, RFC 1939 sections 3 and 5: what is none names no message, least of all the first.',
  cases: [...deleCases, ...retrCases, ...listCases],
}
