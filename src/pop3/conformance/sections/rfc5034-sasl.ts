// RFC 5034: AUTH, the profile of SASL for POP3, shown with PLAIN (RFC 4616).

import { Failure } from '../../../conformance/case.ts'
import {
  answeredOrClosed,
  inStep,
  loginRefused,
  notLetIn,
  refusedOrClosed,
  stillServes,
} from '../endurance.ts'
import type { Credentials } from '../play.ts'
import type { Pop3Case, Pop3Section } from '../pop3-case.ts'
import { base64, eachMechanism, given, givenPlain, givenWrong, letsIn, plainMessage } from '../sasl-steps.ts'
import {
  authenticate,
  challenge,
  connect,
  drop,
  err,
  halfClose,
  lines,
  logIn,
  ok,
  on,
  type Pop3Step,
  pieces,
  quit,
  reply,
  say,
  send,
  step,
} from '../steps.ts'

/** Servers let who fails wait. */
const limitMs = 30_000

const right = (credentials: Credentials) => base64(plainMessage(credentials))

/** A login that failed by AUTH, and then the right one by another way, on the same connection. */
const thenInBy: readonly {
  readonly id: string
  readonly what: string
  readonly steps: readonly Pop3Step[]
}[] = [
  { id: 'user', what: 'USER and PASS', steps: [authenticate] },
  { id: 'plain', what: 'PLAIN', steps: [givenPlain, letsIn(say('AUTH PLAIN {plain}'))] },
]

export const saslSection: Pop3Section = {
  name: 'rfc5034-sasl',
  title: 'AUTH: logging in by SASL',
  about:
    'AUTH, RFC 5034: challenges and responses in base64, how an exchange ends and how it is cancelled, and that nothing malformed lets anybody in; shown with PLAIN, RFC 4616.',
  cases: [
    {
      id: 'sasl-plain-initial',
      title: 'PLAIN lets in by a response that comes with AUTH',
      rfc: 'RFC 5034 section 4',
      severity: 'must',
      cost: 'Clients that use AUTH cannot log in.',
      needs: ['plain'],
      steps: [givenPlain, connect, letsIn(say('AUTH PLAIN {plain}')), say('STAT'), ok(), quit],
    },
    {
      id: 'sasl-plain-challenge',
      title: 'PLAIN lets in by a response that comes behind an empty challenge',
      rfc: 'RFC 5034 section 4',
      severity: 'must',
      cost: 'Clients that wait for the challenge, as most do, cannot log in.',
      needs: ['plain'],
      steps: [
        givenPlain,
        connect,
        letsIn(
          say('AUTH PLAIN'),
          reply('`+ ` and nothing behind it', ({ status, text }) =>
            status === 'continue' && text === '' ? undefined : 'the challenge of PLAIN is not an empty one',
          ),
          say('{plain}'),
        ),
        say('STAT'),
        ok(),
        quit,
      ],
    },
    {
      id: 'sasl-plain-octet-by-octet',
      title: 'A response is read however it is cut into packets',
      rfc: 'RFC 5034 section 4',
      severity: 'must',
      cost: 'Logins fail now and then, by the weather of the network.',
      needs: ['plain'],
      steps: [
        givenPlain,
        connect,
        letsIn(
          say('AUTH PLAIN'),
          challenge,
          step('send `{plain}` and CRLF, each octet in a packet of its own', play =>
            pieces([...play.fill('{plain}\r\n')]).run(play),
          ),
        ),
        quit,
      ],
    },
    {
      id: 'sasl-plain-as-oneself',
      title: 'PLAIN lets in who asks to act as himself',
      rfc: 'RFC 4616 section 2',
      severity: 'should',
      cost: 'Clients that fill in both names cannot log in.',
      needs: ['plain'],
      steps: [
        given('plain', "PLAIN's message with both names", all => base64(plainMessage(all, all.user))),
        connect,
        letsIn(say('AUTH PLAIN {plain}')),
        quit,
      ],
    },
    {
      id: 'sasl-plain-lower-case',
      title: 'AUTH and the name of the mechanism are understood in any case of letters',
      rfc: 'RFC 5034 section 5',
      severity: 'should',
      cost: 'Clients that write `auth plain` cannot log in.',
      needs: ['plain'],
      steps: [givenPlain, connect, letsIn(say('auth plain {plain}')), quit],
    },
    {
      id: 'sasl-plain-wrong',
      title: 'PLAIN lets nobody in by a wrong password',
      rfc: 'RFC 5034 section 4',
      severity: 'must',
      cost: 'Anybody reads the mail.',
      needs: ['plain'],
      limitMs,
      steps: [givenWrong, connect, say('AUTH PLAIN {wrong}'), loginRefused, stillServes],
    },
    {
      id: 'sasl-plain-wrong-by-challenge',
      title: 'PLAIN lets nobody in by a wrong password behind a challenge',
      rfc: 'RFC 5034 section 4',
      severity: 'must',
      cost: 'Anybody reads the mail.',
      needs: ['plain'],
      limitMs,
      steps: [givenWrong, connect, say('AUTH PLAIN'), challenge, say('{wrong}'), loginRefused, stillServes],
    },
    ...thenInBy.map(
      ({ id, what, steps }): Pop3Case => ({
        id: `sasl-plain-wrong-then-${id}`,
        title: `After a failed AUTH one can log in by ${what}`,
        rfc: 'RFC 5034 section 4',
        severity: 'should',
        cost: 'Clients that try one way after the other do not come in.',
        needs: ['plain'],
        limitMs,
        steps: [givenWrong, connect, say('AUTH PLAIN {wrong}'), err(), ...steps, say('STAT'), ok(), quit],
      }),
    ),
    {
      id: 'sasl-cancel',
      title: 'An exchange that the client cancels with `*` is answered -ERR, and the session goes on',
      rfc: 'RFC 5034 section 4',
      severity: 'must',
      cost: 'Clients that give up one mechanism cannot try another.',
      needs: ['plain'],
      limitMs,
      steps: [connect, say('AUTH PLAIN'), challenge, say('*'), err(), authenticate, say('STAT'), ok(), quit],
    },
    {
      id: 'sasl-empty-initial',
      title: 'A `=` with AUTH is an empty response, and lets nobody in by PLAIN',
      rfc: 'RFC 5034 section 4',
      severity: 'should',
      cost: 'Clients that say that they have nothing to say are asked again, and fall out of step.',
      needs: ['plain'],
      limitMs,
      steps: [connect, say('AUTH PLAIN ='), refusedOrClosed, stillServes],
    },
    {
      id: 'sasl-bad-initial',
      title: 'A response with AUTH that is no base64 is refused',
      rfc: 'RFC 5034 section 4',
      severity: 'must',
      cost: 'Two programs that read the same octets see two logins.',
      needs: ['plain'],
      limitMs,
      steps: [
        given(
          'response',
          'the right response with a `!` in its middle',
          all => `${right(all).slice(0, 8)}!${right(all).slice(8)}`,
        ),
        connect,
        say('AUTH PLAIN {response}'),
        loginRefused,
        inStep,
      ],
    },
    {
      id: 'sasl-command-as-response',
      title: 'A command in place of a response is taken for a response, and the next one for a command',
      rfc: 'RFC 5034 section 4',
      severity: 'must',
      cost: 'Client and server disagree on what is said, and everything behind it goes wrong.',
      needs: ['plain'],
      limitMs,
      steps: [connect, say('AUTH PLAIN'), challenge, say('NOOP'), refusedOrClosed, inStep],
    },
    {
      id: 'sasl-long-response',
      title: 'A response of 12,000 octets is answered, or the connection closed',
      rfc: 'RFC 5034 section 4',
      severity: 'must',
      cost: 'The server is out of step, or out of memory.',
      needs: ['plain'],
      limitMs,
      steps: [
        connect,
        say('AUTH PLAIN'),
        challenge,
        send(`${'QUJD'.repeat(3_000)}\r\n`, '12,000 octets of base64 and CRLF'),
        refusedOrClosed,
        inStep,
        stillServes,
      ],
    },
    {
      id: 'sasl-endless-response',
      title: 'A response of a megabyte without an end does not stop others',
      rfc: 'RFC 5034 section 4',
      severity: 'must',
      cost: 'One client uses up the memory of the server.',
      needs: ['plain'],
      limitMs,
      steps: [
        connect,
        say('AUTH PLAIN'),
        challenge,
        send('QUJD'.repeat(262_144), 'a megabyte of base64 without a line end'),
        stillServes,
      ],
    },
    {
      id: 'sasl-drop',
      title: 'A client that leaves in the middle of an exchange costs the server nothing',
      rfc: 'RFC 5034 section 4',
      severity: 'must',
      cost: 'The maildrop stays locked, or the service ends.',
      needs: ['plain'],
      steps: [connect, say('AUTH PLAIN'), challenge, drop, on('next', logIn, quit)],
    },
    {
      id: 'sasl-half-response',
      title: 'A response whose line end never came lets nobody in',
      rfc: 'RFC 5034 section 4',
      severity: 'should',
      cost: 'A login that was cut off is taken for a whole one, with half a password.',
      needs: ['plain'],
      steps: [
        givenPlain,
        connect,
        say('AUTH PLAIN'),
        challenge,
        send('{plain}', '`{plain}` without a line end'),
        halfClose,
        notLetIn,
      ],
    },
    {
      id: 'sasl-unknown-mechanism',
      title: 'A mechanism that is not there is refused',
      rfc: 'RFC 5034 section 4',
      severity: 'must',
      cost: 'Clients wait for a challenge that means nothing.',
      steps: [connect, say('AUTH X-NO-SUCH-MECHANISM'), err(), quit],
    },
    {
      id: 'sasl-odd-mechanism',
      title: 'What is no name of a mechanism is refused',
      rfc: 'RFC 5034 section 5',
      severity: 'must',
      cost: 'Something else is looked up by that name.',
      steps: [connect, say('AUTH ../../etc/passwd'), refusedOrClosed, inStep],
    },
    {
      id: 'sasl-behind-login',
      title: 'AUTH behind a login by USER is refused, and the session goes on',
      rfc: 'RFC 5034 section 4',
      severity: 'must',
      cost: 'A session changes whose it is with the maildrop open.',
      needs: ['plain'],
      steps: [givenPlain, logIn, say('AUTH PLAIN {plain}'), err(), say('NOOP'), ok(), quit],
    },
    {
      id: 'sasl-behind-auth',
      title: 'AUTH behind a login by AUTH is refused, and the session goes on',
      rfc: 'RFC 5034 section 4',
      severity: 'must',
      cost: 'A session changes whose it is with the maildrop open.',
      needs: ['plain'],
      steps: [
        givenPlain,
        connect,
        letsIn(say('AUTH PLAIN {plain}')),
        say('AUTH PLAIN'),
        err(),
        say('NOOP'),
        ok(),
        quit,
      ],
    },
    {
      id: 'sasl-mechanisms-true',
      title: 'Each mechanism that CAPA lists can be begun, and cancelled',
      rfc: 'RFC 5034 section 3',
      severity: 'must',
      cost: 'Clients that choose by the list cannot log in.',
      needs: ['sasl'],
      limitMs: 60_000,
      steps: [
        eachMechanism(/^(?:PLAIN|LOGIN|CRAM-MD5|DIGEST-MD5|SCRAM-SHA-(?:1|256)|XOAUTH2|OAUTHBEARER)$/i),
      ],
    },
    {
      id: 'sasl-bare-auth',
      title: 'AUTH without a mechanism is answered with the mechanisms, as old clients expect',
      rfc: 'RFC 1734 section 2',
      severity: 'quirk',
      cost: 'Old Outlook shows an error before it logs in another way. The RFCs know no such form.',
      needs: ['sasl'],
      steps: [
        connect,
        say('AUTH'),
        lines('the mechanisms of CAPA', (found, { survey }) => {
          const listed = survey.secured?.get('SASL') ?? []
          return [...found].sort().join() === [...listed].sort().join()
            ? undefined
            : `it lists ${found.join(' ')}`
        }),
        quit,
      ],
    },
    {
      id: 'sasl-bare-auth-in-step',
      title: 'AUTH without a mechanism leaves client and server in step',
      rfc: 'RFC 5034 section 4',
      severity: 'must',
      cost: 'Clients take what follows for answers.',
      steps: [
        connect,
        say('AUTH'),
        step('read `-ERR`, or `+OK` and lines up to a dot', async ({ wire }) => {
          const first = (await wire.line()).toString('latin1')
          if (first.startsWith('-ERR')) return
          if (!first.startsWith('+OK')) throw new Failure('AUTH alone was answered with a challenge')
          for (;;) if ((await wire.line()).toString('latin1') === '.\r\n') return
        }),
        quit,
      ],
    },
    {
      id: 'sasl-auth-after-user',
      title: 'AUTH may follow USER',
      rfc: 'RFC 5034 section 4',
      severity: 'should',
      cost: 'Clients that try one way after the other do not come in.',
      needs: ['plain'],
      steps: [
        givenPlain,
        connect,
        say('USER {user}'),
        answeredOrClosed,
        letsIn(say('AUTH PLAIN {plain}')),
        quit,
      ],
    },
    {
      id: 'sasl-fresh-after-cancel',
      title: 'PASS behind a cancelled AUTH does not use the USER from before it',
      rfc: 'RFC 1939 section 7',
      severity: 'quirk',
      cost: 'None that is known; PASS may follow USER at once only.',
      needs: ['plain'],
      limitMs,
      steps: [
        connect,
        say('USER {user}'),
        ok(),
        say('AUTH PLAIN'),
        challenge,
        say('*'),
        err(),
        say('PASS {password}'),
        loginRefused,
      ],
    },
  ],
}
