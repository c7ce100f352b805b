// RFC 1939 section 5: the drop listing of STAT and the scan listing of LIST.
import { octetsOf } from '../../../conformance/steps.ts'
import { shown } from '../../../conformance/wire.ts'
import type { LetterName } from '../letters.ts'
import {
  lineOf,
  listed,
  listingLines,
  remembered,
  rememberStat,
  statCounts,
  statSums,
  statUnchanged,
  stillListed,
  unchanged,
} from '../listing-steps.ts'
import { allOctetsAgree, anyBody } from '../message-steps.ts'
import type { Pop3Case, Pop3Section } from '../pop3-case.ts'
import { err, group, holds, lines, logIn, ok, quit, remember, say } from '../steps.ts'

const rfc = 'RFC 1939 section 5'
const three: readonly LetterName[] = ['plain', 'second', 'third']
const many: readonly LetterName[] = Array.from({ length: 200 }, () => 'second' as const)
const everyNumber = many.map((_, index) => index + 1)

const list = group('send `LIST`, remember the scan listing', say('LIST'), remember('list'))

const statCases: readonly Pop3Case[] = [
  {
    id: 'stat-form',
    title: 'STAT answers with two numbers and one space between',
    rfc,
    severity: 'must',
    cost: 'Clients that read the drop listing see no mail, or fail.',
    mail: three,
    steps: [logIn, say('STAT'), ok(/^3 [0-9]+(?: |$)/), quit],
  },
  {
    id: 'stat-nothing-more',
    title: 'STAT answers with nothing behind the two numbers',
    rfc,
    severity: 'should',
    cost: 'Clients that take the rest of the line for the size read a wrong one, or none.',
    mail: three,
    steps: [logIn, say('STAT'), ok(/^3 [0-9]+$/), quit],
  },
  {
    id: 'stat-empty',
    title: 'STAT of an empty maildrop is `0 0`',
    rfc,
    severity: 'must',
    cost: 'Clients ask for a message that is not there, and report an error each time they look for mail.',
    mail: [],
    steps: [logIn, say('STAT'), ok(/^0 0(?: |$)/), quit],
  },
  {
    id: 'stat-same-twice',
    title: 'STAT answers the same when nothing was deleted between',
    rfc,
    severity: 'must',
    cost: 'Clients that look twice think that mail came or went.',
    mail: three,
    steps: [logIn, rememberStat('stat'), list, say('RETR 2'), anyBody, statUnchanged('stat'), quit],
  },
  {
    id: 'stat-leaves-out-deleted',
    title: 'STAT counts neither a deleted message nor its octets',
    rfc,
    severity: 'must',
    cost: 'Clients ask for more messages than there are, and wait for octets that do not come.',
    mail: three,
    steps: [logIn, list, say('DELE 2'), ok(), statSums('list', [1, 3]), say('RSET'), ok(), quit],
  },
  {
    id: 'stat-all-deleted',
    title: 'STAT is `0 0` when every message is deleted',
    rfc,
    severity: 'must',
    cost: 'Clients go on with messages that are gone.',
    mail: three,
    steps: [
      logIn,
      ...[1, 2, 3].flatMap(number => [say(`DELE ${number}`), ok()]),
      say('STAT'),
      ok(/^0 0(?: |$)/),
      say('RSET'),
      ok(),
      quit,
    ],
  },
]

const listCases: readonly Pop3Case[] = [
  {
    id: 'list-form',
    title: 'Each line of LIST is a number, one space and the octets',
    rfc,
    severity: 'must',
    cost: 'Clients that read the scan listing skip messages, or fail.',
    mail: three,
    steps: [
      logIn,
      say('LIST'),
      listingLines('lines of two numbers and one space between', line =>
        /^[1-9][0-9]* [0-9]+(?: .*)?$/.test(line) ? undefined : `a line is ${shown(octetsOf(line))}`,
      ),
      quit,
    ],
  },
  {
    id: 'list-nothing-more',
    title: 'LIST has nothing behind the two numbers of a line',
    rfc,
    severity: 'should',
    cost: 'Clients that take the rest of the line for the size read a wrong one.',
    mail: three,
    steps: [
      logIn,
      say('LIST'),
      listingLines('lines of two numbers and nothing more', line =>
        /^[0-9]+ [0-9]+$/.test(line) ? undefined : `a line is ${shown(octetsOf(line))}`,
      ),
      quit,
    ],
  },
  {
    id: 'list-numbers',
    title: 'Messages are numbered from 1 on, without a gap',
    rfc: 'RFC 1939 section 4',
    severity: 'must',
    cost: 'Clients that count from 1 to the count of STAT miss messages.',
    mail: three,
    steps: [
      logIn,
      say('LIST'),
      lines('1, 2 and 3, in any order', found => {
        const numbers = found.map(line => Number.parseInt(line, 10)).sort((a, b) => a - b)
        return numbers.join() === '1,2,3' ? undefined : `it lists ${numbers.join(', ')}`
      }),
      quit,
    ],
  },
  {
    id: 'list-in-order',
    title: 'LIST has the messages in the order of their numbers',
    rfc,
    severity: 'should',
    cost: 'Clients that take a line by its place read the size of another message.',
    mail: three,
    steps: [logIn, say('LIST'), listed(1, 2, 3), quit],
  },
  {
    id: 'list-empty',
    title: 'LIST of an empty maildrop is `+OK` and a dot',
    rfc,
    severity: 'must',
    cost: 'Clients wait for a listing that never ends, or report an error each time they look for mail.',
    mail: [],
    steps: [logIn, say('LIST'), listed(), say('NOOP'), ok(), quit],
  },
  {
    id: 'list-agrees-with-stat',
    title: 'LIST has as many messages and octets as STAT',
    rfc,
    severity: 'must',
    cost: 'Clients reserve too little room, or stop before the last message.',
    mail: [...three, 'dots'],
    steps: [logIn, list, statSums('list', [1, 2, 3, 4]), quit],
  },
  {
    id: 'list-agrees-with-retr',
    title: 'RETR sends of each message as many octets as LIST says',
    rfc: 'RFC 1939 section 11',
    severity: 'must',
    cost: 'Clients that check what they got throw it away, or ask for it for ever.',
    mail: [...three, 'dots'],
    steps: [logIn, allOctetsAgree(4), quit],
  },
  {
    id: 'list-same-twice',
    title: 'LIST answers the same when nothing was deleted between',
    rfc,
    severity: 'must',
    cost: 'Clients delete another message than the one they read.',
    mail: three,
    steps: [logIn, list, say('RETR 1'), anyBody, say('NOOP'), ok(), say('LIST'), unchanged('list'), quit],
  },
  {
    id: 'list-one',
    title: 'LIST of one message answers with its line of the listing',
    rfc,
    severity: 'must',
    cost: 'Clients read the size of another message.',
    mail: three,
    steps: [
      logIn,
      list,
      ...[3, 1, 2].flatMap(number => [say(`LIST ${number}`), lineOf('list', number)]),
      quit,
    ],
  },
  {
    id: 'list-one-is-one-line',
    title: 'LIST of one message answers with the status line alone',
    rfc,
    severity: 'must',
    cost: 'A line too many is taken for the next answer, and all that follow are one late.',
    mail: three,
    steps: [logIn, say('LIST 2'), ok(/^2 /), statCounts(3), quit],
  },
  {
    id: 'list-leaves-out-deleted',
    title: 'LIST has no line for a deleted message, and the others as they were',
    rfc,
    severity: 'must',
    cost: 'The wrong messages are read and deleted.',
    mail: three,
    steps: [
      logIn,
      list,
      say('DELE 1'),
      ok(),
      say('LIST'),
      stillListed('list', [2, 3]),
      say('LIST 3'),
      lineOf('list', 3),
      say('RSET'),
      ok(),
      quit,
    ],
  },
  {
    id: 'list-all-deleted',
    title: 'LIST is `+OK` and a dot when every message is deleted',
    rfc,
    severity: 'must',
    cost: 'Clients go on with messages that are gone.',
    mail: ['plain'],
    steps: [logIn, say('DELE 1'), ok(), say('LIST'), listed(), say('RSET'), ok(), quit],
  },
  {
    id: 'list-after-unmarking',
    title: 'LIST is after RSET what it was before DELE',
    rfc,
    severity: 'must',
    cost: 'Numbers mean other messages than those a client has read.',
    mail: three,
    steps: [
      logIn,
      list,
      ...[1, 3].flatMap(number => [say(`DELE ${number}`), ok()]),
      say('RSET'),
      ok(),
      say('LIST'),
      unchanged('list'),
      quit,
    ],
  },
]

const manyCases: readonly Pop3Case[] = [
  {
    id: 'many-listed',
    title: '200 messages are numbered without a gap and sum up to what STAT says',
    rfc,
    severity: 'must',
    cost: 'Mail beyond a certain number is never seen.',
    mail: many,
    limitMs: 20_000,
    steps: [
      logIn,
      list,
      holds('every number is there', play =>
        remembered(play, 'list').every((line, index) => line.startsWith(`${index + 1} `))
          ? undefined
          : 'LIST does not count from 1 to 200',
      ),
      statSums('list', everyNumber),
      quit,
    ],
  },
  {
    id: 'many-read',
    title: 'Each of 200 messages is read with as many octets as LIST says',
    rfc: 'RFC 1939 section 11',
    severity: 'must',
    cost: 'Mail beyond a certain number cannot be read.',
    mail: many,
    limitMs: 60_000,
    steps: [logIn, allOctetsAgree(many.length), say('RETR 201'), err(), quit],
  },
  {
    id: 'many-half-deleted',
    title: 'With every second of 200 messages deleted the others have their lines and numbers',
    rfc,
    severity: 'must',
    cost: 'The wrong messages are deleted.',
    mail: many,
    limitMs: 20_000,
    steps: [
      logIn,
      list,
      ...everyNumber.filter(number => number % 2 === 0).flatMap(number => [say(`DELE ${number}`), ok()]),
      say('LIST'),
      stillListed(
        'list',
        everyNumber.filter(number => number % 2 === 1),
      ),
      say('RETR 200'),
      err(),
      say('LIST 199'),
      lineOf('list', 199),
      statCounts(100),
      say('RSET'),
      ok(),
      say('LIST'),
      unchanged('list'),
      quit,
    ],
  },
]

export const listings: Pop3Section = {
  name: 'rfc1939-listings',
  title: 'Listings: STAT and LIST',
  about:
    'What is in the maildrop: RFC 1939 section 5. The listings have one form, agree with each other and with what RETR sends, and their numbers never move.',
  cases: [...statCases, ...listCases, ...manyCases],
}
