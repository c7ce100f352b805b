// Parameters of MAIL and RCPT: SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8 (RFC 6531), and those of extensions that were not
// offered (RFC 5321 section 4.1.1.11).
import { Unable } from '../../../conformance/case.ts'
import { arrivedAs, endOfData, head, nothingArrived, sendMessage, whereReadable } from '../message-steps.ts'
import { type Need, sizeLimit } from '../needs.ts'
import type { SmtpPlay } from '../play.ts'
import type { SmtpCase, SmtpSection } from '../smtp-case.ts'
import { ask, begin, code, data, mail, octetsOf, quit, rcpt, step, toData } from '../steps.ts'

const tooLate = 'A large message is sent in full before it is refused.'

/** Remembers the limit and one more. */
const limit = step('look up the limit that is announced', async ({ survey, memory }: SmtpPlay) => {
  const octets = sizeLimit(survey.secured)
  if (octets === undefined) throw new Unable('the server announces no limit of the size')
  memory.set('limit', octets)
  memory.set('tooLarge', octets + 1)
})

/** In lines of 1,000 octets. */
const sendTooLarge = step('send a message of 1,000 octets more than the limit, and its end', async play => {
  const octets = Number(play.fill('{limit}')) + 1_000
  const line = `${'x'.repeat(998)}\r\n`
  await play.wire.send(octetsOf(play.fill(head)))
  const chunk = octetsOf(line.repeat(64))
  for (let left = Math.ceil(octets / line.length); left > 0; left -= 64)
    await play.wire.send(chunk.subarray(0, Math.min(left, 64) * line.length))
  await play.wire.send(octetsOf(endOfData))
})

const size: readonly SmtpCase[] = [
  {
    id: 'smtp-size-taken',
    title: 'SIZE is taken by MAIL, and a message that keeps to it is',
    rfc: 'RFC 1870 section 6.1',
    severity: 'must',
    needs: ['size'],
    cost: 'Senders who announce the size, as all do, are refused.',
    steps: [begin, mail('{sender}', 'SIZE=200'), rcpt(), data, sendMessage('x\r\n'), code('250'), quit],
  },
  {
    id: 'smtp-size-at-limit',
    title: 'A size of exactly the limit is not too large',
    rfc: 'RFC 1870 section 6.1',
    severity: 'should',
    needs: ['size-limit'],
    cost: 'A message that should get through does not.',
    steps: [begin, limit, ask('MAIL FROM:<{sender}> SIZE={limit}', '250', '452'), quit],
  },
  {
    id: 'smtp-size-too-large',
    title: 'A message that is announced too large is refused at once, with 552',
    rfc: 'RFC 1870 section 6.1',
    severity: 'should',
    needs: ['size-limit'],
    cost: tooLate,
    steps: [begin, limit, ask('MAIL FROM:<{sender}> SIZE={tooLarge}', '552'), mail(), quit],
  },
  {
    id: 'smtp-size-huge-number',
    title: 'A size of twenty digits is refused',
    rfc: 'RFC 1870 section 5',
    severity: 'should',
    needs: ['size-limit'],
    cost: 'A number that wraps is taken for a small one.',
    steps: [begin, ask('MAIL FROM:<{sender}> SIZE=18446744073709551617', '5'), mail(), quit],
  },
  ...['x', '-1', '1.5', ''].map(
    (value, at): SmtpCase => ({
      id: `smtp-size-no-number-${at + 1}`,
      title: `\`SIZE=${value}\` is refused`,
      rfc: 'RFC 1870 section 5',
      severity: 'should',
      needs: ['size'],
      cost: 'What is no number is taken for one.',
      steps: [begin, ask(`MAIL FROM:<{sender}> SIZE=${value}`, '5'), mail(), quit],
    }),
  ),
  {
    id: 'smtp-size-exceeded',
    title:
      'A message that is too large and was not announced is refused behind its end, and the session goes on',
    rfc: 'RFC 1870 section 6.3',
    severity: 'must',
    needs: ['size-limit'],
    limitMs: 60_000,
    cost: 'The sender tries again for ever, or part of the message is delivered.',
    steps: [
      begin,
      limit,
      toData,
      sendTooLarge,
      code('552', '554', '5'),
      ask('NOOP', '250'),
      whereReadable(nothingArrived),
      quit,
    ],
  },
  {
    id: 'smtp-size-larger-than-announced',
    title: 'A message that is larger than was announced is kept whole, or refused',
    rfc: 'RFC 1870 section 6.3',
    severity: 'must',
    needs: ['size', 'reading'],
    cost: 'The rest of the message is missing.',
    steps: [
      begin,
      mail('{sender}', 'SIZE=10'),
      rcpt(),
      data,
      sendMessage('more than ten octets\r\n'),
      step('expect `250` or a refusal', async play => {
        await code('250', '4', '5').run(play)
      }),
      quit,
    ],
  },
]

const eightBit: readonly SmtpCase[] = [
  ...['7BIT', '8BITMIME', '8bitmime'].map(
    (value): SmtpCase => ({
      id: `smtp-body-${value === '8bitmime' ? 'lower-case' : value.toLowerCase()}`,
      title: `\`BODY=${value}\` is taken`,
      rfc: 'RFC 6152 section 2',
      severity: value === '8bitmime' ? 'should' : 'must',
      needs: ['eight-bit'],
      cost: 'Senders who say what the message has are refused.',
      steps: [begin, mail('{sender}', `BODY=${value}`), rcpt(), quit],
    }),
  ),
  {
    id: 'smtp-body-unknown',
    title: 'A body of a kind that nobody knows is refused',
    rfc: 'RFC 6152 section 2',
    severity: 'should',
    needs: ['eight-bit'],
    cost: 'A message is taken that the server does not understand.',
    steps: [begin, ask('MAIL FROM:<{sender}> BODY=9BIT', '5'), mail(), quit],
  },
  {
    id: 'smtp-body-binary-unoffered',
    title: 'BINARYMIME is refused where it is not announced',
    rfc: 'RFC 3030 section 3',
    severity: 'should',
    needs: ['eight-bit', 'no-chunking'],
    cost: 'A binary message is taken, and damaged.',
    steps: [begin, ask('MAIL FROM:<{sender}> BODY=BINARYMIME', '5'), mail(), quit],
  },
  {
    id: 'smtp-bdat-unoffered',
    title: 'BDAT is refused where CHUNKING is not announced',
    rfc: 'RFC 3030 section 2',
    severity: 'must',
    needs: ['no-chunking'],
    cost: 'The chunk is taken for commands.',
    steps: [begin, mail(), rcpt(), ask('BDAT 0 LAST', '5'), quit],
  },
]

const utf8 = (text: string) => Buffer.from(text).toString('latin1')
const international: readonly SmtpCase[] = [
  {
    id: 'smtp-utf8-sender',
    title: 'A reverse-path in UTF-8 is taken with SMTPUTF8',
    rfc: 'RFC 6531 section 3.4',
    severity: 'must',
    needs: ['utf8'],
    cost: 'People whose names are not English cannot write.',
    steps: [begin, mail(utf8('jürgen@bücher.example'), 'SMTPUTF8'), rcpt(), quit],
  },
  {
    id: 'smtp-utf8-message',
    title: 'A message with UTF-8 in its header is taken with SMTPUTF8, and kept as it is',
    rfc: 'RFC 6531 section 3.1',
    severity: 'must',
    needs: ['utf8', 'reading'],
    cost: 'Names and subjects arrive damaged.',
    steps: [
      begin,
      mail('{sender}', 'SMTPUTF8 BODY=8BITMIME'),
      rcpt(),
      data,
      sendMessage(utf8('Grüße aus 東京\r\n')),
      code('250'),
      quit,
      arrivedAs(utf8('Grüße aus 東京\r\n')),
    ],
  },
  {
    id: 'smtp-utf8-unasked',
    title: 'A reverse-path in UTF-8 is refused without SMTPUTF8',
    rfc: 'RFC 6531 section 3.4',
    severity: 'should',
    needs: ['utf8'],
    cost: 'The message cannot be sent on, and bounces.',
    steps: [begin, ask(`MAIL FROM:<${utf8('jürgen@example.org')}>`, '5'), mail(), quit],
  },
  {
    id: 'smtp-utf8-malformed',
    title: 'What is no UTF-8 is refused with SMTPUTF8 too',
    rfc: 'RFC 6531 section 3.3',
    severity: 'should',
    needs: ['utf8'],
    cost: 'An address that no program can show.',
    steps: [begin, ask('MAIL FROM:<j\xfcrgen@example.org> SMTPUTF8', '5'), mail(), quit],
  },
  {
    id: 'smtp-utf8-value',
    title: 'SMTPUTF8 takes no value',
    rfc: 'RFC 6531 section 3.4',
    severity: 'quirk',
    needs: ['utf8'],
    cost: 'None but a mistake that nobody notices.',
    steps: [begin, ask('MAIL FROM:<{sender}> SMTPUTF8=1', '5'), mail(), quit],
  },
]

interface ParameterRow {
  readonly id: string
  readonly line: string
  readonly needs?: readonly Need[]
}

const unoffered: readonly ParameterRow[] = [
  { id: 'mail', line: 'MAIL FROM:<{sender}> XNONE=1' },
  { id: 'mail-no-value', line: 'MAIL FROM:<{sender}> XNONE' },
  { id: 'rcpt', line: 'RCPT TO:<{recipient}> XNONE=1' },
  { id: 'ret', line: 'MAIL FROM:<{sender}> RET=FULL', needs: ['no-dsn'] },
  { id: 'notify', line: 'RCPT TO:<{recipient}> NOTIFY=NEVER', needs: ['no-dsn'] },
  { id: 'size', line: 'MAIL FROM:<{sender}> SIZE=1', needs: ['no-size'] },
]

const parameters: readonly SmtpCase[] = [
  ...unoffered.map(
    ({ id, line, needs = [] }): SmtpCase => ({
      id: `smtp-unoffered-${id}`,
      title: `\`${line.replace(/^.*> /, '')}\` of ${line.slice(0, 4)}, which was not offered, is refused`,
      rfc: 'RFC 5321 section 4.1.1.11',
      severity: 'should',
      needs,
      cost: 'The sender believes in something that the server does not do.',
      steps: [
        begin,
        ...(line.startsWith('RCPT') ? [mail()] : []),
        ask(line, '5'),
        ...(line.startsWith('RCPT') ? [] : [mail()]),
        rcpt(),
        quit,
      ],
    }),
  ),
  {
    id: 'smtp-parameter-twice',
    title: 'A parameter that comes twice is refused',
    rfc: 'RFC 5321 section 4.1.2',
    severity: 'quirk',
    needs: ['size'],
    cost: 'Servers differ in which of the two they believe.',
    steps: [begin, ask('MAIL FROM:<{sender}> SIZE=1 SIZE=2', '5'), mail(), quit],
  },
  {
    id: 'smtp-parameter-no-blank',
    title: 'Parameters need a blank in front of them',
    rfc: 'RFC 5321 section 4.1.2',
    severity: 'quirk',
    needs: ['size'],
    cost: 'Servers differ in what they take for the address.',
    steps: [begin, ask('MAIL FROM:<{sender}>SIZE=1', '5'), mail(), quit],
  },
  {
    id: 'smtp-dsn-taken',
    title: 'The parameters of DSN are taken where it is announced',
    rfc: 'RFC 3461 section 4',
    severity: 'must',
    needs: ['dsn'],
    cost: 'Senders who ask to be told are refused.',
    steps: [
      begin,
      mail('{sender}', 'RET=HDRS ENVID=check'),
      rcpt('{recipient}', 'NOTIFY=FAILURE,DELAY ORCPT=rfc822;you@example.org'),
      quit,
    ],
  },
  {
    id: 'smtp-dsn-never-and-more',
    title: 'NOTIFY=NEVER with something else is refused',
    rfc: 'RFC 3461 section 4.1',
    severity: 'should',
    needs: ['dsn'],
    cost: 'The sender is told what it did not want to be told.',
    steps: [begin, mail(), ask('RCPT TO:<{recipient}> NOTIFY=NEVER,FAILURE', '5'), quit],
  },
]

export const extensions: SmtpSection = {
  name: 'smtp-extensions',
  title: 'SMTP and LMTP: sizes, 8-bit, UTF-8 and other extensions',
  about:
    'A server does what it announces, and refuses the parameters of what it does not: sizes, bodies of eight bits, addresses in UTF-8, delivery notices.',
  cases: [...size, ...eightBit, ...international, ...parameters],
}
