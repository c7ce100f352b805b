// The bar of a transfer: what came, how fast, and how long it will still take; on a terminal only.
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { startTransfer } from '../../src/cli/progress.ts'

function screen(isTTY: boolean): { readonly stream: NodeJS.WriteStream; readonly seen: () => string } {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 120 })
  let seen = ''
  stream.on('data', (chunk: Buffer) => {
    seen += chunk.toString()
  })
  return { stream: stream as unknown as NodeJS.WriteStream, seen: () => seen }
}

describe('a transfer', () => {
  it('shows messages, octets, rate and what is left', () => {
    const { stream, seen } = screen(true)
    const progress = startTransfer({ octets: 4096, messages: 2 }, stream)
    progress.advance(1024, false)
    progress.advance(1024, true)
    progress.stop()
    expect(seen()).toMatch(/0% \| 0\/2 messages \| 0 B \| 0 B\/s \| /)
    expect(seen()).toMatch(/50% \| 1\/2 messages \| 2\.0 KiB \| [\d.]+ [KM]iB\/s \| \S+ left/)
  })

  it('does not go beyond its end when the server was wrong about sizes', () => {
    const { stream, seen } = screen(true)
    const progress = startTransfer({ octets: 0, messages: 1 }, stream)
    progress.advance(5_000, true)
    progress.stop()
    expect(seen()).toMatch(/100% \| 1\/1 messages \| 4\.9 KiB/)
    expect(seen()).not.toMatch(/[1-9]\d{3}%|NaN|Infinity/)
  })

  it('shows nothing where nobody looks', () => {
    const { stream, seen } = screen(false)
    const progress = startTransfer({ octets: 4096, messages: 2 }, stream)
    progress.advance(1024, true)
    progress.stop()
    expect(seen()).toBe('')
  })
})
