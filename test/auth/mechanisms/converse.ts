// A client and a server of one mechanism, talking to each other without a protocol between them.
import { mechanisms } from '../../../src/auth/mechanisms/mechanisms.ts'
import type { Mechanism, SaslExchange, SaslStep, Verifier } from '../../../src/auth/sasl.ts'
import type { SaslClient } from '../../../src/auth/sasl-client.ts'

export function mechanismNamed(name: string): Mechanism {
  const mechanism = mechanisms.find(candidate => candidate.name === name)
  if (!mechanism) throw new Error(`no mechanism is called ${name}`)
  return mechanism
}

/** More steps than any mechanism has. */
const maxSteps = 10

/** The end of the exchange. `initial`: the client sends its initial response along, if it has one. */
export async function converse(
  client: SaslClient,
  verifier: Verifier,
  { initial }: { readonly initial: boolean },
): Promise<SaslStep> {
  const exchange = mechanismNamed(client.name).begin(verifier)
  let step = await exchange.next(initial ? await client.next(undefined) : undefined)
  for (let steps = 0; step.kind === 'challenge'; steps += 1) {
    if (steps > maxSteps) throw new Error('no end')
    step = await exchange.next(await client.next(step.octets))
  }
  if (step.kind === 'success' && step.octets) await client.next(step.octets)
  return step
}

/** Answers the server with fixed texts, or with functions of its last challenge; undefined: no initial response. */
export type Line = string | Uint8Array | undefined | ((challenge: string) => string)

export async function replay(exchange: SaslExchange, lines: readonly Line[]): Promise<SaslStep[]> {
  const steps: SaslStep[] = []
  for (const line of lines) {
    const last = steps.at(-1)
    const challenge = last?.kind === 'challenge' ? Buffer.from(last.octets).toString('utf8') : ''
    const response = typeof line === 'function' ? line(challenge) : line
    steps.push(await exchange.next(typeof response === 'string' ? Buffer.from(response, 'utf8') : response))
  }
  return steps
}
