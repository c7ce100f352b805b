// RFC 1939 sections 3 to 6: every command in every state. A server refuses what is out of place, and nothing comes of it.
import { inStep, refusedOrClosed } from '../endurance.ts'
import { statCounts } from '../listing-steps.ts'
import { notLetIn } from '../login-steps.ts'
import type { Pop3Case, Pop3Section } from '../pop3-case.ts'
import { connect, err, group, logIn, ok, type Pop3Step, quit, say, silence } from '../steps.ts'

interface CommandRow {
  readonly id: string
  readonly sent: string
  /** Optional ones are refused all the same: RFC 1939 section 3. */
  readonly severity?: 'must' | 'should'
  readonly cost: string
}

const shown = 'The mail of somebody is shown to nobody in particular, or the server ends.'

/** What is of TRANSACTION. */
const ofTransaction: readonly CommandRow[] = [
  { id: 'stat', sent: 'STAT', cost: shown },
  { id: 'list', sent: 'LIST', cost: shown },
  { id: 'list-1', sent: 'LIST 1', cost: shown },
  { id: 'retr', sent: 'RETR 1', cost: shown },
  { id: 'dele', sent: 'DELE 1', cost: 'The mail of somebody is deleted by nobody in particular.' },
  {
    id: 'rset',
    sent: 'RSET',
    severity: 'should',
    cost: 'Clients that look for the state take it for TRANSACTION.',
  },
  {
    id: 'noop',
    sent: 'NOOP',
    severity: 'should',
    cost: 'Clients that look for the state take it for TRANSACTION.',
  },
  { id: 'top', sent: 'TOP 1 0', cost: shown },
  { id: 'uidl', sent: 'UIDL', cost: shown },
  { id: 'uidl-1', sent: 'UIDL 1', cost: shown },
  {
    id: 'last',
    sent: 'LAST',
    severity: 'should',
    cost: 'Clients that look for the state take it for TRANSACTION.',
  },
]

interface StateRow {
  readonly id: string
  readonly when: string
  readonly steps: readonly Pop3Step[]
  readonly limitMs?: number
}

const userGiven = group('send `USER` with the name, expect `+OK`', say('USER {user}'), ok())

const beforeLogin: readonly StateRow[] = [
  { id: 'before-login', when: 'before login', steps: [connect] },
  { id: 'behind-user', when: 'between USER and PASS', steps: [connect, userGiven] },
]

const beforeLoginCases: readonly Pop3Case[] = beforeLogin.flatMap(state =>
  ofTransaction.map(({ id, sent, severity = 'must', cost }) => ({
    id: `${id}-${state.id}`,
    title: `${sent} is refused ${state.when}`,
    rfc: 'RFC 1939 section 3',
    severity,
    cost,
    steps: [...state.steps, say(sent), err(), inStep],
  })),
)

const behindFailureCases: readonly Pop3Case[] = ['STAT', 'RETR 1'].map(sent => ({
  id: `${sent.slice(0, 4).toLowerCase()}-behind-failed-login`,
  title: `${sent} is refused behind a login that failed`,
  rfc: 'RFC 1939 section 4',
  severity: 'must',
  cost: 'A wrong password is as good as the right one.',
  limitMs: 60_000,
  steps: [connect, notLetIn('{user}', 'not-the-password'), say(sent), refusedOrClosed, inStep],
}))

const ofAuthorization: readonly CommandRow[] = [
  {
    id: 'user',
    sent: 'USER {user}',
    cost: 'Two programs that share a connection read the mail of each other.',
  },
  {
    id: 'user-of-another',
    sent: 'USER nobody',
    cost: 'What is deleted is deleted from another maildrop than was read.',
  },
  { id: 'pass', sent: 'PASS {password}', cost: 'The server opens a maildrop that it has open.' },
  {
    id: 'pass-wrong',
    sent: 'PASS not-the-password',
    cost: 'The session is thrown back, and what it deleted stays.',
  },
  {
    id: 'apop',
    sent: `APOP {user} ${'0'.repeat(32)}`,
    cost: 'The session is thrown back, and what it deleted stays.',
  },
]

const behindLoginCases: readonly Pop3Case[] = ofAuthorization.map(({ id, sent, cost }) => ({
  id: `${id}-behind-login`,
  title: `${sent.split(' ')[0]} is refused behind login, and the session goes on${id.includes('-') ? `: ${sent}` : ''}`,
  rfc: 'RFC 1939 section 3',
  severity: 'must',
  cost,
  mail: ['plain', 'second', 'third'],
  steps: [
    logIn,
    say('DELE 2'),
    ok(),
    say(sent),
    err(),
    statCounts(2),
    say('RSET'),
    ok(),
    statCounts(3),
    quit,
  ],
}))

/** What no server has. */
const unknownRows = [
  { id: 'word', sent: 'XNONE', what: 'A command that there is not' },
  { id: 'word-with-argument', sent: 'XNONE 1', what: 'A command that there is not, with an argument,' },
  { id: 'beginning', sent: 'STA', what: 'The beginning of a command' },
  { id: 'longer', sent: 'STATX', what: 'A command with a letter more' },
  { id: 'twice', sent: 'NOOPNOOP', what: 'A command twice in one word' },
  { id: 'numbered', sent: 'RETR1', what: 'A command with its argument in one word' },
  { id: 'of-smtp', sent: 'EHLO check.example.org', what: 'A command of SMTP' },
  { id: 'of-imap', sent: 'a1 LOGIN x y', what: 'A command of IMAP' },
] as const

const unknownCases: readonly Pop3Case[] = unknownRows.flatMap(({ id, sent, what }): readonly Pop3Case[] => [
  {
    id: `unknown-${id}-before-login`,
    title: `${what} is refused before login`,
    rfc: 'RFC 1939 section 3',
    severity: 'must',
    cost: 'Clients that try an extension wait for ever.',
    steps: [connect, say(sent), err(), inStep],
  },
  {
    id: `unknown-${id}-behind-login`,
    title: `${what} is refused behind login`,
    rfc: 'RFC 1939 section 3',
    severity: 'must',
    cost: 'Clients that try an extension wait for ever, or something happens that they did not want.',
    mail: 'any',
    steps: [logIn, say(sent), err(), inStep],
  },
])

const otherCases: readonly Pop3Case[] = [
  {
    id: 'unknown-keeps-open-before-login',
    title: 'A command that is refused before login does not end the connection',
    rfc: 'RFC 1939 section 3',
    severity: 'should',
    cost: 'Clients that try an extension have to connect again.',
    steps: [connect, say('XNONE'), err(), silence(100), quit],
  },
  {
    id: 'unknown-keeps-open-behind-login',
    title: 'A command that is refused behind login does not end the session',
    rfc: 'RFC 1939 section 3',
    severity: 'should',
    cost: 'Clients that try an extension lose what they have deleted.',
    mail: 'any',
    steps: [logIn, say('XNONE'), err(), silence(100), say('NOOP'), ok(), quit],
  },
  {
    id: 'unknown-between-user-and-pass',
    title: 'A command that is refused between USER and PASS does not keep one from logging in',
    rfc: 'RFC 1939 section 4',
    severity: 'should',
    cost: 'Clients that ask for an extension there cannot log in.',
    limitMs: 30_000,
    steps: [connect, userGiven, say('XNONE'), err(), say('PASS {password}'), ok(), quit],
  },
  {
    id: 'quit-between-user-and-pass',
    title: 'QUIT between USER and PASS is answered with `+OK` and the end',
    rfc: 'RFC 1939 section 4',
    severity: 'must',
    cost: 'Clients whose user breaks off wait for ever.',
    steps: [connect, userGiven, quit],
  },
  {
    id: 'quit-before-login',
    title: 'QUIT before login is answered with `+OK` and the end',
    rfc: 'RFC 1939 section 4',
    severity: 'must',
    cost: 'Clients that only look whether the server is up wait for ever.',
    steps: [connect, quit],
  },
]

export const states: Pop3Section = {
  name: 'rfc1939-states',
  title: 'Commands and states',
  about:
    'Every command where it does not belong, and words that are no commands, RFC 1939 section 3: a server refuses them, nothing comes of them, and the next answer is the next answer.',
  cases: [...beforeLoginCases, ...behindFailureCases, ...behindLoginCases, ...unknownCases, ...otherCases],
}
