// RFC 5321 sections 4.1.1.4 and 6.1: with 250 a server takes responsibility. What was answered 250 is there; what was not is
// not there by half; nothing is there twice.
import { Failure } from '../../../conformance/case.ts'
import { differenceFrom } from '../../../conformance/sameness.ts'
import {
  arrived,
  arrivedAs,
  endOfData,
  handOver,
  head,
  nothingArrived,
  sendMessage,
} from '../message-steps.ts'
import type { SmtpCase, SmtpSection } from '../smtp-case.ts'
import {
  ask,
  begin,
  code,
  data,
  drop,
  mail,
  octetsOf,
  on,
  quit,
  rcpt,
  reply,
  send,
  step,
  toData,
} from '../steps.ts'

const lost = 'Mail is lost, and nobody is told.'
const needs = ['reading'] as const
const section = 'RFC 5321 section 6.1'

/** Each once, whatever their order. */
function numbered(count: number) {
  return arrived(count, `messages 1 to ${count}, each once and as it was sent`, (messages, play) => {
    for (let number = 1; number <= count; number++) {
      const octets = octetsOf(play.fill(`${head}number ${number};\r\n`))
      const found = messages.filter(message => message.includes(`number ${number};`))
      if (found.length !== 1) return `number ${number} arrived ${found.length} times`
      const difference = differenceFrom({ octets }, found[0] ?? Buffer.alloc(0))
      if (difference !== undefined) return `number ${number}: ${difference}`
    }
    return undefined
  })
}

const cases: readonly SmtpCase[] = [
  {
    id: 'smtp-kept',
    title: 'A message that was answered 250 is there',
    rfc: section,
    severity: 'must',
    needs,
    cost: lost,
    steps: [begin, handOver('kept\r\n'), quit, arrivedAs('kept\r\n')],
  },
  {
    id: 'smtp-kept-without-quit',
    title: 'A message that was answered 250 is there though its sender left without QUIT',
    rfc: 'RFC 5321 section 4.1.1.10',
    severity: 'must',
    needs,
    cost: lost,
    steps: [begin, handOver('kept\r\n'), drop, arrivedAs('kept\r\n')],
  },
  {
    id: 'smtp-kept-behind-rset',
    title: 'A message that was answered 250 is there though RSET came behind it',
    rfc: section,
    severity: 'must',
    needs,
    cost: lost,
    steps: [begin, handOver('kept\r\n'), ask('RSET', '250'), quit, arrivedAs('kept\r\n')],
  },
  {
    id: 'smtp-kept-behind-next',
    title: 'A message that was answered 250 is there though the next one was never finished',
    rfc: section,
    severity: 'must',
    needs,
    cost: lost,
    steps: [begin, handOver('kept\r\n'), toData, send(`${head}half\r\n`), drop, arrivedAs('kept\r\n')],
  },
  {
    id: 'smtp-kept-or-not',
    title: 'A message whose reply was never read is there whole, or not at all',
    rfc: section,
    severity: 'must',
    needs,
    cost: 'Half a message arrives.',
    steps: [
      begin,
      toData,
      send(`${head}${'x'.repeat(70)}\r\n${endOfData}`),
      drop,
      step('read what has arrived, expect the message or nothing', async play => {
        try {
          await nothingArrived.run(play)
        } catch (error) {
          if (!(error instanceof Failure) || !/^1 messages arrived/.test(error.message)) throw error
        }
      }),
    ],
  },
  {
    id: 'smtp-kept-by-two',
    title: 'Messages of two sessions at once are both there, and not mixed',
    rfc: section,
    severity: 'must',
    needs,
    cost: 'Mail is lost, or arrives at the wrong place.',
    steps: [
      begin,
      on('second', begin),
      toData,
      on('second', toData),
      send(`${head}number`),
      on('second', send(`${head}num`)),
      send(` 1;\r\n${endOfData}`),
      on('second', send(`ber 2;\r\n${endOfData}`)),
      code('250'),
      on('second', code('250'), quit),
      quit,
      numbered(2),
    ],
  },
  {
    id: 'smtp-kept-twenty',
    title: 'Twenty messages of one session are there, each once',
    rfc: section,
    severity: 'must',
    needs,
    limitMs: 30_000,
    cost: 'Mail is lost, or comes twice.',
    steps: [
      begin,
      ...Array.from({ length: 20 }, (_, at) => handOver(`number ${at + 1};\r\n`)),
      quit,
      numbered(20),
    ],
  },
  {
    id: 'smtp-kept-pipelined',
    title: 'Ten messages in one packet each behind the other are there, each once',
    rfc: 'RFC 2920 section 3.1',
    severity: 'must',
    needs: ['reading', 'pipelining'],
    limitMs: 30_000,
    cost: 'Mail is lost, or comes twice.',
    steps: [
      begin,
      toData,
      ...Array.from({ length: 9 }, (_, at) => [
        send(
          `${head}number ${at + 1};\r\n${endOfData}MAIL FROM:<{sender}>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n`,
          `message ${at + 1} and the commands of the next, in one packet`,
        ),
        code('250'),
        code('250'),
        code('25'),
        code('354'),
      ]).flat(),
      sendMessage('number 10;\r\n'),
      code('250'),
      quit,
      numbered(10),
    ],
  },
  {
    id: 'smtp-recipient-once',
    title: 'A recipient who was named twice has the message once',
    rfc: 'RFC 5321 section 4.1.1.3',
    severity: 'should',
    needs: ['reading', 'smtp'],
    cost: 'Mail comes twice.',
    steps: [
      begin,
      mail(),
      rcpt(),
      rcpt(),
      data,
      sendMessage('once\r\n'),
      code('250'),
      quit,
      arrivedAs('once\r\n'),
    ],
  },
  {
    id: 'smtp-reset-never-sent',
    title: 'Nothing arrives of a transaction that ended with RSET or QUIT',
    rfc: 'RFC 5321 section 4.1.1.5',
    severity: 'must',
    needs,
    cost: 'Empty messages arrive.',
    steps: [begin, mail(), rcpt(), ask('RSET', '250'), mail(), rcpt(), quit, nothingArrived],
  },
  {
    id: 'smtp-refused-never-sent',
    title: 'A message with a refused recipient arrives for the other',
    rfc: 'RFC 5321 section 3.3',
    severity: 'must',
    needs,
    cost: 'One wrong address keeps the message from all others.',
    steps: [
      begin,
      mail(),
      ask('RCPT TO:<>', '5'),
      rcpt(),
      data,
      sendMessage('kept\r\n'),
      reply('`250`', ({ code: its }) => (its === 250 ? undefined : `it answered ${its}`)),
      quit,
      arrivedAs('kept\r\n'),
    ],
  },
]

export const durability: SmtpSection = {
  name: 'smtp-durability',
  title: 'SMTP and LMTP: what 250 means',
  about:
    'With 250 a server takes responsibility for a message. These cases look where it should be (`--read`): once, whole, and not before it was answered.',
  cases,
}
