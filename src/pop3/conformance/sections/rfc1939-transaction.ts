// RFC 1939 section 5: the commands on messages.
import type { LetterName } from '../letters.ts'
import {
  listed,
  rememberStat,
  statCounts,
  statSums,
  statUnchanged,
  stillListed,
  unchanged,
} from '../listing-steps.ts'
import { anyBody, letterNamed, logInToFind, rememberBody, sameBody } from '../message-steps.ts'
import type { Pop3Case, Pop3Section } from '../pop3-case.ts'
import { err, group, letterBody, logIn, ok, quit, remember, say } from '../steps.ts'

const rfc = 'RFC 1939 section 5'
const three: readonly LetterName[] = ['plain', 'second', 'third']

const list = group('send `LIST`, remember the scan listing', say('LIST'), remember('list'))
const unmark = group('send `RSET`, expect `+OK`', say('RSET'), ok())

function dele(...numbers: readonly number[]) {
  return group(
    numbers.map(number => `send \`DELE ${number}\`, expect \`+OK\``).join('\n'),
    ...numbers.flatMap(number => [say(`DELE ${number}`), ok()]),
  )
}

const retrCases: readonly Pop3Case[] = [
  {
    id: 'retr-as-sent',
    title: 'RETR gives the message as it was sent',
    rfc,
    severity: 'must',
    cost: 'Mail is damaged.',
    mail: three,
    steps: [logIn, say('RETR 2'), letterBody(2), say('NOOP'), ok(), quit],
  },
  {
    id: 'retr-dots',
    title: 'RETR stuffs every line that begins with a dot, and changes nothing else',
    rfc: 'RFC 1939 section 3',
    severity: 'must',
    cost: 'Messages end early, and what follows is taken for answers.',
    mail: ['dots'],
    steps: [logIn, say('RETR 1'), letterBody(1), say('NOOP'), ok(), quit],
  },
  {
    id: 'retr-in-any-order',
    title: 'Messages can be read in any order',
    rfc,
    severity: 'must',
    cost: 'Clients that begin with the newest get another message than they asked for.',
    mail: three,
    steps: [logIn, ...[3, 1, 2].flatMap(number => [say(`RETR ${number}`), letterBody(number)]), quit],
  },
  {
    id: 'retr-twice',
    title: 'A message read twice is the same to the octet',
    rfc,
    severity: 'must',
    cost: 'A client that begins again gets something else, or nothing.',
    mail: three,
    steps: [logIn, say('RETR 1'), rememberBody('first'), say('RETR 1'), sameBody('first'), quit],
  },
  {
    id: 'retr-beside-deleted',
    title: 'RETR gives the messages that were asked for when one before them is deleted',
    rfc,
    severity: 'must',
    cost: 'A client reads one message and deletes another.',
    mail: three,
    steps: [logIn, dele(1), ...[2, 3].flatMap(n => [say(`RETR ${n}`), letterBody(n)]), unmark, quit],
  },
  {
    id: 'retr-deletes-nothing',
    title: 'A message that was read is there in the next session',
    rfc: 'RFC 1939 section 8',
    severity: 'should',
    cost: 'Mail that should be left on the server is gone from it when it was read once.',
    mail: three,
    changesMail: true,
    steps: [logIn, say('RETR 1'), anyBody, quit, logIn, statCounts(3), say('RETR 1'), letterBody(1), quit],
  },
]

const deleCases: readonly Pop3Case[] = [
  {
    id: 'dele-hides',
    title: 'A deleted message cannot be used, and the others keep their numbers',
    rfc,
    severity: 'must',
    cost: 'The wrong messages are deleted.',
    mail: three,
    steps: [logIn, dele(2), say('RETR 2'), err(), say('LIST'), listed(1, 3), unmark, quit],
  },
  {
    id: 'dele-first-in-a-row',
    title: 'DELE of one message after the other deletes each of them, none is renumbered',
    rfc,
    severity: 'must',
    cost: 'A client that deletes what it has read deletes every second message unread.',
    mail: three,
    steps: [
      logIn,
      list,
      dele(1, 2),
      say('LIST'),
      stillListed('list', [3]),
      say('RETR 3'),
      letterBody(3),
      unmark,
      quit,
    ],
  },
  {
    id: 'dele-backwards',
    title: 'DELE from the last message to the first deletes each of them',
    rfc,
    severity: 'must',
    cost: 'Clients that delete backwards leave mail on the server, and read it again.',
    mail: three,
    steps: [logIn, dele(3, 2, 1), statCounts(0), say('LIST'), listed(), unmark, quit],
  },
  {
    id: 'dele-last',
    title: 'DELE of the last message makes the count smaller, and its number no other message',
    rfc,
    severity: 'must',
    cost: 'Clients read a message that they have deleted.',
    mail: three,
    steps: [logIn, dele(3), statCounts(2), say('RETR 3'), err(), say('RETR 2'), letterBody(2), unmark, quit],
  },
  {
    id: 'dele-unread',
    title: 'A message can be deleted that was never read',
    rfc,
    severity: 'must',
    cost: 'Unwanted mail must be fetched to get rid of it.',
    mail: three,
    steps: [logIn, list, dele(2), statSums('list', [1, 3]), unmark, quit],
  },
  {
    id: 'dele-removes-that-one',
    title: 'After QUIT exactly the deleted message is gone',
    rfc: 'RFC 1939 section 6',
    severity: 'must',
    cost: 'Mail is lost that nobody deleted.',
    mail: three,
    changesMail: true,
    steps: [
      logIn,
      dele(2),
      quit,
      logInToFind(2),
      say('RETR 1'),
      letterNamed('plain'),
      say('RETR 2'),
      letterNamed('third'),
      quit,
    ],
  },
  {
    id: 'dele-numbers-anew',
    title: 'After a deletion the next session numbers the messages from 1 on, without a gap',
    rfc: 'RFC 1939 section 4',
    severity: 'must',
    cost: 'Clients that count from 1 miss the last message.',
    mail: three,
    changesMail: true,
    steps: [logIn, dele(1), quit, logInToFind(2), say('LIST'), listed(1, 2), say('RETR 3'), err(), quit],
  },
]

const otherCases: readonly Pop3Case[] = [
  {
    id: 'noop-changes-nothing',
    title: 'NOOP answers `+OK` and neither marks nor unmarks a message',
    rfc,
    severity: 'must',
    cost: 'Clients that keep a session alive delete the wrong mail, or none.',
    mail: three,
    steps: [logIn, list, dele(2), say('NOOP'), ok(), say('LIST'), stillListed('list', [1, 3]), unmark, quit],
  },
  {
    id: 'rset-unmarks-all',
    title: 'RSET brings back every deleted message, with its number and octets',
    rfc,
    severity: 'must',
    cost: 'A client that changes its mind loses mail.',
    mail: three,
    steps: [
      logIn,
      list,
      rememberStat('stat'),
      dele(1, 2, 3),
      unmark,
      statUnchanged('stat'),
      say('LIST'),
      unchanged('list'),
      quit,
    ],
  },
  {
    id: 'rset-makes-readable',
    title: 'After RSET a message that was deleted can be read',
    rfc,
    severity: 'must',
    cost: 'A client that changes its mind sees mail that it cannot read.',
    mail: three,
    steps: [logIn, dele(2), unmark, say('RETR 2'), letterBody(2), say('LIST 2'), ok(/^2 /), quit],
  },
  {
    id: 'rset-one-reply',
    title: 'RSET answers with one line, however many messages it unmarks',
    rfc,
    severity: 'must',
    cost: 'A line too many is taken for the next answer, and all that follow are one late.',
    mail: three,
    steps: [logIn, dele(1, 3), unmark, statCounts(3), unmark, statCounts(3), quit],
  },
  {
    id: 'rset-with-nothing-marked',
    title: 'RSET answers `+OK` when nothing is deleted',
    rfc,
    severity: 'must',
    cost: 'Clients that begin with RSET report an error.',
    mail: three,
    steps: [logIn, rememberStat('stat'), unmark, statUnchanged('stat'), quit],
  },
  {
    id: 'rset-then-dele',
    title: 'What is deleted after RSET, and nothing else, is gone after QUIT',
    rfc: 'RFC 1939 section 6',
    severity: 'must',
    cost: 'Mail is lost that was brought back, or deleted mail stays.',
    mail: three,
    changesMail: true,
    steps: [
      logIn,
      dele(1, 2),
      unmark,
      dele(3),
      quit,
      logInToFind(2),
      say('RETR 1'),
      letterNamed('plain'),
      say('RETR 2'),
      letterNamed('second'),
      quit,
    ],
  },
]

const onMessages = [
  { verb: 'LIST', what: 'listed' },
  { verb: 'RETR', what: 'read' },
  { verb: 'DELE', what: 'deleted' },
] as const

const refusedCases: readonly Pop3Case[] = onMessages.flatMap(({ verb, what }): readonly Pop3Case[] => {
  const id = verb.toLowerCase()
  return [
    {
      id: `${id}-deleted-refused`,
      title: `${verb} of a deleted message is refused`,
      rfc,
      severity: 'must',
      cost: `A message is ${what} that a client thinks it has deleted.`,
      mail: three,
      steps: [logIn, dele(2), say(`${verb} 2`), err(), statCounts(2), unmark, quit],
    },
    {
      id: `${id}-beyond-last-refused`,
      title: `${verb} of the number behind the last message is refused`,
      rfc,
      severity: 'must',
      cost: `Another message is ${what} than was asked for, or the session ends.`,
      mail: three,
      steps: [logIn, say(`${verb} 4`), err(), statCounts(3), quit],
    },
    {
      id: `${id}-zero-refused`,
      title: `${verb} of message 0 is refused and touches none`,
      rfc,
      severity: 'must',
      cost: `Clients that count from 0 have a message ${what} that is another one than they mean.`,
      mail: three,
      steps: [logIn, list, say(`${verb} 0`), err(), say('LIST'), unchanged('list'), quit],
    },
    {
      id: `${id}-in-empty-refused`,
      title: `${verb} of message 1 in an empty maildrop is refused`,
      rfc,
      severity: 'must',
      cost: 'The session ends, or an answer never does.',
      mail: [],
      steps: [logIn, say(`${verb} 1`), err(), statCounts(0), quit],
    },
  ]
})

export const transaction: Pop3Section = {
  name: 'rfc1939-transaction',
  title: 'Messages: RETR, DELE, NOOP, RSET',
  about:
    'What becomes of messages in TRANSACTION, RFC 1939 section 5: each is read as it was sent, and what is deleted is hidden, never renumbered.',
  cases: [...retrCases, ...deleCases, ...otherCases, ...refusedCases],
}
