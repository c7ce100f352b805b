// RFC 5321 sections 2.4, 4.1.1 and 4.5.3.1: lines of commands, their case, their lengths and their ends; replies and their
// enhanced status codes, RFC 2034.
import { Failure } from '../../../conformance/case.ts'
import { answeredOrClosed, inStep, refusedOrClosed, stillServes } from '../endurance.ts'
import { ourName } from '../introduction.ts'
import { type Reply, readReply, shownReply } from '../replies.ts'
import type { SmtpCase, SmtpSection } from '../smtp-case.ts'
import { ask, begin, code, connect, mail, pieces, quit, rcpt, say, send, silence, step } from '../steps.ts'

const refusedClients = 'Clients that keep to the RFC cannot hand over their mail.'

const forms: readonly SmtpCase[] = [
  {
    id: 'smtp-lower-case',
    title: 'Commands are understood in lower case',
    rfc: 'RFC 5321 section 2.4',
    severity: 'must',
    cost: refusedClients,
    steps: [
      connect,
      step('send EHLO or LHLO in lower case, expect `250`', async play => {
        await say(`${play.fill('{hello}').toLowerCase()} ${ourName}`).run(play)
        await code('250').run(play)
      }),
      ask('mail from:<{sender}>', '250'),
      ask('rcpt to:<{recipient}>', '250', '251'),
      ask('rset', '250'),
      say('quit'),
      code('221'),
    ],
  },
  {
    id: 'smtp-mixed-case',
    title: 'Commands are understood in mixed case',
    rfc: 'RFC 5321 section 2.4',
    severity: 'must',
    cost: refusedClients,
    steps: [begin, ask('MaIl FrOm:<{sender}>', '250'), ask('Rcpt To:<{recipient}>', '250', '251'), quit],
  },
  {
    id: 'smtp-trailing-space',
    title: 'Blanks at the end of a command are borne',
    rfc: 'RFC 5321 section 4.1.1',
    severity: 'should',
    cost: refusedClients,
    steps: [begin, ask('NOOP ', '250'), ask('MAIL FROM:<{sender}> ', '250'), ask('RSET ', '250'), quit],
  },
  {
    id: 'smtp-command-by-octets',
    title: 'A command whose every octet is a packet is understood',
    rfc: 'RFC 5321 section 2.3.8',
    severity: 'must',
    cost: 'Mail does not get through slow lines.',
    steps: [begin, pieces([...'NOOP\r\n'], '`NOOP`'), code('250'), quit],
  },
  {
    id: 'smtp-command-512',
    title: 'A command of 512 octets is taken',
    rfc: 'RFC 5321 section 4.5.3.1.4',
    severity: 'must',
    cost: 'Mail from or to long addresses, with parameters, does not get through.',
    steps: [begin, send(`NOOP ${'x'.repeat(505)}\r\n`, '`NOOP` and 505 octets more'), code('250'), quit],
  },
  {
    id: 'smtp-command-10k',
    title: 'A command of 10,000 octets is one command, or refused',
    rfc: 'RFC 5321 section 4.5.3.1.9',
    severity: 'must',
    cost: 'What stands in the middle of a line is obeyed.',
    steps: [
      begin,
      send(`XNONE ${'NOOP '.repeat(2_000)}\r\n`, '10,000 octets of no command'),
      refusedOrClosed,
      inStep,
    ],
  },
  {
    id: 'smtp-unended-command',
    title: 'A command without its line end is not obeyed',
    rfc: 'RFC 5321 section 2.3.8',
    severity: 'must',
    cost: 'Half a command is obeyed for the whole of it.',
    steps: [begin, send('NOOP'), silence(200), send('\r\n'), code('250'), quit],
  },
  {
    id: 'smtp-lone-cr-command',
    title: 'A lone CR does not end a command',
    rfc: 'RFC 5321 section 2.3.8',
    severity: 'should',
    cost: 'What another server took for one line is obeyed as two.',
    steps: [begin, send('NOOP\rNOOP\r\n'), answeredOrClosed, inStep],
  },
  {
    id: 'smtp-lone-lf-command',
    title: 'A lone LF does not end a command',
    rfc: 'RFC 5321 section 2.3.8',
    severity: 'quirk',
    cost: 'What another server took for one line is obeyed as two.',
    steps: [begin, send('NOOP\nNOOP\r\n'), answeredOrClosed, inStep],
  },
  {
    id: 'smtp-nul-command',
    title: 'NUL in a command is refused',
    rfc: 'RFC 5321 section 4.1.2',
    severity: 'should',
    cost: 'What stands in front of it is taken for the whole.',
    steps: [begin, send('RSET\0x\r\n'), refusedOrClosed, inStep, stillServes],
  },
]

/** What commands of one session are answered, as the case goes along. */
const exchanged = step('send commands of all kinds, remember their replies', async play => {
  const replies: [string, Reply][] = []
  for (const line of [
    'NOOP',
    'RSET',
    'XNONE',
    'RCPT TO:<{recipient}>',
    'MAIL FROM:<{sender}>',
    'RCPT TO:<{nobody}>',
    'RCPT TO:<{recipient}>',
    'RSET',
    'VRFY {recipient}',
    'MAIL FROM:nothing<',
    'QUIT',
  ]) {
    await say(line).run(play)
    replies.push([line, await readReply(play.wire)])
  }
  play.memory.set('exchanged', replies)
})

function eachReply(explain: string, find: (reply: Reply) => string | undefined) {
  return step(`check that ${explain}`, async play => {
    for (const [line, reply] of play.memory.get('exchanged') as readonly [string, Reply][]) {
      const complaint = find(reply)
      if (complaint !== undefined)
        throw new Failure(`${play.fill(line)} was answered ${shownReply(reply)}: ${complaint}`)
    }
  })
}

const statusCodes: readonly SmtpCase[] = [
  {
    id: 'smtp-status-codes',
    title: 'Where enhanced status codes are announced, every reply has one',
    rfc: 'RFC 2034 section 4',
    severity: 'should',
    needs: ['status-codes'],
    cost: 'Bounces do not say why in a way that programs understand.',
    steps: [
      begin,
      exchanged,
      eachReply('each reply has a status code', ({ status }) =>
        status ? undefined : 'it has no status code',
      ),
    ],
  },
  {
    id: 'smtp-status-codes-agree',
    title: 'An enhanced status code is of the class of its reply code',
    rfc: 'RFC 2034 section 4',
    severity: 'must',
    needs: ['status-codes'],
    cost: 'Senders take what passes for final, or what is final for passing.',
    steps: [
      begin,
      exchanged,
      eachReply('the codes agree', ({ code: its, status }) =>
        status === undefined || status[0] === String(its)[0] ? undefined : 'they are of different classes',
      ),
    ],
  },
  {
    id: 'smtp-status-codes-not-in-ehlo',
    title: 'The replies to EHLO have no status code',
    rfc: 'RFC 2034 section 4',
    severity: 'should',
    needs: ['status-codes'],
    cost: 'Clients take the code for a name, or for an extension.',
    steps: [
      connect,
      say(`{hello} ${ourName}`),
      step('expect no status code', async ({ wire }) => {
        const reply = await readReply(wire)
        if (reply.status !== undefined) throw new Failure(`it answered ${shownReply(reply)}`)
      }),
      quit,
    ],
  },
  {
    id: 'smtp-replies-ascii',
    title: 'Replies are US-ASCII',
    rfc: 'RFC 5321 section 4.2',
    severity: 'should',
    cost: 'Logs and bounces show what nobody can read.',
    steps: [
      begin,
      exchanged,
      eachReply('each reply is US-ASCII', ({ lines }) =>
        lines.every(line => /^[\t\x20-\x7e]*$/.test(line)) ? undefined : 'that is no US-ASCII',
      ),
    ],
  },
  {
    id: 'smtp-replies-echo-nothing',
    title: 'Replies do not give back control characters and the like that they were sent',
    rfc: 'RFC 5321 section 4.2',
    severity: 'should',
    cost: 'Who chooses an address writes into the logs and terminals of others.',
    steps: [
      begin,
      mail(),
      send('RCPT TO:<{nobody}\x1b[2J\x07\x80>\r\n'),
      step('expect a reply of US-ASCII without control characters', async ({ wire }) => {
        const reply = await readReply(wire)
        if (!reply.lines.every(line => /^[\t\x20-\x7e]*$/.test(line)))
          throw new Failure(`it answered ${shownReply(reply)}`)
      }),
      rcpt(),
      quit,
    ],
  },
]

export const lines: SmtpSection = {
  name: 'smtp-lines',
  title: 'SMTP and LMTP: lines and replies',
  about:
    'Commands are lines that CRLF ends, of 512 octets at least, in any case. Replies have three digits, and enhanced status codes where the server announces them.',
  cases: [...forms, ...statusCodes],
}
