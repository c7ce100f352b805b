// RFC 1939 sections 4 and 7: USER and PASS, who is let in and who is not, and what is said to whom.
import { Failure } from '../../../conformance/case.ts'
import { shown } from '../../../conformance/wire.ts'
import { answered } from '../ask.ts'
import { inStep, readReplyOrEnd } from '../endurance.ts'
import { connectOn } from '../login.ts'
import {
  attempt,
  authenticateAtOnce,
  ifStillOpen,
  notLetIn,
  refused,
  refusedLogin,
  verdict,
} from '../login-steps.ts'
import type { Pop3Play } from '../play.ts'
import type { Pop3Case, Pop3Section } from '../pop3-case.ts'
import { type Reply, readReply } from '../replies.ts'
import { given } from '../sasl-steps.ts'
import {
  connect,
  err,
  group,
  octetsOf,
  ok,
  on,
  type Pop3Step,
  quit,
  reply,
  say,
  silence,
  step,
} from '../steps.ts'

/** Servers let who fails wait. */
const limitMs = 60_000
const patienceMs = 20_000
const nobody = 'nobody-is-called-so'
const wrong = 'not-the-password'
const anybody = 'Everybody reads the mail of others.'

const userTaken = group('send `USER` with the name, expect `+OK`', say('USER {user}'), ok())

const loginCases: readonly Pop3Case[] = [
  {
    id: 'login-accepted',
    title: 'The right name and password let in, with one line each',
    rfc: 'RFC 1939 section 7',
    severity: 'must',
    cost: 'There is no mail.',
    steps: [connect, userTaken, say('PASS {password}'), ok(), silence(100), say('STAT'), ok(), quit],
  },
  {
    id: 'login-octet-by-octet',
    title: 'Name and password may come in any number of packets',
    rfc: 'RFC 1939 section 3',
    severity: 'must',
    cost: 'Clients behind slow lines cannot log in.',
    steps: [
      connect,
      step('send `USER` and `PASS` octet by octet, expect `+OK` to each', async play => {
        for (const line of ['USER {user}\r\n', 'PASS {password}\r\n']) {
          for (const octet of octetsOf(play.fill(line))) await play.wire.send(Buffer.of(octet))
          const answer = await readReplyOrEnd(play.wire)
          if (answer?.status !== 'ok') throw new Failure('it was not let in')
        }
      }),
      quit,
    ],
  },
  {
    id: 'login-wrong-password',
    title: 'A wrong password lets nobody in',
    rfc: 'RFC 1939 section 7',
    severity: 'must',
    cost: anybody,
    limitMs,
    steps: [connect, refusedLogin('{user}', wrong)],
  },
  {
    id: 'login-unknown-name',
    title: 'A name that is not there lets nobody in',
    rfc: 'RFC 1939 section 7',
    severity: 'must',
    cost: 'Clients with a mistyped name see an empty maildrop and think that there is no mail.',
    limitMs,
    steps: [connect, notLetIn(nobody, '{password}')],
  },
  {
    id: 'login-no-password',
    title: 'PASS with nothing behind it lets nobody in',
    rfc: 'RFC 1939 section 7',
    severity: 'must',
    cost: anybody,
    limitMs,
    steps: [connect, userTaken, say('PASS'), refused],
  },
  {
    id: 'login-empty-password',
    title: 'PASS with a space and nothing behind it lets nobody in',
    rfc: 'RFC 1939 section 7',
    severity: 'must',
    cost: anybody,
    limitMs,
    steps: [connect, userTaken, say('PASS '), refused],
  },
  {
    id: 'login-no-name',
    title: 'USER with nothing behind it lets nobody in',
    rfc: 'RFC 1939 section 7',
    severity: 'must',
    cost: anybody,
    limitMs,
    steps: [connect, say('USER'), reply('a status line', () => undefined), say('PASS {password}'), refused],
  },
  {
    id: 'login-pass-alone',
    title: 'PASS without USER is refused',
    rfc: 'RFC 1939 section 7',
    severity: 'must',
    cost: 'What is in the maildrop of nobody, or of who was here before, is shown.',
    limitMs,
    steps: [connect, say('PASS {password}'), refused],
  },
  {
    id: 'login-name-of-other-connection',
    title: 'A name given on one connection does not count on another',
    rfc: 'RFC 1939 section 7',
    severity: 'must',
    cost: 'One client reads the mail of another.',
    limitMs,
    steps: [connect, userTaken, on('second', connect, say('PASS {password}'), refused)],
  },
  {
    id: 'login-user-refused-without-argument',
    title: 'USER without a name is refused',
    rfc: 'RFC 1939 section 3',
    severity: 'should',
    cost: 'Clients that have lost the name learn of it one step late.',
    steps: [connect, say('USER'), err(), quit],
  },
]

interface NearRow {
  readonly id: string
  readonly what: string
  readonly make: (password: string) => string | undefined
  readonly severity?: 'must' | 'should' | 'quirk'
  readonly cost?: string
}

const guessed = 'Passwords are weaker than their owners think.'

/** What is not the password, and looks like it. */
const nearRows: readonly NearRow[] = [
  { id: 'cut', what: 'password without its last octet', make: all => all.slice(0, -1), cost: guessed },
  {
    id: 'first-eight',
    what: 'first eight octets of a longer password',
    make: all => (all.length > 8 ? all.slice(0, 8) : undefined),
    cost: guessed,
  },
  { id: 'longer', what: 'password with one octet more', make: all => `${all}x`, cost: guessed },
  {
    id: 'other-case',
    what: 'password with its letters in the other case',
    make: all => other(all, all.replace(/[a-z]/gi, swapCase)),
    cost: guessed,
  },
  {
    id: 'nul-behind',
    what: 'password with NUL and more behind it',
    make: all => `${all}\0more`,
    severity: 'should',
    cost: guessed,
  },
  {
    id: 'space-behind',
    what: 'password with a space behind it',
    make: all => `${all} `,
    severity: 'quirk',
    cost: 'A password that ends with a space cannot be told from one that does not.',
  },
  {
    id: 'space-in-front',
    what: 'password with a space more in front',
    make: all => ` ${all}`,
    severity: 'quirk',
    cost: 'A password that begins with a space cannot be told from one that does not.',
  },
  {
    id: 'word-behind',
    what: 'password with a space and a word behind it',
    make: all => `${all} more`,
    cost: 'Passwords with spaces are weaker than their owners think.',
    severity: 'should',
  },
  {
    id: 'first-word',
    what: 'first word of a password with spaces',
    make: all => (all.trim().includes(' ') ? all.trim().split(' ')[0] : undefined),
    cost: 'Passwords with spaces are weaker than their owners think.',
  },
]

function swapCase(letter: string): string {
  return letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()
}

function other(password: string, changed: string): string | undefined {
  return changed === password ? undefined : changed
}

const nearCases: readonly Pop3Case[] = nearRows.map(
  ({ id, what, make, severity = 'must', cost = anybody }) => ({
    id: `login-password-${id}`,
    title: `The ${what} lets nobody in`,
    rfc: 'RFC 1939 section 7',
    severity,
    cost,
    limitMs,
    steps: [given('near', what, ({ password }) => make(password)), connect, notLetIn('{user}', '{near}')],
  }),
)

/** Names that mean something to what stands behind a server: databases, directories, file systems, shells. */
const nameRows = [
  { id: 'star', name: '*' },
  { id: 'percent', name: '%' },
  { id: 'sql', name: "' OR '1'='1" },
  { id: 'sql-comment', name: "{user}' -- " },
  { id: 'filter', name: '*)(uid=*' },
  { id: 'path', name: '../{user}' },
  { id: 'here', name: '.' },
  { id: 'format', name: '%s%n%x' },
  { id: 'options', name: '--help' },
  { id: 'nul', name: '{user}\0x' },
] as const

const nameCases: readonly Pop3Case[] = nameRows.map(({ id, name }) => ({
  id: `login-name-${id}`,
  title: `${shown(octetsOf(name))} is nobody's name, whatever it means to what stands behind the server`,
  rfc: 'RFC 1939 section 7',
  // Some servers end names at NUL or normalize them, and the password is right.
  severity: id === 'path' || id === 'nul' ? 'should' : 'must',
  cost: 'Who knows one password, or none, reads the mail of others.',
  limitMs,
  steps: [connect, notLetIn(name, '{password}')],
}))

/** Without what changes from time to time, and without the name. */
function steady({ status, text }: Reply, name: string): string {
  return answered(status, text.replaceAll(name, 'NAME').replace(/\S*\d\S*/g, 'ID'))
}

/** Sends the name, and a wrong password where it is taken; what was said to each, to be compared. */
async function saidTo(
  play: Pop3Play,
  name: string,
  password: string = wrong,
): Promise<readonly [user: string, last: string]> {
  const wire = await connectOn(play)
  await wire.send(octetsOf(`USER ${name}\r\n`))
  const toUser = await readReply(wire)
  if (toUser.status !== 'ok') return [steady(toUser, name), steady(toUser, name)]
  await wire.send(octetsOf(`PASS ${password}\r\n`))
  return [steady(toUser, name), steady(await readReply(wire, patienceMs), name)]
}

function alike(explain: string, which: 0 | 1): Pop3Step {
  return step(`log in with a wrong password, as oneself and as \`${nobody}\`; ${explain}`, async play => {
    const known = (await saidTo(play, play.credentials.user))[which]
    const unknown = (await saidTo(play, nobody))[which]
    if (known !== unknown)
      throw new Failure(`one who is there is answered ${known}, one who is not ${unknown}`)
  })
}

/** With `PASS`, a space and CRLF a line of 255 octets. */
const longPassword = 'p'.repeat(248)

const longAlike: Pop3Step = step(
  'log in with a wrong password of a few octets, then with one of 248; expect the same answer to PASS',
  async play => {
    const [, short] = await saidTo(play, play.credentials.user)
    const [, long] = await saidTo(play, play.credentials.user, longPassword)
    if (short !== long) throw new Failure(`a short one is answered ${short}, a long one ${long}`)
  },
)

const findable = 'Strangers find out who has mail here, by asking.'
const failed = notLetIn('{user}', wrong)

const failureCases: readonly Pop3Case[] = [
  {
    id: 'login-user-tells-nothing',
    title: 'USER is answered alike whether there is such a name or not',
    rfc: 'RFC 1939 section 7',
    severity: 'should',
    cost: findable,
    limitMs,
    steps: [alike('expect the same answer to USER', 0)],
  },
  {
    id: 'login-pass-tells-nothing',
    title: 'A wrong password is refused with the words for a name that is not there',
    rfc: 'RFC 1939 section 7',
    severity: 'should',
    cost: findable,
    limitMs,
    steps: [alike('expect the same answer to PASS', 1)],
  },
  {
    id: 'login-failure-is-one-line',
    title: 'Nothing follows the refusal of a login',
    rfc: 'RFC 1939 section 3',
    severity: 'must',
    cost: 'Clients take the second line for the answer to their next attempt.',
    limitMs,
    steps: [connect, failed, inStep],
  },
  {
    id: 'login-password-not-told',
    title: 'The refusal of a login does not tell the password that was sent',
    rfc: 'RFC 1939 section 13',
    severity: 'must',
    cost: 'Passwords, wrong by one letter, stand in the logs of clients.',
    limitMs,
    steps: [
      connect,
      userTaken,
      say(`PASS ${wrong}`),
      verdict('`-ERR` without the password', ({ status, text }) => {
        if (status !== 'err') return 'it let us in'
        return text.toLowerCase().includes(wrong) ? 'it tells the password' : undefined
      }),
    ],
  },
  {
    id: 'login-pass-alone-not-told',
    title: 'The refusal of PASS without USER does not tell the password that was sent',
    rfc: 'RFC 1939 section 13',
    severity: 'must',
    cost: 'Passwords stand in the logs of clients.',
    limitMs,
    steps: [
      connect,
      say(`PASS ${wrong}`),
      verdict('`-ERR` without the password', ({ text }) =>
        text.toLowerCase().includes(wrong) ? 'it tells the password' : undefined,
      ),
    ],
  },
  {
    id: 'login-again',
    title: 'Where a failed login does not end the connection the next attempt is as good as the first',
    rfc: 'RFC 1939 section 4',
    severity: 'must',
    cost: 'Who mistypes a password once is kept out with the right one.',
    limitMs,
    steps: [connect, failed, ifStillOpen, authenticateAtOnce, quit],
  },
  {
    id: 'login-failure-keeps-open',
    title: 'A failed login does not end the connection',
    rfc: 'RFC 1939 section 4',
    severity: 'quirk',
    cost: 'Clients that ask for the password again have to connect again.',
    limitMs,
    steps: [connect, failed, silence(100), quit],
  },
  {
    id: 'login-pass-behind-failure',
    title: 'A failed login begins anew with USER: PASS alone is refused',
    rfc: 'RFC 1939 section 4',
    severity: 'quirk',
    cost: 'Guessing goes twice as fast.',
    limitMs,
    steps: [connect, failed, ifStillOpen, say('PASS {password}'), refused],
  },
  {
    id: 'login-last-name-counts',
    title: 'Where USER is taken twice the second name counts',
    rfc: 'RFC 1939 section 7',
    severity: 'should',
    cost: 'Clients that let one change the name log in with the one before.',
    limitMs,
    steps: [
      connect,
      userTaken,
      step(
        `send \`USER ${nobody}\` and, where it is taken, the right password, expect \`-ERR\``,
        async play => {
          if ((await attempt(play, nobody, '{password}')).outcome === 'in')
            throw new Failure('it let in the name before')
        },
      ),
    ],
  },
  {
    id: 'login-odd-octets',
    title: 'A wrong password of octets that are no US-ASCII is refused like any other',
    rfc: 'RFC 1939 section 3',
    severity: 'should',
    cost: 'Clients with letters of other languages in their passwords lose the connection and do not learn why.',
    limitMs,
    steps: [connect, refusedLogin('{user}', 'gr\xfc\xdfe \xff\xfe'), inStep],
  },
  {
    id: 'login-long-password',
    title: 'A wrong password that fills a line of 255 octets is refused with the words for a short one',
    rfc: 'RFC 2449 section 4',
    severity: 'should',
    cost: 'Who has a long password cannot log in, or part of it is enough.',
    needs: ['capa'],
    limitMs,
    steps: [longAlike],
  },
  {
    id: 'login-others-after-failures',
    title: 'Failed logins on one connection keep nobody out on another',
    rfc: 'RFC 1939 section 4',
    severity: 'should',
    cost: 'Anybody can keep others out of their mail by failing to log in.',
    limitMs,
    steps: [connect, failed, on('second', connect, authenticateAtOnce, quit)],
  },
]

export const authorization: Pop3Section = {
  name: 'rfc1939-authorization',
  title: 'Logging in: USER and PASS',
  about:
    'Who is let in by USER and PASS, RFC 1939 section 7, and that a refusal tells nothing but that it is one.',
  cases: [...loginCases, ...nearCases, ...nameCases, ...failureCases],
}
