// RFC 5321 sections 4.1.1.4, 4.4 and 4.5.2: mail data, its stuffed dots and its end, octet for octet, and the trace fields.
import { differenceFrom, mended } from '../../../conformance/sameness.ts'
import { answeredOrClosed } from '../endurance.ts'
import {
  arrived,
  arrivedAs,
  endOfData,
  handOver,
  handOverAtEverySplit,
  head,
  nothingArrived,
  sendMessage,
  stuffed,
  whereReadable,
} from '../message-steps.ts'
import type { SmtpCase, SmtpSection } from '../smtp-case.ts'
import {
  ask,
  begin,
  code,
  data,
  drop,
  halfClose,
  mail,
  octetsOf,
  pieces,
  quit,
  rcpt,
  reply,
  send,
  toData,
} from '../steps.ts'

const damaged = 'The message arrives other than it was sent.'
const kept = 'RFC 5321 section 4.5.2'

interface BodyRow {
  readonly id: string
  readonly what: string
  /** In latin1, not stuffed. */
  readonly body: string
}

/** Lawful messages: each arrives to the octet. */
const bodies: readonly BodyRow[] = [
  { id: 'plain', what: 'a few lines', body: 'One line.\r\nAnother line.\r\n' },
  { id: 'dot-first', what: 'a dot at the beginning of a line', body: '.first\r\nmiddle . dot\r\n' },
  { id: 'dot-line', what: 'lines that are one dot', body: '.\r\ntext\r\n.\r\n.\r\n' },
  { id: 'dot-runs', what: 'lines of several dots', body: '..\r\n...\r\n..a\r\n....\r\n' },
  { id: 'dot-last', what: 'a dot for its last line', body: 'text\r\n.\r\n' },
  { id: 'blank-lines', what: 'empty lines at both ends', body: '\r\n\r\ntext\r\n\r\n\r\n' },
  { id: 'spaces', what: 'blanks and tabs at the ends of lines', body: ' \r\n\t\r\none  \r\n\ttwo\t\r\n' },
  { id: 'commands', what: 'commands', body: 'QUIT\r\nRSET\r\nDATA\r\nMAIL FROM:<x@example.org>\r\n' },
  { id: 'from-lines', what: 'lines that begin with "From "', body: 'From here on\r\n>From there\r\n' },
  {
    id: 'headers',
    what: 'what looks like a header',
    body: 'Subject: not this\r\nBcc: nobody@example.org\r\n\r\nx\r\n',
  },
  { id: 'line-998', what: 'a line of 998 octets', body: `${'a'.repeat(998)}\r\nnext\r\n` },
  { id: 'megabyte', what: 'a megabyte', body: `${'abcdefghij'.repeat(7)}\r\n`.repeat(14_564) },
  {
    id: 'dotted-lines',
    what: 'thousands of lines with a dot in front',
    body: '.\r\n..x\r\n.yy\r\n'.repeat(4_000),
  },
]

/** What no sender may send, and every server gets: it is refused, or kept but for its line ends. */
const unlawful: readonly BodyRow[] = [
  { id: 'nul', what: 'NUL', body: 'before\0after\r\n' },
  {
    id: 'eight-bit',
    what: 'octets beyond US-ASCII that were not announced',
    body: 'gr\xfc\xdfe\r\n\x80\xff\r\n',
  },
  { id: 'line-10k', what: 'a line of 10,000 octets', body: `${'b'.repeat(10_000)}\r\nnext\r\n` },
  { id: 'line-100k', what: 'a line of 100,000 octets', body: `${'c'.repeat(100_000)}\r\nnext\r\n` },
  { id: 'controls', what: 'control characters', body: '\x01\x02\x07\x08\x0b\x0c\x1b\x7f\r\n' },
  { id: 'lone-cr', what: 'a lone CR', body: 'before\rafter\r\n' },
  { id: 'lone-lf', what: 'a lone LF', body: 'before\nafter\r\n' },
]

/** Long ones are not spelled out. */
const whatOf = ({ what, body }: BodyRow) => (body.length > 80 ? what : undefined)

const content: readonly SmtpCase[] = [
  ...bodies.map(
    (row): SmtpCase => ({
      id: `smtp-data-${row.id}`,
      title: `A message with ${row.what} arrives as it was sent`,
      rfc: kept,
      severity: 'must',
      needs: ['reading'],
      limitMs: 30_000,
      cost: damaged,
      steps: [begin, handOver(row.body, whatOf(row)), quit, arrivedAs(row.body)],
    }),
  ),
  ...unlawful.map(
    (row): SmtpCase => ({
      id: `smtp-data-${row.id}`,
      title: `A message with ${row.what} is refused, or arrives whole`,
      rfc: 'RFC 5321 section 2.3.8',
      severity: row.id === 'controls' || row.id.startsWith('lone') ? 'quirk' : 'should',
      needs: ['reading'],
      cost: damaged,
      steps: [
        begin,
        toData,
        sendMessage(row.body, whatOf(row)),
        reply('`250` or a refusal', ({ code: its }, play) => {
          play.memory.set('isTaken', its === 250)
          return its === 250 || its >= 400 ? undefined : `it answered ${its}`
        }),
        {
          explain:
            'where it was taken: read what has arrived, expect the message, its line ends mended at most',
          run: async play => {
            if (!play.memory.get('isTaken')) return
            await arrived(1, 'the message', ([message = Buffer.alloc(0)]) => {
              const sent = octetsOf(play.fill(head + row.body))
              return (
                differenceFrom({ octets: sent }, message) && differenceFrom({ octets: mended(sent) }, message)
              )
            }).run(play)
          },
        },
      ],
    }),
  ),
  {
    id: 'smtp-data-eight-bit-announced',
    title: 'Octets beyond US-ASCII arrive as they were sent where 8BITMIME is announced',
    rfc: 'RFC 6152 section 3',
    severity: 'must',
    needs: ['eight-bit', 'reading'],
    cost: damaged,
    steps: [
      begin,
      mail('{sender}', 'BODY=8BITMIME'),
      rcpt(),
      data,
      sendMessage('gr\xc3\xbc\xc3\x9fe\r\n'),
      code('250'),
      quit,
      arrivedAs('gr\xc3\xbc\xc3\x9fe\r\n'),
    ],
  },
]

const ends: readonly SmtpCase[] = [
  {
    id: 'smtp-data-taken',
    title: 'DATA is answered 354, and the message 250',
    rfc: 'RFC 5321 section 4.1.1.4',
    severity: 'must',
    cost: 'No mail gets in.',
    steps: [begin, mail(), rcpt(), data, sendMessage('x\r\n'), code('250'), quit],
  },
  {
    id: 'smtp-data-empty',
    title: 'A message of no octets is answered, and the session goes on',
    rfc: 'RFC 5321 section 4.1.1.4',
    severity: 'must',
    cost: 'The session hangs.',
    steps: [begin, toData, send(endOfData), code('250', '4', '5'), ask('NOOP', '250'), quit],
  },
  {
    id: 'smtp-data-no-header',
    title: 'A message without a header is answered, and the session goes on',
    rfc: 'RFC 5321 section 4.1.1.4',
    severity: 'must',
    cost: 'The session hangs.',
    steps: [
      begin,
      toData,
      send(`no header here\r\n${endOfData}`),
      code('250', '4', '5'),
      ask('NOOP', '250'),
      quit,
    ],
  },
  {
    id: 'smtp-data-64k',
    title: 'A message of 64 KB is taken',
    rfc: 'RFC 5321 section 4.5.3.1.7',
    severity: 'must',
    cost: 'Mail of ordinary size is refused.',
    steps: [begin, handOver(`${'x'.repeat(62)}\r\n`.repeat(1_000), '64,000 octets'), quit],
  },
  {
    id: 'smtp-data-end-splits',
    title: 'The end of a message is found wherever its packets are cut',
    rfc: 'RFC 5321 section 4.1.1.4',
    severity: 'must',
    cost: 'Whether a message gets through depends on the weather in the network.',
    steps: [
      begin,
      handOverAtEverySplit('text\r\n.\r\nlast\r\n', [1, 2, 3, 4, 5, 6, 7]),
      ask('NOOP', '250'),
      quit,
      whereReadable(
        arrived(7, 'seven times the same message', (messages, play) => {
          const octets = octetsOf(play.fill(`${head}text\r\n.\r\nlast\r\n`))
          return messages.map(message => differenceFrom({ octets }, message)).find(each => each !== undefined)
        }),
      ),
    ],
  },
  {
    id: 'smtp-data-by-octets',
    title: 'A message whose every octet is a packet arrives as it was sent',
    rfc: 'RFC 5321 section 4.1.1.4',
    severity: 'must',
    needs: ['reading'],
    cost: damaged,
    steps: [
      begin,
      toData,
      send(head),
      pieces([...stuffed('.\r\n..a\r\n\r\n.\r\n'), ...endOfData], 'a message of dots'),
      code('250'),
      quit,
      arrivedAs('.\r\n..a\r\n\r\n.\r\n'),
    ],
  },
]

const trace: readonly SmtpCase[] = [
  {
    id: 'smtp-trace-received',
    title: 'A Received field is put in front of the message',
    rfc: 'RFC 5321 section 4.4',
    severity: 'must',
    needs: ['smtp', 'reading'],
    cost: 'Nobody can tell where mail came from, or that it goes round in a loop.',
    steps: [
      begin,
      handOver('x\r\n'),
      quit,
      arrived(1, 'a Received field before the header that was sent', ([message = Buffer.alloc(0)]) => {
        const text = message.toString('latin1')
        const at = text.search(/^Received:/m)
        return at >= 0 && at < text.search(/^From: check@/m) ? undefined : 'there is no Received field'
      }),
    ],
  },
  {
    id: 'smtp-trace-keeps-received',
    title: 'Received fields that are there already stay as they are',
    rfc: 'RFC 5321 section 4.4',
    severity: 'must',
    needs: ['reading'],
    cost: 'Nobody can tell where mail came from.',
    steps: [
      begin,
      toData,
      send(
        `Received: from a.example by b.example; Thu, 1 Jan 1970 00:00:00 +0000\r\n${head}x\r\n${endOfData}`,
      ),
      code('250'),
      quit,
      arrived(1, 'the Received field that was sent', ([message = Buffer.alloc(0)]) =>
        message.includes('Received: from a.example by b.example; Thu, 1 Jan 1970')
          ? undefined
          : 'it is not there',
      ),
    ],
  },
  ...[
    { id: 'sender', path: 'bounce+7@example.org' },
    { id: 'null', path: '' },
  ].map(
    ({ id, path }): SmtpCase => ({
      id: `smtp-trace-return-path-${id}`,
      title: `Return-Path has the reverse-path: \`<${path}>\``,
      rfc: 'RFC 5321 section 4.4',
      severity: 'should',
      needs: ['reading'],
      cost: 'Answers of programs go to people, or the other way round.',
      steps: [
        begin,
        mail(path),
        rcpt(),
        data,
        sendMessage('x\r\n'),
        code('250'),
        quit,
        arrived(1, `\`Return-Path: <${path}>\``, ([message = Buffer.alloc(0)]) =>
          message.toString('latin1').includes(`Return-Path: <${path}>\r\n`) ? undefined : 'it is not there',
        ),
      ],
    }),
  ),
]

const cut = 'Half a message is delivered, and the whole one again when the sender tries again.'

/** Ways to leave in the middle of a message. */
const abandoned: readonly SmtpCase[] = [
  { id: 'in-data', what: 'in the middle of the mail data', steps: [toData, send(`${head}half\r\n`), drop] },
  {
    id: 'before-dot',
    what: 'in front of the final dot',
    steps: [toData, send(`${head}x\r\n`), halfClose, answeredOrClosed],
  },
  {
    id: 'at-dot',
    what: 'behind the final dot, before its line end',
    steps: [toData, send(`${head}x\r\n.`), drop],
  },
  {
    id: 'at-cr',
    what: 'in the middle of the final line end',
    steps: [toData, send(`${head}x\r\n.\r`), drop],
  },
  { id: 'before-data', what: 'behind RCPT', steps: [mail(), rcpt(), drop] },
].map(({ id, what, steps }) => ({
  id: `smtp-abandoned-${id}`,
  title: `Nothing arrives of a message whose sender is gone ${what}`,
  rfc: 'RFC 5321 section 4.1.1.4',
  severity: 'must',
  needs: ['reading'],
  cost: cut,
  steps: [begin, ...steps, nothingArrived],
}))

export const mailData: SmtpSection = {
  name: 'smtp-data',
  title: 'SMTP and LMTP: mail data',
  about:
    'What is sent behind DATA arrives octet for octet behind the trace fields, however its packets are cut; what has no end does not arrive at all.',
  cases: [...ends, ...content, ...trace, ...abandoned],
}
