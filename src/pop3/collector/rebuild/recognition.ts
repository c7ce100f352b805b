// Which messages of a source one destination has, without fetching them: a copy's delivery key is made of the source, the key of the
// message and the content, and the content is what the copy tells. Where no key lies, headers and sizes tell, or the content itself.
import { deliveryKeyOf } from '../delivery-key.ts'
import type { HeaderMark } from '../header-mark.ts'
import type { KeptCopy } from '../kept-copy.ts'
import type { Keyed } from '../plan.ts'
import type { SourceMessage } from '../source.ts'
import { UnclaimedCopies } from './unclaimed-copies.ts'

/** A copy that is of the message. */
export interface Match {
  readonly octets: number
  /** Of the message; undefined where only its header was compared. */
  readonly digest: string | undefined
}

/** A copy may be of the message, and what is known of both does not tell. */
export interface Doubt {
  /** A sentence. */
  readonly reason: string
  /** Of the copies that may be: their header, or their size where the source shows no headers. */
  readonly candidates: { readonly fingerprint: string } | { readonly octets: number | undefined }
}

/** Messages times copies of one size, or with one header, that are compared one by one; beyond that other things have to tell. */
const maxPairs = 4096

export class Recognition {
  /** Of the destination. */
  readonly name: string
  readonly copies = new UnclaimedCopies()
  /** By the keys of messages. */
  readonly found = new Map<string, Match>()
  readonly doubts = new Map<string, Doubt>()
  readonly #source: string

  constructor(name: string, source: string) {
    this.name = name
    this.#source = source
  }

  /** Whether a look at its header could tell more of this message. */
  mayHave({ key }: Keyed): boolean {
    return this.copies.count > 0 && !this.found.has(key)
  }

  /** What delivery keys prove, among copies of the size that was listed. */
  compareSizes(listed: readonly Keyed[]): void {
    for (const [octets, messages] of groupedBy(listed, ({ message }) => message.octets))
      if (octets !== undefined) this.#prove(messages, this.copies.ofSize(octets))
  }

  /** Messages whose header could not be had have no mark. */
  compareHeaders(messages: readonly Keyed[], marks: ReadonlyMap<SourceMessage, HeaderMark>): void {
    const left = messages.filter(each => this.mayHave(each))
    const named = new Set([...marks.values()].flatMap(each => (each.isNamed ? [each.fingerprint] : [])))
    for (const [mark, group] of groupedBy(left, ({ message }) => marks.get(message)?.fingerprint)) {
      if (mark === undefined) this.#doubtUnmarked(group)
      else this.#compareHeader(group, mark, named.has(mark))
    }
  }

  /** A message of which everything is known now. */
  settle({ key }: Keyed, digest: string, octets: number): void {
    this.doubts.delete(key)
    const copy =
      this.copies.withDeliveryKey(deliveryKeyOf(this.#source, key, digest)) ?? this.copies.withDigest(digest)
    if (!copy || this.found.has(key)) return
    this.copies.claim(copy)
    this.found.set(key, { octets, digest })
  }

  /** Doubts are over: as many messages as there are copies that may be of them are there. */
  trustHeaders(): void {
    for (const [key, { candidates }] of this.doubts) {
      const copy = this.#oneOf(candidates)
      if (!copy) continue
      this.copies.claim(copy)
      this.found.set(key, { octets: copy.octets, digest: undefined })
      this.doubts.delete(key)
    }
  }

  #oneOf(candidates: Doubt['candidates']): KeptCopy | undefined {
    if ('fingerprint' in candidates) return this.copies.oneOfHeader(candidates.fingerprint)
    return candidates.octets === undefined ? undefined : this.copies.oneOfSize(candidates.octets)
  }

  #prove(messages: readonly Keyed[], copies: readonly KeptCopy[]): void {
    if (messages.length * copies.length > maxPairs) return
    const keys = new Set(messages.map(({ key }) => key).filter(key => !this.found.has(key)))
    for (const copy of copies) {
      if (copy.deliveryKey === undefined) continue
      for (const digest of copy.digests)
        for (const key of keys) {
          if (deliveryKeyOf(this.#source, key, digest) !== copy.deliveryKey) continue
          keys.delete(key)
          this.copies.claim(copy)
          this.found.set(key, { octets: copy.octets, digest })
        }
    }
  }

  #compareHeader(group: readonly Keyed[], fingerprint: string, isNamed: boolean): void {
    this.#prove(group, this.copies.ofHeader(fingerprint))
    const messages = group.filter(({ key }) => !this.found.has(key))
    const copies = this.copies.ofHeader(fingerprint)
    const [only] = messages
    const [copy] = copies
    if (!only || !copy) return
    const isOne = messages.length === 1 && copies.length === 1
    const isSame = copy.octets === only.message.octets && copy.deliveryKey === undefined
    if (isOne && isSame && isNamed) {
      this.copies.claim(copy)
      this.found.set(only.key, { octets: copy.octets, digest: copy.digests[0] })
      return
    }
    const reason = reasonOf(messages.length, copies.length, isSame, isNamed)
    for (const { key } of messages) this.doubts.set(key, { reason, candidates: { fingerprint } })
  }

  #doubtUnmarked(group: readonly Keyed[]): void {
    const reason = 'the source does not show its header'
    for (const {
      key,
      message: { octets },
    } of group) {
      if (octets !== undefined && this.copies.ofSize(octets).length === 0) continue
      this.doubts.set(key, { reason, candidates: { octets } })
    }
  }
}

function reasonOf(messages: number, copies: number, isSame: boolean, isNamed: boolean): string {
  if (messages > 1 || copies > 1)
    return `${messages} messages at the source and ${copies} in the destination have its header`
  if (!isSame) return 'a message with its header is there, and may be another'
  return isNamed
    ? 'a message with its header is there'
    : 'a message with its header is there, and neither has a Message-ID'
}

function groupedBy<Group>(
  listed: readonly Keyed[],
  groupOf: (each: Keyed) => Group,
): ReadonlyMap<Group, readonly Keyed[]> {
  const groups = new Map<Group, Keyed[]>()
  for (const each of listed) {
    const group = groupOf(each)
    const found = groups.get(group)
    if (found) found.push(each)
    else groups.set(group, [each])
  }
  return groups
}
