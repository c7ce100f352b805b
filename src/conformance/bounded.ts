// Work on the wires of a play that ends in its time, whatever the server does and whatever the work waits for: the wires are
// cut then, and what is left of the work is not waited for.
import { Failure, Unable } from './case.ts'
import type { Play } from './play.ts'

/**
 * Cuts the wires when the work has ended. Rejects with a `Failure` when it takes longer than `limitMs`, with `Unable` when
 * the signal comes first.
 */
export async function bounded<P extends Play, T>(
  play: P,
  limitMs: number,
  work: (play: P) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  let stop = () => {}
  let timer: NodeJS.Timeout | undefined
  const isOver = new Promise<never>((_, reject) => {
    stop = () => reject(new Unable('it was stopped'))
    timer = setTimeout(() => reject(new Failure(`it took longer than ${limitMs / 1000} s`)), limitMs)
  })
  signal?.addEventListener('abort', stop)
  if (signal?.aborted) stop()
  try {
    return await Promise.race([isOver, work(play)])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
    play.close()
  }
}
