// The command line of the soak.
import { parseArgs } from 'node:util'

export interface SoakOptions {
  readonly minutes: number
  readonly seed: number
}

export const usage = `npm run soak -- [options]

  --minutes N  how long honest and hostile clients and faults go on (default 60)
  --seed N     the chance that is to be repeated (default: another each time)
`

/** Throws a sentence for a person. */
export function parseSoakOptions(args: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { minutes: { type: 'string' }, seed: { type: 'string' } },
  })
  const minutes = Number(values.minutes ?? 60)
  const seed = Number(values.seed ?? Date.now() % 2 ** 32)
  if (!(minutes > 0)) throw new Error('--minutes takes a number above 0')
  if (!Number.isSafeInteger(seed)) throw new Error('--seed takes a whole number')
  return { minutes, seed }
}
