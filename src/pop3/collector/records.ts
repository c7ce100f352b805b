// The records of one source while it is collected: all in memory, and written through to the ledger as soon as it matters.
import type { CollectedKey, CollectedRecord, CollectedState } from '../../mail/collection-ledger.ts'
import type { RunLedger } from './held-ledger.ts'
import { type Look, PackedRecords } from './packed-records.ts'

/**
 * `already`: the ledger has it; `now`: before anything else happens; `soon`: with others in one transaction, at the latest
 * with the next `flush`, where a repetition does no harm.
 */
export type Urgency = 'already' | 'now' | 'soon'

const mostWaiting = 64

export class Records {
  readonly #ledger: RunLedger
  readonly #records: PackedRecords
  #waiting = new Map<string, CollectedRecord>()
  /** What is being written, but for what has a newer state meanwhile, or was forgotten. */
  #underWay = new Map<string, CollectedRecord>()
  /** Writes follow one another, so that an older state never lands behind a newer one. */
  #writing: Promise<void> = Promise.resolve()

  private constructor(ledger: RunLedger, records: PackedRecords) {
    this.#ledger = ledger
    this.#records = records
  }

  static async load(ledger: RunLedger, source: string): Promise<Records> {
    const records = new PackedRecords(source)
    for await (const some of ledger.readRecords(source)) for (const record of some) records.set(record)
    return new Records(ledger, records)
  }

  get size(): number {
    return this.#records.size
  }

  get(key: string): CollectedRecord | undefined {
    return this.#records.get(key)
  }

  /** Without a record being made for it. */
  stateOf(key: string): CollectedState | undefined {
    return this.#records.stateOf(key)
  }

  look(look: Look): void {
    this.#records.look(look)
  }

  async save(record: CollectedRecord, urgency: Urgency): Promise<void> {
    this.#set(record)
    if (urgency === 'already') {
      this.#waiting.delete(record.key)
      return
    }
    this.#waiting.set(record.key, record)
    if (urgency === 'now' || this.#waiting.size >= mostWaiting) await this.flush()
  }

  async saveAll(records: readonly CollectedRecord[]): Promise<void> {
    for (const record of records) {
      this.#set(record)
      this.#waiting.set(record.key, record)
    }
    await this.flush()
  }

  async forget(keys: readonly CollectedKey[]): Promise<void> {
    if (keys.length === 0) return
    for (const { key } of keys) {
      this.#records.delete(key)
      this.#underWay.delete(key)
    }
    await this.#inTurn(() => {
      for (const { key } of keys) if (this.stateOf(key) === undefined) this.#waiting.delete(key)
      return this.#ledger.forgetRecords(keys)
    })
  }

  /** All that was saved is durable. */
  flush(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#waiting.size === 0) return
      this.#underWay = this.#waiting
      this.#waiting = new Map()
      try {
        await this.#ledger.saveRecords([...this.#underWay.values()])
      } catch (error) {
        this.#waiting = new Map([...this.#underWay, ...this.#waiting])
        throw error
      } finally {
        this.#underWay = new Map()
      }
    })
  }

  #set(record: CollectedRecord): void {
    this.#records.set(record)
    this.#underWay.delete(record.key)
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const writing = this.#writing.then(work)
    this.#writing = writing.catch(() => undefined)
    return writing
  }
}
