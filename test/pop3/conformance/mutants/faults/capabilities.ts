// Faults of CAPA, of response codes and of the order of answers.
import type { Fault } from '../fault.ts'

const commands = 'pop3/server/commands.js'
const capability = 'pop3/wire/capability.js'
const language = 'pop3/server/languages/language.js'
const session = 'pop3/server/session.js'

const capabilities: readonly Fault[] = [
  {
    id: 'capa-hides-top',
    file: commands,
    find: "capability: 'TOP', ",
    replace: '',
    caughtBy: ['capa-top-listed', 'capa-top-listed-before-login'],
  },
  {
    id: 'capa-lies-about-top',
    file: commands,
    find: ', transaction: top }',
    replace: ' }',
    caughtBy: ['capa-top-true'],
  },
  {
    id: 'capa-hides-uidl',
    file: commands,
    find: "capability: 'UIDL',",
    replace: '',
    caughtBy: ['capa-uidl-listed', 'capa-uidl-listed-before-login'],
  },
  {
    id: 'capa-lies-about-uidl',
    file: commands,
    find: 'transaction: uidl,',
    replace: '',
    caughtBy: ['capa-uidl-true'],
  },
  {
    id: 'capa-lies-about-sasl',
    file: capability,
    find: "[`SASL ${mechanisms.join(' ')}`]",
    replace: "[`SASL ${mechanisms.join(' ')} DIGEST-MD5`]",
    caughtBy: ['sasl-mechanisms-true'],
  },
  {
    id: 'capa-sasl-with-commas',
    file: capability,
    find: "[`SASL ${mechanisms.join(' ')}`]",
    replace: "[`SASL ${mechanisms.join(', ')}`]",
    caughtBy: ['capa-sasl-form'],
  },
  {
    id: 'capa-offers-no-login',
    file: 'pop3/server/capabilities.js',
    find: "mayLogIn || (tag !== 'USER' && tag !== 'SASL')",
    replace: "tag !== 'USER' && tag !== 'SASL'",
    security: 'tls',
    caughtBy: ['capa-offers-a-login'],
  },
  {
    id: 'capa-tag-twice',
    file: capability,
    find: "'PIPELINING',",
    replace: "'PIPELINING', 'PIPELINING',",
    caughtBy: ['capa-no-twins'],
  },
  {
    id: 'capa-tag-with-argument',
    file: capability,
    find: "'PIPELINING',",
    replace: "'PIPELINING 10',",
    caughtBy: ['capa-empty-of-arguments'],
  },
  {
    id: 'capa-blank-behind-tag',
    file: capability,
    find: "'PIPELINING',",
    replace: "'PIPELINING ',",
    caughtBy: ['capa-form'],
  },
  {
    id: 'capa-implementation-empty',
    file: capability,
    find: '`IMPLEMENTATION ${implementation}`',
    replace: "'IMPLEMENTATION'",
    caughtBy: ['capa-implementation-form'],
  },
  {
    id: 'capa-less-behind-login',
    file: commands,
    find: 'return { text: services.capabilities.textFor(facts, language) };',
    replace:
      'const text = services.capabilities.textFor(facts, language); return { text: state.maildrop ? Buffer.from(text.toString().replace("TOP\\r\\n", "")) : text };',
    caughtBy: ['capa-kept-behind-login'],
  },
  {
    id: 'capa-forgets-user',
    file: commands,
    find: 'function capa({ services, channel, mayLogIn, language }, state) {',
    replace: 'function capa({ services, channel, mayLogIn, language }, state) { state.user = undefined;',
    caughtBy: ['capa-between-user-and-pass'],
  },
  {
    id: 'upper-case-only',
    file: 'pop3/wire/command.js',
    find: 'if ((letter < 0x61',
    replace: 'if (octet > 0x60 || (letter < 0x61',
    caughtBy: [
      'capa-any-case',
      'stls-any-case',
      'sasl-plain-lower-case',
      'keyword-lower-case',
      'keyword-mixed-case',
    ],
  },
]

const codes: readonly Fault[] = [
  {
    id: 'code-without-bracket',
    file: 'pop3/wire/reply.js',
    find: '`-ERR [${code}] ${text}`',
    replace: '`-ERR [${code} ${text}`',
    caughtBy: ['codes-form-failed-login'],
  },
  {
    id: 'code-without-end-at-quit',
    file: 'pop3/server/update.js',
    find: 'text: ok(texts',
    replace: "text: ok('[BYE ' + texts",
    caughtBy: ['codes-form-greeting'],
  },
  {
    id: 'code-missing-at-failed-login',
    file: language,
    find: "refusal(texts.loginRefused, 'AUTH')",
    replace: 'refusal(texts.loginRefused)',
    caughtBy: ['codes-auth-wrong-password', 'codes-auth-unknown-user', 'codes-auth-sasl'],
  },
  {
    id: 'codes-not-announced',
    file: capability,
    find: "'RESP-CODES',\n        'AUTH-RESP-CODE',",
    replace: '',
    caughtBy: ['codes-announced'],
  },
  {
    id: 'code-of-syntax',
    file: language,
    find: '[name, badCommand(text)]',
    replace: "[name, badCommand(text, 'AUTH')]",
    caughtBy: ['codes-not-for-syntax'],
  },
  {
    id: 'code-of-missing-message',
    file: 'pop3/server/transaction.js',
    find: 'language.texts.noSuchMessage(maildrop.listing.count)),',
    replace: "language.texts.noSuchMessage(maildrop.listing.count), 'IN-USE'),",
    caughtBy: ['codes-not-for-messages'],
  },
  {
    id: 'code-of-lock',
    file: 'pop3/server/failure.js',
    find: "'maildrop-in-use': 'IN-USE'",
    replace: "'maildrop-in-use': 'AUTH'",
    caughtBy: ['codes-lock-is-no-failed-login'],
  },
]

const order: readonly Fault[] = [
  {
    id: 'one-command-a-packet',
    file: session,
    find: "while (!this.#busy && this.state.kind !== 'ended') {",
    replace:
      "for (let isFirst = true; isFirst && !this.#busy && this.state.kind !== 'ended'; isFirst = false) {",
    caughtBy: ['pipelining-short'],
  },
  {
    id: 'commands-overtake',
    file: session,
    find: 'this.#busy = true;',
    replace: '',
    caughtBy: ['pipelining-messages', 'pipelining-mixed', 'pipelining-login'],
  },
  {
    id: 'login-drops-what-follows',
    file: session,
    find: 'await task;',
    replace: 'await task; if (this.#verb === "PASS") this.#lines = new LineReader();',
    caughtBy: ['pipelining-login'],
  },
  {
    id: 'command-before-its-end',
    file: 'net/line-reader.js',
    find: 'this.#keepPartial();\n            return undefined;',
    replace:
      'const rest = this.#rest.subarray(start); this.#advance(this.#rest.length); return rest.length > 0 ? rest : undefined;',
    caughtBy: ['split-waits', 'split-login'],
  },
]

export const capabilityFaults: readonly Fault[] = [...capabilities, ...codes, ...order]
