// When to try again after a failure: from one minute, doubled each time, to twelve hours, and later when the CA asks for it
// (Retry-After, RFC 8555 section 6.6). Jitter keeps many offices that failed together from coming back together.
import { type AcmeFailure, problemNamespace } from './failure.ts'

const minute = 60_000
const hour = 60 * minute
const longest = 12 * hour
/** A CA that asks for more is asked once a day nevertheless: a mistake of its clock must not cost a certificate. */
const longestAsked = 24 * hour

/** Milliseconds to wait after the `failures`-th failure in a row; `random` is in [0, 1). */
export function backOffMs(failures: number, failure: AcmeFailure, random: number): number {
  const own = Math.min(minute * 2 ** Math.min(failures - 1, 20), longest)
  return Math.round(Math.max(own, askedMs(failure)) * (1 + random / 5))
}

function askedMs({ problem, retryAfterMs }: AcmeFailure): number {
  // Limits are counted by the hour at least, so that an earlier attempt only feeds them.
  const atLeast = problem === `${problemNamespace}rateLimited` ? hour : 0
  return Math.min(Math.max(retryAfterMs ?? 0, atLeast), longestAsked)
}
