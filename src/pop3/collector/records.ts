// The records of one source while it is collected: all in memory, and written through to the ledger as soon as it matters.
import type { CollectedKey, CollectedRecord, CollectionLedger } from '../../mail/collection-ledger.ts'

/**
 * `already`: the ledger has it; `now`: before anything else happens; `soon`: with others in one transaction, at the latest
 * with the next `flush`, where a repetition does no harm.
 */
export type Urgency = 'already' | 'now' | 'soon'

const mostWaiting = 64

export class Records {
  readonly #ledger: CollectionLedger
  readonly #records: Map<string, CollectedRecord>
  #waiting = new Map<string, CollectedRecord>()
  /** Writes follow one another, so that an older state never lands behind a newer one. */
  #writing: Promise<void> = Promise.resolve()

  private constructor(ledger: CollectionLedger, records: Map<string, CollectedRecord>) {
    this.#ledger = ledger
    this.#records = records
  }

  static async load(ledger: CollectionLedger, source: string): Promise<Records> {
    return new Records(ledger, await ledger.loadRecords(source))
  }

  get byKey(): ReadonlyMap<string, CollectedRecord> {
    return this.#records
  }

  get(key: string): CollectedRecord | undefined {
    return this.#records.get(key)
  }

  async save(record: CollectedRecord, urgency: Urgency): Promise<void> {
    this.#records.set(record.key, record)
    if (urgency === 'already') {
      this.#waiting.delete(record.key)
      return
    }
    this.#waiting.set(record.key, record)
    if (urgency === 'now' || this.#waiting.size >= mostWaiting) await this.flush()
  }

  async saveAll(records: readonly CollectedRecord[]): Promise<void> {
    for (const record of records) {
      this.#records.set(record.key, record)
      this.#waiting.set(record.key, record)
    }
    await this.flush()
  }

  async forget(keys: readonly CollectedKey[]): Promise<void> {
    if (keys.length === 0) return
    for (const { key } of keys) this.#records.delete(key)
    await this.#inTurn(() => {
      for (const { key } of keys) if (!this.#records.has(key)) this.#waiting.delete(key)
      return this.#ledger.forgetRecords(keys)
    })
  }

  /** All that was saved is durable. */
  flush(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#waiting.size === 0) return
      const waiting = this.#waiting
      this.#waiting = new Map()
      try {
        await this.#ledger.saveRecords([...waiting.values()])
      } catch (error) {
        // What has a newer state meanwhile, or was forgotten, is not brought back.
        const current = [...waiting].filter(([key, record]) => this.#records.get(key) === record)
        this.#waiting = new Map([...current, ...this.#waiting])
        throw error
      }
    })
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const writing = this.#writing.then(work)
    this.#writing = writing.catch(() => undefined)
    return writing
  }
}
