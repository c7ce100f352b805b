// RFC 3207: STARTTLS, from clear text to TLS, and what must not come through with it.
import { Failure } from '../../../conformance/case.ts'
import { shown } from '../../../conformance/wire.ts'
import { answeredOrClosed, inStep, refusedOrClosed, stillServes } from '../endurance.ts'
import { extensionsIn, ourName } from '../introduction.ts'
import { sendMessage } from '../message-steps.ts'
import { readReplyOrEnd } from '../replies.ts'
import type { SmtpCase, SmtpSection } from '../smtp-case.ts'
import {
  ask,
  code,
  connectInClear,
  data,
  drop,
  hello,
  inTurn,
  mail,
  octetsOf,
  quit,
  rcpt,
  reply,
  type SmtpStep,
  say,
  send,
  step,
} from '../steps.ts'

const needs = ['starttls'] as const
const injected = 'Who sits between client and server puts words into the mouth of the client.'

/** The handshake behind 220. Nothing may have come in clear behind that. */
const handshake: SmtpStep = step('do the TLS handshake', async ({ wire, target }) => {
  const clear = await wire.startTls(target.tls)
  if (clear.length > 0) throw new Failure(`it sent ${shown(clear)} in clear between \`220\` and TLS`)
})

const startTls: SmtpStep = step('send `STARTTLS`, expect `220`, do the TLS handshake', play =>
  inTurn([ask('STARTTLS', '220'), handshake], play),
)

const announced = (is: boolean) =>
  reply(`\`250\`${is ? ' and' : ', without'} STARTTLS`, found =>
    extensionsIn(found).has('STARTTLS') === is ? undefined : `STARTTLS is ${is ? 'not ' : ''}announced`,
  )

/** The octets of a ClientHello that ends before its time. */
const halfHello = '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'

interface InjectionRow {
  readonly id: string
  readonly what: string
  readonly packets: readonly string[]
}

const injections: readonly InjectionRow[] = [
  { id: 'command', what: 'A command', packets: ['STARTTLS\r\nNOOP\r\n'] },
  { id: 'hello', what: 'EHLO', packets: ['STARTTLS\r\n{hello} attacker.example\r\n'] },
  { id: 'rset', what: 'RSET', packets: ['STARTTLS\r\nRSET\r\n'] },
  {
    id: 'transaction',
    what: 'A transaction',
    packets: [
      'STARTTLS\r\n{hello} a.example\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n',
    ],
  },
  { id: 'quit', what: 'QUIT', packets: ['STARTTLS\r\nQUIT\r\n'] },
  { id: 'starttls', what: 'Another STARTTLS', packets: ['STARTTLS\r\nSTARTTLS\r\n'] },
  { id: 'half-command', what: 'The beginning of a command', packets: ['STARTTLS\r\nNO'] },
  { id: 'second-packet', what: 'A command in the next packet', packets: ['STARTTLS\r\n', 'NOOP\r\n'] },
  { id: 'lone-lf', what: 'A command behind a lone LF', packets: ['STARTTLS\nNOOP\r\n'] },
]

/**
 * Sends STARTTLS with more behind it, then does the handshake. A server may refuse, close, or fail in the handshake; where
 * it does none of these, what it answers first under TLS is the answer to what was sent there.
 */
function injectedBy(packets: readonly string[]): SmtpStep {
  const named = packets.map(text => shown(octetsOf(text))).join(', then ')
  const explain = [
    `send ${named} in clear, and do the TLS handshake if the server answers \`220\``,
    'where there is TLS now: send `OP`, expect a refusal, and one reply to QUIT',
  ]
  return step(explain.join('\n'), async play => {
    const { wire, target } = play
    for (const text of packets) await wire.send(octetsOf(play.fill(text)))
    if ((await readReplyOrEnd(wire))?.code !== 220 || wire.ending !== undefined) return
    try {
      await wire.startTls(target.tls)
    } catch (error) {
      if (error instanceof Failure) return
      throw error
    }
    // Behind `NO` it would be a command.
    await inTurn([say('OP'), refusedOrClosed, inStep], play)
  })
}

const cases: readonly SmtpCase[] = [
  {
    id: 'smtp-starttls',
    title: 'STARTTLS is answered 220, and TLS begins',
    rfc: 'RFC 3207 section 4',
    severity: 'must',
    needs,
    cost: 'Mail goes in clear, or not at all.',
    steps: [connectInClear, hello, startTls, hello, quit],
  },
  {
    id: 'smtp-starttls-announced-once',
    title: 'STARTTLS is announced in clear, and under TLS not any more',
    rfc: 'RFC 3207 section 4.2',
    severity: 'must',
    needs,
    cost: 'Clients begin TLS within TLS, and fail.',
    steps: [
      connectInClear,
      say(`{hello} ${ourName}`),
      announced(true),
      startTls,
      say(`{hello} ${ourName}`),
      announced(false),
      quit,
    ],
  },
  {
    id: 'smtp-starttls-message',
    title: 'A message is taken under TLS',
    rfc: 'RFC 3207 section 4',
    severity: 'must',
    needs,
    cost: 'Mail goes in clear, or not at all.',
    steps: [
      connectInClear,
      hello,
      startTls,
      hello,
      mail(),
      rcpt(),
      data,
      sendMessage('x\r\n'),
      code('250'),
      quit,
    ],
  },
  {
    id: 'smtp-starttls-forgets-transaction',
    title: 'A transaction that was begun in clear is forgotten under TLS',
    rfc: 'RFC 3207 section 4.2',
    severity: 'must',
    needs,
    cost: injected,
    steps: [
      connectInClear,
      hello,
      mail('attacker@example.org'),
      rcpt(),
      say('STARTTLS'),
      step('expect `220` and do the handshake, or a refusal', async play => {
        const its = await readReplyOrEnd(play.wire)
        play.memory.set('isSecured', its?.code === 220)
        if (its?.code === 220) await handshake.run(play)
      }),
      step('where there is TLS now: send `RCPT TO:<{recipient}>`, expect `5xx`', async play => {
        if (play.memory.get('isSecured')) await inTurn([hello, ask('RCPT TO:<{recipient}>', '5')], play)
      }),
    ],
  },
  {
    id: 'smtp-starttls-argument',
    title: 'STARTTLS with an argument is refused, and the session goes on in clear',
    rfc: 'RFC 3207 section 4',
    severity: 'must',
    needs,
    cost: 'A line of text that begins with the word is obeyed.',
    steps: [connectInClear, hello, ask('STARTTLS now', '501', '500', '555'), ask('NOOP', '250'), quit],
  },
  {
    id: 'smtp-starttls-twice',
    title: 'STARTTLS under TLS is refused',
    rfc: 'RFC 3207 section 4.2',
    severity: 'must',
    needs,
    cost: 'The session hangs.',
    steps: [connectInClear, hello, startTls, hello, ask('STARTTLS', '5'), ask('NOOP', '250'), quit],
  },
  ...injections.map(
    ({ id, what, packets }): SmtpCase => ({
      id: `smtp-starttls-injected-${id}`,
      title: `${what} in clear behind STARTTLS is not obeyed under TLS`,
      rfc: 'RFC 3207 section 4.2',
      severity: 'must',
      needs,
      cost: injected,
      steps: [connectInClear, hello, injectedBy(packets)],
    }),
  ),
  {
    id: 'smtp-starttls-garbage',
    title: 'What is no handshake ends the connection, and no reply in clear comes any more',
    rfc: 'RFC 3207 section 4.1',
    severity: 'should',
    needs,
    cost: 'Client and server differ in whether they are alone.',
    steps: [
      connectInClear,
      hello,
      ask('STARTTLS', '220'),
      say('NOOP'),
      step('expect the end, and no reply in clear', async ({ wire }) => {
        const rest = (await wire.rest()).toString('latin1')
        if (/^[25]\d\d /m.test(rest)) throw new Failure('it answers in clear')
      }),
      stillServes,
    ],
  },
  {
    id: 'smtp-starttls-abandoned',
    title: 'Who leaves in the middle of the handshake does not stop others',
    rfc: 'RFC 3207 section 4',
    severity: 'must',
    needs,
    cost: 'One client ends the service for all.',
    steps: [
      connectInClear,
      hello,
      ask('STARTTLS', '220'),
      send(halfHello, 'half a ClientHello'),
      drop,
      stillServes,
    ],
  },
  {
    id: 'smtp-hello-of-tls',
    title: 'A ClientHello without STARTTLS is answered by a refusal, or by the end',
    rfc: 'RFC 3207 section 4',
    severity: 'should',
    needs: ['clear-port'],
    cost: 'A client on the wrong port hangs.',
    steps: [
      connectInClear,
      send(`${halfHello}\r\n`, 'half a ClientHello and CRLF'),
      answeredOrClosed,
      drop,
      stillServes,
    ],
  },
]

export const starttls: SmtpSection = {
  name: 'smtp-starttls',
  title: 'SMTP and LMTP: STARTTLS',
  about:
    'Privacy that begins in mid-session: what is announced before and behind it, what is forgotten, and what somebody between the two cannot slip in.',
  cases,
}
