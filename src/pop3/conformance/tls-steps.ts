// Steps about TLS: STLS with its handshake, what must not come through it, and handshakes of the case's choice.
import { Failure, Unable } from '../../conformance/case.ts'
import { inTurn, octetsOf } from '../../conformance/steps.ts'
import { shown } from '../../conformance/wire.ts'
import type { DialTls } from '../../net/dialer.ts'
import { readReplyOrEnd } from './endurance.ts'
import type { Pop3Play } from './play.ts'
import { readReply } from './replies.ts'
import { connectInClear, ok, type Pop3Step, say, step } from './steps.ts'

/** The octets of a ClientHello that ends before its time. */
export const halfHello = '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'

/** On a port where TLS is due from the first octet. */
export const openInClear: Pop3Step = step('connect without TLS', async play => {
  await play.open('clear')
})

/** How long a server has to answer where it should not, in milliseconds. */
const unansweredMs = 300

/** Whatever comes, an alert of TLS for one, is no status line. The server may wait for more of a handshake. */
export const noReplyInClear: Pop3Step = step(
  `expect no status line in clear for ${unansweredMs} ms`,
  async ({ wire }) => {
    const octets = await wire.within(unansweredMs)
    if (/^(?:\+OK|-ERR)/m.test(octets.toString('latin1')))
      throw new Failure(`it answered in clear: ${shown(octets)}`)
  },
)

/** The handshake behind the `+OK` to STLS. Nothing may have come in clear behind that. */
export const handshake: Pop3Step = step('do the TLS handshake', async ({ wire, target }) => {
  const clear = await wire.startTls(target.tls)
  if (clear.length > 0) throw new Failure(`it sent ${shown(clear)} in clear between \`+OK\` and TLS`)
})

export const startTls: Pop3Step = step('send `STLS`, expect `+OK`, do the TLS handshake', play =>
  inTurn([say('STLS'), ok(), handshake], play),
)

/**
 * Sends STLS with more text behind it, then does the handshake. A server may refuse, close, or fail in the handshake; where
 * it does none of these, the steps inside show that it has not taken the text for what the client says under TLS.
 */
export function injected(packets: readonly string[], ...inside: readonly Pop3Step[]): Pop3Step {
  const shownPackets = packets.map(text => shown(octetsOf(text))).join(', then ')
  const explain = [
    `send ${shownPackets} in clear, and do the TLS handshake if the server answers \`+OK\``,
    ...inside.map(step => `where there is TLS now: ${step.explain}`),
  ]
  return step(explain.join('\n'), async play => {
    const { wire, target } = play
    for (const text of packets) await wire.send(octetsOf(play.fill(text)))
    if ((await readReplyOrEnd(wire))?.status !== 'ok' || wire.ending !== undefined) return
    try {
      await wire.startTls(target.tls)
    } catch (error) {
      if (error instanceof Failure) return
      throw error
    }
    await inTurn(inside, play)
  })
}

/** Connects with TLS as the case wants it, and reads the greeting. Resolves with what went wrong; undefined when nothing did. */
async function secured(play: Pop3Play, tls: Partial<DialTls>): Promise<string | undefined> {
  const options = { ...play.target.tls, ...tls }
  try {
    if (play.target.security === 'tls') {
      await readReply(await play.open('tls', options))
      return undefined
    }
    await inTurn([connectInClear, say('STLS'), ok()], play)
    await play.wire.startTls(options)
    return undefined
  } catch (error) {
    if (!(error instanceof Failure || error instanceof Unable) || /^cannot connect/.test(error.message))
      throw error
    // OpenSSL of this side does not even try.
    if (/no protocols available/i.test(error.message))
      throw new Unable('this machine cannot do such a handshake')
    return error.message
  }
}

/** Connects with these options and expects TLS. */
export function secureWith(explain: string, tls: Partial<DialTls>): Pop3Step {
  return step(`connect with ${explain}`, async play => {
    const problem = await secured(play, tls)
    if (problem !== undefined) throw new Failure(problem)
  })
}

/** Connects with these options and expects the server to refuse. */
export function refusesTls(explain: string, tls: Partial<DialTls>): Pop3Step {
  return step(`connect with ${explain}, expect to be refused`, async play => {
    if ((await secured(play, tls)) === undefined) throw new Failure(`it took ${explain}`)
  })
}
