// RFC 1939 section 6: messages are deleted by QUIT, all that were marked and no others, and by nothing else.
import type { Severity } from '../../../conformance/case.ts'
import type { LetterName } from '../letters.ts'
import { listed, statCounts } from '../listing-steps.ts'
import { anyBody, letterNamed, logInToFind } from '../message-steps.ts'
import type { Pop3Case, Pop3Section } from '../pop3-case.ts'
import {
  closed,
  connect,
  drop,
  err,
  group,
  halfClose,
  logIn,
  ok,
  on,
  type Pop3Step,
  quit,
  reply,
  say,
  send,
  wait,
} from '../steps.ts'

const three: readonly LetterName[] = ['plain', 'second', 'third']
const rfc = 'RFC 1939 section 6'
const lost = 'Mail is lost when a connection breaks.'
/** What a server does behind a cut connection it does in this time, in milliseconds. */
const aftermath = wait(40)

function dele(...numbers: readonly number[]): Pop3Step {
  return group(`delete ${numbers.join(', ')}`, ...numbers.flatMap(number => [say(`DELE ${number}`), ok()]))
}

interface EndRow {
  readonly id: string
  /** Fits behind "A session that ends". */
  readonly when: string
  readonly steps: readonly Pop3Step[]
  readonly mail?: readonly LetterName[]
  readonly severity?: Severity
}

/**
 * Every one of them ends without QUIT, and marks message 1 at the least. QUIT that lacks its line end is none by the letter;
 * but who has sent the word has asked for what it does, and servers that take the end for a line end lose nothing.
 */
const ends: readonly EndRow[] = [
  { id: 'cut', when: 'with a cut connection', steps: [dele(1), drop] },
  { id: 'cut-all-marked', when: 'with a cut connection when all is marked', steps: [dele(1, 2, 3), drop] },
  {
    id: 'cut-unanswered',
    when: 'with a cut connection before DELE is answered',
    steps: [say('DELE 1'), drop],
  },
  {
    id: 'cut-behind-noop',
    when: 'with a cut connection behind another command',
    steps: [dele(1), say('NOOP'), ok(), drop],
  },
  { id: 'cut-in-mid-quit', when: 'in the middle of QUIT', steps: [dele(1), send('QUI'), drop] },
  {
    id: 'cut-before-cr',
    when: 'with QUIT that has no end',
    steps: [dele(1), send('QUIT'), drop],
    severity: 'should',
  },
  {
    id: 'cut-before-lf',
    when: 'with QUIT that has no LF',
    steps: [dele(1), send('QUIT\r'), drop],
    severity: 'should',
  },
  {
    id: 'cut-in-mid-message',
    when: 'with a cut connection in the middle of a message',
    mail: ['plain', 'megabyte', 'third'],
    steps: [dele(1), say('RETR 2'), ok(), drop],
  },
  {
    id: 'cut-behind-message',
    when: 'with a cut connection behind a message',
    steps: [dele(1), say('RETR 2'), anyBody, drop],
  },
  { id: 'half-close', when: 'with the end of what is sent', steps: [dele(1), halfClose, wait(50), drop] },
  {
    id: 'half-close-in-mid-quit',
    when: 'with the end of what is sent in the middle of QUIT',
    steps: [dele(1), send('QUI'), halfClose, wait(50), drop],
  },
  {
    id: 'half-close-before-cr',
    when: 'with QUIT that has no end and the end of what is sent',
    steps: [dele(1), send('QUIT'), halfClose, wait(50), drop],
    severity: 'should',
  },
  {
    id: 'half-close-before-lf',
    when: 'with QUIT that has no LF and the end of what is sent',
    steps: [dele(1), send('QUIT\r'), halfClose, wait(50), drop],
    severity: 'should',
  },
  {
    id: 'cut-behind-refused-quit',
    when: 'with a cut connection behind a command that begins like QUIT',
    steps: [dele(1), say('QUITE'), err(), drop],
  },
]

const endCases: readonly Pop3Case[] = ends.map(({ id, when, steps, mail = three, severity = 'must' }) => ({
  id: `update-not-by-${id}`,
  title: `A session that ends ${when} deletes nothing`,
  rfc,
  severity,
  cost: lost,
  mail,
  steps: [logIn, ...steps, aftermath, logIn, statCounts(3), quit],
}))

/** QUIT of a session that deletes nothing, or not what is looked at. */
const otherCases: readonly Pop3Case[] = [
  {
    id: 'update-not-by-others-quit',
    title: 'QUIT of a client that has not logged in deletes nothing that a session has marked',
    rfc,
    severity: 'must',
    cost: 'Anybody makes deletions of others final.',
    mail: three,
    steps: [logIn, dele(1), on('second', connect, quit), drop, aftermath, logIn, statCounts(3), quit],
  },
  {
    id: 'update-not-what-was-unmarked',
    title: 'What was marked and unmarked is not deleted by QUIT',
    rfc,
    severity: 'must',
    cost: 'Mail is lost that was brought back.',
    mail: three,
    steps: [logIn, dele(1, 2, 3), say('RSET'), ok(), quit, logIn, statCounts(3), quit],
  },
  {
    id: 'update-not-what-was-read',
    title: 'QUIT deletes nothing of what was read and listed, and not marked',
    rfc,
    severity: 'should',
    cost: 'Clients that leave mail on the server lose it.',
    mail: three,
    steps: [
      logIn,
      ...[say('LIST'), listed(1, 2, 3)],
      ...[1, 2, 3].flatMap(number => [say(`RETR ${number}`), anyBody]),
      ...[quit, logIn, statCounts(3), quit],
    ],
  },
  {
    id: 'update-quit-with-argument',
    title: 'QUIT with an argument is refused, and deletes nothing',
    rfc: 'RFC 1939 section 3',
    severity: 'quirk',
    cost: 'Clients that work here fail elsewhere.',
    mail: three,
    steps: [logIn, dele(1), say('QUIT now'), err(), drop, aftermath, logIn, statCounts(3), quit],
  },
]

const quitCases: readonly Pop3Case[] = [
  {
    id: 'update-done-when-answered',
    title: 'When QUIT is answered the marked message is gone, and only that',
    rfc,
    severity: 'must',
    cost: 'Clients that come again at once see what they have deleted, and fetch it twice.',
    mail: three,
    changesMail: true,
    steps: [
      logIn,
      dele(2),
      quit,
      logIn,
      statCounts(2),
      ...[say('RETR 1'), letterNamed('plain'), say('RETR 2'), letterNamed('third'), quit],
    ],
  },
  {
    id: 'update-all',
    title: 'QUIT deletes every message when all are marked',
    rfc,
    severity: 'must',
    cost: 'Clients that take all mail away fetch some of it for ever.',
    mail: three,
    changesMail: true,
    steps: [logIn, dele(1, 2, 3), quit, logIn, statCounts(0), quit],
  },
  {
    id: 'update-one-of-one',
    title: 'QUIT deletes the only message there is',
    rfc,
    severity: 'must',
    cost: 'The last message is fetched for ever.',
    mail: ['plain'],
    changesMail: true,
    steps: [logIn, dele(1), quit, logIn, statCounts(0), quit],
  },
  {
    id: 'update-marked-twice',
    title: 'When DELE is sent twice for a message QUIT deletes that one and no other',
    rfc: 'RFC 1939 section 5',
    severity: 'must',
    cost: 'Clients that ask twice delete two messages.',
    mail: three,
    changesMail: true,
    steps: [
      logIn,
      ...[dele(1), say('DELE 1'), reply('a status line', () => undefined), quit, logInToFind(2)],
      ...[say('RETR 1'), letterNamed('second'), say('RETR 2'), letterNamed('third'), quit],
    ],
  },
  {
    id: 'update-one-after-the-other',
    title: 'Each of three sessions deletes the first message that it sees',
    rfc,
    severity: 'must',
    cost: 'Clients delete another message than they have read.',
    mail: three,
    changesMail: true,
    limitMs: 20_000,
    steps: [
      ...three.flatMap((name, index) => [
        logInToFind(3 - index),
        ...[say('RETR 1'), letterNamed(name), dele(1), quit],
      ]),
      ...[logInToFind(0), quit],
    ],
  },
  {
    id: 'update-of-the-last-attempt',
    title: 'What a cut session had marked is not deleted by QUIT of the next one',
    rfc,
    severity: 'must',
    cost: 'Mail is lost that a client has not read, because its connection broke once.',
    mail: three,
    changesMail: true,
    steps: [
      logIn,
      ...[dele(1, 2), drop, logIn, dele(3), quit, logInToFind(2)],
      ...[say('RETR 1'), letterNamed('plain'), say('RETR 2'), letterNamed('second'), quit],
    ],
  },
  {
    id: 'update-quit-then-half-close',
    title: 'QUIT counts when what is sent ends right behind it',
    rfc,
    severity: 'should',
    cost: 'Programs that send their commands and are done see their deleted mail again.',
    mail: three,
    changesMail: true,
    steps: [logIn, dele(1), send('QUIT\r\n'), halfClose, ok(), closed, logInToFind(2), quit],
  },
  {
    id: 'update-whole-or-not',
    title:
      'When the connection is cut behind QUIT, unanswered, all of what was marked is deleted or nothing is',
    rfc,
    severity: 'should',
    cost: 'Clients that come again do not know which of their messages are gone.',
    mail: three,
    changesMail: true,
    steps: [
      logIn,
      ...[dele(1, 2), say('QUIT'), drop, aftermath, logIn, say('STAT')],
      reply('3 messages, or 1', ({ status, text }) =>
        status === 'ok' && /^[13] /.test(text) ? undefined : `it has ${text.split(' ')[0]}`,
      ),
      quit,
    ],
  },
  {
    id: 'update-deaf-behind-quit',
    title: 'What is sent behind QUIT in one packet is neither answered nor obeyed',
    rfc,
    severity: 'should',
    cost: 'A deletion that was answered is taken back, or clients read answers that they did not ask for.',
    mail: three,
    changesMail: true,
    steps: [logIn, dele(1), say('QUIT', 'RSET', 'NOOP', 'DELE 2'), ok(), closed, logInToFind(2), quit],
  },
  {
    id: 'update-deaf-behind-quit-before-login',
    title: 'What is sent behind QUIT before login is not answered',
    rfc: 'RFC 1939 section 4',
    severity: 'should',
    cost: 'Clients read answers that they did not ask for.',
    steps: [connect, say('QUIT', 'USER {user}', 'NOOP'), ok(), closed],
  },
  {
    id: 'update-nothing-to-do',
    title: 'QUIT of an empty maildrop is answered with `+OK` and the end',
    rfc,
    severity: 'must',
    cost: 'Clients report an error whenever there is no mail.',
    mail: [],
    steps: [logIn, quit, logIn, statCounts(0), quit],
  },
]

export const update: Pop3Section = {
  name: 'rfc1939-update',
  title: 'Deleting for good: QUIT',
  about:
    'What is marked is deleted by QUIT, RFC 1939 section 6, before it is answered: all of it and nothing else. However else a session ends, nothing is deleted.',
  cases: [...endCases, ...otherCases, ...quitCases],
}
