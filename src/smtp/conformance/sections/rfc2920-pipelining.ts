// RFC 2920: commands in groups, each answered in its turn, however the packets are cut.
import { Failure } from '../../../conformance/case.ts'
import { endOfData, head, sendMessage } from '../message-steps.ts'
import { readReply, shownReply } from '../replies.ts'
import type { SmtpCase, SmtpSection } from '../smtp-case.ts'
import {
  begin,
  code,
  inTurn,
  octetsOf,
  pause,
  pieces,
  quit,
  type SmtpStep,
  say,
  send,
  step,
} from '../steps.ts'

const outOfTurn = 'Clients take the reply to one command for that to another: mail is lost, or comes twice.'
const needs = ['pipelining'] as const
const transaction = ['MAIL FROM:<{sender}>', 'RCPT TO:<{recipient}>', 'DATA'] as const
/** Servers that read nothing before their replies are taken are within their rights. */
const unreadMs = 200
/** Between packets: enough for the one before to be on its way. */
const packetGapMs = 2

function codes(...due: readonly string[]): SmtpStep {
  return step(`expect ${due.map(each => `\`${each}\``).join(', ')}, in that order`, async play => {
    for (const [at, each] of due.entries()) {
      const reply = await readReply(play.wire)
      if (!String(reply.code).startsWith(each))
        throw new Failure(`reply ${at + 1} is ${shownReply(reply)}, ${each} was due`)
    }
  })
}

/** As often as the group has octets: sent in two packets, cut there, and answered. */
function atEverySplit(lines: readonly string[], due: readonly string[]): SmtpStep {
  const text = lines.map(line => `${line}\r\n`).join('')
  const answers = codes(...due)
  return step(`for every octet: send ${lines.join(', ')} cut behind it, ${answers.explain}`, async play => {
    const octets = octetsOf(play.fill(text))
    for (let at = 1; at < octets.length; at++) {
      await play.wire.send(octets.subarray(0, at))
      await pause(packetGapMs)
      await play.wire.send(octets.subarray(at))
      try {
        await answers.run(play)
      } catch (error) {
        if (error instanceof Failure) throw new Failure(`cut behind octet ${at}: ${error.message}`)
        throw error
      }
    }
  })
}

const cases: readonly SmtpCase[] = [
  {
    id: 'smtp-pipelined-transaction',
    title: 'MAIL, RCPT and DATA in one packet are answered in that order',
    rfc: 'RFC 2920 section 3.2',
    severity: 'must',
    needs,
    cost: outOfTurn,
    steps: [begin, say(...transaction), codes('250', '25', '354'), sendMessage('x\r\n'), code('250'), quit],
  },
  {
    id: 'smtp-pipelined-refusals',
    title: 'Refusals have their place among the replies to a group',
    rfc: 'RFC 2920 section 3.2',
    severity: 'must',
    needs,
    cost: 'A recipient who is refused is taken for one who got the message.',
    steps: [
      begin,
      say('MAIL FROM:<{sender}>', 'RCPT TO:<{recipient}>', 'XNONE', 'RCPT TO:<{recipient}>', 'RSET', 'NOOP'),
      codes('250', '25', '5', '25', '250', '250'),
      quit,
    ],
  },
  {
    id: 'smtp-pipelined-no-recipient',
    title: 'DATA behind recipients who were all refused takes no message',
    rfc: 'RFC 2920 section 3.1',
    severity: 'must',
    needs,
    cost: 'A message is taken that goes to nobody.',
    steps: [
      begin,
      say('MAIL FROM:<{sender}>', 'RCPT TO:<>', 'DATA'),
      codes('250', '5'),
      step('expect a refusal; or `354`, and a refusal behind a single dot', async play => {
        const reply = await readReply(play.wire)
        if (reply.code >= 400) return
        if (reply.code !== 354) throw new Failure(`it answered ${shownReply(reply)}`)
        await inTurn([send(endOfData), code('5')], play)
      }),
      quit,
    ],
  },
  {
    id: 'smtp-pipelined-behind-data',
    title: 'Commands in the packet that ends a message are obeyed',
    rfc: 'RFC 2920 section 3.1',
    severity: 'must',
    needs,
    cost: 'Senders of many messages wait for ever.',
    steps: [
      begin,
      say(...transaction),
      codes('250', '25', '354'),
      send(
        `${head}x\r\n${endOfData}NOOP\r\nRSET\r\nQUIT\r\n`,
        'a message, its end, NOOP, RSET and QUIT in one packet',
      ),
      codes('250', '250', '250', '221'),
    ],
  },
  {
    id: 'smtp-pipelined-next-transaction',
    title: 'The next transaction may stand behind the end of a message',
    rfc: 'RFC 2920 section 3.1',
    severity: 'must',
    needs,
    cost: outOfTurn,
    steps: [
      begin,
      say(...transaction),
      codes('250', '25', '354'),
      send(
        `${head}x\r\n${endOfData}${transaction.map(line => `${line}\r\n`).join('')}`,
        'a message and MAIL, RCPT, DATA',
      ),
      codes('250', '250', '25', '354'),
      sendMessage('y\r\n'),
      code('250'),
      quit,
    ],
  },
  {
    id: 'smtp-pipelined-splits',
    title: 'A group is understood wherever its packets are cut',
    rfc: 'RFC 2920 section 3.2',
    severity: 'must',
    needs,
    limitMs: 30_000,
    cost: outOfTurn,
    steps: [
      begin,
      atEverySplit(['MAIL FROM:<{sender}>', 'RCPT TO:<{recipient}>', 'RSET'], ['250', '25', '250']),
      quit,
    ],
  },
  {
    id: 'smtp-pipelined-octets',
    title: 'A group whose every octet is a packet is understood',
    rfc: 'RFC 2920 section 3.2',
    severity: 'must',
    needs,
    cost: outOfTurn,
    steps: [
      begin,
      pieces([...'NOOP\r\nRSET\r\nNOOP\r\n'], 'NOOP, RSET, NOOP'),
      codes('250', '250', '250'),
      quit,
    ],
  },
  {
    id: 'smtp-pipelined-hundred',
    title: 'A hundred commands at once have a hundred replies',
    rfc: 'RFC 2920 section 3.2',
    severity: 'must',
    needs,
    cost: outOfTurn,
    steps: [begin, say(...Array<string>(100).fill('NOOP')), codes(...Array<string>(100).fill('250')), quit],
  },
  {
    id: 'smtp-pipelined-unread',
    title: 'A thousand replies wait until they are read',
    rfc: 'RFC 2920 section 3.2',
    severity: 'should',
    needs,
    cost: 'Replies are lost on slow lines.',
    steps: [
      begin,
      step('send `NOOP` 1,000 times without reading', async ({ wire }) => {
        wire.pause()
        const sent = wire.send(octetsOf('NOOP\r\n'.repeat(1_000)))
        await Promise.race([sent, pause(unreadMs)])
        wire.resume()
        await sent
      }),
      step('expect 1,000 times `250`', async play => {
        for (let i = 0; i < 1_000; i++) await code('250').run(play)
      }),
      quit,
    ],
  },
  {
    id: 'smtp-pipelined-quit',
    title: 'What stands behind QUIT is not obeyed, and the reply to QUIT is the last',
    rfc: 'RFC 5321 section 4.1.1.10',
    severity: 'should',
    needs,
    cost: outOfTurn,
    steps: [
      begin,
      say('QUIT', 'NOOP', 'NOOP'),
      code('221'),
      step('expect the end', async ({ wire }) => {
        const rest = (await wire.rest()).toString('latin1')
        if (/^250/m.test(rest)) throw new Failure('it goes on behind QUIT')
      }),
    ],
  },
]

export const pipelining: SmtpSection = {
  name: 'smtp-pipelining',
  title: 'SMTP and LMTP: pipelining',
  about: 'A server that announces PIPELINING takes commands in groups, and answers each in its turn.',
  cases,
}
