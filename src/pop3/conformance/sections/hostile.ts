// Clients that mean no good, or are none: floods, endless lines, octets that trickle, connections that are left in the middle
// of everything. RFC 1939 section 3 asks for one answer to each line; the rest is what a service must bear.
import { randomOctets } from '../../../conformance/endurance.ts'
import { batch, many, noop, retr } from '../batch-steps.ts'
import {
  answeredOrClosed,
  closedInTheEnd,
  crowd,
  inStep,
  loginRefused,
  noLogin,
  notLetIn,
  refusedOrClosed,
  servesAgain,
  stillServes,
} from '../endurance.ts'
import type { Need } from '../needs.ts'
import type { Pop3Case, Pop3Section } from '../pop3-case.ts'
import { given } from '../sasl-steps.ts'
import {
  authenticate,
  challenge,
  connect,
  drop,
  freed,
  halfClose,
  inTurn,
  logIn,
  ok,
  on,
  openOnly,
  type Pop3Step,
  pieces,
  quit,
  say,
  send,
  step,
} from '../steps.ts'

const section = 'RFC 1939 section 3'
const forAll = 'One client ends the service for all.'
const limitMs = 30_000
const megabyte = 1_048_576

/** Programs that speak something else. */
const strangers: readonly { readonly id: string; readonly what: string; readonly text: string }[] = [
  { id: 'http', what: 'HTTP', text: 'GET / HTTP/1.1\r\nHost: pop.example.org\r\n\r\n' },
  { id: 'smtp', what: 'SMTP', text: 'EHLO client.example.org\r\n' },
  { id: 'imap', what: 'IMAP', text: 'a001 LOGIN nobody nothing\r\n' },
  { id: 'ssh', what: 'SSH', text: 'SSH-2.0-client\r\n' },
  { id: 'telnet', what: 'Telnet', text: '\xff\xfd\x03\xff\xfb\x18\xff\xfb\x1f\r\n' },
]

function strangerCase({ id, what, text }: (typeof strangers)[number]): Pop3Case {
  return {
    id: `hostile-speaks-${id}`,
    title: `Who speaks ${what} is refused, and others do not notice`,
    rfc: section,
    severity: 'must',
    cost: forAll,
    steps: [connect, send(text), refusedOrClosed, stillServes],
  }
}

/** Lines without an end, a megabyte of them, by the state that they come in. */
const endless: readonly {
  readonly id: string
  readonly what: string
  readonly before: readonly Pop3Step[]
  readonly begin: string
}[] = [
  { id: 'before-login', what: 'before login', before: [connect], begin: '' },
  { id: 'name', what: 'as a name', before: [connect], begin: 'USER ' },
  {
    id: 'password',
    what: 'as a password',
    before: [connect, say('USER {user}'), answeredOrClosed],
    begin: 'PASS ',
  },
  { id: 'behind-login', what: 'behind login', before: [logIn], begin: '' },
  { id: 'argument', what: 'as an argument', before: [logIn], begin: 'RETR ' },
]

function endlessCase({ id, what, before, begin }: (typeof endless)[number]): Pop3Case {
  return {
    id: `hostile-endless-${id}`,
    title: `A line of a megabyte without an end, ${what}, does not stop others`,
    rfc: 'RFC 2449 section 4',
    severity: 'must',
    cost: 'One client uses up the memory of the server.',
    limitMs,
    steps: [
      ...before,
      send(begin + 'x'.repeat(megabyte), `\`${begin}\` and a megabyte of \`x\``),
      stillServes,
    ],
  }
}

/** 10,000 lines at once. */
const floods: readonly {
  readonly id: string
  readonly what: string
  readonly before: readonly Pop3Step[]
  readonly line: string
}[] = [
  { id: 'empty', what: 'empty lines', before: [connect], line: '' },
  { id: 'unknown', what: 'unknown commands', before: [connect], line: 'XNONE' },
  { id: 'capa', what: 'CAPA commands', before: [connect], line: 'CAPA' },
  { id: 'unknown-behind-login', what: 'unknown commands behind login', before: [logIn], line: 'XNONE' },
]

function floodCase({ id, what, before, line }: (typeof floods)[number]): Pop3Case {
  return {
    id: `hostile-flood-${id}`,
    title: `10,000 ${what} at once do not stop others`,
    rfc: section,
    severity: 'must',
    cost: forAll,
    limitMs,
    steps: [...before, send(`${line}\r\n`.repeat(10_000), `10,000 times \`${line}\` and CRLF`), stillServes],
  }
}

/** Where a client may be when it leaves. */
const moments: readonly {
  readonly id: string
  readonly when: string
  readonly needs?: readonly Need[]
  readonly steps: readonly Pop3Step[]
}[] = [
  { id: 'greeting', when: 'before it has read the greeting', steps: [openOnly] },
  { id: 'greeted', when: 'behind the greeting', steps: [connect] },
  { id: 'half-command', when: 'in the middle of its first command', steps: [connect, send('US')] },
  { id: 'user', when: 'behind USER', steps: [connect, say('USER {user}'), ok()] },
  {
    id: 'half-pass',
    when: 'in the middle of PASS',
    steps: [connect, say('USER {user}'), ok(), send('PASS {password}', '`PASS` without a line end')],
  },
  {
    id: 'unheard-pass',
    when: 'before it has read the answer to PASS',
    steps: [connect, say('USER {user}'), ok(), say('PASS {password}')],
  },
  {
    id: 'auth',
    when: 'in the middle of AUTH',
    needs: ['plain'],
    steps: [connect, say('AUTH PLAIN'), challenge],
  },
  { id: 'login', when: 'behind login', steps: [logIn] },
  {
    id: 'retr',
    when: 'in the middle of a message',
    needs: ['delivery'],
    steps: [logIn, say('RETR 1'), ok()],
  },
  {
    id: 'batch',
    when: 'in the middle of its batch',
    needs: ['delivery'],
    steps: [logIn, say('RETR 1', 'LIST', 'RETR 1', 'STAT', 'RET')],
  },
]

function leavingCase(
  { id, when, needs = [], steps }: (typeof moments)[number],
  how: 'cut' | 'closed',
): Pop3Case {
  const isCut = how === 'cut'
  return {
    id: `hostile-${isCut ? 'cut' : 'closed'}-${id}`,
    title: isCut
      ? `A client that leaves ${when} keeps nobody out`
      : `A client that closes its side ${when} is closed, and keeps nobody out`,
    rfc: 'RFC 1939 section 3',
    severity: isCut ? 'must' : 'should',
    cost: 'The maildrop stays locked, and its owner gets no mail.',
    needs,
    mail: 'any',
    limitMs,
    steps: [
      ...steps,
      ...(isCut ? [drop] : [halfClose, closedInTheEnd]),
      on('next', logIn, say('STAT'), ok(), quit),
    ],
  }
}

function turned(text: string): string {
  return text.replace(/[a-z]/gi, letter =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  )
}

export const hostile: Pop3Section = {
  name: 'hostile',
  title: 'Hostile input',
  about:
    'Floods, endless lines, octets that trickle, clients that leave in the middle of everything. What becomes of the connection is for the server to say; others must not notice, and the maildrop must be free afterwards.',
  cases: [
    ...strangers.map(strangerCase),
    {
      id: 'hostile-noise',
      title: 'Random octets do not stop others',
      rfc: section,
      severity: 'must',
      cost: forAll,
      steps: [connect, randomOctets(4_096), stillServes],
    },
    {
      id: 'hostile-noise-behind-login',
      title: 'Random octets behind login do not stop others, nor delete mail',
      rfc: section,
      severity: 'must',
      cost: forAll,
      mail: ['plain', 'second'],
      limitMs,
      steps: [logIn, randomOctets(4_096), stillServes, drop, on('next', logIn, say('STAT'), ok(/^2 /), quit)],
    },
    ...endless.map(endlessCase),
    ...floods.map(floodCase),
    {
      id: 'hostile-long-name',
      title: 'A name of 10,000 octets is refused, or leads nowhere',
      rfc: 'RFC 2449 section 4',
      severity: 'must',
      cost: forAll,
      limitMs,
      steps: [
        connect,
        send(`USER ${'n'.repeat(10_000)}\r\n`, '`USER` and a name of 10,000 octets'),
        answeredOrClosed,
        stillServes,
      ],
    },
    {
      id: 'hostile-long-password',
      title: 'A password of 10,000 octets that begins with the right one lets nobody in',
      rfc: 'RFC 2449 section 4',
      severity: 'must',
      cost: 'Passwords are cut, and shorter ones will do.',
      limitMs,
      steps: [
        connect,
        say('USER {user}'),
        ok(),
        send(`PASS {password}${'p'.repeat(10_000)}\r\n`, '`PASS {password}` with 10,000 octets more'),
        loginRefused,
        stillServes,
      ],
    },
    {
      id: 'hostile-password-and-more',
      title: 'A password with 100 octets more lets nobody in',
      rfc: 'RFC 1939 section 7',
      severity: 'must',
      cost: 'Passwords are cut, and shorter ones will do.',
      limitMs,
      steps: [connect, say('USER {user}'), ok(), say(`PASS {password}${'p'.repeat(100)}`), loginRefused],
    },
    {
      id: 'hostile-password-case',
      title: 'A password in another case of letters lets nobody in',
      rfc: 'RFC 1939 section 7',
      severity: 'must',
      cost: 'Passwords are easier to guess.',
      limitMs,
      steps: [
        given('other', 'the password with the case of its letters turned about', ({ password }) => {
          const other = turned(password)
          return other === password ? undefined : other
        }),
        connect,
        say('USER {user}'),
        ok(),
        say('PASS {other}'),
        loginRefused,
      ],
    },
    {
      id: 'hostile-password-nul',
      title: 'A password with NUL and more behind it lets nobody in',
      rfc: section,
      severity: 'should',
      cost: 'What one program takes for two passwords is one for the other.',
      limitMs,
      steps: [connect, say('USER {user}'), ok(), say('PASS {password}\0x'), loginRefused, stillServes],
    },
    {
      id: 'hostile-name-nul',
      title: 'A name with NUL and more behind it lets nobody in',
      rfc: section,
      severity: 'should',
      cost: 'What one program takes for two names is one for the other.',
      limitMs,
      steps: [connect, say('USER {user}\0x'), noLogin, stillServes],
    },
    {
      id: 'hostile-names-apart',
      title: 'USER on one connection and PASS on another are no login',
      rfc: 'RFC 1939 section 7',
      severity: 'must',
      cost: 'Logins of two clients are mixed up, and one reads the mail of the other.',
      limitMs,
      steps: [
        freed,
        connect,
        say('USER {user}'),
        ok(),
        on('second', connect, say('PASS {password}'), loginRefused),
        say('PASS {password}'),
        ok(),
        quit,
      ],
    },
    {
      id: 'hostile-slow-writer',
      title: 'A client that sends octet by octet is served, and others meanwhile',
      rfc: section,
      severity: 'must',
      cost: 'Clients on bad lines get no mail, or nobody does while they try.',
      steps: [
        freed,
        connect,
        pieces([...'USER ']),
        stillServes,
        send('{user}\r\n'),
        ok(),
        pieces([...'PASS ']),
        stillServes,
        send('{password}\r\n'),
        ok(),
        pieces([...'NOO']),
        on('second', connect, say('QUIT'), ok()),
        pieces(['P', '\r', '\n']),
        ok(),
        quit,
      ],
    },
    {
      id: 'hostile-slow-reader',
      title:
        'A client that asks for megabytes and reads nothing does not stop others, and keeps nobody out when it leaves',
      rfc: section,
      severity: 'must',
      cost: 'One client uses up the memory of the server, or locks the owner out.',
      needs: ['delivery'],
      mail: ['megabyte'],
      limitMs,
      steps: [
        logIn,
        step('stop reading', async ({ wire }) => wire.pause()),
        say(...Array.from({ length: 12 }, () => 'RETR 1')),
        stillServes,
        drop,
        on('next', logIn, quit),
      ],
    },
    {
      id: 'hostile-pause-in-mid-message',
      title: 'A client that stops reading for a while gets the rest of its message',
      rfc: section,
      severity: 'must',
      cost: 'Clients on bad lines never get their large mail.',
      needs: ['delivery'],
      mail: ['megabyte'],
      limitMs,
      steps: [
        logIn,
        step('stop reading', async ({ wire }) => wire.pause()),
        say('RETR 1', 'NOOP'),
        stillServes,
        step('read again', async ({ wire }) => wire.resume()),
        retr(1).due,
        ok(),
        quit,
      ],
    },
    ...moments.map(moment => leavingCase(moment, 'cut')),
    ...moments.map(moment => leavingCase(moment, 'closed')),
    {
      id: 'hostile-half-quit',
      title: 'A QUIT whose line end never came deletes nothing',
      rfc: 'RFC 1939 section 6',
      severity: 'should',
      cost: 'Mail is lost when the network fails at the last moment, and the client believes that it is still there.',
      needs: ['delivery'],
      mail: ['plain', 'second'],
      steps: [
        logIn,
        say('DELE 1'),
        ok(),
        send('QUIT', '`QUIT` without a line end'),
        halfClose,
        closedInTheEnd,
        on('next', logIn, say('STAT'), ok(/^2 /), quit),
      ],
    },
    {
      id: 'hostile-half-quit-cut',
      title: 'A QUIT whose line end never came deletes nothing when the connection is cut',
      rfc: 'RFC 1939 section 6',
      severity: 'should',
      cost: 'Mail is lost when the network fails at the last moment, and the client believes that it is still there.',
      needs: ['delivery'],
      mail: ['plain', 'second'],
      steps: [
        logIn,
        say('DELE 1'),
        ok(),
        send('QUIT\r', '`QUIT` and CR, without LF'),
        drop,
        on('next', logIn, say('STAT'), ok(/^2 /), quit),
      ],
    },
    {
      id: 'hostile-half-pass',
      title: 'A PASS whose line end never came lets nobody in',
      rfc: section,
      severity: 'should',
      cost: 'A login that was cut off is taken for a whole one, with half a password.',
      steps: [
        connect,
        say('USER {user}'),
        ok(),
        send('PASS {password}', '`PASS {password}` without a line end'),
        halfClose,
        notLetIn,
      ],
    },
    {
      id: 'hostile-crowd',
      title: '50 connections at once are greeted',
      rfc: 'RFC 1939 section 4',
      severity: 'quirk',
      cost: 'Offices behind one address get no mail when all look for it at once.',
      limitMs,
      steps: [crowd(50, 'all'), servesAgain],
    },
    {
      id: 'hostile-crowd-leaves',
      title: 'After 50 connections that came and went the next one is greeted',
      rfc: 'RFC 1939 section 4',
      severity: 'must',
      cost: 'Anybody can end the service for all.',
      limitMs,
      steps: [crowd(50, 'any'), servesAgain],
    },
    {
      id: 'hostile-idle-neighbours',
      title: 'Connections that say nothing do not stop a session',
      rfc: 'RFC 1939 section 3',
      severity: 'must',
      cost: forAll,
      mail: 'any',
      steps: [
        on('one', openOnly),
        on('two', connect),
        on('three', connect),
        logIn,
        batch(noop),
        many(20, noop),
        quit,
      ],
    },
    {
      id: 'hostile-again-and-again',
      title: '20 sessions one after the other are let in, each at once',
      rfc: 'RFC 1939 section 4',
      severity: 'should',
      cost: 'Clients that look for mail often are kept out by their own last session.',
      limitMs,
      steps: [
        step('20 times: connect, log in, send `QUIT`, expect `+OK` and the end', async play => {
          for (let i = 0; i < 20; i++) await inTurn([connect, authenticate, quit], play)
        }),
      ],
    },
    {
      id: 'hostile-nine-names',
      title: 'Who changes his name many times is in step still',
      rfc: 'RFC 1939 section 7',
      severity: 'must',
      cost: 'Client and server disagree on what is said.',
      limitMs,
      steps: [
        connect,
        say(...Array.from({ length: 9 }, (_, index) => `USER nobody-${index}`)),
        ...Array.from({ length: 9 }, () => answeredOrClosed),
        inStep,
      ],
    },
  ],
}
