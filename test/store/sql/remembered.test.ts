// What was read is remembered within bounds, and forgotten when it was freed.
import { describe, expect, it } from 'vitest'
import { messageOctets } from '../../../src/store/sql/contents.ts'
import type { Connection } from '../../../src/store/sql/database.ts'
import { type FoundMessage, Remembered } from '../../../src/store/sql/remembered.ts'

const kibibyte = 1024
const chunkOctets = 64 * kibibyte

function found(content_id: string, content_octets: number): FoundMessage {
  return {
    content_id,
    trace: Buffer.from('T: x\r\n'),
    content_octets,
    header_octets: 10,
    dot_lines: 0,
    ascii_octets: null,
  }
}

/** Counts the chunks that are read from the file. */
function countingReader(octets: number): { reader: Connection; reads: () => number } {
  let reads = 0
  const row = (_statement: unknown, { seq }: { seq: number }) => {
    reads += 1
    return { octets: new Uint8Array(Math.min(chunkOctets, octets - seq * chunkOctets)) }
  }
  return { reader: { row } as unknown as Connection, reads: () => reads }
}

async function readAll(reader: Connection, message: FoundMessage, remembered: Remembered): Promise<number> {
  let octets = 0
  for await (const chunk of (await messageOctets(reader, message, remembered)).body) octets += chunk.length
  return octets
}

describe('remembered', () => {
  it.each([
    ['a small message', 2 * kibibyte, 1, 1],
    ['a message of several chunks', 200 * kibibyte, 4, 4],
    ['a message of 1 MiB', 1024 * kibibyte, 16, 16],
    ['a larger one is not', 1024 * kibibyte + 1, 17, 34],
  ])('%s', async (_what, octets, once, twice) => {
    const { reader, reads } = countingReader(octets)
    const remembered = new Remembered(64 * 1024 * kibibyte)
    expect(await readAll(reader, found('c', octets), remembered)).toBe(octets + 6)
    expect(reads()).toBe(once)
    expect(await readAll(reader, found('c', octets), remembered)).toBe(octets + 6)
    expect(reads()).toBe(twice)
  })

  it('nothing, where it may keep nothing', async () => {
    const { reader, reads } = countingReader(100)
    const remembered = new Remembered(0)
    for (let time = 0; time < 2; time++) await readAll(reader, found('c', 100), remembered)
    expect(reads()).toBe(2)
  })

  it('no more than it may keep', () => {
    const remembered = new Remembered(100 * kibibyte)
    const chunk = new Uint8Array(10 * kibibyte)
    for (let i = 0; i < 50; i++) remembered.setChunk(found(`c${i}`, chunk.length), 0, chunk)
    const kept = Array.from({ length: 50 }, (_, i) => remembered.chunk(`c${i}`, 0)).filter(Boolean)
    expect(kept).toHaveLength(9)
  })

  it('until it is forgotten', () => {
    const remembered = new Remembered(100 * kibibyte)
    remembered.setMessage('inbox', 'uidl', found('c', 1))
    remembered.setChunk(found('c', 1), 0, new Uint8Array(1))
    expect(remembered.message('inbox', 'uidl')).toBeDefined()
    remembered.forgetAll()
    expect([remembered.message('inbox', 'uidl'), remembered.chunk('c', 0)]).toEqual([undefined, undefined])
  })
})
