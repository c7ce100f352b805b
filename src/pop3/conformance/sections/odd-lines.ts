// RFC 1939 section 3: lines that are no command, in every state, and arguments that are none.
import type { Severity } from '../../../conformance/case.ts'
import { answeredOrClosed, inStep, refusedOrClosed, stillServes } from '../endurance.ts'
import type { Pop3Case, Pop3Section } from '../pop3-case.ts'
import { connect, logIn, ok, on, say } from '../steps.ts'

interface OddRow {
  readonly id: string
  readonly what: string
  /** Latin1, without line end. */
  readonly line: string
  readonly severity?: Severity
}

const lines: readonly OddRow[] = [
  { id: 'controls', what: 'control characters', line: '\x01\x02\x03\x04\x05\x06' },
  { id: 'bell-and-escape', what: 'a bell and an escape sequence', line: '\x07\x1b[2J\x1b]0;title\x07' },
  { id: 'backspace', what: 'backspaces', line: 'STAX\b\x08T' },
  { id: 'delete', what: 'DEL', line: '\x7f\x7f\x7f' },
  { id: 'nul', what: 'NUL in a command', line: 'ST\0AT' },
  { id: 'nul-first', what: 'NUL in front of a command', line: '\0STAT' },
  { id: 'nul-behind', what: 'NUL behind a command', line: 'STAT\0x', severity: 'should' },
  { id: 'eight-bit', what: 'octets beyond US-ASCII', line: '\xff\xfe\xfd\x80' },
  { id: 'utf8', what: 'UTF-8', line: '\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82' },
  { id: 'overlong-utf8', what: 'overlong UTF-8', line: '\xc0\xafSTAT\xc0\x80' },
  { id: 'byte-order-mark', what: 'a byte order mark in front of a command', line: '\xef\xbb\xbfSTAT' },
  { id: 'high-bit', what: 'a command with the high bit set', line: '\xd3\xd4\xc1\xd4' },
  { id: 'format', what: 'format directives of C', line: '%s%s%s%n%n%x' },
  { id: 'templates', what: 'templates', line: '${7*7} {{7*7}} <%= 7 %> ${jndi:ldap://127.0.0.1/x}' },
  { id: 'shell', what: 'what a shell would obey', line: '`id`;$(id)|id&&id' },
  { id: 'sql', what: 'what a database would obey', line: "'; DROP TABLE message; --" },
  { id: 'path', what: 'a path', line: '../../../../etc/passwd' },
  { id: 'positive', what: 'a positive answer', line: '+OK welcome' },
  { id: 'negative', what: 'a negative answer', line: '-ERR no' },
  { id: 'dot', what: 'a dot', line: '.' },
  { id: 'colon', what: 'a word with a colon', line: 'a:b' },
  { id: 'number', what: 'a number', line: '1' },
  { id: 'mark', what: 'an asterisk', line: '*' },
  { id: 'equals', what: 'an equals sign', line: '=' },
  { id: 'space', what: 'a space', line: ' ', severity: 'should' },
  { id: 'tab', what: 'a tab', line: '\t', severity: 'should' },
  { id: 'prefix', what: 'a command with letters behind it', line: 'STATISTICS' },
  { id: 'beginning', what: 'the beginning of a command', line: 'STA' },
  { id: 'proto', what: 'the name of a property that every object has', line: '__proto__' },
  { id: 'constructor', what: 'the name of a function that every object has', line: 'constructor' },
  { id: 'long-word', what: 'a word of 250 octets', line: 'W'.repeat(250) },
  { id: 'proxy', what: 'a header of the PROXY protocol', line: 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2' },
  { id: 'xclient', what: 'XCLIENT', line: 'XCLIENT ADDR=192.0.2.1 LOGIN={user}', severity: 'quirk' },
]

function lineCase({ id, what, line, severity = 'must' }: OddRow): Pop3Case {
  return {
    id: `odd-${id}`,
    title: `A line of ${what} is refused in every state`,
    rfc: 'RFC 1939 section 3',
    severity,
    cost: 'The server does what nobody asked for, or fails for all.',
    steps: [
      connect,
      say(line),
      refusedOrClosed,
      inStep,
      on('user', connect, say('USER {user}'), answeredOrClosed, say(line), refusedOrClosed, inStep),
      on('logged-in', logIn, say(line), refusedOrClosed, inStep),
      stillServes,
    ],
  }
}

const words: readonly OddRow[] = [
  { id: 'format', what: 'format directives of C', line: '%s%n%x' },
  { id: 'eight-bit', what: 'octets beyond US-ASCII', line: '\x80\xff' },
  { id: 'path', what: 'a path', line: '../../etc/passwd' },
  { id: 'sql', what: 'what a database would obey', line: "1'OR'1'='1" },
  { id: 'shell', what: 'what a shell would obey', line: '$(id)' },
  { id: 'escape', what: 'an escape sequence', line: '\x1b[2J' },
  { id: 'long', what: '200 letters', line: 'A'.repeat(200) },
  { id: 'mark', what: 'an asterisk', line: '*' },
  { id: 'range', what: 'a range', line: '1-2' },
  { id: 'sequence', what: 'a sequence', line: '1,2' },
  { id: 'hexadecimal', what: 'a hexadecimal number', line: '0x1' },
  { id: 'exponent', what: 'a number with an exponent', line: '1e0' },
  { id: 'fraction', what: 'a fraction', line: '1.5' },
  { id: 'infinity', what: 'infinity', line: 'Infinity' },
]

function argumentCase({ id, what, line }: OddRow): Pop3Case {
  return {
    id: `odd-argument-${id}`,
    title: `An argument of ${what} is refused where a number or a mechanism is due`,
    rfc: 'RFC 1939 section 3',
    severity: 'must',
    cost: 'Another message is shown or deleted than was meant, or the server fails for all.',
    mail: ['plain', 'second'],
    steps: [
      connect,
      say(`USER ${line}`),
      answeredOrClosed,
      say(`AUTH ${line}`),
      refusedOrClosed,
      inStep,
      on(
        'logged-in',
        logIn,
        say(`DELE ${line}`),
        refusedOrClosed,
        say(`RETR ${line}`),
        refusedOrClosed,
        inStep,
      ),
      on('next', logIn, say('STAT'), ok(/^2 /), say('QUIT'), ok()),
    ],
  }
}

export const oddLines: Pop3Section = {
  name: 'odd-lines',
  title: 'Lines that are no commands',
  about:
    'Strings that programs stumble over, in every state and as arguments. A server refuses them or closes the connection; it answers nothing else, and others do not notice.',
  cases: [...lines.map(lineCase), ...words.map(argumentCase)],
}
