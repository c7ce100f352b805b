// What a run holds in memory: not what it has fetched, nor headers that it has told of, and little for what is known.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import type { Destination } from '../../../src/pop3/collector/destination.ts'
import type { Letter } from '../../../src/pop3/collector/letter.ts'
import { PackedRecords } from '../../../src/pop3/collector/packed-records.ts'
import { newRecord, storedIn } from '../../../src/pop3/collector/record.ts'
import { setUp } from './collecting.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function heldOctets(): number {
  collectGarbage()
  // What lay outside of the heap is given back behind the first.
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Reads and throws away; looks at the memory at the first message, and at each hundredth behind. */
class DrainingDestination implements Destination {
  readonly name = 'drain'
  readonly description = 'a test'
  readonly promise = 'exactly-once'
  readonly held: number[] = []
  #stored = 0

  async store(letter: Letter) {
    let octets = 0
    for await (const chunk of letter.body()) octets += chunk.length
    if (octets > 0 && this.#stored++ % 100 === 0) this.held.push(heldOctets())
    return 'stored' as const
  }

  async close(): Promise<void> {}
}

const octetsOfEach = 200_000
const messages = 500
const mebibyte = 2 ** 20

it.each([
  { what: 'messages that were stored', header: 'Subject: x\r\n\r\n', policy: {} },
  {
    what: 'headers of large messages that were told of',
    header: `Subject: x\r\nX-Long: ${'y'.repeat(octetsOfEach)}\r\n\r\n`,
    policy: { maxOctets: 1000, tellsOfLarge: true },
  },
])('does not grow with $what', async ({ header, policy }) => {
  const { source, run } = setUp()
  const text = `${header}${'x'.repeat(octetsOfEach)}\r\n`
  source.mails = Array.from({ length: messages }, (_, at) => ({ key: `m${at}`, text }))
  const drain = new DrainingDestination()
  await run(policy, [drain])
  expect(drain.held).toHaveLength(messages / 100)
  // Kept, they would be forty at the least; the least of several, for what was given back may be counted for a while.
  expect(Math.min(...drain.held.slice(-3)) - (drain.held[0] ?? 0)).toBeLessThan(20 * mebibyte)
})

it('grows by few octets with what is known', () => {
  const known = 50_000
  const keys = Array.from({ length: known }, (_, at) => `key${at}`)
  const digest = 'ab'.repeat(32)
  const packed = new PackedRecords('old')
  const before = heldOctets()
  for (const key of keys)
    packed.set(
      storedIn(newRecord('old', key), 'bob', { digest, octets: 1000, isLast: true, now: new Date() }),
    )
  // As objects, some two hundred and fifty without the digest.
  expect((heldOctets() - before) / known).toBeLessThan(150)
  expect(packed.get('key7')?.digest).toBe(digest)
})
