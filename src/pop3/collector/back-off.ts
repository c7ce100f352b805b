// When to try again: later each time, and never all at the same moment.
const shortestMs = 60_000
const longestMs = 3_600_000
/** Share by which the wait is longer or shorter at random. */
const jitter = 0.2

/** The wait after so many failures in a row (from 1 on), in milliseconds. `random` gives 0 to 1. */
export function backOffMs(failures: number, random: () => number = Math.random): number {
  const wait = Math.min(longestMs, shortestMs * 2 ** Math.max(0, Math.min(failures - 1, 30)))
  return Math.round(jittered(wait, random))
}

/** The same, a fifth longer or shorter. */
export function jittered(durationMs: number, random: () => number = Math.random): number {
  return durationMs * (1 - jitter + 2 * jitter * random())
}
