// RFC 5321 sections 3.1, 4.1.1 and 4.1.4: greeting, EHLO, the order of commands, and the small commands.

import { Unable } from '../../../conformance/case.ts'
import { extensionsIn, ourName } from '../introduction.ts'
import { readReply } from '../replies.ts'
import type { SmtpCase, SmtpSection } from '../smtp-case.ts'
import {
  ask,
  begin,
  type Complaint,
  code,
  connect,
  data,
  hello,
  mail,
  openOnly,
  quit,
  rcpt,
  reply,
  say,
  step,
} from '../steps.ts'

const lostOrder = 'A client that is out of step sends mail that is lost, or comes twice.'
const refusedClients = 'Clients that keep to the RFC cannot hand over their mail.'

/** As in section 2.3.5, or an address literal. */
const hostName = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[^\]\s]+\])(?: |$)/
const keyword = /^[A-Za-z0-9][A-Za-z0-9-]*(?: [\x21-\x7e]+)*$/

const greetings: readonly SmtpCase[] = [
  {
    id: 'smtp-greeting',
    title: 'The greeting is 220, and its first word is the name of the host',
    rfc: 'RFC 5321 section 4.2',
    severity: 'must',
    cost: 'Clients hang up, or cannot tell whom they have reached.',
    steps: [openOnly, reply('`220` and a name', named(220)), say('QUIT'), code('221')],
  },
  {
    id: 'smtp-ehlo-name',
    title: 'The reply to EHLO begins with the name of the host',
    rfc: 'RFC 5321 section 4.1.1.1',
    severity: 'should',
    cost: 'Clients cannot see that mail goes round in a loop.',
    steps: [connect, say(`{hello} ${ourName}`), reply('`250` and a name', named(250)), quit],
  },
  {
    id: 'smtp-ehlo-keywords',
    title: 'Each further line of the reply to EHLO is a keyword with its parameters',
    rfc: 'RFC 5321 section 4.1.1.1',
    severity: 'must',
    needs: ['ehlo'],
    cost: 'Clients do not find the extension that they need, STARTTLS for one.',
    steps: [
      connect,
      say(`{hello} ${ourName}`),
      reply('keywords', ({ lines }) => {
        const odd = lines.slice(1).find(line => !keyword.test(line.trimEnd()))
        return odd === undefined ? undefined : `\`${odd.replace(/[^\x20-\x7e]/g, '?')}\` is no keyword`
      }),
      quit,
    ],
  },
  {
    id: 'smtp-ehlo-keywords-once',
    title: 'No extension is announced twice',
    rfc: 'RFC 5321 section 4.1.1.1',
    severity: 'quirk',
    needs: ['ehlo'],
    cost: 'Clients differ in which of the two they believe.',
    steps: [
      connect,
      say(`{hello} ${ourName}`),
      reply('each keyword once', found => {
        const count = found.lines.length - 1
        return extensionsIn(found).size === count ? undefined : 'a keyword comes twice'
      }),
      quit,
    ],
  },
  {
    id: 'smtp-ehlo-obsolete',
    title: 'EHLO announces nothing that its RFC or its successor has withdrawn',
    rfc: 'RFC 5321 section 4.1.1.1',
    severity: 'quirk',
    needs: ['ehlo'],
    cost: 'Old clients use SEND, SAML or TURN, by which mail can be taken away by others.',
    steps: [
      connect,
      say(`{hello} ${ourName}`),
      reply('no SEND, SOML, SAML, TURN', found => {
        const old = ['SEND', 'SOML', 'SAML', 'TURN'].find(name => extensionsIn(found).has(name))
        return old === undefined ? undefined : `${old} is announced`
      }),
      quit,
    ],
  },
  {
    id: 'smtp-helo',
    title: 'HELO is understood, and answered with one line',
    rfc: 'RFC 5321 section 4.1.1.1',
    severity: 'must',
    needs: ['smtp'],
    cost: 'Devices of old, printers and scanners, cannot send.',
    steps: [
      connect,
      say(`HELO ${ourName}`),
      reply('`250` on one line', ({ code: its, lines }) =>
        its === 250 && lines.length === 1 ? undefined : `it answered ${its} on ${lines.length} lines`,
      ),
      mail(),
      rcpt(),
      quit,
    ],
  },
]

/** What stands for the name of a client. */
const names: readonly { readonly id: string; readonly what: string; readonly name: string }[] = [
  { id: 'literal', what: 'an address literal', name: '[192.0.2.1]' },
  { id: 'ipv6-literal', what: 'an IPv6 address literal', name: '[IPv6:2001:db8::1]' },
  { id: 'single-label', what: 'a name without a dot', name: 'localhost' },
  { id: 'digits', what: 'a name that begins with digits', name: '3com.example' },
  { id: 'long', what: 'a name of 250 octets', name: `${`${'a'.repeat(49)}.`.repeat(5).slice(0, -1)}b` },
]

const introductions: readonly SmtpCase[] = [
  ...names.map(
    ({ id, what, name }): SmtpCase => ({
      id: `smtp-ehlo-${id}`,
      title: `EHLO takes ${what}`,
      rfc: 'RFC 5321 section 4.1.3',
      severity: 'should',
      cost: 'Programs on machines without a name of their own cannot send.',
      steps: [connect, ask(`{hello} ${name}`, '250'), mail(), rcpt(), quit],
    }),
  ),
  {
    id: 'smtp-ehlo-no-name',
    title: 'EHLO without a name is refused',
    rfc: 'RFC 5321 section 4.1.1.1',
    severity: 'quirk',
    cost: 'Trace fields do not say where mail came from.',
    steps: [connect, ask('{hello}', '5'), quit],
  },
  {
    id: 'smtp-ehlo-refused-changes-nothing',
    title: 'An EHLO that is refused leaves the transaction as it is',
    rfc: 'RFC 5321 section 4.1.4',
    severity: 'should',
    cost: lostOrder,
    steps: [
      begin,
      mail(),
      say('{hello} a b c ,,'),
      step('expect a refusal', async ({ wire }) => {
        const { code: its } = await readReply(wire)
        if (its < 500) throw new Unable('the server takes anything for a name')
      }),
      rcpt(),
      quit,
    ],
  },
  {
    id: 'smtp-ehlo-resets',
    title: 'EHLO in a transaction ends it as RSET does',
    rfc: 'RFC 5321 section 4.1.4',
    severity: 'must',
    cost: 'A message goes to recipients of the one before.',
    steps: [begin, mail(), rcpt(), hello, ask('RCPT TO:<{recipient}>', '503'), quit],
  },
  {
    id: 'smtp-ehlo-twice',
    title: 'EHLO may be sent again',
    rfc: 'RFC 5321 section 4.1.4',
    severity: 'must',
    cost: refusedClients,
    steps: [begin, hello, mail(), rcpt(), quit],
  },
  {
    id: 'smtp-mail-before-ehlo',
    title: 'MAIL before EHLO is refused',
    rfc: 'RFC 5321 section 4.1.4',
    severity: 'quirk',
    cost: 'Trace fields do not say where mail came from.',
    steps: [connect, ask('MAIL FROM:<{sender}>', '5'), quit],
  },
  ...['NOOP', 'RSET'].map(
    (line): SmtpCase => ({
      id: `smtp-${line.toLowerCase()}-before-ehlo`,
      title: `${line} is understood before EHLO`,
      rfc: 'RFC 5321 section 4.1.4',
      severity: 'should',
      cost: 'Programs that only look whether the server is there take it for broken.',
      steps: [connect, ask(line, '250'), quit],
    }),
  ),
]

const order: readonly SmtpCase[] = [
  {
    id: 'smtp-rcpt-before-mail',
    title: 'RCPT before MAIL is answered 503',
    rfc: 'RFC 5321 section 3.3',
    severity: 'must',
    cost: lostOrder,
    steps: [begin, ask('RCPT TO:<{recipient}>', '503'), quit],
  },
  {
    id: 'smtp-data-before-mail',
    title: 'DATA before MAIL is refused',
    rfc: 'RFC 5321 section 3.3',
    severity: 'should',
    cost: lostOrder,
    steps: [begin, ask('DATA', '503', '554'), ask('NOOP', '250'), quit],
  },
  {
    id: 'smtp-data-before-rcpt',
    title: 'DATA before RCPT is refused',
    rfc: 'RFC 5321 section 3.3',
    severity: 'should',
    cost: lostOrder,
    steps: [begin, mail(), ask('DATA', '503', '554'), ask('NOOP', '250'), quit],
  },
  {
    id: 'smtp-mail-twice',
    title: 'MAIL in a transaction is refused, and the transaction goes on',
    rfc: 'RFC 5321 section 4.1.4',
    severity: 'should',
    cost: 'Bounces of the message go to somebody else.',
    steps: [begin, mail(), rcpt(), ask('MAIL FROM:<other@example.org>', '503'), data, quitInData()],
  },
  {
    id: 'smtp-rset',
    title: 'RSET ends a transaction',
    rfc: 'RFC 5321 section 4.1.1.5',
    severity: 'must',
    cost: 'A message goes to recipients of the one before.',
    steps: [
      begin,
      mail(),
      rcpt(),
      ask('RSET', '250'),
      ask('RCPT TO:<{recipient}>', '503'),
      mail(),
      ask('DATA', '503', '554'),
      quit,
    ],
  },
  {
    id: 'smtp-rset-in-no-transaction',
    title: 'RSET outside a transaction is answered 250, as often as it comes',
    rfc: 'RFC 5321 section 4.1.1.5',
    severity: 'must',
    cost: 'Clients that keep connections for several messages fail.',
    steps: [begin, ask('RSET', '250'), ask('RSET', '250'), quit],
  },
  {
    id: 'smtp-noop-changes-nothing',
    title: 'NOOP changes nothing',
    rfc: 'RFC 5321 section 4.1.1.9',
    severity: 'must',
    cost: lostOrder,
    steps: [begin, mail(), ask('NOOP', '250'), rcpt(), ask('NOOP', '250'), data, quitInData()],
  },
  {
    id: 'smtp-noop-text',
    title: 'NOOP takes a text, and ignores it',
    rfc: 'RFC 5321 section 4.1.1.9',
    severity: 'should',
    cost: 'Programs that look whether the server is there take it for broken.',
    steps: [begin, ask('NOOP are you there', '250'), quit],
  },
  {
    id: 'smtp-unknown-command',
    title: 'A command that is not known is refused, and the session goes on',
    rfc: 'RFC 5321 section 4.1.1.10',
    severity: 'must',
    cost: 'A client that tries an extension loses its connection, or believes that it has it.',
    steps: [begin, ask('XNONE', '500', '502'), ask('NOOP', '250'), quit],
  },
  {
    id: 'smtp-unknown-changes-nothing',
    title: 'A command that is not known changes nothing',
    rfc: 'RFC 5321 section 4.2.4',
    severity: 'should',
    cost: lostOrder,
    steps: [begin, mail(), ask('XNONE', '5'), rcpt(), ask('XNONE', '5'), data, quitInData()],
  },
  {
    id: 'smtp-empty-line',
    title: 'An empty line is refused, and the session goes on',
    rfc: 'RFC 5321 section 4.2.4',
    severity: 'should',
    cost: 'The session falls out of step.',
    steps: [begin, ask('', '5'), ask('NOOP', '250'), quit],
  },
]

/** Section 4.1.1: "servers SHOULD reject commands containing them". */
const withoutArguments: readonly SmtpCase[] = ['RSET', 'DATA', 'QUIT'].map(verb => ({
  id: `smtp-${verb.toLowerCase()}-argument`,
  title: `${verb} with an argument is refused`,
  rfc: 'RFC 5321 section 4.1.1',
  severity: 'should',
  cost: 'A line of text that begins with the word is obeyed.',
  steps: [begin, mail(), rcpt(), ask(`${verb} now`, '501', '500', '555'), ask('NOOP', '250'), quit],
}))

const small: readonly SmtpCase[] = [
  {
    id: 'smtp-quit',
    title: 'QUIT is answered 221, and the server closes',
    rfc: 'RFC 5321 section 4.1.1.10',
    severity: 'must',
    cost: 'Clients wait for the end until their time is over.',
    steps: [begin, quit],
  },
  {
    id: 'smtp-quit-before-ehlo',
    title: 'QUIT is understood before EHLO',
    rfc: 'RFC 5321 section 4.1.4',
    severity: 'must',
    cost: 'Clients wait for the end until their time is over.',
    steps: [connect, quit],
  },
  {
    id: 'smtp-quit-in-transaction',
    title: 'QUIT is understood in a transaction',
    rfc: 'RFC 5321 section 4.1.1.10',
    severity: 'must',
    cost: 'Clients wait for the end until their time is over.',
    steps: [begin, mail(), rcpt(), quit],
  },
  {
    id: 'smtp-vrfy',
    title: 'VRFY is answered, with 252 where nothing is told',
    rfc: 'RFC 5321 section 3.5.3',
    severity: 'should',
    cost: 'Clients take an address for wrong that is right.',
    steps: [begin, ask('VRFY {recipient}', '250', '251', '252'), quit],
  },
  {
    id: 'smtp-vrfy-tells-nothing',
    title: 'VRFY answers the same for those that are there and those that are not',
    rfc: 'RFC 5321 section 7.3',
    severity: 'quirk',
    cost: 'Spammers collect addresses.',
    steps: [
      begin,
      say('VRFY {recipient}'),
      reply('a reply (remembered)', ({ code: its }, play) => {
        play.memory.set('known', its)
        return undefined
      }),
      say('VRFY {nobody}'),
      reply('the same code', ({ code: its }, play) =>
        its === play.memory.get('known') ? undefined : `it answered ${play.fill('{known}')} and ${its}`,
      ),
      quit,
    ],
  },
  {
    id: 'smtp-help',
    title: 'HELP is answered 211 or 214',
    rfc: 'RFC 5321 section 4.1.1.8',
    severity: 'quirk',
    cost: 'A person at a terminal gets no help.',
    steps: [begin, ask('HELP', '211', '214'), quit],
  },
  {
    id: 'smtp-expn',
    title: 'EXPN shows no list to everybody',
    rfc: 'RFC 5321 section 7.3',
    severity: 'quirk',
    cost: 'Spammers collect addresses.',
    steps: [begin, say('EXPN {recipient}'), refusedOr252(), quit],
  },
  {
    id: 'smtp-no-foreign-commands',
    title: 'Commands of old mailers and of gates to a shell are refused',
    rfc: 'RFC 5321 section 4.2.4',
    severity: 'should',
    cost: 'Who knows the word gets what nobody meant to give.',
    steps: [begin, ...['WIZ', 'DEBUG', 'SHELL', 'KILL', 'TURN'].map(word => ask(word, '5')), quit],
  },
]

function named(due: number) {
  return ({ code: its, lines }: { code: number; lines: readonly string[] }): Complaint => {
    if (its !== due) return `it answered ${its}`
    return hostName.test(lines[0] ?? '') ? undefined : 'the first word is no name of a host'
  }
}

function refusedOr252() {
  return reply('a refusal, or `252`', ({ code: its }) =>
    its === 252 || its >= 500 ? undefined : `it answered ${its}`,
  )
}

/** In mail data there is only one way out that leaves nothing behind. */
function quitInData() {
  return step('cut the connection', async ({ wire }) => wire.drop())
}

export const session: SmtpSection = {
  name: 'smtp-session',
  title: 'SMTP and LMTP: sessions',
  about:
    'Greeting, EHLO or LHLO, the order of commands, and the commands that move no mail. RFC 5321 has them for SMTP, and RFC 2033 takes them over.',
  cases: [...greetings, ...introductions, ...order, ...withoutArguments, ...small],
}
