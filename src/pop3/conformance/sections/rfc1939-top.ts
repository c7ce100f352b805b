// RFC 1939 section 7: TOP, the header of a message and the first lines of its body.
import { aboutLetter, type LetterName, letterId } from '../letters.ts'
import { statCounts, unchanged } from '../listing-steps.ts'
import { anyBody, rememberBody, sameBody, topOfBody } from '../message-steps.ts'
import type { Pop3Case, Pop3Section } from '../pop3-case.ts'
import { body, err, group, logIn, ok, quit, remember, say } from '../steps.ts'

const rfc = 'RFC 1939 section 7'
const needs = ['top'] as const
const whole = group('send `RETR 1`, remember the message', say('RETR 1'), rememberBody('whole'))

/** Of a letter whose body has six lines, three of them empty. */
const counts = [
  {
    count: 0,
    id: 'top-0',
    title: 'TOP with 0 lines gives the header, the empty line behind it and nothing more',
  },
  {
    count: 1,
    id: 'top-1',
    title: 'TOP with 1 line gives the first line of the body; lines of the header do not count',
  },
  { count: 2, id: 'top-2', title: 'TOP counts an empty line of the body' },
  { count: 5, id: 'top-5', title: 'TOP with one line less than the body has leaves out its last' },
  { count: 6, id: 'top-6', title: 'TOP with as many lines as the body has gives the whole message' },
  { count: 7, id: 'top-7', title: 'TOP with one line more than the body has gives the whole message' },
  { count: 1_000_000, id: 'top-million', title: 'TOP with a million lines gives the whole message' },
] as const

const countCases: readonly Pop3Case[] = counts.map(({ count, id, title }) => ({
  id,
  title,
  rfc,
  severity: 'must',
  cost: 'Previews show too much, too little or nothing of a message; clients that page by TOP fetch mail they did not want.',
  needs,
  mail: ['blankLines'],
  steps: [logIn, whole, say(`TOP 1 ${count}`), topOfBody('whole', count), say('NOOP'), ok(), quit],
}))

/** Letters on which a server miscounts, or sends what it should have stuffed; how many lines are asked for. */
const awkward: readonly { readonly name: LetterName; readonly count: number; readonly cost: string }[] = [
  { name: 'dots', count: 1, cost: 'The preview ends early, and what follows is taken for answers.' },
  { name: 'dots', count: 4, cost: 'The preview ends early, and what follows is taken for answers.' },
  { name: 'dotFirst', count: 1, cost: 'The preview loses a dot.' },
  { name: 'dotLast', count: 2, cost: 'The preview ends early, and what follows is taken for answers.' },
  { name: 'dottedHeader', count: 0, cost: 'The header loses a dot: another field than was sent.' },
  { name: 'dottedLines', count: 8_000, cost: 'Long previews are damaged.' },
  { name: 'terminator', count: 3, cost: 'What a sender wrote is taken for answers of the server.' },
  { name: 'empty', count: 0, cost: 'Clients wait for the empty line behind the header.' },
  { name: 'empty', count: 5, cost: 'Clients wait for lines that do not come.' },
  { name: 'blankFirst', count: 1, cost: 'The preview is of other lines than it should be.' },
  { name: 'blankFirst', count: 3, cost: 'The preview is of other lines than it should be.' },
  { name: 'blankLast', count: 2, cost: 'The preview is of other lines than it should be.' },
  { name: 'headerLike', count: 2, cost: 'Text of the body is taken for the header.' },
  { name: 'manyFields', count: 0, cost: 'Clients that list mail see a part of the header only.' },
  { name: 'foldedField', count: 1, cost: 'Clients that list mail see a part of the header only.' },
  { name: 'utf8', count: 2, cost: 'The preview is cut within a character.' },
  { name: 'megabyte', count: 1, cost: 'A preview costs as much as the message.' },
  { name: 'megabyte', count: 10_000, cost: 'Long previews are damaged.' },
]

const awkwardCases: readonly Pop3Case[] = awkward.map(({ name, count, cost }) => ({
  id: `top-${letterId(name)}-${count}`,
  title: `TOP with ${count === 1 ? '1 line' : `${count} lines`} of a message with ${aboutLetter(name)} gives the beginning of it`,
  rfc,
  severity: 'must',
  cost,
  needs,
  mail: [name],
  steps: [logIn, whole, say(`TOP 1 ${count}`), topOfBody('whole', count), say('NOOP'), ok(), quit],
}))

const refusals = [
  { id: 'top-without-lines', line: 'TOP 1', what: 'without a number of lines', severity: 'must' },
  { id: 'top-without-arguments', line: 'TOP', what: 'without arguments', severity: 'must' },
  { id: 'top-beyond-last', line: 'TOP 2 0', what: 'of the number behind the last message', severity: 'must' },
  { id: 'top-zero', line: 'TOP 0 0', what: 'of message 0', severity: 'must' },
  { id: 'top-three-arguments', line: 'TOP 1 0 0', what: 'with an argument too many', severity: 'should' },
  { id: 'top-negative-lines', line: 'TOP 1 -1', what: 'with a negative number of lines', severity: 'should' },
  { id: 'top-signed-lines', line: 'TOP 1 +1', what: 'with a plus sign before the lines', severity: 'quirk' },
  { id: 'top-word-lines', line: 'TOP 1 all', what: 'with a word for the lines', severity: 'should' },
  { id: 'top-fraction-lines', line: 'TOP 1 1.5', what: 'with a fraction for the lines', severity: 'should' },
  { id: 'top-hexadecimal-lines', line: 'TOP 1 0x1', what: 'with hexadecimal lines', severity: 'should' },
] as const

const refusedCases: readonly Pop3Case[] = refusals.map(({ id, line, what, severity }) => ({
  id,
  title: `TOP ${what} is refused`,
  rfc,
  severity,
  cost: 'A mistake of the client gets the octets of some message, where it should get an error.',
  needs,
  mail: ['plain'],
  steps: [logIn, say(line), err(), statCounts(1), quit],
}))

const otherCases: readonly Pop3Case[] = [
  {
    id: 'top-header-ends',
    title: 'The header that TOP gives ends with exactly one empty line',
    rfc,
    severity: 'must',
    cost: 'Clients that parse the header wait for its end, or take it for a body.',
    needs,
    mail: ['plain'],
    steps: [
      logIn,
      say('TOP 1 0'),
      body('a header and one empty line', octets => {
        const text = octets.toString('latin1')
        return text.indexOf('\r\n\r\n') === text.length - 4 ? undefined : 'the empty line is not its last'
      }),
      quit,
    ],
  },
  {
    id: 'top-header-only',
    title: 'TOP of a message that is a header only gives what RETR gives, an empty line behind it or not',
    rfc,
    severity: 'must',
    cost: 'The answers that follow are one late, or never come.',
    needs,
    mail: ['headerOnly'],
    steps: [
      logIn,
      whole,
      say('TOP 1 1'),
      body('the message, and an empty line if need be', (octets, play) => {
        const found = play.memory.get('whole')
        const due = Buffer.isBuffer(found) ? found.toString('latin1') : ''
        const came = octets.toString('latin1')
        return came === due || came === `${due}\r\n` || `${came}\r\n` === due
          ? undefined
          : 'it is something else'
      }),
      say('NOOP'),
      ok(),
      quit,
    ],
  },
  {
    id: 'top-deleted-refused',
    title: 'TOP of a deleted message is refused',
    rfc,
    severity: 'must',
    cost: 'A message is shown that a client thinks it has deleted.',
    needs,
    mail: ['plain', 'second', 'third'],
    steps: [logIn, say('DELE 2'), ok(), say('TOP 2 0'), err(), statCounts(2), say('RSET'), ok(), quit],
  },
  {
    id: 'top-in-empty-refused',
    title: 'TOP of message 1 in an empty maildrop is refused',
    rfc,
    severity: 'must',
    cost: 'The session ends, or an answer never does.',
    needs,
    mail: [],
    steps: [logIn, say('TOP 1 0'), err(), statCounts(0), quit],
  },
  {
    id: 'top-beside-deleted',
    title: 'TOP gives the message that was asked for when one before it is deleted',
    rfc,
    severity: 'must',
    cost: 'A client looks at one message and deletes another.',
    needs,
    mail: ['plain', 'second', 'third'],
    steps: [
      logIn,
      say('RETR 3'),
      rememberBody('third'),
      say('DELE 1'),
      ok(),
      say('TOP 3 1'),
      topOfBody('third', 1),
      say('RSET'),
      ok(),
      quit,
    ],
  },
  {
    id: 'top-changes-nothing',
    title: 'TOP leaves the listing and the message as they are',
    rfc,
    severity: 'must',
    cost: 'A message that was looked at cannot be read whole.',
    needs,
    mail: ['plain', 'second', 'third'],
    steps: [
      logIn,
      say('LIST'),
      remember('list'),
      whole,
      say('TOP 1 1'),
      anyBody,
      say('LIST'),
      unchanged('list'),
      say('RETR 1'),
      sameBody('whole'),
      quit,
    ],
  },
  {
    id: 'top-twice',
    title: 'TOP asked twice gives the same octets',
    rfc,
    severity: 'must',
    cost: 'Clients that know mail by its header take it for new.',
    needs,
    mail: ['plain', 'second', 'third'],
    steps: [logIn, say('TOP 2 1'), rememberBody('top'), say('TOP 2 1'), sameBody('top'), quit],
  },
]

export const top: Pop3Section = {
  name: 'rfc1939-top',
  title: 'The beginning of a message: TOP',
  about:
    'RFC 1939 section 7: the header, the empty line behind it, and so many lines of the body, stuffed as RETR stuffs them.',
  cases: [...countCases, ...awkwardCases, ...refusedCases, ...otherCases],
}
