// RFC 2033: what LMTP has other than SMTP: LHLO, and a reply for each recipient behind the mail data.
import { Failure } from '../../../conformance/case.ts'
import { onlyReplies } from '../endurance.ts'
import { extensionsIn, ourName } from '../introduction.ts'
import { arrived, endOfData, handOver, sendMessage } from '../message-steps.ts'
import { readReply, shownReply } from '../replies.ts'
import type { SmtpCase, SmtpSection } from '../smtp-case.ts'
import {
  ask,
  begin,
  connect,
  data,
  mail,
  quit,
  rcpt,
  reply,
  type SmtpStep,
  say,
  send,
  step,
} from '../steps.ts'

const outOfTurn =
  'The sender takes the reply for one recipient for that of another: mail is lost, or comes twice.'
const needs = ['lmtp'] as const

/** So many replies; what each is may differ from recipient to recipient. */
function repliesTo(recipients: number): SmtpStep {
  return step(
    `expect ${recipients} replies to the mail data, each \`250\` or a refusal`,
    async ({ wire }) => {
      for (let at = 1; at <= recipients; at++) {
        const its = await readReply(wire)
        if (its.code !== 250 && its.code < 400) throw new Failure(`reply ${at} is ${shownReply(its)}`)
      }
    },
  )
}

const noop = ask('NOOP', '250')

const cases: readonly SmtpCase[] = [
  {
    id: 'lmtp-lhlo',
    title: 'LHLO is answered 250',
    rfc: 'RFC 2033 section 4.1',
    severity: 'must',
    needs,
    cost: 'No mail gets in.',
    steps: [connect, ask(`LHLO ${ourName}`, '250'), quit],
  },
  ...['EHLO', 'HELO'].map(
    (verb): SmtpCase => ({
      id: `lmtp-no-${verb.toLowerCase()}`,
      title: `${verb} is refused by an LMTP server`,
      rfc: 'RFC 2033 section 4.1',
      severity: 'must',
      needs,
      cost: 'An SMTP client believes it has reached an SMTP server, and reads one reply where there are several.',
      steps: [connect, ask(`${verb} ${ourName}`, '5'), ask(`LHLO ${ourName}`, '250'), quit],
    }),
  ),
  {
    id: 'lmtp-not-in-smtp',
    title: 'LHLO is refused by an SMTP server',
    rfc: 'RFC 2033 section 4.1',
    severity: 'quirk',
    needs: ['smtp'],
    cost: 'An LMTP client waits for replies that never come.',
    steps: [connect, ask(`LHLO ${ourName}`, '5'), quit],
  },
  ...['PIPELINING', 'ENHANCEDSTATUSCODES'].map(
    (keyword): SmtpCase => ({
      id: `lmtp-has-${keyword.toLowerCase()}`,
      title: `LHLO announces ${keyword}`,
      rfc: 'RFC 2033 section 5',
      severity: 'must',
      needs,
      cost: 'Senders that rely on it fail, or are slow.',
      steps: [
        connect,
        say(`LHLO ${ourName}`),
        reply(`\`250\` and ${keyword}`, found =>
          extensionsIn(found).has(keyword) ? undefined : `${keyword} is not there`,
        ),
        quit,
      ],
    }),
  ),
  {
    id: 'lmtp-has-8bitmime',
    title: 'LHLO announces 8BITMIME',
    rfc: 'RFC 2033 section 5',
    severity: 'should',
    needs,
    cost: 'Messages are converted on their last step.',
    steps: [
      connect,
      say(`LHLO ${ourName}`),
      reply('`250` and 8BITMIME', found =>
        extensionsIn(found).has('8BITMIME') ? undefined : 'it is not there',
      ),
      quit,
    ],
  },
  {
    id: 'lmtp-data-without-recipient',
    title: 'DATA without a recipient is answered 503',
    rfc: 'RFC 2033 section 4.2',
    severity: 'must',
    needs,
    cost: 'The sender waits for replies that never come.',
    steps: [begin, mail(), ask('DATA', '503'), noop, quit],
  },
  {
    id: 'lmtp-data-without-good-recipient',
    title: 'DATA is answered 503 where every recipient was refused',
    rfc: 'RFC 2033 section 4.2',
    severity: 'must',
    needs,
    cost: 'The sender waits for replies that never come.',
    steps: [begin, mail(), ask('RCPT TO:<>', '5'), ask('DATA', '503'), noop, quit],
  },
  {
    id: 'lmtp-one-reply',
    title: 'One recipient has one reply',
    rfc: 'RFC 2033 section 4.2',
    severity: 'must',
    needs,
    cost: outOfTurn,
    steps: [begin, handOver('x\r\n'), noop, quit],
  },
  {
    id: 'lmtp-same-recipient-twice',
    title: 'A recipient who was named twice has two replies',
    rfc: 'RFC 2033 section 4.2',
    severity: 'must',
    needs,
    cost: outOfTurn,
    steps: [begin, mail(), rcpt(), rcpt(), data, sendMessage('x\r\n'), repliesTo(2), noop, quit],
  },
  {
    id: 'lmtp-refused-recipient-no-reply',
    title: 'A recipient who was refused has no reply',
    rfc: 'RFC 2033 section 4.2',
    severity: 'must',
    needs,
    cost: outOfTurn,
    steps: [
      begin,
      mail(),
      ask('RCPT TO:<>', '5'),
      rcpt(),
      ask('RCPT TO:<', '5'),
      data,
      sendMessage('x\r\n'),
      repliesTo(1),
      noop,
      quit,
    ],
  },
  {
    id: 'lmtp-many-replies',
    title: 'Twenty recipients have twenty replies',
    rfc: 'RFC 2033 section 4.2',
    severity: 'must',
    needs,
    cost: outOfTurn,
    steps: [
      begin,
      mail(),
      ...Array<SmtpStep>(20).fill(rcpt()),
      data,
      sendMessage('x\r\n'),
      repliesTo(20),
      noop,
      quit,
    ],
  },
  {
    id: 'lmtp-empty-message-replies',
    title: 'A message of no octets has a reply for each recipient',
    rfc: 'RFC 2033 section 4.2',
    severity: 'must',
    needs,
    cost: outOfTurn,
    steps: [begin, mail(), rcpt(), rcpt(), data, send(endOfData), repliesTo(2), noop, quit],
  },
  {
    id: 'lmtp-smuggled-replies',
    title: 'A message with false ends has a reply for each recipient, and no more',
    rfc: 'RFC 2033 section 4.2',
    severity: 'must',
    needs,
    cost: outOfTurn,
    steps: [begin, mail(), rcpt(), rcpt(), data, sendMessage('x\n.\nNOOP\r\n'), onlyReplies(2)],
  },
  {
    id: 'lmtp-second-transaction',
    title: 'The next transaction has replies for its own recipients only',
    rfc: 'RFC 2033 section 4.2',
    severity: 'must',
    needs,
    cost: outOfTurn,
    steps: [
      begin,
      mail(),
      rcpt(),
      rcpt(),
      data,
      sendMessage('x\r\n'),
      repliesTo(2),
      mail(),
      rcpt(),
      data,
      sendMessage('y\r\n'),
      repliesTo(1),
      noop,
      quit,
    ],
  },
  {
    id: 'lmtp-rset-recipients',
    title: 'Recipients from before RSET have no reply',
    rfc: 'RFC 2033 section 4.2',
    severity: 'must',
    needs,
    cost: outOfTurn,
    steps: [
      begin,
      mail(),
      rcpt(),
      ask('RSET', '250'),
      mail(),
      rcpt(),
      data,
      sendMessage('x\r\n'),
      repliesTo(1),
      noop,
      quit,
    ],
  },
  {
    id: 'lmtp-accepted-arrives',
    title: 'What was answered 250 for a recipient has arrived',
    rfc: 'RFC 2033 section 4.2',
    severity: 'must',
    needs: ['lmtp', 'reading'],
    cost: 'Mail is lost.',
    steps: [begin, handOver('x\r\n'), quit, arrived(1, 'the message')],
  },
]

export const lmtp: SmtpSection = {
  name: 'lmtp',
  title: 'LMTP',
  about:
    'The protocol of the last step, from a mail server to where mailboxes are: SMTP with LHLO for EHLO, and with a reply for each recipient.',
  cases,
}
