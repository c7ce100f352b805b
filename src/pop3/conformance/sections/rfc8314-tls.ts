// RFC 8314 and RFC 9325: which TLS the server speaks, and what it lets travel without.
import { Failure } from '../../../conformance/case.ts'
import { capa } from '../capability-steps.ts'
import { stillServes } from '../endurance.ts'
import type { Pop3Section } from '../pop3-case.ts'
import { connect, connectInClear, drop, err, quit, reply, say, send, step } from '../steps.ts'
import { halfHello, noReplyInClear, openInClear, refusesTls, secureWith } from '../tls-steps.ts'

const cost = 'Octets of the session can be read or changed on the way.'
/** Old versions are out of the question for OpenSSL unless it is told not to care. */
const careless = 'DEFAULT@SECLEVEL=0'

export const tlsSection: Pop3Section = {
  name: 'rfc8314-tls',
  title: 'TLS: versions, and what is let through without',
  about:
    'RFC 8314 has mail read under TLS only, RFC 9325 says which TLS is good enough. What is let through in clear is for the operator to say, and here to be known.',
  cases: [
    {
      id: 'tls-1-2-or-better',
      title: 'TLS 1.2 or 1.3 is spoken',
      rfc: 'RFC 9325 section 3.1.1',
      severity: 'must',
      cost: 'Clients of today refuse the server.',
      needs: ['tls'],
      steps: [secureWith('TLS 1.2 at least', { options: { minVersion: 'TLSv1.2' } }), quit],
    },
    {
      id: 'tls-1-3',
      title: 'TLS 1.3 is spoken',
      rfc: 'RFC 9325 section 3.1.1',
      severity: 'should',
      cost: 'Logins take one round trip more, and names of certificates are seen on the way.',
      needs: ['tls'],
      steps: [secureWith('TLS 1.3', { options: { minVersion: 'TLSv1.3' } }), quit],
    },
    {
      id: 'tls-no-1-1',
      title: 'TLS 1.1 is refused',
      rfc: 'RFC 9325 section 3.1.1',
      severity: 'should',
      cost,
      needs: ['tls'],
      steps: [
        refusesTls('TLS 1.1', {
          options: { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: careless },
        }),
        stillServes,
      ],
    },
    {
      id: 'tls-no-1-0',
      title: 'TLS 1.0 is refused',
      rfc: 'RFC 9325 section 3.1.1',
      severity: 'should',
      cost,
      needs: ['tls'],
      steps: [
        refusesTls('TLS 1.0', {
          options: { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: careless },
        }),
        stillServes,
      ],
    },
    {
      id: 'tls-no-unauthenticated-ciphers',
      title: 'Ciphers without a certificate or without encryption are refused',
      rfc: 'RFC 9325 section 4.1',
      severity: 'must',
      cost: 'Anybody can play the server, or read what is said.',
      needs: ['tls'],
      steps: [
        refusesTls('ciphers without a certificate or without encryption', {
          options: { maxVersion: 'TLSv1.2', ciphers: 'aNULL:eNULL:@SECLEVEL=0' },
        }),
        stillServes,
      ],
    },
    {
      id: 'tls-alpn-pop3',
      title: 'A client that offers the protocol name pop3 (ALPN) gets TLS',
      rfc: 'RFC 7301 section 3.2',
      severity: 'should',
      cost: 'Clients that say what they want are refused for it.',
      needs: ['tls'],
      steps: [secureWith('TLS and the protocol name pop3', { alpn: 'pop3' }), quit],
    },
    {
      id: 'tls-ends-in-order',
      title: 'The server ends TLS in order behind QUIT',
      rfc: 'RFC 9325 section 3.1.1',
      severity: 'quirk',
      cost: 'Clients cannot tell the end from an attack, and some say that QUIT failed.',
      needs: ['tls'],
      steps: [
        connect,
        quit,
        step('check that the end was in order', async ({ wire }) => {
          if (wire.ending !== 'end') throw new Failure(`the connection ended with ${wire.ending}`)
        }),
      ],
    },
    {
      id: 'tls-not-offered-in-clear',
      title: 'Where there is STLS, no password is asked for in clear',
      rfc: 'RFC 8314 section 3',
      severity: 'quirk',
      cost: 'Clients that do not insist on TLS send the password in clear, and nobody notices.',
      needs: ['stls'],
      steps: [
        connectInClear,
        ...capa('neither USER nor PLAIN nor LOGIN', list => {
          const sasl = list.find(({ tag }) => tag === 'SASL')?.values ?? []
          const offered = [
            ...list.filter(({ tag }) => tag === 'USER').map(({ tag }) => tag),
            ...sasl.filter(name => name === 'PLAIN' || name === 'LOGIN'),
          ]
          return offered.length === 0 ? undefined : `in clear it offers ${offered.join(', ')}`
        }),
        quit,
      ],
    },
    {
      id: 'tls-refused-in-clear',
      title: 'Where there is STLS, USER is refused in clear',
      rfc: 'RFC 8314 section 3',
      severity: 'quirk',
      cost: 'The password of a client that was set up wrongly can be read on the way.',
      needs: ['stls'],
      steps: [connectInClear, say('USER {user}'), err(), quit],
    },
    {
      id: 'tls-hides-nothing',
      title: 'A server that does not offer USER in clear refuses it in clear',
      rfc: 'RFC 8314 section 3',
      severity: 'should',
      cost: 'The server takes passwords in clear and says that it does not.',
      needs: ['capa', 'stls'],
      steps: [
        connectInClear,
        say('USER {user}'),
        reply('`-ERR` unless USER is offered', ({ status }, { survey }) =>
          status === 'ok' && survey.clear?.has('USER') === false ? 'it takes USER in clear' : undefined,
        ),
        quit,
      ],
    },
    {
      id: 'tls-port-clear-text',
      title: 'Clear text on the port of TLS is not answered with POP3',
      rfc: 'RFC 8314 section 3',
      severity: 'must',
      cost: 'Clients that were set up wrongly send the password in clear to a port that is meant to be private.',
      needs: ['tls-port'],
      steps: [openInClear, say('CAPA'), noReplyInClear, stillServes],
    },
    {
      id: 'tls-port-drop',
      title: 'A client that leaves in place of the handshake costs the server nothing',
      rfc: 'RFC 8314 section 3',
      severity: 'must',
      cost: 'One client ends the service for all.',
      needs: ['tls-port'],
      steps: [openInClear, send(halfHello, 'half a ClientHello'), drop, stillServes],
    },
  ],
}
