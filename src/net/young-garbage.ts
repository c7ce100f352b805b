// What large messages leave behind: every read from a socket is a buffer of its own, and V8, which sees only the small object
// in front of it, lets tens of megabytes of them lie until it looks. Whoever streams says how much went through, and now and
// then the young generation is collected, a millisecond or two each time.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Octets that may lie around. */
const limit = 8 * 1024 * 1024

let octets = 0
let collect: (() => void) | undefined

/** So many octets, each in a buffer that nobody needs any more. */
export function passed(length: number): void {
  octets += length
  if (octets < limit) return
  octets = 0
  collect ??= youngCollector()
  collect()
}

/** Node has no other way to ask for it; where there is none, nothing is done. */
function youngCollector(): () => void {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('globalThis.gc') as typeof globalThis.gc
  return () => void gc?.({ type: 'minor' })
}
