// Getting into the maildrop under test: the greeting, STLS where the target has it, USER and PASS.
import { Failure } from '../../conformance/case.ts'
import type { Play } from '../../conformance/play.ts'
import { octetsOf, pause } from '../../conformance/steps.ts'
import { shown, type Wire } from '../../conformance/wire.ts'
import type { Credentials } from './credentials.ts'
import { type Reply, readReply } from './replies.ts'

const lockAttempts = 20
const lockPauseMs = 100

/** Opens the current connection of the play as its target wants it; the play remembers its greeting. */
export async function connectOn(play: Play): Promise<Wire> {
  const wire = await play.open()
  const greeting = await readReply(wire)
  expectOk(greeting, 'the connection')
  play.memory.set('greeting', greeting.text)
  if (play.target.security === 'starttls') {
    await wire.send(octetsOf('STLS\r\n'))
    expectOk(await readReply(wire), 'STLS')
    await wire.startTls(play.target.tls)
  }
  return wire
}

/** Asks again for a maildrop that an ended session still holds. */
export async function authenticateOn(wire: Wire, { user, password }: Credentials): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await wire.send(octetsOf(`USER ${user}\r\n`))
    expectOk(await readReply(wire), 'USER')
    await wire.send(octetsOf(`PASS ${password}\r\n`))
    const reply = await readReply(wire)
    if (reply.status === 'ok') return
    if (attempt === lockAttempts || !isLocked(reply)) expectOk(reply, 'PASS')
    await pause(lockPauseMs)
  }
}

/** How servers say that another session has the maildrop; only some have a response code for it. */
export function isLocked({ status, code, text }: Reply): boolean {
  return status === 'err' && (code === 'IN-USE' || /\b(?:lock|in use|busy)/i.test(text))
}

function expectOk({ status, text }: Reply, to: string): void {
  if (status !== 'ok') throw new Failure(`${to} was answered ${shown(octetsOf(`-ERR ${text}`))}`)
}
