// One command of one line, asked and answered, for steps that need more than one answer to find something out.
import { Failure } from '../../conformance/case.ts'
import { octetsOf } from '../../conformance/steps.ts'
import { shown, type Wire } from '../../conformance/wire.ts'
import { type Reply, readReply } from './replies.ts'

/** Sends the command, expects `+OK`; gives what follows it. Throws a `Failure` for `-ERR`. */
export async function ask(wire: Wire, command: string): Promise<string> {
  await wire.send(octetsOf(`${command}\r\n`))
  const { status, text } = await readReply(wire)
  if (status !== 'ok') throw new Failure(`${command} was answered ${answered(status, text)}`)
  return text
}

const words = { ok: '+OK ', err: '-ERR ', continue: '+ ' } as const

/** A status line for a sentence. */
export function answered(status: Reply['status'], text: string): string {
  return shown(octetsOf(`${words[status]}${text}`))
}
