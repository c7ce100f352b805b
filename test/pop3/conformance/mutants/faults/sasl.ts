// Faults of AUTH and its mechanisms.
import type { Fault } from '../fault.ts'

const sasl = 'pop3/server/sasl.js'
const plain = 'auth/mechanisms/plain.js'
const scram = 'auth/mechanisms/scram.js'
const commands = 'pop3/server/commands.js'

const profile: readonly Fault[] = [
  {
    id: 'auth-cancel-ends-session',
    file: sasl,
    find: "if (response === 'cancel' || response === 'malformed') {",
    replace:
      "if (response === 'cancel') return session.language.answers.goodbye;\n    if (response === 'malformed') {",
    caughtBy: ['sasl-cancel'],
  },
  {
    id: 'auth-loose-base64',
    file: 'pop3/wire/base64.js',
    find: 'if (!alphabet.test(encoded))\n        return undefined;\n    const octets',
    replace: 'return Buffer.from(encoded, "base64");\n    const octets',
    caughtBy: [
      'sasl-plain-trailing-mark',
      'sasl-plain-inner-space',
      'sasl-plain-no-padding',
      'sasl-plain-loose-bits',
    ],
  },
  {
    id: 'auth-ignores-initial-response',
    file: sasl,
    find: 'exchange }, initial);',
    replace: 'exchange }, undefined);',
    caughtBy: ['sasl-plain-initial'],
  },
  {
    id: 'auth-challenge-without-space',
    file: 'pop3/wire/reply.js',
    find: '`+ ${encodeBase64(octets)}\\r\\n`',
    replace: '`+${encodeBase64(octets)}\\r\\n`',
    caughtBy: ['sasl-plain-challenge'],
  },
  {
    id: 'auth-behind-login',
    file: commands,
    find: 'authorization: auth,',
    replace: 'authorization: auth, transaction: auth,',
    caughtBy: ['sasl-behind-login', 'sasl-behind-auth'],
  },
  {
    id: 'auth-list-without-lines',
    file: sasl,
    find: 'Buffer.from(multiLine(session.language.texts.mechanismsFollow, mechanisms))',
    replace: '`+OK ${mechanisms.join(" ")}\\r\\n`',
    caughtBy: ['sasl-bare-auth'],
  },
  {
    id: 'auth-list-without-dot',
    file: sasl,
    find: 'Buffer.from(multiLine(session.language.texts.mechanismsFollow, mechanisms))',
    replace: '`+OK\\r\\n${mechanisms.join("\\r\\n")}\\r\\n`',
    caughtBy: ['sasl-bare-auth-in-step'],
  },
  {
    id: 'auth-failure-ends-session',
    file: 'pop3/server/languages/language.js',
    find: "refused: 'login' }",
    replace: "refused: 'login', end: 'login-failures' }",
    caughtBy: ['sasl-plain-wrong-then-user', 'sasl-plain-wrong-then-plain'],
  },
  {
    id: 'auth-any-mechanism',
    file: 'auth/sasl-service.js',
    find: 'this.#mechanisms.find(each => each.name === wanted)',
    replace:
      '(this.#mechanisms.find(each => each.name === wanted) ?? this.#mechanisms.find(each => each.name === "PLAIN"))',
    caughtBy: ['sasl-unknown-mechanism'],
  },
]

const mechanisms: readonly Fault[] = [
  {
    id: 'plain-ends-at-nul',
    file: plain,
    find: 'const password = octets.subarray(second + 1);',
    replace:
      'const password = Buffer.from(Buffer.from(octets.subarray(second + 1)).toString("latin1").split("\\0")[0], "latin1");',
    caughtBy: ['sasl-plain-nul-behind', 'sasl-plain-nul-and-more'],
  },
  {
    id: 'plain-trims',
    file: plain,
    find: 'const password = octets.subarray(second + 1);',
    replace: 'const password = Buffer.from(Buffer.from(octets.subarray(second + 1)).toString().trim());',
    caughtBy: ['sasl-plain-line-end-behind'],
  },
  {
    id: 'plain-acts-as-anybody',
    file: plain,
    find: 'message.password, message.actAs',
    replace: 'message.password',
    caughtBy: ['sasl-plain-other-authorization'],
  },
  {
    id: 'plain-cancelled-lets-in',
    file: 'auth/mechanisms/exchange.js',
    find: "if (!login)\n        return failure('refused');",
    replace: 'if (!login)\n        return { kind: "challenge", octets: noOctets };',
    caughtBy: ['sasl-plain-wrong', 'sasl-plain-wrong-by-challenge', 'login-wrong'],
  },
  {
    id: 'scram-same-nonce',
    file: scram,
    find: "randomBytes(nonceOctets).toString('base64')",
    replace: '"c2FtZSBub25jZSBhbHdheXM="',
    caughtBy: ['scram-fresh-nonce', 'scram-replay'],
  },
  {
    id: 'scram-own-nonce-only',
    file: scram,
    find: 'first.nonce + randomBytes',
    replace: 'randomBytes',
    caughtBy: ['scram-right', 'scram-fresh-nonce'],
  },
  {
    id: 'scram-any-proof',
    file: scram,
    find: 'const index = fits.indexOf(true);',
    replace: 'const index = 0;',
    caughtBy: ['scram-wrong'],
  },
  {
    id: 'scram-false-signature',
    file: scram,
    find: 'scramServerSignature(serverKey, authMessage, variant.hash)',
    replace: 'scramServerSignature(serverKey, authMessage + ",", variant.hash)',
    caughtBy: ['scram-right'],
  },
  {
    id: 'scram-blind-to-downgrade',
    file: scram,
    find: "flag === 'p' || isDowngrade",
    replace: "flag === 'p'",
    security: 'tls',
    caughtBy: ['scram-downgrade'],
  },
  {
    id: 'scram-binding-unasked',
    file: scram,
    find: "flag === 'p' || isDowngrade",
    replace: 'isDowngrade',
    caughtBy: ['scram-binding-unasked'],
  },
  {
    id: 'scram-takes-extensions',
    file: 'auth/mechanisms/scram-messages.js',
    find: 'new RegExp(`^n=([^,]+)',
    replace: 'new RegExp(`^(?:m=[^,]+,)?n=([^,]+)',
    caughtBy: ['scram-malformed-extension'],
  },
  {
    id: 'cram-md5-same-challenge',
    file: 'auth/mechanisms/cram-md5.js',
    find: "<${randomBytes(18).toString('hex')}.${Date.now()}@",
    replace: '<1896.697170952@',
    store: 'SQLite',
    caughtBy: ['cram-md5-fresh-challenge'],
  },
  {
    id: 'cram-md5-any-digest',
    file: 'auth/mechanisms/cram-md5.js',
    find: "timingSafeEqual(expected, Buffer.from(response.digest, 'latin1'))",
    replace: 'true',
    store: 'SQLite',
    caughtBy: ['cram-md5-wrong'],
  },
]

export const saslFaults: readonly Fault[] = [...profile, ...mechanisms]
