// Letters in the spool: where their octets wait, what is left behind, and what is known of them.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type SpoolOptions, spool, TooLarge } from '../../../src/pop3/collector/spool.ts'

const kib = 1024
const now = new Date('2026-11-20T12:00:00Z')

function setUp() {
  const base = mkdtempSync(join(tmpdir(), 'poplar-spool-'))
  onTestFinished(() => rmSync(base, { recursive: true, force: true }))
  const folder = join(base, 'deep', 'spool')
  const files = () => {
    try {
      return readdirSync(folder)
    } catch {
      return undefined
    }
  }
  const letterOf = (text: string, more: Partial<SpoolOptions> & { readonly cut?: number } = {}) => {
    const { cut = 10_000, ...options } = more
    const message = { key: 'one', octets: undefined }
    return spool(chunksOf(text, cut), { source: 'old', key: 'one', message, folder, now, ...options })
  }
  return { folder, files, letterOf }
}

async function* chunksOf(text: string, size: number, error?: Error): AsyncGenerator<Uint8Array, void> {
  // One buffer for all, as sockets may have.
  const buffer = Buffer.alloc(size)
  for (let at = 0; at < text.length; at += size)
    yield buffer.subarray(0, buffer.write(text.slice(at, at + size), 'latin1'))
  if (error) throw error
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString('latin1')
}

/** Lines that tell a mix-up of chunks. */
function largeText(octets: number): string {
  let text = 'Subject: large\r\n\r\n'
  for (let line = 0; text.length < octets; line++) text += `line ${line} ${'x'.repeat(60)}\r\n`
  return text
}

describe('a letter', () => {
  it('that is small waits in memory', async () => {
    const { files, letterOf } = setUp()
    const text = largeText(200 * kib)
    await using letter = await letterOf(text)
    expect(files()).toBeUndefined()
    expect(await textOf(letter.body())).toBe(text)
  })

  it('beyond 256 KiB waits in a file for nobody else, until it is done with', async () => {
    const { folder, files, letterOf } = setUp()
    const text = largeText(900 * kib)
    {
      await using letter = await letterOf(text)
      const [file = '', ...others] = files() ?? []
      expect(others).toEqual([])
      const { mode, size } = statSync(join(folder, file))
      expect([mode & 0o777, size]).toEqual([0o600, text.length])
      expect(statSync(folder).mode & 0o777).toBe(0o700)
      expect(letter.octets).toBe(text.length)
      expect(Buffer.from(letter.header).toString()).toBe('Subject: large\r\n\r\n')
    }
    expect(files()).toEqual([])
  })

  it.each([
    ['in memory', 10 * kib],
    ['in a file', 700 * kib],
  ])('%s is read as often as is wanted, also at the same time', async (_, octets) => {
    const { letterOf } = setUp()
    const text = largeText(octets)
    await using letter = await letterOf(text)
    const both = await Promise.all([textOf(letter.body()), textOf(letter.body())])
    expect([...both, await textOf(letter.body())].every(each => each === text)).toBe(true)
  })

  it.each([
    ['in memory', 10 * kib],
    ['in a file', 700 * kib],
  ])('%s that is done with does not look empty', async (_, octets) => {
    const { letterOf } = setUp()
    const letter = await letterOf(largeText(octets))
    const begun = letter.body()[Symbol.asyncIterator]()
    await begun.next()
    await letter[Symbol.asyncDispose]()
    await expect(textOf(letter.body())).rejects.toThrow('removed from the spool')
    if (octets > 256 * kib) await expect(begun.next()).rejects.toThrow('removed from the spool')
  })

  it('whose source breaks off leaves nothing', async () => {
    const { files, folder } = setUp()
    let seen: readonly string[] | undefined
    const body = async function* () {
      yield* chunksOf(largeText(600 * kib), 50_000)
      seen = files()
      throw new Error('the connection was lost')
    }
    const message = { key: 'one', octets: undefined }
    const spooling = spool(body(), { source: 'old', key: 'one', message, folder, now })
    await expect(spooling).rejects.toThrow('the connection was lost')
    expect(seen).toHaveLength(1)
    expect(files()).toEqual([])
  })

  it('over the limit is read no further, and leaves nothing', async () => {
    const { files, letterOf } = setUp()
    let octets = 0
    const spooling = letterOf(largeText(2000 * kib), {
      maxOctets: 600 * kib,
      cut: 50_000,
      onOctets: more => {
        octets += more
      },
    })
    await expect(spooling).rejects.toThrow(TooLarge)
    expect(octets).toBeLessThanOrEqual(600 * kib + 50_000)
    expect(files()).toEqual([])
  })

  it('of exactly the limit is not too large', async () => {
    const { letterOf } = setUp()
    await using letter = await letterOf('Subject: x\r\n\r\n', { maxOctets: 14 })
    expect(letter.octets).toBe(14)
    await expect(letterOf('Subject: x\r\n\r\n', { maxOctets: 13 })).rejects.toThrow(TooLarge)
  })

  it('has as much of a header as 256 KiB', async () => {
    const { letterOf } = setUp()
    const text = `${'X-Field: of a header without end\r\n'.repeat(20_000)}\r\nbody\r\n`
    await using letter = await letterOf(text)
    expect(Buffer.from(letter.header).toString()).toBe(text.slice(0, 256 * kib))
    expect(letter.octets).toBe(text.length)
  })

  it('is the same however it comes, and another when a word of it, its source or its key is another', async () => {
    const { letterOf } = setUp()
    const text = largeText(300 * kib)
    const namesOf = async (options: Parameters<typeof letterOf>[1] = {}, body = text) => {
      await using letter = await letterOf(body, options)
      return [letter.digest, letter.deliveryKey]
    }
    const [digest, deliveryKey] = await namesOf()
    expect([digest, deliveryKey].join()).toMatch(/^[0-9a-f]{64},[0-9a-f]{64}$/)
    expect(await namesOf({ cut: 777 })).toEqual([digest, deliveryKey])
    expect(await namesOf({ now: new Date(0) })).toEqual([digest, deliveryKey])
    for (const other of [{ source: 'new' }, { key: 'two' }]) {
      const [sameDigest, otherKey] = await namesOf(other)
      expect(sameDigest).toBe(digest)
      expect(otherKey).not.toBe(deliveryKey)
    }
    const changed = await namesOf({}, text.replace('line 7 ', 'line 8 '))
    expect(changed).not.toContain(digest)
    expect(changed).not.toContain(deliveryKey)
  })

  it.each([
    ['Subject: x\n\nbody\n', 'Subject: x\r\n\r\nbody\r\n'],
    ['Subject: x\r\n\r\nbody', 'Subject: x\r\n\r\nbody\r\n'],
    ['Subject: x\r\n\r\na\rb\0c\r\n', 'Subject: x\r\n\r\na\rb\0c\r\n'],
    ['', ''],
  ])('ends lines with CRLF: %j, whatever the chunks', async (text, expected) => {
    const { letterOf } = setUp()
    for (let cut = 1; cut <= Math.max(1, text.length); cut++) {
      await using letter = await letterOf(text, { cut })
      expect(await textOf(letter.body())).toBe(expected)
      expect(letter.octets).toBe(expected.length)
    }
  })

  it('was received when the source says, else now', async () => {
    const { letterOf } = setUp()
    const receivedAt = new Date('2020-01-01T00:00:00Z')
    await using told = await letterOf('\r\n', { message: { key: 'one', octets: 2, receivedAt } })
    await using untold = await letterOf('\r\n')
    expect([told.receivedAt, untold.receivedAt]).toEqual([receivedAt, now])
  })
})
