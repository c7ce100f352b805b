// RFC 1460 section 5: LAST, the highest message number that was accessed. RFC 1725 took it out; some servers still have it.
import type { LetterName } from '../letters.ts'
import { rememberStat, statUnchanged } from '../listing-steps.ts'
import { anyBody } from '../message-steps.ts'
import type { Pop3Case, Pop3Section } from '../pop3-case.ts'
import { err, logIn, ok, quit, say } from '../steps.ts'

const three: readonly LetterName[] = ['plain', 'second', 'third']
const base = {
  rfc: 'RFC 1460 section 5',
  severity: 'quirk',
  cost: 'Old clients fetch mail again that they have, or skip mail that they do not have.',
  needs: ['last'],
} as const

const cases: readonly Pop3Case[] = [
  {
    ...base,
    id: 'last-form',
    title: 'LAST answers with a number, and is no larger than the count',
    mail: three,
    steps: [logIn, say('LAST'), ok(/^[0-3](?: |$)/), quit],
  },
  {
    ...base,
    id: 'last-empty',
    title: 'LAST in an empty maildrop is 0',
    mail: [],
    steps: [logIn, say('LAST'), ok(/^0(?: |$)/), quit],
  },
  {
    ...base,
    id: 'last-new-session',
    title: 'LAST is 0 at the beginning of a session',
    mail: three,
    changesMail: true,
    steps: [logIn, say('RETR 3'), anyBody, quit, logIn, say('LAST'), ok(/^0(?: |$)/), quit],
  },
  {
    ...base,
    id: 'last-read',
    title: 'LAST is the number of the message that was read',
    mail: three,
    steps: [logIn, say('RETR 2'), anyBody, say('LAST'), ok(/^2(?: |$)/), quit],
  },
  {
    ...base,
    id: 'last-highest',
    title: 'LAST is the highest number that was read, not the latest',
    mail: three,
    steps: [
      logIn,
      ...[3, 1].flatMap(number => [say(`RETR ${number}`), anyBody]),
      say('LAST'),
      ok(/^3(?: |$)/),
      quit,
    ],
  },
  {
    ...base,
    id: 'last-deleted',
    title: 'LAST counts a deleted message as accessed',
    mail: three,
    steps: [logIn, say('DELE 2'), ok(), say('LAST'), ok(/^2(?: |$)/), say('RSET'), ok(), quit],
  },
  {
    ...base,
    id: 'last-listing',
    title: 'LAST counts no message that was only listed',
    mail: three,
    steps: [logIn, say('LIST 3'), ok(), say('LAST'), ok(/^[0-2](?: |$)/), quit],
  },
  {
    ...base,
    id: 'last-refused',
    title: 'LAST counts no message that was asked for in vain',
    mail: three,
    steps: [logIn, say('RETR 4'), err(), say('LAST'), ok(/^[0-3](?: |$)/), quit],
  },
  {
    ...base,
    id: 'last-after-unmarking',
    title: 'RSET sets LAST back to what it was when the session began',
    mail: three,
    steps: [
      logIn,
      rememberStat('stat'),
      say('RETR 3'),
      anyBody,
      say('RSET'),
      ok(),
      say('LAST'),
      ok(/^0(?: |$)/),
      statUnchanged('stat'),
      quit,
    ],
  },
]

export const last: Pop3Section = {
  name: 'rfc1460-last',
  title: 'What was read: LAST',
  about:
    'RFC 1460 section 5, where the server still has the command: all of it are quirks, RFC 1939 has no LAST.',
  cases,
}
