// How long those who have failed before, and in a crowd all who are not known, rest between two checks of a password. On a
// machine with cores to spare they never do; while the event loop has its hands full they get a fifth of the threads' time,
// for even a thread of the lowest priority takes caches and memory from the sessions that are open.

/** How busy the event loop is, 0 to 1, when it counts as having its hands full. */
const fullHands = 0.8
const restPerWork = 4

/** For `WorkQueue`: the rest, in milliseconds, after work that took so many. */
export function createRest(): (tookMs: number) => number {
  let last = performance.eventLoopUtilization()
  return tookMs => {
    const current = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(current, last)
    last = current
    return utilization > fullHands ? tookMs * restPerWork : 0
  }
}
