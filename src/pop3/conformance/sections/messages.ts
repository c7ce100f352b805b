// The awkward letters, each read, measured and followed by a command. What a delivery system may change (RFC 5322 section 2.3,
// RFC 5321 section 4.5.3.1.6) is no fault of a POP3 server: of such letters the octets that are sent must be those that
// are listed, and the next answer must be the next answer.
import type { Severity } from '../../../conformance/case.ts'
import type { AwkwardName } from '../awkward-letters.ts'
import { aboutLetter, letterId } from '../letters.ts'
import { rememberStat, statSums, statUnchanged } from '../listing-steps.ts'
import { mendedLetter, octetsAgree, rememberBody, sameBody } from '../message-steps.ts'
import type { Pop3Case, Pop3Section } from '../pop3-case.ts'
import { letterBody, logIn, ok, quit, remember, say } from '../steps.ts'
import { hugeCases } from './huge.ts'

interface Row {
  readonly name: AwkwardName
  /** How badly it is wanted as it was sent. Default: it must. */
  readonly severity?: Severity
  /** When it does not come as it was sent. */
  readonly cost: string
  readonly rfc?: string
}

const early = 'The message ends early, and what follows is taken for answers of the server.'
const lostDots = 'Dots are lost from the text, or doubled in it.'
const lines = 'The text has other lines than it was written with, and signatures over it do not hold.'
const header = 'Clients see another header than was sent, or take it for a body.'
const text = 'The text cannot be read, and signatures over it do not hold.'

const lawful: readonly Row[] = [
  { name: 'dotFirst', cost: lostDots, rfc: 'RFC 1939 section 3' },
  { name: 'dotLast', cost: early, rfc: 'RFC 1939 section 3' },
  { name: 'dotsOnly', cost: early, rfc: 'RFC 1939 section 3' },
  { name: 'dotRuns', cost: lostDots, rfc: 'RFC 1939 section 3' },
  { name: 'terminator', cost: early, rfc: 'RFC 1939 section 3' },
  { name: 'dottedLines', cost: lostDots, rfc: 'RFC 1939 section 3' },
  { name: 'dottedHeader', cost: header, severity: 'should', rfc: 'RFC 1939 section 3' },
  { name: 'empty', cost: header },
  { name: 'blankFirst', cost: lines },
  { name: 'blankLast', cost: lines, severity: 'should' },
  { name: 'blankLines', cost: lines },
  { name: 'spaces', cost: lines },
  { name: 'headerLike', cost: header },
  { name: 'fromLines', cost: lines, severity: 'should' },
  { name: 'twiceNamed', cost: header },
  { name: 'manyFields', cost: header },
  { name: 'foldedField', cost: header },
  { name: 'line998', cost: lines },
  { name: 'utf8', cost: text, severity: 'should', rfc: 'RFC 6152 section 3' },
  { name: 'eightBit', cost: text, severity: 'should', rfc: 'RFC 6152 section 3' },
  { name: 'megabyte', cost: 'Large messages are damaged.' },
]

const altered = 'Such messages come otherwise than they were sent; signatures over them do not hold.'

/** These come from senders that break the rules. */
const unlawful: readonly Row[] = [
  { name: 'controls', cost: altered, severity: 'quirk' },
  { name: 'nul', cost: altered, severity: 'quirk' },
  { name: 'loneCr', cost: altered, severity: 'quirk' },
  { name: 'loneCrDot', cost: altered, severity: 'quirk' },
  { name: 'line10k', cost: altered, severity: 'quirk' },
  { name: 'line100k', cost: altered, severity: 'quirk' },
]

/** Their line ends may be mended. */
const mendable: readonly Row[] = [
  { name: 'loneLf', cost: altered, severity: 'should' },
  {
    name: 'loneLfDot',
    cost: 'The message ends early; what follows is lost, or taken for commands.',
    severity: 'quirk',
  },
  { name: 'noFinalNewline', cost: 'The end of the text is lost.', severity: 'should' },
  { name: 'dotUnended', cost: 'The end of the text is lost.', severity: 'should' },
  { name: 'headerOnly', cost: 'Header fields are lost.', severity: 'should' },
]

function asSent({ name, severity = 'must', cost, rfc = 'RFC 1939 section 5' }: Row): Pop3Case {
  return {
    id: `letter-${letterId(name)}-as-sent`,
    title: `A message with ${aboutLetter(name)} comes as it was sent`,
    rfc,
    severity,
    cost,
    mail: [name],
    steps: [logIn, say('RETR 1'), letterBody(1), say('NOOP'), ok(), quit],
  }
}

function asMended({ name, severity = 'must', cost }: Row): Pop3Case {
  return {
    id: `letter-${letterId(name)}-as-sent`,
    title: `A message with ${aboutLetter(name)} comes as it was sent, but for its line ends`,
    rfc: 'RFC 1939 section 5',
    severity,
    cost,
    mail: [name],
    steps: [logIn, say('RETR 1'), mendedLetter(1), say('NOOP'), ok(), quit],
  }
}

function measured({ name }: Row): Pop3Case {
  return {
    id: `letter-${letterId(name)}-octets`,
    title: `A message with ${aboutLetter(name)} has by STAT and LIST as many octets as RETR sends`,
    rfc: 'RFC 1939 section 11',
    severity: 'must',
    cost: 'Clients that check what they got throw it away, or ask for it for ever.',
    mail: [name],
    steps: [logIn, say('LIST'), remember('list'), statSums('list', [1]), octetsAgree(1), quit],
  }
}

function framed({ name }: Row): Pop3Case {
  return {
    id: `letter-${letterId(name)}-framed`,
    title: `A message with ${aboutLetter(name)} comes in one piece, twice alike, and the next answers follow it`,
    rfc: 'RFC 1939 section 3',
    severity: 'must',
    cost: 'What a sender wrote is taken for answers of the server, or the session hangs.',
    mail: [name],
    steps: [
      logIn,
      rememberStat('stat'),
      say('RETR 1'),
      rememberBody('whole'),
      statUnchanged('stat'),
      say('RETR 1'),
      sameBody('whole'),
      say('NOOP'),
      ok(),
      quit,
    ],
  }
}

export const messages: Pop3Section = {
  name: 'messages',
  title: 'Awkward messages',
  about:
    'Messages with dots, empty lines, long lines and headers, octets that are no text: they come as they were sent, are as large as they are listed, and do not disturb what follows them.',
  cases: [
    ...lawful.flatMap(row => [asSent(row), measured(row)]),
    ...unlawful.flatMap(row => [asSent(row), measured(row), framed(row)]),
    ...mendable.flatMap(row => [asMended(row), measured(row), framed(row)]),
    ...hugeCases,
  ],
}
