// Who goes first, and who is refused, when more want in than can be served.
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { suspectRank, WorkQueue } from '../../src/auth/work-queue.ts'

const anybody = { rank: 1, source: 'anywhere' }

/** Work that ends when it is told to. */
function openQueue(concurrency: number, maxWaiting: number) {
  const queue = new WorkQueue({ concurrency, maxWaiting })
  const begun: string[] = []
  const refused: string[] = []
  const ends: (() => void)[] = []
  const submit = (name: string, rank: number, source = name) => {
    const work = queue.run({ rank, source }, () => {
      begun.push(name)
      return new Promise<void>(resolve => ends.push(resolve))
    })
    return work.catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'store-busy' })
      refused.push(name)
    })
  }
  const endOne = async () => {
    ends.shift()?.()
    await turn()
  }
  return { submit, endOne, begun, refused }
}

describe('work', () => {
  it('goes in order of rank, then in order of arrival', async () => {
    const { submit, endOne, begun } = openQueue(1, 10)
    const all = [
      submit('running', 5),
      submit('fails a lot', 99),
      submit('new 1', 1),
      submit('failed once', 2),
      submit('new 2', 1),
      submit('known', 0),
    ]
    for (let i = 0; i < all.length; i++) await endOne()
    await Promise.all(all)
    expect(begun).toEqual(['running', 'known', 'new 1', 'new 2', 'failed once', 'fails a lot'])
  })

  it('is done so much at a time', async () => {
    const { submit, endOne, begun } = openQueue(2, 10)
    const all = ['a', 'b', 'c'].map(name => submit(name, 1))
    await turn()
    expect(begun).toEqual(['a', 'b'])
    for (let i = 0; i < 3; i++) await endOne()
    await Promise.all(all)
    expect(begun).toEqual(['a', 'b', 'c'])
  })

  it('of the highest rank is refused when the places are taken, the latest first', async () => {
    const { submit, endOne, begun, refused } = openQueue(1, 2)
    const all = [submit('running', 9), submit('bad 1', 5), submit('bad 2', 5)]
    all.push(submit('worse', 6))
    await turn()
    expect(refused).toEqual(['worse'])
    all.push(submit('better', 1))
    await turn()
    expect(refused).toEqual(['worse', 'bad 2'])
    all.push(submit('alike', 1), submit('best', 0), submit('latest', 1))
    await turn()
    expect(refused.slice(2).toSorted()).toEqual(['alike', 'bad 1', 'latest'])
    for (let i = 0; i < 3; i++) await endOne()
    await Promise.all(all)
    expect(begun).toEqual(['running', 'best', 'better'])
  })

  it('of one source does not come before that of others', async () => {
    const { submit, endOne, begun, refused } = openQueue(1, 4)
    const flood = ['flood 1', 'flood 2', 'flood 3', 'flood 4', 'flood 5']
    const all = [submit('running', 1), ...flood.map(name => submit(name, 1, 'flood')), submit('honest', 1)]
    await turn()
    expect(refused.toSorted()).toEqual(['flood 4', 'flood 5'])
    for (let i = 0; i < 5; i++) await endOne()
    all.push(submit('running again', 1), submit('flood 6', 1, 'flood'), submit('flood 7', 1, 'flood'))
    for (let i = 0; i < 3; i++) await endOne()
    await Promise.all(all)
    expect(begun.slice(0, 5)).toEqual(['running', 'flood 1', 'honest', 'flood 2', 'flood 3'])
    // Nothing of what went through counts against the source any more.
    expect(begun.slice(5)).toEqual(['running again', 'flood 6', 'flood 7'])
  })

  it('that fails makes way as well', async () => {
    const queue = new WorkQueue({ concurrency: 1, maxWaiting: 1 })
    const failing = queue.run(anybody, async () => {
      throw new Error('broken')
    })
    const next = queue.run(anybody, async () => 'done')
    await expect(failing).rejects.toThrow('broken')
    expect(await next).toBe('done')
    expect(await queue.run(anybody, async () => 'again')).toBe('again')
  })

  it('leaves nothing behind when who asked goes away', async () => {
    const queue = new WorkQueue({ concurrency: 1, maxWaiting: 1 })
    let end = () => {}
    const running = queue.run(anybody, () => new Promise<void>(resolve => (end = resolve)))
    const leaving = new AbortController()
    const waiting = queue.run({ ...anybody, signal: leaving.signal }, async () => 'too late')
    leaving.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'store-busy' })
    // Its place is free again, and whoever has left already gets none.
    await expect(queue.run({ ...anybody, signal: leaving.signal }, async () => 'never')).rejects.toThrow(
      /nobody/,
    )
    const next = queue.run(anybody, async () => 'done')
    end()
    await running
    expect(await next).toBe('done')
  })

  it('of whom nobody waits for is not begun, even when there is nobody else', async () => {
    const queue = new WorkQueue({ concurrency: 1, maxWaiting: 1 })
    const work = vi.fn(async () => 'done')
    const run = queue.run({ ...anybody, signal: AbortSignal.abort() }, work)
    await expect(run).rejects.toMatchObject({ code: 'store-busy' })
    expect(work).not.toHaveBeenCalled()
    expect(await queue.run(anybody, work)).toBe('done')
  })

  it('of suspects rests as long as it is told to, and nobody else does', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    try {
      const queue = new WorkQueue({ concurrency: 1, maxWaiting: 10, restMs: () => 1000 })
      const begun: string[] = []
      const submit = (name: string, rank: number) =>
        queue.run({ rank, source: name }, async () => void begun.push(name))
      await submit('suspect 1', suspectRank)
      const all = [submit('suspect 2', suspectRank), submit('suspect 3', suspectRank)]
      await submit('known', 0)
      await submit('new', 1)
      expect(begun).toEqual(['suspect 1', 'known', 'new'])
      await vi.advanceTimersByTimeAsync(999)
      expect(begun).toHaveLength(3)
      await vi.advanceTimersByTimeAsync(1)
      expect(begun).toEqual(['suspect 1', 'known', 'new', 'suspect 2'])
      await vi.advanceTimersByTimeAsync(1000)
      await Promise.all(all)
      expect(begun.at(-1)).toBe('suspect 3')
    } finally {
      vi.useRealTimers()
    }
  })

  it('of all but known peers rests while a crowd waits', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    try {
      const queue = new WorkQueue({ concurrency: 1, maxWaiting: 100, restMs: () => 1000 })
      const begun: string[] = []
      const submit = (name: string, rank: number) =>
        queue.run({ rank, source: name }, async () => void begun.push(name))
      await submit('suspect', suspectRank)
      const crowd = Array.from({ length: 34 }, (_, n) => submit(`new ${n}`, 1))
      // The first came before it was a crowd.
      await vi.advanceTimersByTimeAsync(0)
      expect(begun).toEqual(['suspect', 'new 0'])
      await submit('known', 0)
      expect(begun.at(-1)).toBe('known')
      await vi.advanceTimersByTimeAsync(999)
      expect(begun).toHaveLength(3)
      await vi.advanceTimersByTimeAsync(1)
      await Promise.all(crowd)
      expect(begun).toHaveLength(36)
    } finally {
      vi.useRealTimers()
    }
  })
})
