// The way of every message into a store: through the wire form, piece by piece, into a delivery, then one commit. Knows
// no protocol; SMTP, LMTP, the command line and import all come through here. Whatever fails, nothing is left behind.
import type { CollectedRecord } from '../collection-ledger.ts'
import type {
  ContentFacts,
  CopyOutcome,
  Delivery,
  DeliveryCopy,
  DeliveryMode,
  DeliveryTarget,
} from '../delivery-target.ts'
import { Refusal } from '../errors.ts'
import type { Id } from '../id.ts'
import { DowngradeMeter } from '../message/downgrade.ts'
import { WireForm } from '../message/wire-form.ts'
import type { Octets } from '../octets.ts'

export interface ContentOptions {
  /** Whole header lines that stand before the octets in every copy; is told the delivery's id. */
  readonly sharedTrace?: (id: Id) => Uint8Array
  /** Of the octets in stored form, trace not counted; without it any size goes. */
  readonly maxOctets?: number
  /** What becomes of an LF without a CR; the default is to add the CR. */
  readonly bareNewline?: 'normalize' | 'reject'
  /** Is shown the header in stored form, piece by piece, before the commit. */
  readonly watch?: { push(piece: Uint8Array): void }
}

export interface LayDownOptions extends ContentOptions {
  readonly copies: readonly DeliveryCopy[]
  readonly mode: DeliveryMode
  /** As `Delivery.commit` takes it. */
  readonly collected?: CollectedRecord
}

export interface LaidDown {
  readonly id: Id
  /** Octets of the shared content, its trace included. */
  readonly octets: number
  /** In the order of `copies`. */
  readonly outcomes: readonly CopyOutcome[]
}

/** Smaller pieces are gathered to this size: a small message is one write, and full reads of a socket are not copied. */
const writeOctets = 32 * 1024

/** Content that is written and belongs to nobody yet. */
export interface WrittenContent {
  readonly id: Id
  /** Octets, trace included. */
  readonly octets: number
  /** As `Delivery.commit`; what fails is aborted. */
  commit(
    copies: readonly DeliveryCopy[],
    mode: DeliveryMode,
    collected?: CollectedRecord,
  ): Promise<readonly CopyOutcome[]>
}

/**
 * Lays one message down for all copies. Refuses with `message-too-large`, `bare-newline`, and as the target's `commit`
 * does; then, and on any fault, the delivery is aborted. Ends early without reading all octets.
 */
export async function layDown(
  target: DeliveryTarget,
  octets: Octets,
  options: LayDownOptions,
): Promise<LaidDown> {
  const content = await writeContent(target, octets, options)
  const outcomes = await content.commit(options.copies, options.mode, options.collected)
  return { id: content.id, octets: content.octets, outcomes }
}

/**
 * The first half of `layDown`, for who learns from the octets whom and how to deliver, or commits several messages at
 * once in order. Without a `commit`, the octets are freed by the store's housekeeping.
 */
export async function writeContent(
  target: DeliveryTarget,
  octets: Octets,
  options: ContentOptions,
): Promise<WrittenContent> {
  const delivery = target.begin()
  return orAbort(delivery, async () => {
    const content = new Content(delivery, options)
    if (options.sharedTrace) content.addTrace(options.sharedTrace(delivery.id))
    if (Symbol.iterator in octets) {
      for (const chunk of octets) if (content.add(chunk)) await content.write()
    } else {
      for await (const chunk of octets) if (content.add(chunk)) await content.write()
    }
    const { octets: storedOctets, facts } = await content.end()
    return {
      id: delivery.id,
      octets: storedOctets,
      commit: (copies, mode, collected) =>
        orAbort(delivery, () => delivery.commit(facts, copies, mode, collected)),
    }
  })
}

async function orAbort<T>(delivery: Delivery, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    // What went wrong first is what counts.
    await delivery.abort().catch(() => undefined)
    throw error
  }
}

/** The shared content on its way: wire form, limits, and pieces gathered into writes. */
class Content {
  readonly #delivery: Delivery
  readonly #wireForm = new WireForm()
  readonly #meter = new DowngradeMeter()
  readonly #watch: ContentOptions['watch']
  readonly #refusesBareNewline: boolean
  #maxOctets: number
  #pieces: Uint8Array[] = []
  #waitingOctets = 0

  constructor(delivery: Delivery, { maxOctets = Infinity, bareNewline, watch }: ContentOptions) {
    this.#delivery = delivery
    this.#watch = watch
    this.#maxOctets = maxOctets
    this.#refusesBareNewline = bareNewline === 'reject'
  }

  addTrace(lines: Uint8Array): void {
    this.#maxOctets += lines.length
    this.add(lines)
  }

  /** True when enough is gathered for a write. */
  add(chunk: Uint8Array): boolean {
    const before = this.#wireForm.octets
    const stored = this.#wireForm.push(chunk)
    this.#gather(stored)
    // Up to the end of the header, wherever that turns out to be.
    const left = this.#wireForm.headerOctets - before
    if (left > 0) {
      const header = left < stored.length ? stored.subarray(0, left) : stored
      this.#meter.push(header)
      this.#watch?.push(header)
    }
    if (this.#refusesBareNewline && this.#wireForm.hadBareNewline) {
      throw new Refusal('bare-newline', 'a line of the message ends with a bare LF')
    }
    return this.#waitingOctets >= writeOctets
  }

  async write(): Promise<void> {
    const pieces = this.#pieces
    if (pieces.length === 0) return
    this.#pieces = []
    this.#waitingOctets = 0
    const [first] = pieces
    await this.#delivery.write(pieces.length === 1 && first ? first : Buffer.concat(pieces))
  }

  async end(): Promise<{ readonly octets: number; readonly facts: ContentFacts }> {
    const before = this.#wireForm.octets
    const lineEnd = this.#wireForm.end()
    const { octets, headerOctets, dotLines } = this.#wireForm
    this.#gather(lineEnd)
    if (headerOctets > before) {
      this.#meter.push(lineEnd)
      this.#watch?.push(lineEnd)
    }
    await this.write()
    return { octets, facts: { headerOctets, dotLines, asciiHeaderOctets: this.#meter.end() } }
  }

  #gather(octets: Uint8Array): void {
    if (octets.length === 0) return
    if (this.#wireForm.octets > this.#maxOctets) {
      throw new Refusal('message-too-large', 'the message is larger than what is accepted here')
    }
    this.#pieces.push(octets)
    this.#waitingOctets += octets.length
  }
}
