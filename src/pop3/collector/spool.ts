// Makes letters: reads a message to its last octet, in memory as far as that goes and beyond that in a file which nobody
// else sees, with its digest and its header on the way. Ends lines with CRLF, as what is stored has them.
import { createHash } from 'node:crypto'
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createId } from '../../mail/id.ts'
import { WireForm } from '../../mail/message/wire-form.ts'
import { deliveryKeyOf } from './delivery-key.ts'
import type { Letter } from './letter.ts'
import { reversePathIn } from './reverse-path.ts'
import type { SourceMessage } from './source.ts'

const memoryOctets = 256 * 1024
const headerOctets = 256 * 1024
const chunkOctets = 64 * 1024

/** Leaving its scope removes the file. */
export interface SpooledLetter extends Letter, AsyncDisposable {}

/** A message went over the limit; the rest of it was not read. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge'
  readonly octets: number

  constructor(octets: number) {
    super(`more than ${octets} octets`)
    this.octets = octets
  }
}

export interface SpoolOptions {
  readonly source: string
  readonly key: string
  readonly message: SourceMessage
  /** For files; made when it is needed. */
  readonly folder: string
  readonly maxOctets?: number | undefined
  readonly now: Date
  /** Is told of octets as they come. */
  readonly onOctets?: ((octets: number) => void) | undefined
}

/** Throws what reading the body throws, `TooLarge`, and what the disk has to say. */
export async function spool(body: AsyncIterable<Uint8Array>, options: SpoolOptions): Promise<SpooledLetter> {
  const { folder, maxOctets = Number.POSITIVE_INFINITY, onOctets } = options
  const hash = createHash('sha256')
  const wireForm = new WireForm()
  const store = new Spool(folder)
  try {
    for await (const chunk of body) {
      onOctets?.(chunk.length)
      const octets = wireForm.push(chunk)
      hash.update(octets)
      await store.add(octets, maxOctets)
    }
    const rest = wireForm.end()
    hash.update(rest)
    await store.add(rest, maxOctets)
    await store.flush()
    const header = store.head.subarray(0, Math.min(wireForm.headerOctets, headerOctets))
    return new Spooled(store, hash.digest('hex'), header, options)
  } catch (error) {
    await store.remove()
    throw error
  }
}

/** A class: as literals with a getter, letters would each have a shape of their own, and those live long. */
class Spooled implements SpooledLetter {
  readonly digest: string
  readonly octets: number
  readonly source: string
  readonly receivedAt: Date
  readonly reversePath: string
  readonly header: Uint8Array
  readonly #key: string
  readonly #store: Spool

  constructor(store: Spool, digest: string, header: Uint8Array, { source, key, message, now }: SpoolOptions) {
    this.digest = digest
    this.octets = store.octets
    this.source = source
    this.receivedAt = message.receivedAt ?? now
    this.reversePath = reversePathIn(header)
    this.header = header
    this.#key = key
    this.#store = store
  }

  /** Made when it is asked for: not every destination does. */
  get deliveryKey(): string {
    return deliveryKeyOf(this.source, this.#key, this.digest)
  }

  body(): AsyncIterable<Uint8Array> {
    return this.#store.read()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#store.remove()
  }
}

/** Octets that may be read again. */
class Spool {
  readonly #folder: string
  octets = 0
  #pieces: Uint8Array[] = []
  #head: Uint8Array | undefined
  #waiting = 0
  #isRemoved = false
  #file: { readonly handle: FileHandle; readonly path: string } | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  /** The first octets, as many as a header may have. */
  get head(): Uint8Array {
    return this.#head ?? Buffer.concat(this.#pieces)
  }

  /** Throws `TooLarge` when there are more than so many. */
  async add(octets: Uint8Array, maxOctets: number): Promise<void> {
    if (octets.length === 0) return
    this.#pieces.push(Uint8Array.from(octets))
    this.octets += octets.length
    this.#waiting += octets.length
    if (this.octets > maxOctets) throw new TooLarge(maxOctets)
    if (this.#waiting > memoryOctets) await this.#spill()
  }

  async flush(): Promise<void> {
    if (this.#file) await this.#spill()
  }

  async *read(): AsyncGenerator<Uint8Array, void> {
    this.#checkKept()
    if (!this.#file) {
      yield* this.#pieces
      return
    }
    const { handle } = this.#file
    for (let at = 0; at < this.octets; ) {
      this.#checkKept()
      const chunk = Buffer.allocUnsafe(chunkOctets)
      const { bytesRead } = await handle.read(chunk, 0, chunkOctets, at)
      if (bytesRead === 0) throw new Error('the spool file was cut off')
      at += bytesRead
      yield chunk.subarray(0, bytesRead)
    }
  }

  async remove(): Promise<void> {
    const file = this.#file
    this.#isRemoved = true
    this.#file = undefined
    this.#pieces = []
    if (!file) return
    try {
      await file.handle.close()
    } finally {
      await rm(file.path, { force: true })
    }
  }

  /** Whoever reads too late must not take it for an empty message. */
  #checkKept(): void {
    if (this.#isRemoved) throw new Error('the letter was removed from the spool')
  }

  async #spill(): Promise<void> {
    const waiting = Buffer.concat(this.#pieces)
    this.#head ??= waiting
    this.#pieces = []
    this.#waiting = 0
    if (!this.#file) {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      const path = join(this.#folder, createId())
      this.#file = { path, handle: await open(path, 'wx+', 0o600) }
    }
    // To the last octet, unlike `write`, which may take a part.
    await this.#file.handle.appendFile(waiting)
  }
}
