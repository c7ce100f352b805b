// A delivery target that keeps what it was given where a test can look at it, and fails where a test wants it to.
import { createHash } from 'node:crypto'
import type { CollectedRecord } from '../../../src/mail/collection-ledger.ts'
import type {
  ContentFacts,
  CopyOutcome,
  Delivery,
  DeliveryCopy,
  DeliveryMode,
  DeliveryTarget,
} from '../../../src/mail/delivery-target.ts'

export interface Laid {
  readonly id: string
  /** Kept only when the target was told to. */
  readonly content: string
  readonly sha256: string
  readonly octets: number
  readonly writes: number
  readonly facts: ContentFacts
  readonly copies: readonly DeliveryCopy[]
  readonly mode: DeliveryMode
  readonly collected: CollectedRecord | undefined
}

export class CountingTarget implements DeliveryTarget {
  readonly laid: Laid[] = []
  begun = 0
  aborted = 0
  largestWrite = 0
  keepsContent = true
  /** Awaited before a write or commit is done; what it throws, fails. */
  onWrite: () => Promise<void> | void = () => undefined
  onCommit: () => Promise<void> | void = () => undefined
  outcomeOf: (copy: DeliveryCopy) => CopyOutcome = () => ({ delivered: true, uidl: 'u' })

  /** Deliveries that neither came to an end nor were given up. */
  get open(): number {
    return this.begun - this.aborted - this.laid.length
  }

  begin(): Delivery {
    this.begun += 1
    const id = `D${this.begun}`
    const hash = createHash('sha256')
    const kept: Uint8Array[] = []
    let octets = 0
    let writes = 0
    let ended = false
    return {
      id,
      write: async chunk => {
        await this.onWrite()
        hash.update(chunk)
        octets += chunk.length
        writes += 1
        this.largestWrite = Math.max(this.largestWrite, chunk.length)
        if (this.keepsContent) kept.push(chunk)
      },
      commit: async (facts, copies, mode, collected) => {
        await this.onCommit()
        ended = true
        const content = Buffer.concat(kept).toString('latin1')
        const sha256 = hash.digest('hex')
        this.laid.push({ id, content, sha256, octets, writes, facts, copies, mode, collected })
        return copies.map(this.outcomeOf)
      },
      abort: async () => {
        if (!ended) this.aborted += 1
        ended = true
      },
    }
  }
}
