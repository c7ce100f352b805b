// RFC 5321 sections 3.3, 4.1.1.2, 4.1.1.3 and 4.1.2: reverse-paths and forward-paths in all their forms, and who is refused.
import { Failure } from '../../../conformance/case.ts'
import { handOver, sendMessage } from '../message-steps.ts'
import type { Need } from '../needs.ts'
import { readReply, shownReply } from '../replies.ts'
import type { SmtpCase, SmtpSection } from '../smtp-case.ts'
import { ask, begin, code, data, drop, mail, quit, rcpt, say, step } from '../steps.ts'

const notTaken = 'Mail from or to such an address does not get through.'

interface PathRow {
  readonly id: string
  readonly what: string
  /** What stands behind the colon. */
  readonly path: string
  readonly severity?: 'must' | 'should' | 'quirk'
  readonly needs?: readonly Need[]
}

const reversePaths: readonly PathRow[] = [
  { id: 'null', what: 'nothing, as bounces have it', path: '<>', severity: 'must' },
  {
    id: 'plus',
    what: 'a plus and an equals sign',
    path: '<check+you=example.net@example.org>',
    severity: 'must',
  },
  {
    id: 'atoms',
    what: 'all that an atom may have',
    path: "<!#$%&'*+-/=?^_`|~@example.org>",
    severity: 'should',
  },
  { id: 'quoted', what: 'a quoted local part', path: '<"a check"@example.org>' },
  { id: 'quoted-at', what: 'an @ between quotes', path: '<"a@check"@example.org>' },
  { id: 'quoted-bracket', what: 'an angle bracket between quotes', path: '<"a>check"@example.org>' },
  { id: 'quoted-pair', what: 'a quote between quotes', path: '<"a\\"check"@example.org>' },
  { id: 'quoted-dots', what: 'dots in a row between quotes', path: '<"a..check."@example.org>' },
  {
    id: 'long-local-part',
    what: 'a local part of 64 octets',
    path: `<${'a'.repeat(64)}@example.org>`,
    severity: 'must',
  },
  {
    id: 'long-domain',
    what: 'a domain of 180 octets',
    path: `<a@${`${'d'.repeat(60)}.`.repeat(2)}${'e'.repeat(51)}.example>`,
  },
  { id: 'literal', what: 'an address literal for its domain', path: '<check@[192.0.2.1]>' },
  { id: 'ipv6-literal', what: 'an IPv6 literal for its domain', path: '<check@[IPv6:2001:db8::1]>' },
  { id: 'source-route', what: 'a source route', path: '<@a.example,@b.example:check@example.org>' },
  { id: 'upper-domain', what: 'a domain in upper case', path: '<check@EXAMPLE.ORG>', severity: 'must' },
  {
    id: 'a-label',
    what: 'a domain in its ASCII form',
    path: '<check@xn--bcher-kva.example>',
    severity: 'should',
  },
  { id: 'blank-in-front', what: 'a blank in front of it', path: ' <check@example.org>', severity: 'quirk' },
]

const forwardPaths: readonly PathRow[] = [
  {
    id: 'upper-domain',
    what: 'a domain in upper case',
    path: '<{local}@{upperDomain}>',
    severity: 'must',
    needs: ['domain'],
  },
  { id: 'source-route', what: 'a source route', path: '<@relay.example:{recipient}>', needs: ['domain'] },
  {
    id: 'quoted',
    what: 'a local part between quotes that need not be',
    path: '<"{local}"@{domain}>',
    needs: ['domain'],
  },
  { id: 'blank-in-front', what: 'a blank in front of it', path: ' <{recipient}>', severity: 'quirk' },
]

const upperDomain = step('', async play => {
  play.memory.set('upperDomain', play.fill('{domain}').toUpperCase())
})

const taken: readonly SmtpCase[] = [
  ...reversePaths.map(
    ({ id, what, path, severity = 'should' }): SmtpCase => ({
      id: `smtp-mail-${id}`,
      title: `MAIL takes a reverse-path with ${what}`,
      rfc: id === 'null' ? 'RFC 5321 section 4.5.5' : 'RFC 5321 section 4.1.2',
      severity,
      cost: id === 'null' ? 'Bounces are lost, and others refuse mail from here.' : notTaken,
      steps: [begin, ask(`MAIL FROM:${path}`, '250'), rcpt(), quit],
    }),
  ),
  ...forwardPaths.map(
    ({ id, what, path, severity = 'should', needs = [] }): SmtpCase => ({
      id: `smtp-rcpt-${id}`,
      title: `RCPT takes a forward-path with ${what}`,
      rfc: 'RFC 5321 section 4.1.2',
      severity,
      needs,
      cost: notTaken,
      steps: [begin, mail(), upperDomain, ask(`RCPT TO:${path}`, '25'), quit],
    }),
  ),
  {
    id: 'smtp-rcpt-postmaster',
    title: 'Somebody reads what is sent to Postmaster, in any case and without a domain',
    rfc: 'RFC 5321 section 4.5.1',
    severity: 'must',
    needs: ['smtp'],
    cost: 'Nobody can tell the people behind the server that something is wrong with it.',
    steps: [begin, mail(), ask('RCPT TO:<Postmaster>', '25'), ask('RCPT TO:<pOSTMASTER>', '25'), quit],
  },
  {
    id: 'smtp-rcpt-hundred',
    title: 'A hundred recipients are taken',
    rfc: 'RFC 5321 section 4.5.3.1.8',
    severity: 'must',
    limitMs: 30_000,
    cost: 'Mail to many gets through to some.',
    steps: [
      begin,
      mail(),
      step('send RCPT 100 times, expect each to be taken', async play => {
        for (let i = 0; i < 100; i++) await rcpt().run(play)
      }),
      quit,
    ],
  },
  {
    id: 'smtp-rcpt-too-many',
    title: 'Where there are too many recipients the answer is 452, and those before are kept',
    rfc: 'RFC 5321 section 4.5.3.1.10',
    severity: 'should',
    limitMs: 30_000,
    cost: 'The message bounces for the others, or for all.',
    steps: [
      begin,
      mail(),
      step('send RCPT until it is refused, 1,100 times at most', async play => {
        for (let i = 0; i < 1_100; i++) {
          await say('RCPT TO:<{recipient}>').run(play)
          const reply = await readReply(play.wire)
          if (reply.code === 452 || reply.code === 552) return
          if (reply.code >= 400) throw new Failure(`RCPT number ${i + 1} was answered ${shownReply(reply)}`)
        }
      }),
      data,
      drop,
    ],
  },
  {
    id: 'smtp-second-transaction',
    title: 'A session has several transactions, each with its own recipients',
    rfc: 'RFC 5321 section 3.3',
    severity: 'must',
    cost: 'A message goes to recipients of the one before.',
    steps: [
      begin,
      handOver('first\r\n'),
      ask('RCPT TO:<{recipient}>', '503'),
      ask('DATA', '503', '554'),
      handOver('second\r\n'),
      quit,
    ],
  },
  {
    id: 'smtp-transaction-behind-refusals',
    title: 'Refused commands in a transaction leave what was taken before',
    rfc: 'RFC 5321 section 3.3',
    severity: 'must',
    cost: 'One wrong address keeps the message from all others.',
    steps: [
      begin,
      ask('MAIL FROM:<', '5'),
      mail(),
      ask('RCPT TO:<>', '5'),
      rcpt(),
      ask('RCPT TO:<', '5'),
      data,
      sendMessage('x\r\n'),
      code('250'),
      quit,
    ],
  },
]

const noPaths: readonly PathRow[] = [
  { id: 'nothing', what: 'nothing at all', path: '' },
  { id: 'open', what: 'a bracket that is never closed', path: '<{recipient}' },
  { id: 'two', what: 'two addresses', path: '<{recipient}><{recipient}>' },
  { id: 'blank', what: 'a blank in it', path: '<a check@example.org>' },
  { id: 'two-at', what: 'two @', path: '<a@b@example.org>' },
  { id: 'no-domain-behind-at', what: 'nothing behind the @', path: '<check@>' },
  { id: 'no-local-part', what: 'nothing in front of the @', path: '<@example.org>' },
  { id: 'dot-dot-domain', what: 'dots in a row in its domain', path: '<check@example..org>' },
  { id: 'nul', what: 'NUL in it', path: '<che\0ck@example.org>' },
  { id: 'control', what: 'a control character in it', path: '<che\x01ck@example.org>' },
]

const refusals: readonly SmtpCase[] = [
  ...noPaths.map(
    ({ id, what, path }): SmtpCase => ({
      id: `smtp-no-path-${id}`,
      title: `A path with ${what} is refused by MAIL and by RCPT`,
      rfc: 'RFC 5321 section 4.1.2',
      severity: 'should',
      cost: 'Mail is taken that can neither be delivered nor sent back.',
      steps: [begin, ask(`MAIL FROM:${path}`, '5'), mail(), ask(`RCPT TO:${path}`, '5'), rcpt(), quit],
    }),
  ),
  {
    id: 'smtp-rcpt-null',
    title: 'RCPT TO:<> is refused',
    rfc: 'RFC 5321 section 4.1.1.3',
    severity: 'must',
    cost: 'Mail is taken that goes to nobody.',
    steps: [begin, mail(), ask('RCPT TO:<>', '5'), quit],
  },
  {
    id: 'smtp-no-brackets',
    title: 'An address without angle brackets is refused',
    rfc: 'RFC 5321 section 4.1.2',
    severity: 'quirk',
    cost: 'Servers differ in what they take for the address.',
    steps: [begin, ask('MAIL FROM:check@example.org', '5'), quit],
  },
  {
    id: 'smtp-rcpt-unknown',
    title: 'A recipient who does not exist is refused at RCPT, for good',
    rfc: 'RFC 5321 section 3.3',
    severity: 'should',
    cost: 'The message is taken and lost, or bounces to somebody whose address was forged.',
    steps: [begin, mail(), ask('RCPT TO:<{nobody}>', '550', '551', '553', '55'), rcpt(), quit],
  },
  {
    id: 'smtp-no-relay',
    title: 'Mail for another domain is refused',
    rfc: 'RFC 5321 section 3.6.2',
    severity: 'should',
    cost: 'Everybody sends spam through the server, and its mail is refused everywhere.',
    steps: [begin, mail(), ask('RCPT TO:<somebody@relay-check.invalid>', '4', '5'), quit],
  },
  {
    id: 'smtp-no-percent-hack',
    title: 'Mail for another domain is refused when a percent sign stands for the @',
    rfc: 'RFC 5321 section 3.6.2',
    severity: 'should',
    needs: ['domain'],
    cost: 'Everybody sends spam through the server, and its mail is refused everywhere.',
    steps: [begin, mail(), ask('RCPT TO:<somebody%relay-check.invalid@{domain}>', '4', '5'), quit],
  },
  {
    id: 'smtp-no-bang-path',
    title: 'Mail for another domain is refused when it is a path of UUCP',
    rfc: 'RFC 5321 section 3.6.2',
    severity: 'should',
    needs: ['domain'],
    cost: 'Everybody sends spam through the server, and its mail is refused everywhere.',
    steps: [begin, mail(), ask('RCPT TO:<relay-check.invalid!somebody@{domain}>', '4', '5'), quit],
  },
  {
    id: 'smtp-no-quoted-relay',
    title: 'A quoted local part with an @ in it is no address of another domain',
    rfc: 'RFC 5321 section 3.6.2',
    severity: 'should',
    needs: ['domain'],
    cost: 'Everybody sends spam through the server, and its mail is refused everywhere.',
    steps: [begin, mail(), ask('RCPT TO:<"somebody@relay-check.invalid"@{domain}>', '4', '5'), quit],
  },
  {
    id: 'smtp-no-routed-relay',
    title: 'A source route through the server leads to no other domain',
    rfc: 'RFC 5321 section 3.6.2',
    severity: 'should',
    needs: ['domain'],
    cost: 'Everybody sends spam through the server, and its mail is refused everywhere.',
    steps: [begin, mail(), ask('RCPT TO:<@{domain}:somebody@relay-check.invalid>', '4', '5'), quit],
  },
]

export const transaction: SmtpSection = {
  name: 'smtp-transaction',
  title: 'SMTP and LMTP: transactions',
  about:
    'MAIL and RCPT with paths of all forms: which are taken, which are refused, and what a refusal does to the transaction.',
  cases: [...taken, ...refusals],
}
