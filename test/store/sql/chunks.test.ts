// Cutting octets into chunks: nothing is lost, every chunk but the last is full, no chunk holds on to foreign memory.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ChunkBuffer, chunkOctets } from '../../../src/store/sql/chunks.ts'

it('gives back what was pushed, whatever the pieces', () => {
  const piece = fc.record({ octets: fc.nat(150_000), fill: fc.nat(255) })
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }),
      fc.integer({ min: 1, max: 300_000 }),
      (pieces, target) => {
        const buffer = new ChunkBuffer()
        const taken: Uint8Array[] = []
        for (const { octets, fill } of pieces) {
          buffer.push(new Uint8Array(octets + 7).fill(fill).subarray(7))
          while (buffer.octets >= target) {
            const part = new Uint8Array(target)
            buffer.fill(part)
            taken.push(part)
          }
        }
        const rest = buffer.takeAll()
        expect(rest.slice(0, -1).every(chunk => chunk.length === chunkOctets)).toBe(true)
        expect(rest.every(chunk => chunk.buffer.byteLength === chunk.length)).toBe(true)
        const whole = Buffer.concat(pieces.map(({ octets, fill }) => Buffer.alloc(octets, fill)))
        expect(Buffer.concat([...taken, ...rest]).equals(whole)).toBe(true)
        expect(buffer.octets).toBe(0)
      },
    ),
    { numRuns: 50 },
  )
})

it('has nothing to give when nothing was pushed', () => {
  const buffer = new ChunkBuffer()
  buffer.push(new Uint8Array(0))
  expect(buffer.takeAll()).toEqual([])
})
