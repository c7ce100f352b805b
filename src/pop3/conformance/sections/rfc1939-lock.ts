// RFC 1939 section 4: the lock on the maildrop. One session at a time; what it has listed stays as it is until it ends; and
// whatever becomes of it, the lock goes with it.
import { refusedOrClosed } from '../endurance.ts'
import type { LetterName } from '../letters.ts'
import { statCounts, unchanged } from '../listing-steps.ts'
import { isLocked } from '../login.ts'
import {
  authenticateAtOnce,
  beside,
  ifLetIn,
  ifLockedOut,
  ifStillOpen,
  logInBeside,
  loginRace,
  notLetIn,
  wasLockedOut,
} from '../login-steps.ts'
import { letterNamed, logInToFind } from '../message-steps.ts'
import type { Pop3Case, Pop3Section } from '../pop3-case.ts'
import { givenPlain } from '../sasl-steps.ts'
import { connect, drop, group, halfClose, holds, logIn, ok, on, quit, remember, say } from '../steps.ts'

const three: readonly LetterName[] = ['plain', 'second', 'third']
const rfc = 'RFC 1939 section 4'
/** Some servers wait for a lock before they refuse. */
const limitMs = 60_000
const rest = { rfc, limitMs } as const

const secondTries = group('on a second connection try to log in, once', on('second', connect, logInBeside))

const secondDeletes = ifLetIn(
  group('delete all it has, QUIT', on('second', ...[1, 2, 3].flatMap(n => [say(`DELE ${n}`), ok()]), quit)),
)

const secondIsOut = group('it was refused', secondTries, ifLockedOut)

const exclusiveCases: readonly Pop3Case[] = [
  {
    ...rest,
    id: 'lock-second-refused',
    title: 'A second session is refused while the first has the maildrop',
    severity: 'should',
    cost: 'Two programs fetch the same mail twice, and delete what the other counts on.',
    mail: 'any',
    steps: [logIn, secondTries, wasLockedOut, quit],
  },
  {
    ...rest,
    id: 'lock-messages-stay',
    title: 'While a session is open no other one takes a message from it',
    severity: 'must',
    cost: 'A message that is listed cannot be read any more; clients stop, or lose it.',
    mail: three,
    changesMail: true,
    steps: [
      logIn,
      say('STAT'),
      ok(),
      secondTries,
      secondDeletes,
      ...three.flatMap((name, index) => [say(`RETR ${index + 1}`), letterNamed(name)]),
      quit,
    ],
  },
  {
    ...rest,
    id: 'lock-numbers-stay',
    title: 'While a session is open no other one changes its listing',
    severity: 'must',
    cost: 'Clients read one message and delete another.',
    mail: three,
    changesMail: true,
    steps: [
      logIn,
      ...[say('LIST'), remember('list'), secondTries, secondDeletes, say('LIST'), unchanged('list'), quit],
    ],
  },
  {
    ...rest,
    id: 'lock-marks-are-ones-own',
    title: 'What one session marks is not deleted by QUIT of another',
    severity: 'must',
    cost: 'Mail is deleted though the program that marked it never said so.',
    mail: three,
    steps: [
      logIn,
      ...[say('DELE 1'), ok(), secondTries, ifLetIn(on('second', quit)), drop, logIn, statCounts(3), quit],
    ],
  },
  {
    ...rest,
    id: 'lock-first-goes-on',
    title: 'A second login, whatever comes of it, does not disturb the first session',
    severity: 'must',
    cost: 'A second program that looks for mail ends the work of the first.',
    mail: three,
    changesMail: true,
    steps: [
      logIn,
      ...[say('DELE 2'), ok(), secondTries, statCounts(2), say('RETR 3'), letterNamed('third')],
      ...[on('second', drop), quit, logInToFind(2), say('RETR 2'), letterNamed('third'), quit],
    ],
  },
  {
    ...rest,
    id: 'lock-race',
    title: 'Of five logins at once one is let in',
    severity: 'should',
    cost: 'Two programs that begin in the same moment fetch the same mail twice, or none does.',
    mail: 'any',
    steps: [loginRace(5, letIn => (letIn === 1 ? undefined : `${letIn} of 5 were let in`))],
  },
  {
    ...rest,
    id: 'lock-by-every-way-in',
    title: 'A second session is refused by AUTH as by PASS',
    severity: 'should',
    cost: 'Two programs fetch the same mail twice, if they log in by different ways.',
    mail: 'any',
    needs: ['plain'],
    steps: [
      logIn,
      ...[secondIsOut, givenPlain, on('third', connect, say('AUTH PLAIN {plain}'), refusedOrClosed)],
      quit,
    ],
  },
]

const refusalCases: readonly Pop3Case[] = [
  {
    ...rest,
    id: 'lock-in-use',
    title: 'Who is refused because of the lock is told so by [IN-USE]',
    rfc: 'RFC 2449 section 8.1.2',
    severity: 'should',
    cost: 'Clients take it for a wrong password, and ask for another.',
    mail: 'any',
    needs: ['resp-codes'],
    steps: [
      logIn,
      secondIsOut,
      holds('the code is IN-USE', play => {
        const code = beside(play).reply?.code
        return code === 'IN-USE' ? undefined : `the code is ${code ?? 'none'}`
      }),
      quit,
    ],
  },
  {
    ...rest,
    id: 'lock-told',
    title: 'The refusal because of the lock says in words that the maildrop is in use',
    severity: 'quirk',
    cost: 'Users think that their password is wrong.',
    mail: 'any',
    steps: [
      logIn,
      secondIsOut,
      holds('the answer speaks of a lock', play => {
        const { reply } = beside(play)
        return reply && isLocked(reply) ? undefined : 'it does not'
      }),
      quit,
    ],
  },
  {
    ...rest,
    id: 'lock-tries-again',
    title: 'Who was refused because of the lock can log in on the same connection when it is free',
    severity: 'quirk',
    cost: 'Clients that wait for the maildrop have to connect again.',
    mail: 'any',
    steps: [logIn, secondIsOut, on('second', ifStillOpen), quit, on('second', authenticateAtOnce, quit)],
  },
  {
    ...rest,
    id: 'lock-refused-is-not-in',
    title: 'Who was refused because of the lock is not logged in',
    severity: 'must',
    cost: 'A client that was told no deletes mail under the hands of another.',
    mail: three,
    steps: [
      logIn,
      ...[secondIsOut, on('second', say('DELE 1'), refusedOrClosed), statCounts(3), quit, logIn],
      ...[statCounts(3), quit],
    ],
  },
  {
    ...rest,
    id: 'lock-outlives-refused',
    title: 'The end of a client that was refused does not take the lock from the session that has it',
    severity: 'should',
    cost: 'Two programs fetch the same mail twice: the second at its second attempt.',
    mail: 'any',
    steps: [logIn, secondIsOut, on('second', drop), on('third', connect, logInBeside, wasLockedOut), quit],
  },
]

const againAtOnce = [connect, authenticateAtOnce, quit]

const freeCases: readonly Pop3Case[] = [
  {
    ...rest,
    id: 'lock-free-after-quit',
    title: 'As soon as QUIT is answered and the connection closed the maildrop is free',
    rfc: 'RFC 1939 section 6',
    severity: 'should',
    cost: 'Clients that come again at once are kept out, now and then.',
    mail: 'any',
    steps: [logIn, quit, ...againAtOnce, ...againAtOnce, ...againAtOnce],
  },
  {
    ...rest,
    id: 'lock-free-after-deletion',
    title: 'As soon as QUIT has deleted something and is answered the maildrop is free',
    rfc: 'RFC 1939 section 6',
    severity: 'should',
    cost: 'Clients that come again at once are kept out, now and then.',
    mail: three,
    changesMail: true,
    steps: [logIn, say('DELE 1'), ok(), quit, connect, authenticateAtOnce, statCounts(2), quit],
  },
  {
    ...rest,
    id: 'lock-free-after-cut',
    title: 'Behind a cut connection the maildrop is free again',
    severity: 'must',
    cost: 'Who loses the connection is kept out of the mail until the server is restarted.',
    mail: 'any',
    steps: [logIn, drop, logIn, quit],
  },
  {
    ...rest,
    id: 'lock-free-after-cut-in-mid-message',
    title: 'Behind a connection that was cut in the middle of a message the maildrop is free again',
    severity: 'must',
    cost: 'Who loses the connection is kept out of the mail until the server is restarted.',
    mail: ['megabyte'],
    steps: [logIn, say('RETR 1'), ok(), drop, logIn, quit],
  },
  {
    ...rest,
    id: 'lock-free-after-half-close',
    title: 'Behind the end of what a client sends the maildrop is free again',
    severity: 'should',
    cost: 'Who loses the connection is kept out of the mail for minutes.',
    mail: 'any',
    steps: [logIn, halfClose, on('second', logIn, quit)],
  },
  {
    ...rest,
    id: 'lock-free-after-cut-login',
    title: 'A client that is gone before its login is answered leaves no lock behind',
    severity: 'must',
    cost: 'Who gives up waiting is kept out of the mail until the server is restarted.',
    mail: 'any',
    steps: [
      ...Array.from({ length: 5 }, () => [
        connect,
        say('USER {user}'),
        ok(),
        say('PASS {password}'),
        drop,
      ]).flat(),
      logIn,
      quit,
    ],
  },
  {
    ...rest,
    id: 'lock-free-after-refusals',
    title: 'Sessions that were refused because of the lock leave none behind',
    severity: 'must',
    cost: 'Who looks for mail with two programs is kept out with both.',
    mail: 'any',
    steps: [logIn, secondTries, on('second', drop), quit, logIn, quit],
  },
  {
    ...rest,
    id: 'lock-not-by-user',
    title: 'USER alone locks nothing',
    severity: 'must',
    cost: 'Anybody who knows a name keeps its owner out.',
    mail: 'any',
    steps: [connect, say('USER {user}'), ok(), on('second', connect, authenticateAtOnce, quit)],
  },
  {
    ...rest,
    id: 'lock-not-by-failed-login',
    title: 'A login that failed locks nothing',
    severity: 'must',
    cost: 'Anybody who knows a name keeps its owner out.',
    mail: 'any',
    steps: [connect, notLetIn('{user}', 'not-the-password'), on('second', connect, authenticateAtOnce, quit)],
  },
  {
    ...rest,
    id: 'lock-not-of-another-session',
    title: 'A failed login beside an open session does not disturb it',
    severity: 'must',
    cost: 'Anybody who knows a name ends the sessions of its owner.',
    mail: three,
    steps: [
      logIn,
      ...[say('DELE 1'), ok(), on('second', connect, notLetIn('{user}', 'not-the-password'))],
      ...[statCounts(2), say('RSET'), ok(), statCounts(3), quit],
    ],
  },
]

export const lock: Pop3Section = {
  name: 'rfc1939-lock',
  title: 'The lock on the maildrop',
  about:
    'A session has its maildrop to itself, RFC 1939 section 4, from login to its end and not a moment longer.',
  cases: [...exclusiveCases, ...refusalCases, ...freeCases],
}
