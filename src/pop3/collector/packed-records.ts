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

  /** Of `get`, at a fraction of the cost; so is `isMissing`. */
  stateOf(key: string): CollectedState | undefined {
    const place = this.#places.get(key)
    return typeof place === 'number' ? this.#kindAt(place).state : place?.state
  }

  /** It was not in the last listing that told. */
  isMissing(key: string): boolean {
    const place = this.#places.get(key)
    if (typeof place !== 'number') return place?.absentSince !== undefined
    return !Number.isNaN(this.#blockOf(place).absentSince[place % blockRows])
  }

  set(record: CollectedRecord): void {
    const { key } = record
    const kind = isPackable(record) ? this.#numberOf(record) : undefined
    if (kind === undefined) {
      this.#places.set(key, record)
      return
    }
    const before = this.#places.get(key)
    const row = typeof before === 'number' ? before : this.#rows++
    if (row !== before) this.#places.set(key, row)
    this.#pack(record, row, kind)
  }

  delete(key: string): void {
    this.#places.delete(key)
  }

  #pack(
    { digest, octets, storedAt, absentSince, absentSessions }: CollectedRecord,
    row: number,
    kind: number,
  ) {
    const block = this.#blockOf(row)
    const at = row % blockRows
    block.kinds[at] = kind
    if (digest !== undefined) block.digests.write(digest, at * digestOctets, 'hex')
    block.octets[at] = octets ?? none
    block.storedAt[at] = storedAt?.getTime() ?? none
    block.absentSince[at] = absentSince?.getTime() ?? none
    block.absentSessions[at] = absentSessions
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

/** Whatever has no column, or does not come back from it, stays an object. */
function isPackable({ digest, failures, retryAt, absentSessions, storedAt, absentSince }: CollectedRecord) {
  return (
    failures === 0 &&
    retryAt === undefined &&
    absentSessions <= 255 &&
    (digest === undefined || /^[0-9a-f]{64}$/.test(digest)) &&
    [storedAt, absentSince].every(date => date === undefined || !Number.isNaN(date.getTime()))
  )
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
