// Faults of greeting, USER, PASS and APOP.
import type { Fault } from '../fault.ts'

const authorization = 'pop3/server/authorization.js'
const session = 'pop3/server/session.js'

const attempt = 'authenticator.authenticate(state.user, command.password, session.origin)'
/** The answer to PASS is made another one. */
const passed = {
  file: authorization,
  find: `return logIn(session, 'PASS', ${attempt});`,
}
const password = { file: authorization, find: 'state.user, command.password, session.origin' }
const name = {
  file: authorization,
  find: "session.state = { kind: 'authorization', user: command.name };",
}

const greeting: readonly Fault[] = [
  {
    id: 'greeting-goes-on',
    file: session,
    find: 'services.observer?.opened?.(this);',
    replace:
      "services.observer?.opened?.(this); setTimeout(() => this.counts.commands === 0 && outlet.isOpen && (this.#say('+OK hello?\\r\\n'), outlet.flush()), 50);",
    caughtBy: ['greeting-alone'],
  },
  {
    id: 'greeting-in-latin1',
    file: session,
    find: 'POP3 server ready',
    replace: 'POP3 server pr\\xeat',
    caughtBy: ['greeting-printable'],
  },
  {
    id: 'apop-same-timestamp',
    file: session,
    find: '`<${this.id}@${services.hostname}>`',
    replace: "'<1896.697170952@dbc.mtview.ca.us>'",
    store: 'SQLite',
    caughtBy: ['greeting-timestamp-fresh', 'apop-replayed'],
  },
  {
    id: 'apop-timestamp-odd',
    file: session,
    find: '`<${this.id}@${services.hostname}>`',
    replace: '`<${this.id}@${services.hostname}> <poplar@1>`',
    store: 'SQLite',
    caughtBy: ['greeting-timestamp-alone'],
  },
]

const login: readonly Fault[] = [
  {
    id: 'password-cut-at-15',
    ...password,
    replace: 'state.user, command.password.subarray(0, 15), session.origin',
    caughtBy: ['login-password-longer', 'login-password-word-behind'],
  },
  {
    id: 'password-in-any-case',
    ...password,
    replace:
      'state.user, Buffer.from(Buffer.from(command.password).toString().toLowerCase()), session.origin',
    caughtBy: ['login-password-other-case'],
  },
  {
    id: 'password-trimmed',
    ...password,
    replace: 'state.user, Buffer.from(Buffer.from(command.password).toString().trim()), session.origin',
    caughtBy: ['login-password-space-behind', 'login-password-space-in-front'],
  },
  {
    id: 'password-without-user',
    file: authorization,
    find: 'if (state.user === undefined)\n        return session.language.answers.needsUser;',
    replace: "if (state.user === undefined)\n        state.user = 'ann';",
    caughtBy: [
      'login-pass-alone',
      'login-name-of-other-connection',
      'login-pass-behind-failure',
      'hostile-names-apart',
    ],
  },
  {
    id: 'user-never-forgotten',
    file: session,
    find: 'this.#state = next;',
    replace:
      'this.#state = next; if (next.kind === "authorization") this.#state = { ...next, user: (this.name = next.user ?? this.name) };',
    caughtBy: ['login-pass-behind-failure', 'sasl-fresh-after-cancel', 'stls-forgets-user'],
  },
  {
    id: 'user-tells-who-there-is',
    ...name,
    replace: `if (command.name !== 'ann') return { text: '-ERR no such user\\r\\n' }; ${name.find}`,
    caughtBy: ['login-user-tells-nothing'],
  },
  {
    id: 'pass-tells-who-there-is',
    ...passed,
    replace: `return logIn(session, 'PASS', ${attempt}).then(answer => state.user === 'ann' ? answer : { ...answer, text: '-ERR [AUTH] no such user\\r\\n' });`,
    caughtBy: ['login-pass-tells-nothing'],
  },
  {
    id: 'pass-tells-the-password',
    ...passed,
    replace: `return logIn(session, 'PASS', ${attempt}).then(answer => answer.refused ? { ...answer, text: \`-ERR [AUTH] not \${Buffer.from(command.password)}\\r\\n\` } : answer);`,
    caughtBy: ['login-password-not-told'],
  },
  {
    id: 'pass-refused-in-two-lines',
    ...passed,
    replace: `return logIn(session, 'PASS', ${attempt}).then(answer => answer.refused ? { ...answer, text: answer.text + '-ERR try again\\r\\n' } : answer);`,
    caughtBy: ['login-failure-is-one-line', 'login-again'],
  },
  {
    id: 'first-user-counts',
    ...name,
    replace: "session.state = { kind: 'authorization', user: _state.user ?? command.name };",
    caughtBy: ['login-last-name-counts'],
  },
  {
    id: 'name-is-a-path',
    ...name,
    replace: "session.state = { kind: 'authorization', user: command.name.split('/').pop() };",
    caughtBy: ['login-name-path'],
  },
  {
    id: 'name-is-a-pattern',
    ...name,
    replace:
      "session.state = { kind: 'authorization', user: command.name.includes('*') ? 'ann' : command.name };",
    caughtBy: ['login-name-star', 'login-name-filter'],
  },
  {
    id: 'apop-any-digest',
    file: 'auth/apop.js',
    find: 'return timingSafeEqual(given, expected);',
    replace: 'return true;',
    store: 'SQLite',
    caughtBy: ['apop-wrong-password', 'apop-zero-refused', 'apop-other-connection'],
  },
  {
    id: 'apop-leaves-its-name',
    file: authorization,
    find: "user: undefined };\n    return logIn(session, 'APOP'",
    replace: "user: name };\n    return logIn(session, 'APOP'",
    store: 'SQLite',
    caughtBy: ['apop-then-pass'],
  },
]

export const loginFaults: readonly Fault[] = [...greeting, ...login]
