// Records of one source in memory, packed into columns: a hundred thousand take a third of what as many objects would, and
// give the garbage collector nothing to walk through. A record comes out as it went in, each time as an object of its own.
import type { CollectedRecord, CollectedState } from '../../mail/collection-ledger.ts'

/** What many records have in common. */
interface Kind {
  readonly state: CollectedState
  readonly reason: string | undefined
  readonly destinations: readonly string[]
  readonly hasDigest: boolean
}

/** `isMissing`: the source did not list it the last time. */
export type Look = (key: string, state: CollectedState, isMissing: boolean) => void

/** Records in one block of columns. */
const blockRows = 1024
/** Kinds that are searched one by one; what is of yet another is not packed. */
const maxKinds = 64
const digestOctets = 32
/** Stands for undefined in a column of numbers. */
const none = Number.NaN

/** Times are in milliseconds. */
class Block {
  readonly kinds = new Uint8Array(blockRows)
  readonly digests = Buffer.alloc(blockRows * digestOctets)
  readonly octets = new Float64Array(blockRows)
  readonly storedAt = new Float64Array(blockRows)
  readonly absentSince = new Float64Array(blockRows)
  readonly absentSessions = new Uint8Array(blockRows)
}

export class PackedRecords {
  readonly #source: string
  /** By key: the row, or the record itself where it cannot be packed. */
  readonly #places = new Map<string, number | CollectedRecord>()
  readonly #blocks: Block[] = []
  readonly #kinds: Kind[] = []
  #rows = 0

  /** Takes records of this source only. */
  constructor(source: string) {
    this.#source = source
  }

  get size(): number {
    return this.#places.size
  }

  keys(): IterableIterator<string> {
    return this.#places.keys()
  }

  get(key: string): CollectedRecord | undefined {
    const place = this.#places.get(key)
    return typeof place === 'number' ? this.#unpack(key, place) : place
  }

  /** Of `get`, at a fraction of the cost. */
  stateOf(key: string): CollectedState | undefined {
    const place = this.#places.get(key)
    return typeof place === 'number' ? this.#kindAt(place).state : place?.state
  }

  /** Lets all be looked at, without a record being made for any. They are not to be changed meanwhile. */
  look(look: Look): void {
    for (const [key, place] of this.#places) {
      if (typeof place !== 'number') look(key, place.state, place.absentSince !== undefined)
      else
        look(
          key,
          this.#kindAt(place).state,
          !Number.isNaN(this.#blockOf(place).absentSince[place % blockRows]),
        )
    }
  }

  set(record: CollectedRecord): void {
    const { key } = record
    const before = this.#places.get(key)
    const row = typeof before === 'number' ? before : this.#rows
    if (!this.#pack(record, row)) this.#places.set(key, record)
    else if (row !== before) {
      this.#places.set(key, row)
      this.#rows += 1
    }
  }

  delete(key: string): void {
    this.#places.delete(key)
  }

  /** Whether it could be: whatever has no column, or would not come back from it, cannot. */
  #pack(record: CollectedRecord, row: number): boolean {
    const { digest, octets, storedAt, failures, retryAt, absentSince, absentSessions } = record
    if (failures !== 0 || retryAt !== undefined || absentSessions > 255) return false
    const kind = this.#numberOf(record)
    if (kind === undefined) return false
    const block = this.#blockOf(row)
    const at = row % blockRows
    if (digest !== undefined && !isWritten(digest, block.digests, at * digestOctets)) return false
    block.kinds[at] = kind
    block.octets[at] = octets ?? none
    block.storedAt[at] = storedAt?.getTime() ?? none
    block.absentSince[at] = absentSince?.getTime() ?? none
    block.absentSessions[at] = absentSessions
    return true
  }

  #unpack(key: string, row: number): CollectedRecord {
    const { digests, octets, storedAt, absentSince, absentSessions } = this.#blockOf(row)
    const at = row % blockRows
    const { state, reason, destinations, hasDigest } = this.#kindAt(row)
    const from = at * digestOctets
    return {
      source: this.#source,
      key,
      state,
      destinations,
      digest: hasDigest ? digests.toString('hex', from, from + digestOctets) : undefined,
      octets: numberIn(octets[at]),
      storedAt: dateIn(storedAt[at]),
      failures: 0,
      reason,
      retryAt: undefined,
      absentSince: dateIn(absentSince[at]),
      absentSessions: absentSessions[at] ?? 0,
    }
  }

  #blockOf(row: number): Block {
    const number = Math.floor(row / blockRows)
    const block = this.#blocks[number]
    if (block) return block
    const fresh = new Block()
    this.#blocks[number] = fresh
    return fresh
  }

  #kindAt(row: number): Kind {
    const kind = this.#kinds[this.#blockOf(row).kinds[row % blockRows] ?? 0]
    if (!kind) throw new Error('a packed record is of a kind')
    return kind
  }

  /** Of the record's kind, which is noted where it is new; undefined where there are too many. */
  #numberOf(record: CollectedRecord): number | undefined {
    const known = this.#kinds.findIndex(kind => isOf(kind, record))
    if (known >= 0) return known
    if (this.#kinds.length >= maxKinds) return undefined
    const { state, reason, destinations, digest } = record
    return this.#kinds.push({ state, reason, destinations, hasDigest: digest !== undefined }) - 1
  }
}

/** What is written of it in `octets`; false where it is no digest. */
function isWritten(digest: string, octets: Buffer, at: number): boolean {
  return digest.length === 2 * digestOctets && octets.write(digest, at, 'hex') === digestOctets
}

function isOf({ state, reason, destinations, hasDigest }: Kind, record: CollectedRecord): boolean {
  return (
    state === record.state &&
    reason === record.reason &&
    hasDigest === (record.digest !== undefined) &&
    (destinations === record.destinations ||
      (destinations.length === record.destinations.length &&
        destinations.every((name, at) => name === record.destinations[at])))
  )
}

function numberIn(column = none): number | undefined {
  return Number.isNaN(column) ? undefined : column
}

function dateIn(column = none): Date | undefined {
  return Number.isNaN(column) ? undefined : new Date(column)
}
