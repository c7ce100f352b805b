// Steps that see whether a server is still there for others, whatever one client does to it; and octets that mean nothing.
import { Failure, type Step, Unable } from './case.ts'
import type { Play } from './play.ts'
import { pause, step } from './steps.ts'
import type { Wire } from './wire.ts'

/** Reads what a server says first; whether it lets the client in. */
export type IsGreeting = (wire: Wire) => Promise<boolean>

const againMs = 3_000
const againPauseMs = 50

/** A new connection is greeted before long: a server may need a moment to see that others have gone. */
export function servesAgain(isGreeting: IsGreeting): Step<Play> {
  return step('connect anew until greeted, for 3 seconds at most', async play => {
    const untilMs = performance.now() + againMs
    for (;;) {
      const isIn = await isGreeted(play, 'again', isGreeting)
      play.dropAll('again')
      if (isIn) return
      if (performance.now() > untilMs) throw new Failure('new connections are not greeted any more')
      await pause(againPauseMs)
    }
  })
}

/** So many connections at once, which are then left. `all`: each must be greeted; `any`: refused ones are no fault. */
export function crowd(count: number, greeted: 'all' | 'any', isGreeting: IsGreeting): Step<Play> {
  const expectation = greeted === 'all' ? 'expect as many greetings' : 'read what comes'
  return step(`connect ${count} times at once, ${expectation}, leave`, async play => {
    let refused = 0
    for (let i = 1; i <= count; i++) if (!(await isGreeted(play, `crowd ${i}`, isGreeting))) refused += 1
    play.dropAll('crowd ')
    if (greeted === 'all' && refused > 0) throw new Failure(`${refused} of ${count} connections were refused`)
  })
}

/** Leaves the connection open. */
async function isGreeted(play: Play, name: string, isGreeting: IsGreeting): Promise<boolean> {
  let is = false
  await play.on(name, async () => {
    try {
      is = await isGreeting(await play.open())
    } catch (error) {
      if (!(error instanceof Unable)) throw error
    }
  })
  return is
}

/** Octets of no meaning, the same ones for the same seed of the run. */
export function randomOctets(count: number): Step<Play> {
  return step(`send ${count} random octets`, async ({ wire, random }) => {
    await wire.send(Uint8Array.from({ length: count }, () => random.below(256)))
  })
}
