import { describe, expect, it } from 'vitest'
import type { Octets } from '../../../src/mail/octets.ts'
import { MessageFeed } from '../../../src/smtp/intake/message-feed.ts'

const piece = (octets: number) => Buffer.alloc(octets, 'x')

/** A feed and what it started, if it did. */
function startFeed() {
  const started: Octets[] = []
  const feed = new MessageFeed(octets => started.push(octets))
  return { feed, started, reader: () => (started[0] as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]() }
}

const isPending = async (promise: Promise<unknown> | undefined) =>
  promise !== undefined && (await Promise.race([promise, Promise.resolve('pending')])) === 'pending'

describe('message feed', () => {
  it('hands a small message over as an array, and only when it is complete', () => {
    const { feed, started } = startFeed()
    expect(feed.write(piece(10))).toBeUndefined()
    expect(feed.write(piece(20))).toBeUndefined()
    expect(started).toEqual([])
    feed.end()
    expect(started).toEqual([[piece(10), piece(20)]])
  })

  it('hands over an empty message', () => {
    const { feed, started } = startFeed()
    feed.end()
    expect(started).toEqual([[]])
  })

  it('starts nothing when a small message is cut off', () => {
    const { feed, started } = startFeed()
    void feed.write(piece(10))
    feed.abort(new Error('cut off'))
    expect(started).toEqual([])
  })

  it('streams a large message, and makes the writer wait for a slow reader', async () => {
    const { feed, started, reader } = startFeed()
    expect(feed.write(piece(70_000)), 'room for more').toBeUndefined()
    expect(started).toHaveLength(1)
    const wait = feed.write(piece(200_000))
    expect(await isPending(wait)).toBe(true)
    const chunks = reader()
    expect((await chunks.next()).value).toHaveLength(70_000)
    await wait
    expect((await chunks.next()).value).toHaveLength(200_000)
    const next = chunks.next()
    expect(await isPending(next), 'nothing to read yet').toBe(true)
    expect(feed.write(piece(5))).toBeUndefined()
    expect((await next).value).toHaveLength(5)
    feed.end()
    expect((await chunks.next()).done).toBe(true)
  })

  it('lets the reader finish what came before the end', async () => {
    const { feed, reader } = startFeed()
    void feed.write(piece(70_000))
    void feed.write(piece(30))
    feed.end()
    const lengths: number[] = []
    for await (const chunk of { [Symbol.asyncIterator]: reader }) lengths.push(chunk.length)
    expect(lengths).toEqual([70_000, 30])
  })

  it.each([['waiting'], ['behind']])('fails a reader that is %s when the message is cut off', async where => {
    const { feed, reader } = startFeed()
    const wait = feed.write(piece(300_000))
    const chunks = reader()
    if (where === 'waiting') await chunks.next()
    const next = where === 'waiting' ? chunks.next() : undefined
    feed.abort(new Error('cut off'))
    await wait
    await expect(next ?? chunks.next()).rejects.toThrow('cut off')
  })

  it('does not fail a reader of a message that was complete', async () => {
    const { feed, reader } = startFeed()
    void feed.write(piece(70_000))
    feed.end()
    feed.abort(new Error('too late'))
    const chunks = reader()
    expect((await chunks.next()).value).toHaveLength(70_000)
    expect((await chunks.next()).done).toBe(true)
  })

  it('drops what comes when nobody reads any more, and lets the writer go on', async () => {
    const { feed } = startFeed()
    const wait = feed.write(piece(300_000))
    feed.discard()
    await wait
    expect(feed.write(piece(300_000))).toBeUndefined()
    feed.end()
  })
})
