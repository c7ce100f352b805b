// RFC 2595 section 4: STLS, from clear text to TLS, and what must not come through with it.
import { capa } from '../capability-steps.ts'
import { answeredOrClosed, closedInTheEnd, refusedOrClosed, replyOrEnd, stillServes } from '../endurance.ts'
import type { Pop3Case, Pop3Section } from '../pop3-case.ts'
import {
  authenticate,
  connect,
  connectInClear,
  drop,
  err,
  letterBody,
  logIn,
  ok,
  on,
  type Pop3Step,
  quit,
  say,
  send,
} from '../steps.ts'
import { halfHello, handshake, injected, noReplyInClear, startTls } from '../tls-steps.ts'

/** Text that stands in clear behind STLS, and how one sees under TLS that it was taken for the client's. */
interface InjectionRow {
  readonly id: string
  readonly what: string
  readonly packets: readonly string[]
  readonly inside: readonly Pop3Step[]
}

const notObeyed = replyOrEnd('`-ERR` to what was sent under TLS', ({ status }) =>
  status === 'ok' ? 'the text in clear was obeyed under TLS' : undefined,
)

const answersCapa = replyOrEnd('`+OK` to CAPA under TLS', ({ status }) =>
  status === 'ok' ? undefined : 'the text in clear was answered under TLS',
)

/** No command. Its answer comes first, unless something else is answered. */
const marker = say('XMARK')

const injections: readonly InjectionRow[] = [
  {
    id: 'command',
    what: 'A command',
    packets: ['STLS\r\nCAPA\r\n'],
    inside: [marker, notObeyed],
  },
  {
    id: 'quit',
    what: 'QUIT',
    packets: ['STLS\r\nQUIT\r\n'],
    inside: [marker, notObeyed],
  },
  {
    id: 'stls',
    what: 'Another STLS',
    packets: ['STLS\r\nSTLS\r\n'],
    inside: [say('CAPA'), answersCapa],
  },
  {
    id: 'name',
    what: 'USER',
    packets: ['STLS\r\nUSER {user}\r\n'],
    inside: [say('PASS {password}'), notObeyed],
  },
  {
    id: 'login',
    what: 'A whole login',
    packets: ['STLS\r\nUSER {user}\r\nPASS {password}\r\n'],
    inside: [say('STAT'), notObeyed],
  },
  {
    id: 'half-command',
    what: 'The beginning of a command',
    packets: ['STLS\r\nCA'],
    inside: [say('PA'), notObeyed],
  },
  {
    id: 'second-packet',
    what: 'A command in the next packet',
    packets: ['STLS\r\n', 'CAPA\r\n'],
    inside: [marker, notObeyed],
  },
]

function injectionCase({ id, what, packets, inside }: InjectionRow): Pop3Case {
  return {
    id: `stls-injection-${id}`,
    title: `${what} in clear behind STLS is not taken for what the client says under TLS`,
    rfc: 'RFC 2595 section 4',
    severity: 'must',
    cost: 'Whoever is on the way can put commands into a session that is meant to be private (CVE-2021-38371 and its kin).',
    needs: ['stls'],
    steps: [connectInClear, injected(packets, ...inside), stillServes],
  }
}

export const stlsSection: Pop3Section = {
  name: 'rfc2595-stls',
  title: 'STLS: from clear text to TLS',
  about:
    'STLS, RFC 2595 section 4: that it works, where it is allowed, that everything starts afresh behind it, and that nothing said in clear comes through.',
  cases: [
    {
      id: 'stls-true',
      title: 'STLS leads to TLS where it is announced, and to a login under it',
      rfc: 'RFC 2595 section 4',
      severity: 'must',
      cost: 'Clients that insist on privacy get no mail.',
      needs: ['stls'],
      mail: ['plain'],
      steps: [connectInClear, startTls, authenticate, say('RETR 1'), letterBody(1), quit],
    },
    {
      id: 'stls-any-case',
      title: 'STLS is understood in any case of letters',
      rfc: 'RFC 1939 section 3',
      severity: 'must',
      cost: 'Clients that write `stls` get no mail, or get it in clear.',
      needs: ['stls'],
      steps: [connectInClear, say('stls'), ok(), handshake, quit],
    },
    {
      id: 'stls-capa-behind',
      title: 'CAPA behind STLS has a way to log in',
      rfc: 'RFC 2595 section 4',
      severity: 'must',
      cost: 'Clients must ask CAPA again under TLS, and find no way in.',
      needs: ['stls'],
      steps: [
        connectInClear,
        startTls,
        ...capa('USER or SASL', list =>
          list.some(({ tag }) => tag === 'USER' || tag === 'SASL') ? undefined : 'it has neither',
        ),
        quit,
      ],
    },
    {
      id: 'stls-not-announced-under-tls',
      title: 'STLS is not announced under TLS',
      rfc: 'RFC 2595 section 4',
      severity: 'should',
      cost: 'Clients that do what the list says try TLS within TLS, and fail.',
      needs: ['capa', 'tls'],
      steps: [
        connect,
        ...capa('no STLS', list => (list.some(({ tag }) => tag === 'STLS') ? 'it lists STLS' : undefined)),
        quit,
      ],
    },
    {
      id: 'stls-refused-under-tls',
      title: 'STLS is refused under TLS',
      rfc: 'RFC 2595 section 4',
      severity: 'should',
      cost: 'The server waits for a handshake that no client does within TLS.',
      needs: ['tls'],
      steps: [connect, say('STLS'), err(), quit],
    },
    {
      id: 'stls-refused-behind-login',
      title: 'STLS is refused behind login, and the session goes on',
      rfc: 'RFC 2595 section 4',
      severity: 'must',
      cost: 'A session changes its channel with the maildrop open: nobody has thought through what that does.',
      steps: [logIn, say('STLS'), err(), say('NOOP'), ok(), quit],
    },
    {
      id: 'stls-argument',
      title: 'STLS with an argument is refused',
      rfc: 'RFC 2595 section 4',
      severity: 'should',
      cost: 'None that is known.',
      needs: ['stls'],
      steps: [connectInClear, say('STLS now'), err(), quit],
    },
    {
      id: 'stls-forgets-user',
      title: 'USER from before STLS is forgotten behind it',
      rfc: 'RFC 2595 section 4',
      severity: 'should',
      cost: 'A name that was put in on the way is used under TLS.',
      needs: ['stls'],
      steps: [
        connectInClear,
        say('USER {user}'),
        answeredOrClosed,
        startTls,
        say('PASS {password}'),
        refusedOrClosed,
      ],
    },
    {
      id: 'stls-clear-text-instead',
      title: 'A client that goes on in clear behind STLS is not answered in clear',
      rfc: 'RFC 2595 section 4',
      severity: 'should',
      cost: 'Who is on the way can take TLS out of the session.',
      needs: ['stls'],
      steps: [connectInClear, say('STLS'), ok(), say('CAPA', 'USER {user}'), noReplyInClear, stillServes],
    },
    {
      id: 'stls-drop-before-handshake',
      title: 'A client that leaves in place of the handshake costs the server nothing',
      rfc: 'RFC 2595 section 4',
      severity: 'must',
      cost: 'One client ends the service for all.',
      needs: ['stls'],
      steps: [connectInClear, say('STLS'), ok(), drop, stillServes],
    },
    {
      id: 'stls-drop-in-mid-handshake',
      title: 'A client that leaves in the middle of the handshake costs the server nothing',
      rfc: 'RFC 2595 section 4',
      severity: 'must',
      cost: 'One client ends the service for all.',
      needs: ['stls'],
      steps: [connectInClear, say('STLS'), ok(), send(halfHello, 'half a ClientHello'), drop, stillServes],
    },
    {
      id: 'stls-others-unprotected',
      title: 'STLS of one session changes nothing for another',
      rfc: 'RFC 2595 section 4',
      severity: 'must',
      cost: 'Clients are told that their connection is private, and it is not; or cannot make it so.',
      needs: ['stls'],
      steps: [
        on('other', connectInClear),
        connectInClear,
        startTls,
        on('other', startTls, ...capa('a list', () => undefined), quit),
        quit,
      ],
    },
    {
      id: 'stls-hello-at-once',
      title: 'A client that begins TLS on the clear port at once is refused or cut off, not kept waiting',
      rfc: 'RFC 8314 section 3',
      severity: 'quirk',
      cost: 'A client that is set up wrongly shows nothing until it gives up.',
      needs: ['clear-port'],
      steps: [
        connectInClear,
        send(`${halfHello}${'\x00'.repeat(500)}`, 'a ClientHello'),
        closedInTheEnd,
        stillServes,
      ],
    },
    ...injections.map(injectionCase),
  ],
}
