// Faults of states, of lines and of numbers: what is taken for which command, where, and in what form it is answered.
import type { Fault } from '../fault.ts'

const commands = 'pop3/server/commands.js'
const grammar = 'pop3/wire/command.js'
const session = 'pop3/server/session.js'
const language = 'pop3/server/languages/language.js'

const states: readonly Fault[] = [
  {
    id: 'stat-before-login',
    file: commands,
    find: 'transaction: stat }',
    replace: "transaction: stat, authorization: () => ({ text: '+OK 0 0\\r\\n' }) }",
    caughtBy: [
      'stat-before-login',
      'stat-behind-user',
      'stat-behind-failed-login',
      'pipelining-failed-login',
    ],
  },
  {
    id: 'noop-before-login',
    file: commands,
    find: 'transaction: noop }',
    replace: 'transaction: noop, authorization: noop }',
    caughtBy: ['noop-before-login', 'noop-behind-user'],
  },
  {
    id: 'user-behind-login',
    file: commands,
    find: 'authorization: user }',
    replace: 'authorization: user, transaction: user }',
    caughtBy: ['user-behind-login'],
  },
  {
    id: 'unknown-is-noop',
    file: grammar,
    find: 'if (!grammar)\n        return problems.unknown;',
    replace: "if (!grammar)\n        return { verb: 'NOOP' };",
    caughtBy: ['unknown-word-behind-login', 'unknown-of-smtp-behind-login', 'odd-shell', 'odd-positive'],
  },
  {
    id: 'beginnings-of-commands',
    file: grammar,
    find: 'grammarByKey.get(verbKey(line, verbOctets))',
    replace:
      '(grammarByKey.get(verbKey(line, verbOctets)) ?? Object.entries(grammars).find(([verb]) => verb.startsWith(latin1(line.subarray(0, verbOctets)).toUpperCase()))?.[1])',
    caughtBy: ['unknown-beginning-behind-login', 'odd-beginning'],
  },
  {
    id: 'four-letters-of-commands',
    file: grammar,
    find: 'grammarByKey.get(verbKey(line, verbOctets))',
    replace: 'grammarByKey.get(verbKey(line, Math.min(4, verbOctets)))',
    caughtBy: ['unknown-longer-behind-login', 'odd-prefix', 'update-not-by-cut-behind-refused-quit'],
  },
  {
    id: 'commands-of-every-object',
    file: grammar,
    find: 'grammarByKey.get(verbKey(line, verbOctets))',
    replace:
      '(grammarByKey.get(verbKey(line, verbOctets)) ?? grammars[latin1(line.subarray(0, verbOctets))])',
    caughtBy: ['odd-constructor'],
  },
  {
    id: 'quit-behind-login-only',
    file: commands,
    find: 'authorization: quitUnauthenticated,',
    replace: '',
    caughtBy: ['quit-before-login', 'quit-between-user-and-pass'],
  },
  {
    id: 'unknown-ends-session',
    file: language,
    find: "refused: 'bad-command',",
    replace: "refused: 'bad-command', end: 'bad-commands',",
    caughtBy: ['unknown-keeps-open-before-login'],
  },
  {
    id: 'long-line-ends-all',
    file: 'net/line-reader.js',
    find: 'this.#discarding = true;\n            return tooLong;',
    replace: "throw new RangeError('too long');",
    caughtBy: ['hostile-endless-before-login'],
  },
]

const lines: readonly Fault[] = [
  {
    id: 'refusal-repeats-what-was-sent',
    file: session,
    find: 'return this.language.answers.problems[command.problem];',
    replace:
      "return { text: Buffer.from(`-ERR what is ${Buffer.from(line).toString('latin1')}?\\r\\n`, 'latin1'), refused: 'bad-command' };",
    caughtBy: ['answer-printable'],
  },
  {
    id: 'status-line-over-512',
    file: session,
    find: 'return this.language.answers.lineTooLong;',
    replace: "return { text: `-ERR ${'too long, '.repeat(60)}\\r\\n`, end: 'line-too-long' };",
    caughtBy: ['length-1024-before-login', 'length-4096-behind-login'],
  },
  {
    id: 'odd-octet-ends-all',
    file: grammar,
    find: 'if (line.length === 0)\n        return problems.empty;',
    replace: "if (line[0] > 0x7f)\n        throw new Error('no character');",
    caughtBy: ['odd-eight-bit'],
  },
  {
    id: 'line-ends-at-nul',
    file: grammar,
    find: 'if (line.length === 0)\n        return problems.empty;',
    replace: 'const nul = line.indexOf(0); if (nul >= 0)\n        line = line.subarray(0, nul);',
    caughtBy: [
      'odd-nul-behind',
      'hostile-password-nul',
      'login-password-nul-behind',
      'dele-number-nul-behind',
    ],
  },
  {
    id: 'high-bits-dropped',
    file: grammar,
    find: 'const octet = octets[i] ?? 0;',
    replace: 'const octet = (octets[i] ?? 0) & 0x7f;',
    caughtBy: ['odd-high-bit'],
  },
  {
    id: 'last-line-needs-no-end',
    file: session,
    find: 'this.#inputHasEnded = true;',
    replace: "this.#inputHasEnded = true; this.#lines.push(Buffer.from('\\n'));",
    caughtBy: ['update-not-by-half-close-before-cr', 'hostile-half-quit', 'hostile-half-pass'],
  },
  {
    id: 'dele-without-number',
    file: grammar,
    find: 'const number = argument && positiveNumber(argument, 0, argument.length);',
    replace: 'const number = argument?.length ? positiveNumber(argument, 0, argument.length) : 1;',
    caughtBy: ['form-dele-alone', 'form-dele-empty', 'form-retr-alone'],
  },
  {
    id: 'second-argument-ignored',
    file: grammar,
    find: 'const number = argument && positiveNumber(argument, 0, argument.length);',
    replace: 'const number = argument && positiveNumber(argument, 0, latin1(argument).split(" ")[0].length);',
    caughtBy: ['form-dele-two', 'form-retr-two', 'form-trailing-space'],
  },
  {
    id: 'refusal-begins-with-plus',
    file: 'pop3/wire/reply.js',
    find: 'code === undefined ? `-ERR ${text}`',
    replace: 'code === undefined ? `+ERR ${text}`',
    caughtBy: ['answer-form', 'retr-beyond-last-refused', 'unknown-word-before-login'],
  },
]

const numbers: readonly Fault[] = [
  {
    id: 'number-of-32-bits',
    file: grammar,
    find: 'number = number * 10 + digit;',
    replace: 'number = (number * 10 + digit) >>> 0;',
    caughtBy: ['dele-number-over-32-bits', 'list-number-over-32-bits', 'retr-number-over-32-bits'],
  },
  {
    id: 'number-of-16-bits',
    file: grammar,
    find: 'number = number * 10 + digit;',
    replace: 'number = (number * 10 + digit) & 0xffff;',
    caughtBy: ['dele-number-over-16-bits', 'retr-number-over-16-bits'],
  },
  {
    id: 'number-up-to-a-letter',
    file: grammar,
    find: 'if (digit < 0 || digit > 9)\n            return undefined;',
    replace: 'if (digit < 0 || digit > 9)\n            return i > from ? number : undefined;',
    caughtBy: [
      'dele-number-letters-behind',
      'dele-number-range',
      'retr-number-half',
      'list-number-letters-behind',
      'odd-argument-sequence',
      'top-fraction-lines',
    ],
  },
  {
    id: 'number-with-a-sign',
    file: grammar,
    find: 'let number = 0;',
    replace: 'let number = 0; if (octets[from] === 0x2d || octets[from] === 0x2b) from += 1;',
    caughtBy: [
      'dele-number-negative',
      'list-number-negative',
      'retr-number-plus',
      'top-negative-lines',
      'top-signed-lines',
    ],
  },
  {
    id: 'number-with-zeros',
    file: grammar,
    find: 'octets[from] === 0x30',
    replace: '(octets[from] === 0x30 && to - from === 1)',
    caughtBy: ['retr-number-leading-zero', 'retr-number-leading-zeros'],
  },
  {
    id: 'number-0',
    file: grammar,
    find: 'octets[from] === 0x30',
    replace: 'false',
    caughtBy: ['list-zero-refused', 'dele-zero-refused', 'uidl-zero-refused'],
  },
  {
    id: 'number-read-by-letters',
    file: grammar,
    find: 'if (digit < 0 || digit > 9)\n            return undefined;',
    replace: 'if (digit < 0 || digit > 9)\n            return 1;',
    caughtBy: ['uidl-word-refused', 'top-word-lines', 'dele-number-word', 'odd-argument-shell'],
  },
]

export const grammarFaults: readonly Fault[] = [...states, ...lines, ...numbers]
