// SMTP smuggling (CVE-2023-51764 and its kin): mail data ends with CRLF, a dot and CRLF, and with nothing else. A server that
// takes less for the end takes what one sender wrote for the mail of another. RFC 5321 sections 2.3.8 and 4.1.1.4.

import { octetsOf } from '../../../conformance/steps.ts'
import { shown } from '../../../conformance/wire.ts'
import { onlyReplies } from '../endurance.ts'
import { arrived, endOfData, head } from '../message-steps.ts'
import { readReplyOrEnd } from '../replies.ts'
import type { SmtpCase, SmtpSection } from '../smtp-case.ts'
import { begin, group, pieces, type SmtpStep, send, step, toData } from '../steps.ts'

interface EndRow {
  readonly id: string
  /** What is not the end. */
  readonly sequence: string
}

const falseEnds: readonly EndRow[] = [
  { id: 'lf-dot-lf', sequence: '\n.\n' },
  { id: 'lf-dot-crlf', sequence: '\n.\r\n' },
  { id: 'crlf-dot-lf', sequence: '\r\n.\n' },
  { id: 'cr-dot-cr', sequence: '\r.\r' },
  { id: 'cr-dot-crlf', sequence: '\r.\r\n' },
  { id: 'crlf-dot-cr', sequence: '\r\n.\r' },
  { id: 'cr-dot-lf', sequence: '\r.\n' },
  { id: 'lf-dot-cr', sequence: '\n.\r' },
  { id: 'crcrlf-dot-lf', sequence: '\r\r\n.\n' },
  { id: 'lf-lf-dot-lf', sequence: '\n\n.\n\n' },
  { id: 'crlf-dot-crcrlf', sequence: '\r\n.\r\r\n' },
  { id: 'nul-behind-dot', sequence: '\r\n.\0\r\n' },
  { id: 'nul-before-dot', sequence: '\r\n\0.\r\n' },
  { id: 'space-behind-dot', sequence: '\r\n. \r\n' },
  { id: 'tab-behind-dot', sequence: '\r\n.\t\r\n' },
  { id: 'high-dot', sequence: '\r\n\xae\r\n' },
  { id: 'two-dots', sequence: '\r\n..\r\n' },
  { id: 'nothing-in-front', sequence: 'x.\r\n' },
  { id: 'next-line', sequence: '\x85.\x85' },
  { id: 'form-feed', sequence: '\r\n.\x0c\r\n' },
]

const smuggled =
  'MAIL FROM:<smuggler@example.org>\r\nRCPT TO:<{recipient}>\r\nDATA\r\nSubject: smuggled\r\n{mark}\r\n\r\nsmuggled\r\n'

/** One message has arrived at most, and it is not the one inside. */
const oneAtMost: SmtpStep = step('read what has arrived, expect that nothing was smuggled in', async play => {
  await arrived(play.memory.get('isTaken') ? 1 : 0, 'no message but one', ([message]) =>
    message && /^Subject: smuggled/m.test(headerOf(message)) ? 'the smuggled message arrived' : undefined,
  ).run(play)
})

function headerOf(message: Buffer): string {
  return message.toString('latin1').split('\r\n\r\n')[0] ?? ''
}

function falseEndCase({ id, sequence }: EndRow): SmtpCase {
  const inside = `first${sequence}${smuggled}`
  const named = shown(octetsOf(sequence))
  return {
    id: `smtp-no-end-${id}`,
    title: `${named} does not end a message`,
    rfc: 'RFC 5321 section 4.1.1.4',
    severity: 'must',
    cost: 'Somebody sends mail in the name of others, past all checks.',
    steps: [
      begin,
      toData,
      group(
        `send a message with ${named} and a whole transaction behind it, in one packet, and its end`,
        send(`${head}${inside}${endOfData}`),
      ),
      onlyReplies(1),
      begin,
      toData,
      pieces(
        [head, 'first', ...sequence, smuggled, '.', '\r\n'],
        `the same with each octet of ${named} in a packet of its own`,
      ),
      onlyReplies(1),
    ],
  }
}

const atTheBeginning: readonly SmtpCase[] = [
  { id: 'lf', sequence: '.\n' },
  { id: 'cr', sequence: '.\r' },
  { id: 'space', sequence: '. \r\n' },
].map(({ id, sequence }) => ({
  id: `smtp-no-end-first-${id}`,
  title: `${shown(octetsOf(sequence))} as the first octets of a message does not end it`,
  rfc: 'RFC 5321 section 4.1.1.4',
  severity: 'must',
  cost: 'Somebody sends mail in the name of others, past all checks.',
  steps: [begin, toData, send(`${sequence}${smuggled}${endOfData}`), onlyReplies(1)],
}))

const readBack: readonly SmtpCase[] = [
  {
    id: 'smtp-nothing-smuggled',
    title: 'Of a message with false ends one arrives at most, and not what was inside',
    rfc: 'RFC 5321 section 4.1.1.4',
    severity: 'must',
    needs: ['reading'],
    cost: 'Somebody sends mail in the name of others, past all checks.',
    steps: [
      begin,
      toData,
      send(
        `${head}${['\n.\n', '\r.\r', '\n.\r\n', '\r\n.\n'].map(each => `x${each}${smuggled}`).join('')}${endOfData}`,
      ),
      step('read the reply', async play => {
        play.memory.set('isTaken', (await readReplyOrEnd(play.wire))?.code === 250)
      }),
      oneAtMost,
    ],
  },
]

export const smuggling: SmtpSection = {
  name: 'smtp-smuggling',
  title: 'SMTP and LMTP: what does not end a message',
  about:
    'Servers that take a lone LF or CR for a line end can be made to see two messages where their neighbours see one. Here each sequence that is not CRLF, dot, CRLF stands in front of a whole transaction, which must stay text.',
  cases: [...falseEnds.map(falseEndCase), ...atTheBeginning, ...readBack],
}
