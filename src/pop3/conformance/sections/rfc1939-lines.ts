// RFC 1939 section 3 and RFC 2449 section 4: the form of command lines (keywords, arguments, spaces, ends, lengths) and of
// what is answered to them.
import type { Severity } from '../../../conformance/case.ts'
import { inStep, refusedOrClosed, stillServes } from '../endurance.ts'
import type { LetterName } from '../letters.ts'
import { listed, statCounts } from '../listing-steps.ts'
import { anyBody } from '../message-steps.ts'
import type { Pop3Case, Pop3Section } from '../pop3-case.ts'
import { type Complaint, connect, err, logIn, ok, quit, reply, say, send, silence } from '../steps.ts'

const three: readonly LetterName[] = ['plain', 'second', 'third']
const rfc = 'RFC 1939 section 3'

const keywordCases: readonly Pop3Case[] = [
  {
    id: 'keyword-lower-case-login',
    title: 'USER, PASS and QUIT may be written in lower case',
    rfc,
    severity: 'must',
    cost: 'Clients that write so cannot log in.',
    steps: [connect, say('user {user}'), ok(), say('pass {password}'), ok(), say('quit'), ok()],
  },
  {
    id: 'keyword-mixed-case-login',
    title: 'USER, PASS and QUIT may be written in mixed case',
    rfc,
    severity: 'must',
    cost: 'Clients that write so cannot log in.',
    steps: [connect, say('User {user}'), ok(), say('pAsS {password}'), ok(), say('Quit'), ok()],
  },
  ...['lower', 'mixed'].map((form): Pop3Case => {
    const written = (verb: string) =>
      form === 'lower' ? verb.toLowerCase() : verb.toLowerCase().replace(/^./, letter => letter.toUpperCase())
    return {
      id: `keyword-${form}-case`,
      title: `STAT, LIST, RETR, DELE, RSET and NOOP may be written in ${form} case`,
      rfc,
      severity: 'must',
      cost: 'Clients that write so have no mail.',
      mail: three,
      steps: [
        logIn,
        ...[say(written('STAT')), ok(/^3 /), say(written('LIST')), listed(1, 2, 3)],
        ...[say(`${written('RETR')} 1`), anyBody, say(`${written('DELE')} 1`), ok()],
        ...[say(written('NOOP')), ok(), say(written('RSET')), ok(), statCounts(3), quit],
      ],
    }
  }),
]

interface FormRow {
  readonly id: string
  readonly sent: string
  readonly title: string
  readonly severity: Severity
  readonly cost: string
}

const worksHere = 'Clients that work here fail elsewhere.'
const guessing = 'The server guesses what was meant, and may delete what was not.'

const formRows: readonly FormRow[] = [
  { id: 'retr-alone', sent: 'RETR', title: 'RETR without a number', severity: 'must', cost: guessing },
  {
    id: 'retr-empty',
    sent: 'RETR ',
    title: 'RETR with a space and no number',
    severity: 'must',
    cost: guessing,
  },
  { id: 'dele-alone', sent: 'DELE', title: 'DELE without a number', severity: 'must', cost: guessing },
  {
    id: 'dele-empty',
    sent: 'DELE ',
    title: 'DELE with a space and no number',
    severity: 'must',
    cost: guessing,
  },
  { id: 'dele-two', sent: 'DELE 1 2', title: 'DELE with two numbers', severity: 'must', cost: guessing },
  { id: 'retr-two', sent: 'RETR 1 2', title: 'RETR with two numbers', severity: 'should', cost: guessing },
  { id: 'list-two', sent: 'LIST 1 2', title: 'LIST with two numbers', severity: 'should', cost: guessing },
  {
    id: 'dele-word',
    sent: 'DELE 1 x',
    title: 'DELE with a word behind its number',
    severity: 'should',
    cost: guessing,
  },
  { id: 'stat-argument', sent: 'STAT 1', title: 'STAT with an argument', severity: 'quirk', cost: worksHere },
  { id: 'noop-argument', sent: 'NOOP 1', title: 'NOOP with an argument', severity: 'quirk', cost: worksHere },
  { id: 'rset-argument', sent: 'RSET 1', title: 'RSET with an argument', severity: 'quirk', cost: worksHere },
  {
    id: 'two-spaces',
    sent: 'DELE  1',
    title: 'Two spaces before an argument',
    severity: 'quirk',
    cost: worksHere,
  },
  { id: 'tab', sent: 'DELE\t1', title: 'A tab in place of the space', severity: 'quirk', cost: worksHere },
  {
    id: 'trailing-space',
    sent: 'DELE 1 ',
    title: 'A space behind an argument',
    severity: 'quirk',
    cost: worksHere,
  },
  {
    id: 'trailing-tab',
    sent: 'DELE 1\t',
    title: 'A tab behind an argument',
    severity: 'quirk',
    cost: worksHere,
  },
  {
    id: 'space-behind-keyword',
    sent: 'NOOP ',
    title: 'A space behind a keyword',
    severity: 'quirk',
    cost: worksHere,
  },
  {
    id: 'leading-space',
    sent: ' DELE 1',
    title: 'A space before the keyword',
    severity: 'quirk',
    cost: worksHere,
  },
  { id: 'nul-in-keyword', sent: 'DE\0LE 1', title: 'NUL in a keyword', severity: 'should', cost: guessing },
  {
    id: 'nul-behind-keyword',
    sent: 'NOOP\0',
    title: 'NUL behind a keyword',
    severity: 'quirk',
    cost: guessing,
  },
  {
    id: 'high-bit',
    sent: '\xc4\xc5\xcc\xc5 1',
    title: 'DELE with its high bits set',
    severity: 'should',
    cost: guessing,
  },
  {
    id: 'delete-octet',
    sent: 'DELX\x7fE 1',
    title: 'A keyword with a delete octet',
    severity: 'should',
    cost: guessing,
  },
  {
    id: 'colon',
    sent: ':',
    title: 'A line of a colon',
    severity: 'must',
    cost: 'One line ends the session.',
  },
  {
    id: 'dot',
    sent: '.',
    title: 'A line of a dot',
    severity: 'must',
    cost: 'Clients and server are out of step.',
  },
]

const formCases: readonly Pop3Case[] = formRows.map(({ id, sent, title, severity, cost }) => ({
  id: `form-${id}`,
  title: `${title} is refused and marks no message`,
  rfc,
  severity,
  cost,
  mail: three,
  steps: [logIn, say(sent), err(), statCounts(3), quit],
}))

const none: Complaint = undefined
const anyAnswer = reply('a status line', () => none)

const moments = [
  { id: 'before-login', when: 'before login', begin: connect },
  { id: 'behind-login', when: 'behind login', begin: logIn },
] as const

const emptyCases: readonly Pop3Case[] = moments.map(({ id, when, begin }) => ({
  id: `form-empty-line-${id}`,
  title: `An empty line is refused ${when}`,
  rfc,
  severity: 'should',
  cost: 'Clients that send one wait for its answer, or are out of step with the next.',
  mail: 'any',
  steps: [begin, say(''), err(), inStep],
}))

/** What ends a line, and what does not. */
const endCases: readonly Pop3Case[] = [
  {
    id: 'end-lf',
    title: 'LF alone ends no line',
    rfc,
    severity: 'quirk',
    cost: 'What a proxy takes for one command the server takes for two.',
    mail: three,
    steps: [logIn, send('NOOP\nNOOP\r\n'), err(), silence(100), quit],
  },
  {
    id: 'end-cr',
    title: 'CR alone ends no line',
    rfc,
    severity: 'should',
    cost: 'What a proxy takes for one command the server takes for two.',
    mail: three,
    steps: [logIn, send('NOOP\rDELE 1\r\n'), err(), silence(100), statCounts(3), quit],
  },
  {
    id: 'end-cr-kept-waiting',
    title: 'A line that has come up to its CR is not answered until its LF is there',
    rfc,
    severity: 'quirk',
    cost: 'The LF is taken for an empty line, and every answer is one behind.',
    mail: 'any',
    steps: [logIn, send('NOOP\r'), silence(100), send('\n'), ok(), quit],
  },
  {
    id: 'end-cr-cr-lf',
    title: 'CR CR LF is no end of a line: what has it is refused',
    rfc,
    severity: 'quirk',
    cost: worksHere,
    mail: three,
    steps: [logIn, send('DELE 1\r\r\n'), err(), statCounts(3), quit],
  },
  {
    id: 'end-none',
    title: 'A command that has no end is not obeyed',
    rfc,
    severity: 'must',
    cost: 'Half a number deletes another message.',
    mail: three,
    steps: [logIn, send('DELE 1'), silence(100), send('9\r\n'), err(), statCounts(3), quit],
  },
]

/** Octets of a whole line. */
function lineOf(octets: number, begin: string, filler = 'a'): string {
  return `${begin}${filler.repeat(octets - begin.length - 2)}\r\n`
}

const lengths = [512, 1_024, 2_048, 4_096, 8_192, 65_536]

/** Cut into pieces of any size such a line is more than one command, and has more than one answer. */
const longCases: readonly Pop3Case[] = lengths.flatMap(octets =>
  moments.map(
    ({ id, when, begin }): Pop3Case => ({
      id: `length-${octets}-${id}`,
      title: `A line of ${octets} octets ${when} is one command, refused in 512 octets or less, or the end`,
      rfc,
      severity: 'must',
      cost: 'The end of a long line is obeyed as a command of its own, or clients are out of step.',
      mail: 'any',
      steps: [
        begin,
        send(lineOf(octets, 'XNONE '), `a line of ${octets} octets`),
        refusedOrClosed,
        inStep,
        stillServes,
      ],
    }),
  ),
)

const lengthCases: readonly Pop3Case[] = [
  {
    id: 'length-40-argument',
    title: 'An argument of 40 octets is taken',
    rfc,
    severity: 'must',
    cost: 'Who has a long name cannot log in.',
    steps: [connect, say(`USER ${'u'.repeat(40)}`), anyAnswer, inStep],
  },
  {
    id: 'length-255',
    title: 'A line of 255 octets is answered like any other, and the session goes on',
    rfc: 'RFC 2449 section 4',
    severity: 'must',
    cost: 'Commands of extensions end the session.',
    needs: ['capa'],
    mail: 'any',
    steps: [
      logIn,
      send(lineOf(255, 'XNONE '), 'a line of 255 octets that is no command'),
      err(),
      say('NOOP'),
      ok(),
      quit,
    ],
  },
  ...longCases,
]

function printable(text: string): Complaint {
  return /^[\x20-\x7e]*$/.test(text)
    ? undefined
    : 'the answer has control octets, or others that are no US-ASCII'
}

const answerCases: readonly Pop3Case[] = [
  {
    id: 'answer-form',
    title:
      'Every answer begins with `+OK` or `-ERR` in upper case, ends with CRLF and has 512 octets at most',
    rfc,
    severity: 'must',
    cost: 'Clients do not understand the answer, or take part of it for the next.',
    mail: three,
    steps: [
      logIn,
      ...['STAT', 'NOOP', 'LIST 1', 'DELE 1', 'RSET'].flatMap(line => [say(line), ok()]),
      ...['RETR 99', 'DELE 99', 'XNONE'].flatMap(line => [say(line), err()]),
      quit,
    ],
  },
  {
    id: 'answer-printable',
    title: 'Refusals repeat no control octets of what was sent',
    rfc,
    severity: 'should',
    cost: 'Who can make a client send something can make its terminal, or its log, show something else.',
    mail: 'any',
    steps: [
      logIn,
      say('XNONE \x1b[2J\x07\x08'),
      reply('`-ERR` in printable octets', ({ text }) => printable(text)),
      say('RETR \x1b]0;title\x07'),
      reply('`-ERR` in printable octets', ({ text }) => printable(text)),
      quit,
    ],
  },
  {
    id: 'answer-no-echo',
    title: 'Refusals do not repeat what was sent',
    rfc,
    severity: 'quirk',
    cost: 'What was typed into the wrong field, a password for one, stands in the logs of clients.',
    mail: 'any',
    steps: [
      logIn,
      ...['XNONE zebra-crossing', 'RETR zebra-crossing'].flatMap(line => [
        say(line),
        reply('`-ERR` without what was sent', ({ text }) =>
          text.includes('zebra') ? 'it repeats what was sent' : undefined,
        ),
      ]),
      quit,
    ],
  },
]

export const lines: Pop3Section = {
  name: 'rfc1939-lines',
  title: 'Lines: keywords, arguments, ends, lengths',
  about:
    'The form of commands, RFC 1939 section 3 and RFC 2449 section 4, and of answers: what has not the form is refused, as one command, whatever its length.',
  cases: [...keywordCases, ...formCases, ...emptyCases, ...endCases, ...lengthCases, ...answerCases],
}
