// English: what is spoken until a client asks for something else. RFC 2277 section 4.5 wants it to be ASCII.
import { counted } from '../../wire/reply.ts'
import type { Catalogue } from './catalogue.ts'

const contents = (messages: number, octets: number) =>
  `${counted(messages, 'message')} (${counted(octets, 'octet')})`

export const en: Catalogue = {
  sendPass: 'send PASS',
  needsUser: 'send USER first',
  noApop: 'APOP is not offered here',
  noAuth: 'AUTH is not offered here',
  noSuchMechanism: 'no such mechanism',
  mechanismsFollow: 'mechanisms follow',
  loginRefused: 'authentication failed',
  tooSoon: 'the last login was a short while ago, try again later',
  needsTls: 'TLS is required before login',
  beginTls: 'begin TLS negotiation',
  tlsActive: 'TLS is active',
  noTls: 'TLS is not available here',
  utf8Enabled: 'UTF-8 enabled',
  goodbye: 'goodbye',

  capabilitiesFollow: 'capability list follows',
  help: verbs => `valid commands: ${verbs}`,
  languagesFollow: 'language listing follows',
  languageChosen: 'English it is',
  noSuchLanguage: 'no such language',
  notInThisState: 'not allowed in this state',
  lineTooLong: 'line too long',
  shuttingDown: 'the server is shutting down',
  endedByOperator: 'the session was ended by an operator',
  problems: {
    empty: 'empty line',
    unknown: 'unknown command',
    controls: 'control characters are not allowed',
    argument: 'this command takes no argument',
    name: 'one user name expected',
    password: 'a password expected',
    mechanism: 'a mechanism and at most one initial response expected',
    digest: 'a user name and a digest of 32 hexadecimal digits expected',
    message: 'a message number expected',
    lines: 'a message number and a number of lines expected',
    language: 'a language tag or an asterisk expected',
  },

  contents,
  unmarked: (messages, octets) => `maildrop has ${contents(messages, octets)}`,
  octets: octets => counted(octets, 'octet'),
  topFollows: 'top of message follows',
  uniqueIdsFollow: 'unique-id listing follows',
  deleted: message => `message ${message} deleted`,
  alreadyDeleted: message => `message ${message} already deleted`,
  noSuchMessage: messages => `no such message, only ${counted(messages, 'message')} in maildrop`,
  mayOnlyRead: 'this login may read, not delete',
  signingOff: left =>
    left === 0 ? 'signing off (maildrop empty)' : `signing off (${counted(left, 'message')} left)`,

  refusals: {
    'maildrop-in-use': 'the maildrop is locked by another session',
    'lease-lost': 'the lock on the maildrop was lost',
    'message-gone': 'the message no longer exists',
    'store-full': 'the mail store is full',
    'store-busy': 'the mail store is busy, try again later',
    'store-closed': 'the mail store is closed',
    'directory-unavailable': 'accounts cannot be looked up now, try again later',
    'no-such-account': 'the maildrop no longer exists',
    other: 'the mail store refused',
  },
  fault: id => `internal fault ${id}`,
  nothingRemoved: messages => `nothing was removed, the maildrop still has ${counted(messages, 'message')}`,
  removalUncertain: 'it is not certain what was removed',
}
