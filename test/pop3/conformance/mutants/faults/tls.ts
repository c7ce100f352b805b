// Faults of STLS and TLS.
import type { Fault } from '../fault.ts'

const session = 'pop3/server/session.js'
const contexts = 'net/tls/context-set.js'

export const tlsFaults: readonly Fault[] = [
  {
    id: 'stls-keeps-clear-text',
    file: session,
    find: 'if (!tls || this.#lines.pendingOctets > 0)',
    replace: 'if (!tls)',
    caughtBy: [
      'stls-injection-command',
      'stls-injection-name',
      'stls-injection-login',
      'stls-injection-half-command',
    ],
  },
  {
    id: 'stls-keeps-user',
    file: session,
    find: 'this.state = freshState;',
    replace: '',
    caughtBy: ['stls-forgets-user'],
  },
  {
    id: 'stls-announced-under-tls',
    file: 'pop3/server/commands.js',
    find: 'services.tls !== undefined && channel === undefined',
    replace: 'services.tls !== undefined',
    security: 'starttls',
    caughtBy: ['stls-not-announced-under-tls'],
  },
  {
    id: 'stls-granted-under-tls',
    file: 'pop3/server/stls.js',
    find: 'if (channel)',
    replace: 'if (false)',
    security: 'starttls',
    caughtBy: ['stls-refused-under-tls'],
  },
  {
    id: 'stls-behind-login',
    file: 'pop3/server/commands.js',
    find: 'authorization: stls }',
    replace: 'authorization: stls, transaction: stls }',
    caughtBy: ['stls-refused-behind-login'],
  },
  {
    id: 'stls-takes-an-argument',
    file: 'pop3/wire/command.js',
    find: '(argument === undefined ? command : problems.argument)',
    replace: 'command',
    caughtBy: ['stls-argument', 'utf8-argument', 'capa-argument'],
  },
  {
    id: 'stls-begins-nothing',
    file: 'pop3/server/languages/language.js',
    find: ', startTls: true',
    replace: '',
    caughtBy: ['stls-true', 'stls-clear-text-instead'],
  },
  {
    id: 'stls-of-one-for-all',
    file: session,
    find: 'this.#securing = true;',
    replace: 'this.#securing = true; this.services.tls = undefined;',
    caughtBy: ['stls-others-unprotected'],
  },
  {
    id: 'tls-offers-no-login',
    file: 'pop3/server/capabilities.js',
    find: "return mayLogIn || (tag !== 'USER' && tag !== 'SASL');",
    replace: "return mayStartTls || (tag !== 'USER' && tag !== 'SASL');",
    caughtBy: ['stls-capa-behind'],
  },
  {
    id: 'tls-1-0',
    file: contexts,
    find: 'const policies = { modern, legacy };',
    replace: 'const policies = { modern: legacy, legacy };',
    security: 'tls',
    caughtBy: ['tls-no-1-0', 'tls-no-1-1'],
  },
  {
    id: 'tls-no-1-3',
    file: contexts,
    find: "minVersion: 'TLSv1.2',",
    replace: "minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2',",
    security: 'tls',
    caughtBy: ['tls-1-3'],
  },
  {
    id: 'tls-another-protocol',
    file: 'pop3/server/server.js',
    find: "alpn: 'pop3'",
    replace: "alpn: 'imap'",
    security: 'tls',
    caughtBy: ['tls-alpn-pop3'],
  },
  {
    id: 'tls-hides-a-login-in-clear',
    file: 'pop3/server/capabilities.js',
    find: "return mayLogIn || (tag !== 'USER' && tag !== 'SASL');",
    replace: "return !mayStartTls || (tag !== 'USER' && tag !== 'SASL');",
    caughtBy: ['tls-hides-nothing'],
  },
]
