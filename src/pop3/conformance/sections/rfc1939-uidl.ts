// RFC 1939 section 7: UIDL, the names by which clients know what they have already fetched.
import { octetsOf } from '../../../conformance/steps.ts'
import { shown } from '../../../conformance/wire.ts'
import type { LetterName } from '../letters.ts'
import {
  lineOf,
  listed,
  listingLines,
  remembered,
  statCounts,
  stillListed,
  unchanged,
} from '../listing-steps.ts'
import { anyBody, letterNamed, logInToFind } from '../message-steps.ts'
import type { Pop3Case, Pop3Section } from '../pop3-case.ts'
import { deliver, drop, err, group, holds, lines, logIn, ok, quit, remember, say } from '../steps.ts'

const rfc = 'RFC 1939 section 7'
const needs = ['uidl'] as const
const three: readonly LetterName[] = ['plain', 'second', 'third']
const many: readonly LetterName[] = Array.from({ length: 200 }, () => 'second' as const)
const twice = 'Everything is fetched again, and lies in the mailbox twice.'
const lost = 'A new message is taken for one that was fetched, and is never seen.'

const uidl = group('send `UIDL`, remember the unique-id listing', say('UIDL'), remember('ids'))
const sameIds = group('send `UIDL`, expect the same listing', say('UIDL'), unchanged('ids'))

function idsOf(found: readonly string[]): readonly string[] {
  return found.map(line => line.slice(line.indexOf(' ') + 1))
}

function distinct(found: readonly string[]): string | undefined {
  const ids = idsOf(found)
  const again = ids.find((id, index) => ids.indexOf(id) !== index)
  return again === undefined ? undefined : `two messages have the unique-id ${shown(octetsOf(again))}`
}

const formCases: readonly Pop3Case[] = [
  {
    id: 'uidl-form',
    title: 'Each line of UIDL is a number, one space, and 1 to 70 characters from 0x21 to 0x7E',
    rfc,
    severity: 'must',
    cost: `Clients cannot read the unique-id. ${twice}`,
    needs,
    mail: three,
    steps: [
      logIn,
      say('UIDL'),
      listingLines('lines of a number and a unique-id, and nothing more', line =>
        /^[1-9][0-9]* [\x21-\x7e]{1,70}$/.test(line) ? undefined : `a line is ${shown(octetsOf(line))}`,
      ),
      quit,
    ],
  },
  {
    id: 'uidl-has-numbers-of-list',
    title: 'UIDL has the messages that LIST has, in the same order',
    rfc,
    severity: 'must',
    cost: 'Clients that read both side by side fetch one message and delete another.',
    needs,
    mail: three,
    steps: [
      logIn,
      say('LIST'),
      remember('list'),
      say('UIDL'),
      lines('the numbers of LIST', (found, play) => {
        const numbersOf = (all: readonly string[]) => all.map(line => line.split(' ')[0]).join(' ')
        return numbersOf(found) === numbersOf(remembered(play, 'list')) ? undefined : 'the numbers are others'
      }),
      quit,
    ],
  },
  {
    id: 'uidl-empty',
    title: 'UIDL of an empty maildrop is `+OK` and a dot',
    rfc,
    severity: 'must',
    cost: 'Clients wait for a listing that never ends, or report an error each time they look for mail.',
    needs,
    mail: [],
    steps: [logIn, say('UIDL'), listed(), say('NOOP'), ok(), quit],
  },
  {
    id: 'uidl-one',
    title: 'UIDL of one message answers with its line of the listing, and one line only',
    rfc,
    severity: 'must',
    cost: 'Clients take a message for another one.',
    needs,
    mail: three,
    steps: [
      logIn,
      uidl,
      ...[2, 3, 1].flatMap(number => [say(`UIDL ${number}`), lineOf('ids', number)]),
      statCounts(3),
      quit,
    ],
  },
  {
    id: 'uidl-distinct',
    title: 'Different messages have different unique-ids',
    rfc,
    severity: 'must',
    cost: lost,
    needs,
    mail: three,
    steps: [logIn, say('UIDL'), lines('no unique-id twice', distinct), quit],
  },
  {
    id: 'uidl-distinct-twins',
    title: 'A letter that was delivered twice has two unique-ids',
    rfc,
    severity: 'should',
    cost: 'One of two equal messages is taken for fetched; when one is deleted, clients take the other for gone.',
    needs,
    mail: ['plain', 'plain'],
    steps: [logIn, say('UIDL'), lines('no unique-id twice', distinct), quit],
  },
  {
    id: 'uidl-many',
    title: '200 messages that are sent alike have 200 unique-ids',
    rfc,
    severity: 'should',
    cost: lost,
    needs,
    mail: many,
    limitMs: 20_000,
    steps: [
      logIn,
      say('UIDL'),
      lines('200 unique-ids', found =>
        found.length === 200 ? distinct(found) : `there are ${found.length}`,
      ),
      quit,
    ],
  },
]

const deletedCases: readonly Pop3Case[] = [
  {
    id: 'uidl-leaves-out-deleted',
    title: 'UIDL has no line for a deleted message, and the others as they were',
    rfc,
    severity: 'must',
    cost: 'Clients take a message for another one, and delete the wrong one.',
    needs,
    mail: three,
    steps: [
      logIn,
      uidl,
      say('DELE 1'),
      ok(),
      say('UIDL'),
      stillListed('ids', [2, 3]),
      say('UIDL 2'),
      lineOf('ids', 2),
      say('RSET'),
      ok(),
      quit,
    ],
  },
  {
    id: 'uidl-deleted-refused',
    title: 'UIDL of a deleted message is refused',
    rfc,
    severity: 'must',
    cost: 'Clients go on with a message that they have deleted.',
    needs,
    mail: three,
    steps: [logIn, say('DELE 2'), ok(), say('UIDL 2'), err(), statCounts(2), say('RSET'), ok(), quit],
  },
  {
    id: 'uidl-beyond-last-refused',
    title: 'UIDL of the number behind the last message is refused',
    rfc,
    severity: 'must',
    cost: 'A message that is not there is taken for a new one.',
    needs,
    mail: three,
    steps: [logIn, say('UIDL 4'), err(), statCounts(3), quit],
  },
  {
    id: 'uidl-zero-refused',
    title: 'UIDL of message 0 is refused',
    rfc,
    severity: 'must',
    cost: 'Clients that count from 0 take each message for another one.',
    needs,
    mail: three,
    steps: [logIn, say('UIDL 0'), err(), statCounts(3), quit],
  },
  {
    id: 'uidl-in-empty-refused',
    title: 'UIDL of message 1 in an empty maildrop is refused',
    rfc,
    severity: 'must',
    cost: 'A message that is not there is taken for a new one.',
    needs,
    mail: [],
    steps: [logIn, say('UIDL 1'), err(), statCounts(0), quit],
  },
  {
    id: 'uidl-word-refused',
    title: 'UIDL of a word is refused',
    rfc,
    severity: 'should',
    cost: 'A mistake of the client gets the unique-id of some message.',
    needs,
    mail: three,
    steps: [logIn, say('UIDL last'), err(), statCounts(3), quit],
  },
  {
    id: 'uidl-two-arguments-refused',
    title: 'UIDL of two messages is refused',
    rfc,
    severity: 'should',
    cost: 'A mistake of the client gets the unique-id of one message, and it takes it for two.',
    needs,
    mail: three,
    steps: [logIn, say('UIDL 1 2'), err(), statCounts(3), quit],
  },
]

const stableCases: readonly Pop3Case[] = [
  {
    id: 'uidl-same-twice',
    title: 'UIDL answers the same twice in a session, whatever was read between',
    rfc,
    severity: 'must',
    cost: twice,
    needs,
    mail: three,
    steps: [logIn, uidl, say('RETR 2'), anyBody, sameIds, quit],
  },
  {
    id: 'uidl-after-unmarking',
    title: 'UIDL is after RSET what it was before DELE',
    rfc,
    severity: 'must',
    cost: twice,
    needs,
    mail: three,
    steps: [
      logIn,
      uidl,
      ...[1, 2].flatMap(number => [say(`DELE ${number}`), ok()]),
      say('RSET'),
      ok(),
      sameIds,
      quit,
    ],
  },
  {
    id: 'uidl-over-sessions',
    title: 'Unique-ids are the same in the next session',
    rfc,
    severity: 'must',
    cost: twice,
    needs,
    mail: three,
    steps: [logIn, uidl, quit, logIn, sameIds, quit],
  },
  {
    id: 'uidl-over-dropped-session',
    title: 'Unique-ids are the same after a session that ended without QUIT',
    rfc,
    severity: 'must',
    cost: twice,
    needs,
    mail: three,
    steps: [logIn, uidl, say('DELE 1'), ok(), drop, logIn, sameIds, quit],
  },
  {
    id: 'uidl-over-reading',
    title: 'Unique-ids are the same when the messages were read in the session before',
    rfc,
    severity: 'must',
    cost: twice,
    needs,
    mail: three,
    steps: [
      logIn,
      uidl,
      ...[1, 2, 3].flatMap(number => [say(`RETR ${number}`), anyBody]),
      quit,
      logIn,
      sameIds,
      quit,
    ],
  },
  {
    id: 'uidl-first-asked-late',
    title: 'Unique-ids are the same when they are asked for first in a later session',
    rfc,
    severity: 'must',
    cost: twice,
    needs,
    mail: three,
    changesMail: true,
    steps: [logIn, statCounts(3), quit, logIn, say('UIDL 2'), ok(/^2 /), uidl, quit, logIn, sameIds, quit],
  },
  {
    id: 'uidl-over-deletion',
    title: 'Unique-ids stay with their messages when one before them is deleted for good',
    rfc,
    severity: 'must',
    cost: `${twice} Or the wrong one is deleted.`,
    needs,
    mail: three,
    changesMail: true,
    steps: [
      logIn,
      uidl,
      say('DELE 1'),
      ok(),
      quit,
      logInToFind(2),
      say('UIDL'),
      lines('the unique-ids of messages 2 and 3', (found, play) => {
        const due = idsOf(remembered(play, 'ids')).slice(1)
        return idsOf(found).join('\n') === due.join('\n') ? undefined : 'they have changed'
      }),
      say('RETR 1'),
      letterNamed('second'),
      quit,
    ],
  },
  {
    id: 'uidl-over-arrival',
    title: 'Unique-ids are the same when new mail has come, and the new message has one of its own',
    rfc,
    severity: 'must',
    cost: twice,
    needs: ['uidl', 'delivery'],
    mail: three,
    changesMail: true,
    steps: [
      logIn,
      uidl,
      quit,
      deliver('dots'),
      logInToFind(4),
      say('UIDL'),
      lines('the three that were there, and a new one', (found, play) => {
        const ids = idsOf(found)
        const missing = idsOf(remembered(play, 'ids')).some(id => !ids.includes(id))
        return missing ? 'one of the three has changed' : distinct(found)
      }),
      quit,
    ],
  },
  {
    id: 'uidl-not-used-again',
    title: 'A letter that is delivered again has not the unique-id of the one that was deleted',
    rfc,
    severity: 'should',
    cost: lost,
    needs: ['uidl', 'delivery'],
    mail: ['plain'],
    changesMail: true,
    steps: [
      logIn,
      uidl,
      say('DELE 1'),
      ok(),
      quit,
      deliver('plain'),
      logInToFind(1),
      say('UIDL'),
      remember('again'),
      holds('the unique-id is a new one', play =>
        remembered(play, 'again').join() === remembered(play, 'ids').join() ? 'it is the old one' : undefined,
      ),
      quit,
    ],
  },
]

export const uniqueIds: Pop3Section = {
  name: 'rfc1939-uidl',
  title: 'Unique-ids: UIDL',
  about:
    'RFC 1939 section 7: each message has a name of its own, which stays with it over sessions. Clients that leave mail on the server know by it what they have.',
  cases: [...formCases, ...deletedCases, ...stableCases],
}
