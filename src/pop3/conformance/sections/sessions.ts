// One session after another: what the second sees of what the first has seen.
import type { LetterName } from '../letters.ts'
import { rememberStat, statUnchanged, unchanged } from '../listing-steps.ts'
import { anyBody, letterNamed, rememberBody, sameBody } from '../message-steps.ts'
import type { Pop3Case, Pop3Section } from '../pop3-case.ts'
import { drop, group, logIn, ok, on, quit, remember, say } from '../steps.ts'

const three: readonly LetterName[] = ['plain', 'second', 'third']
const list = group('send `LIST`, remember the scan listing', say('LIST'), remember('list'))
const sameList = group('send `LIST`, expect the same listing', say('LIST'), unchanged('list'))
const readAll = group('read all messages', ...[1, 2, 3].flatMap(number => [say(`RETR ${number}`), anyBody]))

const cases: readonly Pop3Case[] = [
  {
    id: 'sessions-same-list',
    title: 'The next session lists the same messages with the same octets',
    rfc: 'RFC 1939 section 5',
    severity: 'should',
    cost: 'Clients without UIDL take what they have for new mail.',
    mail: three,
    steps: [logIn, list, rememberStat('stat'), quit, logIn, sameList, statUnchanged('stat'), quit],
  },
  {
    id: 'sessions-same-list-after-reading',
    title: 'Messages that were read are as large in the next session as before',
    rfc: 'RFC 1939 section 5',
    severity: 'should',
    cost: 'Clients without UIDL take what they have for new mail.',
    mail: three,
    changesMail: true,
    steps: [logIn, list, readAll, quit, logIn, sameList, quit],
  },
  {
    id: 'sessions-same-octets',
    title: 'A message is the same to the octet in the next session',
    rfc: 'RFC 1939 section 5',
    severity: 'should',
    cost: 'Clients that know mail by its octets fetch it again; signatures do not hold.',
    mail: three,
    changesMail: true,
    steps: [
      logIn,
      say('RETR 2'),
      rememberBody('second'),
      quit,
      logIn,
      say('RETR 2'),
      sameBody('second'),
      quit,
    ],
  },
  {
    id: 'sessions-same-after-drop',
    title: 'After a connection cut while messages were marked the next session lists all of them',
    rfc: 'RFC 1939 section 6',
    severity: 'must',
    cost: 'Mail is lost when a connection breaks.',
    mail: three,
    steps: [logIn, list, readAll, say('DELE 1'), ok(), say('DELE 3'), ok(), drop, logIn, sameList, quit],
  },
  {
    id: 'sessions-other-connection',
    title: 'A session on another connection, begun when the first has ended, sees what the first saw',
    rfc: 'RFC 1939 section 5',
    severity: 'should',
    cost: 'A second computer sees other mail than the first.',
    mail: three,
    steps: [logIn, list, quit, on('second', logIn, sameList, quit)],
  },
  {
    id: 'sessions-order-of-arrival',
    title: 'Messages are numbered in the order in which they arrived',
    rfc: 'RFC 1939 section 4',
    severity: 'should',
    cost: 'Clients that ask for the last message to see what is new see old mail.',
    mail: three,
    steps: [logIn, ...three.flatMap((name, index) => [say(`RETR ${index + 1}`), letterNamed(name)]), quit],
  },
  {
    id: 'sessions-ten-in-a-row',
    title: 'Ten sessions in a row see the same',
    rfc: 'RFC 1939 section 5',
    severity: 'should',
    cost: 'Clients that look for mail every minute find another maildrop now and then.',
    mail: three,
    limitMs: 30_000,
    steps: [logIn, list, quit, ...Array.from({ length: 9 }, () => [logIn, sameList, quit]).flat()],
  },
]

export const sessions: Pop3Section = {
  name: 'sessions',
  title: 'One session after another',
  about: 'What a session has not deleted the next one sees, as it was.',
  cases,
}
