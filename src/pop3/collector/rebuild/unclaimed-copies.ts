// The copies of one destination that are not yet known to be of any message: each is taken once, so that of two messages that say
// the same only as many count as stored as there are copies.
import type { KeptCopy } from '../kept-copy.ts'

export class UnclaimedCopies {
  readonly #bySize = new Map<number, KeptCopy[]>()
  readonly #byHeader = new Map<string, KeptCopy[]>()
  readonly #byDigest = new Map<string, KeptCopy[]>()
  readonly #byDeliveryKey = new Map<string, KeptCopy[]>()
  readonly #claimed = new Set<KeptCopy>()
  #count = 0

  /** Those that nobody has claimed. */
  get count(): number {
    return this.#count
  }

  add(copy: KeptCopy): void {
    this.#count += 1
    append(this.#bySize, copy.octets, copy)
    append(this.#byHeader, copy.header.fingerprint, copy)
    for (const digest of copy.digests) append(this.#byDigest, digest, copy)
    if (copy.deliveryKey !== undefined) append(this.#byDeliveryKey, copy.deliveryKey, copy)
  }

  claim(copy: KeptCopy): void {
    if (this.#claimed.has(copy)) return
    this.#claimed.add(copy)
    this.#count -= 1
  }

  ofSize(octets: number): readonly KeptCopy[] {
    return this.#left(this.#bySize, octets)
  }

  ofHeader(fingerprint: string): readonly KeptCopy[] {
    return this.#left(this.#byHeader, fingerprint)
  }

  oneOfSize(octets: number): KeptCopy | undefined {
    return this.#last(this.#bySize.get(octets))
  }

  oneOfHeader(fingerprint: string): KeptCopy | undefined {
    return this.#last(this.#byHeader.get(fingerprint))
  }

  withDigest(digest: string): KeptCopy | undefined {
    return this.#last(this.#byDigest.get(digest))
  }

  withDeliveryKey(deliveryKey: string): KeptCopy | undefined {
    return this.#last(this.#byDeliveryKey.get(deliveryKey))
  }

  /** What was claimed meanwhile is dropped on the way. */
  #left<Key>(index: Map<Key, KeptCopy[]>, key: Key): readonly KeptCopy[] {
    const left = (index.get(key) ?? []).filter(copy => !this.#claimed.has(copy))
    index.set(key, left)
    return left
  }

  #last(copies: KeptCopy[] = []): KeptCopy | undefined {
    for (let copy = copies.at(-1); copy; copy = copies.at(-1)) {
      if (!this.#claimed.has(copy)) return copy
      copies.pop()
    }
    return undefined
  }
}

function append<Key>(index: Map<Key, KeptCopy[]>, key: Key, copy: KeptCopy): void {
  const copies = index.get(key)
  if (copies) copies.push(copy)
  else index.set(key, [copy])
}
