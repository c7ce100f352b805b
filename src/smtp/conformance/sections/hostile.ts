// Clients that mean no good, or are none: floods, endless lines, octets that trickle, connections that are left in the middle
// of everything. RFC 5321 section 7 warns of some; the rest is what a service must bear.

import { Failure } from '../../../conformance/case.ts'
import { randomOctets } from '../../../conformance/endurance.ts'
import { answeredOrClosed, crowd, inStep, refusedOrClosed, servesAgain, stillServes } from '../endurance.ts'
import { head } from '../message-steps.ts'
import type { SmtpCase, SmtpSection } from '../smtp-case.ts'
import {
  begin,
  code,
  connect,
  drop,
  halfClose,
  mail,
  openOnly,
  pieces,
  rcpt,
  type SmtpStep,
  send,
  toData,
} from '../steps.ts'

const rfc = 'RFC 5321 section 7.8'
const forAll = 'One client ends the service for all.'
const limitMs = 30_000
const megabyte = 1_048_576

interface BadRow {
  readonly id: string
  readonly what: string
  readonly text: string
}

/** Programs that speak something else, and what a browser can be made to send. */
const strangers: readonly BadRow[] = [
  { id: 'http', what: 'HTTP', text: 'GET / HTTP/1.1\r\nHost: mail.example.org\r\n\r\n' },
  { id: 'pop3', what: 'POP3', text: 'USER nobody\r\nPASS nothing\r\n' },
  { id: 'imap', what: 'IMAP', text: 'a001 LOGIN nobody nothing\r\n' },
  { id: 'ssh', what: 'SSH', text: 'SSH-2.0-client\r\n' },
  { id: 'telnet', what: 'Telnet', text: '\xff\xfd\x03\xff\xfb\x18\xff\xfb\x1f\r\n' },
  { id: 'proxy', what: 'the PROXY protocol', text: 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n' },
]

const endless: readonly {
  readonly id: string
  readonly what: string
  readonly before: readonly SmtpStep[]
  readonly begin: string
}[] = [
  { id: 'greeted', what: 'behind the greeting', before: [connect], begin: '' },
  { id: 'path', what: 'as a reverse-path', before: [begin], begin: 'MAIL FROM:<' },
  { id: 'recipient', what: 'as a forward-path', before: [begin, mail()], begin: 'RCPT TO:<' },
  { id: 'noop', what: 'behind NOOP', before: [begin], begin: 'NOOP ' },
]

const floods: readonly {
  readonly id: string
  readonly what: string
  readonly before: readonly SmtpStep[]
  readonly line: string
}[] = [
  { id: 'empty', what: 'empty lines', before: [begin], line: '' },
  { id: 'unknown', what: 'unknown commands', before: [begin], line: 'XNONE' },
  { id: 'hello', what: 'EHLO commands', before: [connect], line: '{hello} check.example.org' },
  { id: 'rcpt', what: 'unknown recipients', before: [begin, mail()], line: 'RCPT TO:<{nobody}>' },
]

const moments: readonly {
  readonly id: string
  readonly when: string
  readonly steps: readonly SmtpStep[]
}[] = [
  { id: 'greeting', when: 'before it has read the greeting', steps: [openOnly] },
  { id: 'greeted', when: 'behind the greeting', steps: [connect] },
  { id: 'half-command', when: 'in the middle of a command', steps: [begin, send('MAIL FR')] },
  { id: 'mail', when: 'behind MAIL', steps: [begin, mail()] },
  { id: 'rcpt', when: 'behind RCPT', steps: [begin, mail(), rcpt()] },
  { id: 'data', when: 'behind DATA', steps: [begin, toData] },
  { id: 'half-message', when: 'in the middle of a message', steps: [begin, toData, send(`${head}half`)] },
]

const oddLines: readonly BadRow[] = [
  { id: 'controls', what: 'control characters', text: '\x01\x02\x03\x04' },
  { id: 'eight-bit', what: 'octets beyond US-ASCII', text: '\xff\xfe\xfd\x80' },
  { id: 'nul-first', what: 'NUL in front of a command', text: '\0NOOP' },
  { id: 'byte-order-mark', what: 'a byte order mark in front of a command', text: '\xef\xbb\xbfNOOP' },
  { id: 'high-bit', what: 'a command with the high bit set', text: '\xce\xcf\xcf\xd0' },
  { id: 'format', what: 'format directives of C', text: '%s%s%n%x' },
  { id: 'shell', what: 'what a shell would obey', text: '`id`;$(id)|id&&id' },
  { id: 'reply', what: 'a reply', text: '250 2.0.0 OK' },
  { id: 'dot', what: 'a dot', text: '.' },
  { id: 'prefix', what: 'a command with letters behind it', text: 'NOOPX' },
  { id: 'beginning', what: 'the beginning of a command', text: 'NOO' },
  { id: 'proto', what: 'the name of a property that every object has', text: '__proto__' },
  { id: 'constructor', what: 'the name of a function that every object has', text: 'constructor' },
]

const cases: readonly SmtpCase[] = [
  ...strangers.map(
    ({ id, what, text }): SmtpCase => ({
      id: `smtp-hostile-speaks-${id}`,
      title: `Who speaks ${what} is refused, and others do not notice`,
      rfc,
      severity: 'must',
      cost: forAll,
      steps: [connect, send(text), refusedOrClosed, stillServes],
    }),
  ),
  {
    id: 'smtp-hostile-http-with-commands',
    title: 'Commands in the body of an HTTP request send no mail',
    rfc,
    severity: 'should',
    cost: 'A page in a browser sends mail from inside a network.',
    steps: [
      connect,
      send(
        'POST / HTTP/1.1\r\nHost: mail.example.org\r\nContent-Type: text/plain\r\n\r\n{hello} a.example\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n',
        'an HTTP request with a transaction in its body',
      ),
      refusedOrClosed,
      {
        explain: 'expect that DATA is not answered `354`',
        run: async ({ wire }) => {
          await wire.send(Buffer.from('.\r\nQUIT\r\n'))
          const rest = (await wire.rest()).toString('latin1')
          if (/^354/m.test(rest)) throw new Failure('it obeys what stands in a request of HTTP')
        },
      },
    ],
  },
  ...oddLines.map(
    ({ id, what, text }): SmtpCase => ({
      id: `smtp-odd-${id}`,
      title: `A line of ${what} is refused`,
      rfc: 'RFC 5321 section 4.2.4',
      severity: 'must',
      cost: 'The server does what nobody asked for, or fails for all.',
      steps: [begin, send(`${text}\r\n`), refusedOrClosed, inStep, stillServes],
    }),
  ),
  ...endless.map(
    ({ id, what, before, begin: text }): SmtpCase => ({
      id: `smtp-hostile-endless-${id}`,
      title: `A line of a megabyte without an end, ${what}, does not stop others`,
      rfc: 'RFC 5321 section 4.5.3.1.4',
      severity: 'must',
      limitMs,
      cost: 'One client uses up the memory of the server.',
      steps: [
        ...before,
        send(text + 'x'.repeat(megabyte), `\`${text}\` and a megabyte of \`x\``),
        stillServes,
      ],
    }),
  ),
  ...floods.map(
    ({ id, what, before, line }): SmtpCase => ({
      id: `smtp-hostile-flood-${id}`,
      title: `10,000 ${what} at once do not stop others`,
      rfc,
      severity: 'must',
      limitMs,
      cost: forAll,
      steps: [
        ...before,
        send(`${line}\r\n`.repeat(10_000), `10,000 times \`${line}\` and CRLF`),
        stillServes,
      ],
    }),
  ),
  ...moments.flatMap(({ id, when, steps }): readonly SmtpCase[] =>
    (['cut', 'closed'] as const).map(how => ({
      id: `smtp-hostile-left-${id}-${how}`,
      title: `A client that ${how === 'cut' ? 'is gone' : 'closes its side'} ${when} does not stop others`,
      rfc,
      severity: 'must',
      limitMs,
      cost: forAll,
      steps: [...steps, how === 'cut' ? drop : halfClose, servesAgain],
    })),
  ),
  {
    id: 'smtp-hostile-random',
    title: 'Random octets do not stop others',
    rfc,
    severity: 'must',
    limitMs,
    cost: forAll,
    steps: [connect, randomOctets(50_000), stillServes],
  },
  {
    id: 'smtp-hostile-random-message',
    title: 'Random octets in a message do not stop others',
    rfc,
    severity: 'must',
    limitMs,
    cost: forAll,
    steps: [begin, toData, randomOctets(50_000), send('\r\n.\r\n'), answeredOrClosed, stillServes],
  },
  {
    id: 'smtp-hostile-header-without-end',
    title: 'A message that is all header, 20,000 fields of it, is answered',
    rfc,
    severity: 'must',
    limitMs,
    cost: forAll,
    steps: [
      begin,
      toData,
      send(`${'X-Field: value\r\n'.repeat(20_000)}.\r\n`, '20,000 header fields and the end'),
      code('250', '4', '5'),
      stillServes,
    ],
  },
  {
    id: 'smtp-hostile-trickle',
    title: 'A client that sends octet by octet does not stop others',
    rfc,
    severity: 'must',
    limitMs,
    cost: forAll,
    steps: [
      begin,
      pieces([...'MAIL FROM:<che'], 'the beginning of MAIL'),
      stillServes,
      send('ck@example.org>\r\n'),
      code('250'),
    ],
  },
  {
    id: 'smtp-hostile-crowd',
    title: 'A hundred connections at once do not keep others out for long',
    rfc,
    severity: 'must',
    limitMs,
    cost: forAll,
    steps: [crowd(100), servesAgain],
  },
]

export const hostile: SmtpSection = {
  name: 'smtp-hostile',
  title: 'SMTP and LMTP: hostile input',
  about:
    'Clients that flood, trickle, speak something else or leave in the middle. A server may refuse them as it likes; it must not obey what is no command, nor be gone for others.',
  cases,
}
