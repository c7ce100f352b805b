// Cutting octets into chunks: nothing is lost, every chunk but the last is full, no chunk holds on to foreign memory.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ChunkBuffer, chunkOctets } from '../../../src/store/sql/chunks.ts'

it('gives back what was pushed, whatever the pieces', () => {
  const piece = fc.record({ octets: fc.nat(150_000), fill: fc.nat(255) })
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.integer({ min: 1, max: 4 }), (pieces, maxChunks) => {
      const buffer = new ChunkBuffer()
      const taken: Uint8Array[] = []
      for (const { octets, fill } of pieces) {
        buffer.push(new Uint8Array(octets + 7).fill(fill).subarray(7))
        for (const chunk of buffer.take(maxChunks, false)) {
          expect(chunk.length).toBe(chunkOctets)
          taken.push(chunk)
        }
      }
      while (buffer.octets > 0) taken.push(...buffer.take(maxChunks, true))
      expect(taken.slice(0, -1).every(chunk => chunk.length === chunkOctets)).toBe(true)
      expect(taken.every(chunk => chunk.buffer.byteLength === chunk.length)).toBe(true)
      const whole = Buffer.concat(pieces.map(({ octets, fill }) => Buffer.alloc(octets, fill)))
      expect(Buffer.concat(taken).equals(whole)).toBe(true)
    }),
    { numRuns: 50 },
  )
})

it('has nothing to give when nothing was pushed', () => {
  const buffer = new ChunkBuffer()
  buffer.push(new Uint8Array(0))
  expect(buffer.take(4, true)).toEqual([])
})
