// Why a server cannot be checked, as one sentence: what was in the way, or which protocol speaks there instead.
import { Failure, Unable } from '../../conformance/case.ts'
import { hasTls, knock, protocolOf } from '../../conformance/knock.ts'
import type { Target } from '../../conformance/play.ts'
import { shown } from '../../conformance/wire.ts'
import { CommandFailure, exitCodes } from '../failure.ts'
import type { ServerUrl } from './target.ts'

/** Makes what kept a suite from beginning a failure of the command; mistakes of ours stay what they are. */
export async function diagnosed(
  error: unknown,
  target: Target,
  { protocol }: Pick<ServerUrl, 'protocol'>,
): Promise<unknown> {
  if (!(error instanceof Failure) && !(error instanceof Unable)) return error
  const { host, port } = target
  const instead = await speaksInstead(target, protocol.toUpperCase())
  const sentence = instead ?? `cannot be checked: ${error.message}`
  const isNamed = instead === undefined && error.message.includes(`${host} port ${port}`)
  const message = isNamed ? error.message : `${host} port ${port} ${sentence}`
  return new CommandFailure(message, exitCodes.usage, { cause: error })
}

/** Beyond this the port is not listened to once more. */
const maxKnockMs = 2_000

async function speaksInstead(target: Target, wanted: string): Promise<string | undefined> {
  const { security, tls, patienceMs } = target
  const knockMs = Math.min(patienceMs, maxKnockMs)
  const secured = security === 'tls' ? await knock(target, knockMs, tls) : undefined
  const octets = secured ?? (await knock(target, knockMs))
  if (octets === undefined) return undefined
  const found = octets === '' && (await hasTls(target, knockMs)) ? 'TLS' : protocolOf(octets)
  if (security === 'tls' && secured === undefined)
    return found === undefined || found === 'TLS'
      ? undefined
      : `speaks ${found} in clear, and no TLS: leave out --tls, or use --stls`
  if (found === 'TLS' && secured === undefined) return 'speaks TLS from the first octet on: use --tls'
  if (octets === '') return 'says nothing'
  if (found === wanted || (wanted === 'LMTP' && found === 'SMTP')) return undefined
  const greeting = shown(Buffer.from(/^[^\r\n]*/.exec(octets)?.[0] ?? '', 'latin1'))
  return `speaks ${found ?? 'something else'}, not ${wanted}: it says ${greeting}`
}
