// The beginning of a session: the greeting, who we are, STARTTLS where the target has it. RFC 5321 section 3.1, RFC 2033
// section 4.1, RFC 3207 section 4.
import { Failure } from '../../conformance/case.ts'
import type { Play } from '../../conformance/play.ts'
import { octetsOf } from '../../conformance/steps.ts'
import type { Wire } from '../../conformance/wire.ts'
import { type Reply, readReply, shownReply } from './replies.ts'

/** Keywords in upper case with their parameters; undefined where only HELO is understood. */
export type Extensions = ReadonlyMap<string, readonly string[]> | undefined

export const ourName = 'check.example.org'

/** Opens the current connection of the play as its target wants it; a session has then to begin with its hello. */
export async function connectOn(play: Play): Promise<Wire> {
  const wire = await play.open()
  const greeting = await readReply(wire)
  expectCode(greeting, 220, 'the connection')
  play.memory.set('greeting', greeting.lines[0] ?? '')
  if (play.target.security === 'starttls') {
    await helloOn(play, wire)
    await wire.send(octetsOf('STARTTLS\r\n'))
    expectCode(await readReply(wire), 220, 'STARTTLS')
    await wire.startTls(play.target.tls)
  }
  return wire
}

/** EHLO or LHLO; HELO where that is not understood. Throws a `Failure` when none is taken. */
export async function helloOn(play: Play, wire: Wire): Promise<Extensions> {
  await wire.send(octetsOf(play.fill(`{hello} ${ourName}\r\n`)))
  const reply = await readReply(wire)
  if (reply.code === 250) return extensionsIn(reply)
  if (play.fill('{hello}') === 'LHLO' || reply.code < 500) expectCode(reply, 250, play.fill('{hello}'))
  await wire.send(octetsOf(`HELO ${ourName}\r\n`))
  expectCode(await readReply(wire), 250, 'HELO')
  return undefined
}

/** Of the reply to EHLO, RFC 5321 section 4.1.1.1. */
export function extensionsIn({ lines }: Reply): ReadonlyMap<string, readonly string[]> {
  const words = lines.slice(1).map(line => line.split(' '))
  return new Map(words.map(([keyword = '', ...parameters]) => [keyword.toUpperCase(), parameters]))
}

function expectCode(reply: Reply, code: number, to: string): void {
  if (reply.code !== code) throw new Failure(`${to} was answered ${shownReply(reply)}`)
}
