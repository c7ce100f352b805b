// What a fault makes, done towards the client: sent, held back, swallowed, cut.
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import type { Step } from './exchange.ts'
import type { Incoming } from './incoming.ts'

/** The client, as steps need it. */
export interface StepClient {
  readonly incoming: Incoming
  /** Aborted when the connection is closed. */
  readonly leaving: AbortSignal
  send(octets: Uint8Array): Promise<void>
  /** Resolves when the client sends no more. */
  readonly quiet: Promise<void>
}

/** In order. `over` when the connection shall be closed. */
export async function perform(steps: readonly Step[], client: StepClient): Promise<'over' | undefined> {
  for (const step of steps) if ((await performOne(step, client)) === 'over') return 'over'
  return undefined
}

async function performOne(step: Step, client: StepClient): Promise<'over' | undefined> {
  switch (step.kind) {
    case 'send':
      await client.send(Buffer.from(step.text, 'latin1'))
      return undefined
    case 'trickle':
      await trickle(step, client)
      return undefined
    case 'wait':
      await sleep(step.ms, undefined, { signal: client.leaving }).catch(() => undefined)
      return undefined
    case 'hear':
      return (await client.incoming.line()).length === 0 ? 'over' : undefined
    case 'swallow':
      await swallow(client.incoming, step.octets)
      return undefined
    case 'hang':
      await client.quiet
      return 'over'
    case 'close':
      return 'over'
  }
}

async function trickle(
  { text, octets, everyMs }: Extract<Step, { kind: 'trickle' }>,
  client: StepClient,
): Promise<void> {
  const all = Buffer.from(text, 'latin1')
  const size = Math.max(1, octets)
  for (let at = 0; at < all.length && !client.leaving.aborted; at += size) {
    await client.send(all.subarray(at, at + size))
    // With nothing between them two writes may leave as one packet.
    await (everyMs > 0
      ? sleep(everyMs, undefined, { signal: client.leaving }).catch(() => undefined)
      : turn())
  }
}

/** Takes so many octets of a message; fewer where it ends. */
export async function swallow(incoming: Incoming, octets: number): Promise<void> {
  let taken = 0
  for await (const piece of incoming.mailData()) {
    taken += piece.length
    if (taken >= octets) return
  }
}
