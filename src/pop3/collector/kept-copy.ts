// A letter as a destination still has it, and what tells it from others: for who has lost the ledger.
import { createHash, type Hash } from 'node:crypto'
import { WireForm } from '../../mail/message/wire-form.ts'
import type { Octets } from '../../mail/octets.ts'
import { type HeaderMark, headerMarkOf } from './header-mark.ts'

export interface KeptCopy {
  /** Undefined where the destination keeps none. */
  readonly deliveryKey: string | undefined
  /** Of the letter, if nobody has changed it since; the second where mail readers may have written into its header. */
  readonly digests: readonly string[]
  /** Of the letter, by the first digest. */
  readonly octets: number
  readonly header: HeaderMark
}

/** What a destination has made of a letter, taken back. */
export interface Unmade {
  readonly deliveryKey: string | undefined
  /** The header as the letter may have had it, the likeliest first; at least one. */
  readonly headers: readonly string[]
}

const maxHeaderOctets = 256 * 1024

/**
 * Reads a copy, its lines ended in whatever way. `unmake` is shown its header, one character for each octet, the empty line
 * included; undefined when it says that this is no copy: then no more is read.
 */
export async function readCopy(
  octets: Octets,
  unmake: (header: string) => Unmade | undefined,
): Promise<KeptCopy | undefined> {
  const form = new WireForm()
  const reading = new CopyReading(unmake)
  for await (const chunk of octets) {
    reading.take(form.push(chunk), form.headerOctets)
    if (reading.isNone) return undefined
  }
  reading.take(form.end(), form.headerOctets)
  return reading.end(form.headerOctets)
}

class CopyReading {
  readonly #unmake: (header: string) => Unmade | undefined
  #head: Uint8Array[] = []
  #headOctets = 0
  #hashes: readonly Hash[] | undefined
  #unmade: Unmade | undefined
  #octets = 0
  isNone = false

  constructor(unmake: (header: string) => Unmade | undefined) {
    this.#unmake = unmake
  }

  /** `headerOctets` as far as it is known: until its end is found, all that came. */
  take(piece: Uint8Array, headerOctets: number): void {
    if (this.#hashes) return this.#add(piece)
    this.#head.push(Uint8Array.from(piece))
    this.#headOctets += piece.length
    if (headerOctets < this.#headOctets || this.#headOctets > maxHeaderOctets) this.#begin(headerOctets)
  }

  end(headerOctets: number): KeptCopy | undefined {
    if (!this.#hashes && !this.isNone) this.#begin(headerOctets)
    const { deliveryKey, headers: [header = ''] = [] } = this.#unmade ?? {}
    if (!this.#hashes) return undefined
    return {
      deliveryKey,
      digests: [...new Set(this.#hashes.map(hash => hash.digest('hex')))],
      octets: this.#octets,
      header: headerMarkOf(header),
    }
  }

  #begin(headerOctets: number): void {
    const head = Buffer.concat(this.#head)
    this.#head = []
    const end = Math.min(headerOctets, maxHeaderOctets)
    this.#unmade = this.#unmake(head.toString('latin1', 0, end))
    this.isNone = this.#unmade === undefined
    if (!this.#unmade) return
    this.#hashes = this.#unmade.headers.map(header => createHash('sha256').update(header, 'latin1'))
    this.#octets = this.#unmade.headers[0]?.length ?? 0
    this.#add(head.subarray(end))
  }

  #add(piece: Uint8Array): void {
    for (const hash of this.#hashes ?? []) hash.update(piece)
    this.#octets += piece.length
  }
}
