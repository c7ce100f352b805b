// RFC 2449 sections 5 and 6: the list of capabilities, its form, and whether what it says is true.
import { shown } from '../../../conformance/wire.ts'
import {
  type CapabilityLine,
  capa,
  capability,
  capaInBothStates,
  first,
  ifAnnounced,
} from '../capability-steps.ts'
import type { Pop3Case, Pop3Section } from '../pop3-case.ts'
import {
  authenticate,
  body,
  type Complaint,
  connect,
  err,
  freed,
  holds,
  lines,
  logIn,
  octetsOf,
  ok,
  on,
  type Pop3Step,
  quit,
  reply,
  say,
} from '../steps.ts'

/** RFC 2449 section 3: printable, without the dot at which a careless client would end the list. */
const tagForm = /^[\x21-\x2d\x2f-\x7e]+$/
const valueForm = /^[\x21-\x7e]+$/
const lineOctets = 512

/** The tags of the registry; those that take arguments are `true`. */
const registered: Readonly<Record<string, boolean>> = {
  TOP: false,
  USER: false,
  UIDL: false,
  'RESP-CODES': false,
  'AUTH-RESP-CODE': false,
  PIPELINING: false,
  STLS: false,
  LANG: false,
  UTF8: true,
  SASL: true,
  EXPIRE: true,
  'LOGIN-DELAY': true,
  IMPLEMENTATION: true,
}

/** Good for nothing behind login: many servers leave them out of the list there. */
const ofAuthorization: readonly string[] = ['USER', 'SASL', 'STLS', 'UTF8']

const quoted = (line: string) => shown(octetsOf(line))

function formOf({ line, tag, values }: CapabilityLine): Complaint {
  if (!tagForm.test(tag)) return `${quoted(line)} begins with no tag`
  if (!values.every(value => valueForm.test(value)))
    return `the arguments of ${quoted(line)} are not parted by one space each`
  return line.length + 2 > lineOctets ? `a line of ${line.length + 2} octets` : undefined
}

function twice(list: readonly CapabilityLine[]): Complaint {
  const tags = list.map(({ tag }) => tag)
  const again = tags.find((tag, index) => tags.indexOf(tag) < index)
  return again === undefined ? undefined : `${again} is listed twice`
}

/** Asks in both states, and looks for tags of the first list that the second lacks. */
function keepsListing(matters: (tag: string) => boolean): readonly Pop3Step[] {
  const remember = (name: string) =>
    lines(`a list (remembered as ${name})`, (found, { memory }) => {
      memory.set(name, found)
      return undefined
    })
  const tagsOf = (found: unknown) =>
    (found as readonly string[]).map(line => (line.split(' ')[0] ?? '').toUpperCase())
  return [
    connect,
    say('CAPA'),
    remember('before'),
    authenticate,
    say('CAPA'),
    remember('behind'),
    holds('the second list has what the first had', ({ memory }) => {
      const behind = tagsOf(memory.get('behind'))
      const gone = tagsOf(memory.get('before')).filter(tag => matters(tag) && !behind.includes(tag))
      return gone.length === 0 ? undefined : `behind login it no longer lists ${gone.join(', ')}`
    }),
    quit,
  ]
}

const anyLines = lines('lines', () => undefined)
const anyBody = body('a message', () => undefined)

/** An optional command of TRANSACTION, and what a client misses that does not know of it. */
interface OptionalRow {
  readonly tag: string
  readonly section: string
  readonly need: 'top' | 'uidl'
  readonly loss: string
  readonly proof: readonly Pop3Step[]
}

const optional: readonly OptionalRow[] = [
  {
    tag: 'TOP',
    section: 'RFC 2449 section 6.1',
    need: 'top',
    loss: 'fetch whole messages only to show their subjects',
    proof: [say('TOP 1 0'), anyBody],
  },
  {
    tag: 'UIDL',
    section: 'RFC 2449 section 6.8',
    need: 'uidl',
    loss: 'cannot tell what they have, and fetch all mail again each time',
    proof: [say('UIDL'), anyLines],
  },
]

function casesOf({ tag, section, need, loss, proof }: OptionalRow): readonly Pop3Case[] {
  const name = tag.toLowerCase()
  const isListed = (list: readonly CapabilityLine[]): Complaint =>
    list.some(line => line.tag === tag) ? undefined : `${tag} works, and is not listed`
  return [
    {
      id: `capa-${name}-true`,
      title: `${tag} works where it is announced`,
      rfc: section,
      severity: 'must',
      cost: 'Clients that believe the list fail in the middle of fetching mail.',
      needs: ['capa'],
      mail: 'any',
      steps: [ifAnnounced(tag), logIn, ...proof, quit],
    },
    {
      id: `capa-${name}-listed`,
      title: `${tag} is announced where it works`,
      rfc: section,
      severity: 'should',
      cost: `Clients that believe the list ${loss}.`,
      needs: ['capa', need],
      steps: [logIn, ...capa(`a list with ${tag}`, isListed), quit],
    },
    {
      id: `capa-${name}-listed-before-login`,
      title: `${tag} is announced before login too`,
      rfc: section,
      severity: 'should',
      cost: `Clients that ask once, before login, ${loss}.`,
      needs: ['capa', need],
      steps: [connect, ...capa(`a list with ${tag}`, isListed), quit],
    },
  ]
}

/** RFC 2449 sections 6.5 and 6.7: USER says that the value may be another one for who logs in. */
function promised(value: RegExp, { line, values }: CapabilityLine, isLoggedIn: boolean): Complaint {
  const [amount = '', user, ...more] = values
  if (!value.test(amount) || more.length > 0) return `${quoted(line)} is not of its form`
  if (user === undefined) return undefined
  if (user.toUpperCase() !== 'USER') return `${quoted(line)} is not of its form`
  return isLoggedIn ? `${quoted(line)} still says behind login that it depends on the user` : undefined
}

export const capaSection: Pop3Section = {
  name: 'rfc2449-capa',
  title: 'CAPA: what the server says it can do',
  about:
    'The list of capabilities, RFC 2449 sections 5 and 6: in both states, of one form, and true. Clients choose by it how they log in and what they do then.',
  cases: [
    {
      id: 'capa-form',
      title: 'Every line of CAPA is a tag and its arguments with one space between, 512 octets at most',
      rfc: 'RFC 2449 section 3',
      severity: 'must',
      cost: 'Clients overlook what the server can do, STLS included.',
      needs: ['capa'],
      steps: capaInBothStates('lines of that form', list => first(list, formOf)),
    },
    {
      id: 'capa-no-twins',
      title: 'No tag is listed twice',
      rfc: 'RFC 2449 section 5',
      severity: 'should',
      cost: 'Clients use one of the two lines, and nobody knows which.',
      needs: ['capa'],
      steps: capaInBothStates('no tag twice', twice),
    },
    {
      id: 'capa-before-login',
      title: 'CAPA is answered before login and in mid-login, and the login goes on',
      rfc: 'RFC 2449 section 5',
      severity: 'must',
      cost: 'Clients cannot find out how to log in, and send the password in clear.',
      needs: ['capa'],
      steps: [connect, ...capa('a list', () => undefined), authenticate, quit],
    },
    {
      id: 'capa-empty-of-arguments',
      title: 'Tags that take no arguments have none',
      rfc: 'RFC 2449 section 6',
      severity: 'should',
      cost: 'Clients that compare whole lines overlook what the server can do.',
      needs: ['capa'],
      steps: capaInBothStates('such lines', list =>
        first(list, ({ tag, values, line }) =>
          registered[tag] === false && values.length > 0 ? `${quoted(line)} has arguments` : undefined,
        ),
      ),
    },
    {
      id: 'capa-registered-tags',
      title: 'Tags are registered ones, or begin with X',
      rfc: 'RFC 2449 section 7',
      severity: 'quirk',
      cost: 'None, until somebody registers the tag for something else.',
      needs: ['capa'],
      steps: capaInBothStates('such tags', list =>
        first(list, ({ tag }) =>
          Object.hasOwn(registered, tag) || tag.startsWith('X') ? undefined : `${quoted(tag)} is unknown`,
        ),
      ),
    },
    {
      id: 'capa-kept-behind-login',
      title: 'What is announced before login and good for all of the session is announced behind login',
      rfc: 'RFC 2449 section 5',
      severity: 'must',
      cost: 'Clients that ask again behind login lose TOP, UIDL or pipelining.',
      needs: ['capa'],
      steps: keepsListing(tag => !ofAuthorization.includes(tag)),
    },
    {
      id: 'capa-login-kept-behind-login',
      title: 'What is good for logging in is announced behind login too',
      rfc: 'RFC 2449 section 5',
      severity: 'quirk',
      cost: 'None that is known; the RFC has both states announce it, and many servers do not.',
      needs: ['capa'],
      steps: keepsListing(tag => ofAuthorization.includes(tag)),
    },
    {
      id: 'capa-argument',
      title: 'CAPA with an argument is refused',
      rfc: 'RFC 2449 section 5',
      severity: 'quirk',
      cost: 'None that is known.',
      needs: ['capa'],
      steps: [connect, say('CAPA TOP'), err(), quit],
    },
    {
      id: 'capa-any-case',
      title: 'CAPA is understood in any case of letters',
      rfc: 'RFC 1939 section 3',
      severity: 'must',
      cost: 'Clients that write `capa` use no extension, STLS included.',
      needs: ['capa'],
      steps: [connect, say('cApA'), anyLines, quit],
    },
    {
      id: 'capa-again',
      title: 'CAPA asked twice answers twice, the same',
      rfc: 'RFC 2449 section 5',
      severity: 'should',
      cost: 'Clients that ask again fall out of step.',
      needs: ['capa'],
      steps: [
        connect,
        say('CAPA'),
        lines('a list (remembered)', (found, { memory }) => {
          memory.set('once', found.join())
          return undefined
        }),
        say('CAPA'),
        lines('the same list', (found, { memory }) =>
          found.join() === memory.get('once') ? undefined : 'the second list differs',
        ),
        quit,
      ],
    },
    {
      id: 'capa-in-mid-session',
      title: 'CAPA in mid-session changes no mark of deletion',
      rfc: 'RFC 2449 section 5',
      severity: 'must',
      cost: 'Mail that should go stays, or the other way about.',
      needs: ['capa'],
      mail: ['plain', 'second'],
      steps: [
        logIn,
        say('DELE 1'),
        ok(),
        ...capa('a list', () => undefined),
        say('STAT'),
        ok(/^1 /),
        say('RSET'),
        ok(),
        quit,
      ],
    },
    {
      id: 'capa-between-user-and-pass',
      title: 'CAPA between USER and PASS is answered, and the login goes on',
      rfc: 'RFC 1939 section 7',
      severity: 'quirk',
      cost: 'Clients that ask there must send USER again; PASS needs to follow USER at once only.',
      needs: ['capa'],
      steps: [
        freed,
        connect,
        say('USER {user}'),
        ok(),
        ...capa('a list', () => undefined),
        say('PASS {password}'),
        ok(),
        quit,
      ],
    },
    ...optional.flatMap(casesOf),
    {
      id: 'capa-user-true',
      title: 'USER and PASS let in where USER is announced',
      rfc: 'RFC 2449 section 6.2',
      severity: 'must',
      cost: 'Clients that believe the list cannot log in.',
      needs: ['capa'],
      steps: [
        connect,
        say('CAPA'),
        lines('a list', (found, { memory }) => {
          memory.set(
            'isListed',
            found.some(line => line.toUpperCase() === 'USER'),
          )
          return undefined
        }),
        say('USER {user}'),
        reply('`+OK` where USER is listed', ({ status }, { memory }) =>
          memory.get('isListed') && status !== 'ok' ? 'USER is listed, and refused' : undefined,
        ),
        say('QUIT'),
        ok(),
      ],
    },
    {
      id: 'capa-offers-a-login',
      title: 'The list has a way to log in: USER, SASL, or STLS to come to one',
      rfc: 'RFC 2449 section 6.2',
      severity: 'should',
      cost: 'Clients that believe the list say that the server lets nobody in.',
      needs: ['capa'],
      steps: [
        connect,
        ...capa('USER, SASL or STLS', list =>
          list.some(({ tag }) => ['USER', 'SASL', 'STLS'].includes(tag)) ? undefined : 'it has none of them',
        ),
        quit,
      ],
    },
    {
      id: 'capa-sasl-form',
      title: 'SASL is followed by names of mechanisms, each once',
      rfc: 'RFC 5034 section 3',
      severity: 'must',
      cost: 'Clients find no mechanism, and send the password in clear.',
      needs: ['capa'],
      steps: capability('SASL', 'SASL with mechanisms', ({ line, values }) => {
        if (values.length === 0) return 'SASL names no mechanism'
        if (!values.every(name => /^[A-Z0-9_-]{1,20}$/.test(name)))
          return `${quoted(line)} has what is no name of a mechanism`
        return new Set(values).size < values.length ? `${quoted(line)} names one twice` : undefined
      }),
    },
    {
      id: 'capa-expire-form',
      title: 'EXPIRE has a number of days or NEVER, and USER at most, and that before login only',
      rfc: 'RFC 2449 section 6.7',
      severity: 'must',
      cost: 'Clients leave mail on a server that does not keep it.',
      needs: ['expire'],
      steps: capability('EXPIRE', 'EXPIRE of that form', (line, isLoggedIn) =>
        promised(/^(?:NEVER|[0-9]+)$/i, line, isLoggedIn),
      ),
    },
    {
      id: 'capa-login-delay-form',
      title: 'LOGIN-DELAY has a number of seconds, and USER at most, and that before login only',
      rfc: 'RFC 2449 section 6.5',
      severity: 'must',
      cost: 'Clients look for mail more often than they may, and are refused.',
      needs: ['login-delay'],
      steps: capability('LOGIN-DELAY', 'LOGIN-DELAY of that form', (line, isLoggedIn) =>
        promised(/^[0-9]+$/, line, isLoggedIn),
      ),
    },
    {
      id: 'capa-login-delay-true',
      title: 'A login that comes too soon is refused where LOGIN-DELAY is announced',
      rfc: 'RFC 2449 section 6.5',
      severity: 'quirk',
      cost: 'None; the server says what it does not do.',
      needs: ['login-delay'],
      steps: [
        logIn,
        quit,
        on('next', connect, say('USER {user}'), ok(), say('PASS {password}'), err(/^\[LOGIN-DELAY\]/i)),
      ],
    },
    {
      id: 'capa-implementation-form',
      title: 'IMPLEMENTATION says who the server is',
      rfc: 'RFC 2449 section 6.9',
      severity: 'should',
      cost: 'Nobody can tell from a transcript which server it was.',
      needs: ['implementation'],
      steps: capability('IMPLEMENTATION', 'a name', ({ values }) =>
        values.length === 0 ? 'IMPLEMENTATION is followed by nothing' : undefined,
      ),
    },
    {
      id: 'capa-implementation-hidden',
      title: 'Strangers are not told which server this is',
      rfc: 'RFC 2449 section 6.9',
      severity: 'quirk',
      cost: 'Attackers know which faults to try.',
      needs: ['implementation'],
      steps: [
        connect,
        ...capa('no IMPLEMENTATION', list =>
          list.some(({ tag }) => tag === 'IMPLEMENTATION') ? 'it says so before login' : undefined,
        ),
        quit,
      ],
    },
    {
      id: 'capa-pipelining',
      title: 'The server lets clients send commands without waiting',
      rfc: 'RFC 2449 section 6.6',
      severity: 'quirk',
      cost: 'Every command costs the time of a round trip.',
      needs: ['capa'],
      steps: [
        logIn,
        ...capa('PIPELINING', list =>
          list.some(({ tag }) => tag === 'PIPELINING') ? undefined : 'it does not announce PIPELINING',
        ),
        quit,
      ],
    },
  ],
}
