// The right to collect from a source, in SQL: a lease with owner, fence and expiry beside those of the maildrops, so that
// the server and a command that collects by hand exclude each other. Nothing here is durable. A holder that was killed frees its sources
// at once where it can be proved dead, else when they run out.
import type { CollectionLease } from '../../mail/collection-ledger.ts'
import { sourceLost } from '../collected.ts'
import type { Database } from './database.ts'
import { type LeaseOptions, ownerName } from './leases.ts'
import { type Operation, row } from './operation.ts'
import { isProvablyDead, ownMark } from './process-mark.ts'
import { statement } from './statement.ts'

/** The source leases of one process: takes them, renews them, gives them back. */
export class SourceLeases {
  readonly #database: Database
  readonly #leaseMs: number
  readonly #owner: string
  readonly #held = new Set<SourceLease>()
  readonly #given = new WeakMap<CollectionLease, SourceLease>()
  readonly #renewal: NodeJS.Timeout

  private constructor(database: Database, { leaseMs, server }: LeaseOptions) {
    this.#database = database
    this.#leaseMs = leaseMs
    // The mark stands behind the first space: what comes before has none.
    this.#owner = [ownerName(server), ownMark()].filter(Boolean).join(' ')
    this.#renewal = setInterval(() => void this.#renew(), leaseMs / 3).unref()
  }

  static async open(database: Database, options: LeaseOptions): Promise<SourceLeases> {
    if (options.server) await database.leases.rows(dropServersLeases, {})
    return new SourceLeases(database, options)
  }

  async take(source: string): Promise<CollectionLease | undefined> {
    const { now } = this.#database
    const lease =
      (await this.#take(source)) ?? ((await this.#breakDead(source)) ? await this.#take(source) : undefined)
    if (!lease) return undefined
    this.#held.add(lease)
    const given: CollectionLease = {
      get holds() {
        return now() < lease.expiresAt
      },
      release: () => this.#release(lease),
    }
    this.#given.set(given, lease)
    return given
  }

  /** What a change that depends on the lease has to look for in its transaction. Throws for a lease from elsewhere. */
  fenceOf(given: CollectionLease): SourceFence {
    const lease = this.#given.get(given)
    if (!lease) throw new Error('a lease that was taken elsewhere')
    const { source, fence } = lease
    return { source, fence }
  }

  async #take(source: string): Promise<SourceLease | undefined> {
    const { leases, now } = this.#database
    const at = now()
    const expiresAt = at + this.#leaseMs
    const taken = await leases.row(takeLease, { source, owner: this.#owner, now: at, expires_at: expiresAt })
    return taken && new SourceLease(source, taken.fence, expiresAt)
  }

  /** Ends the lease of a process that is no more. Whether there was one. */
  async #breakDead(source: string): Promise<boolean> {
    const { leases } = this.#database
    const held = await leases.row(leaseOf, { source })
    if (!held || !isProvablyDead(held.owner.split(' ')[1] ?? '')) return false
    // Of two who have seen it dead, one breaks it; what the other may take since then is his.
    const broken = await leases.row(breakLease, { source, fence: held.fence })
    return broken !== undefined
  }

  /** Gives back what is still held. Where that fails, it runs out. */
  async close(): Promise<void> {
    clearInterval(this.#renewal)
    for (const lease of this.#held) await this.#release(lease)
  }

  /** Never fails: what the database does not take now runs out, for it is not renewed any more. */
  async #release(lease: SourceLease): Promise<void> {
    if (!this.#held.delete(lease)) return
    lease.expiresAt = 0
    const { source, fence } = lease
    await this.#try(() => this.#database.leases.rows(releaseLease, { source, fence }))
  }

  async #renew(): Promise<void> {
    for (const lease of this.#held) {
      const { source, fence } = lease
      const expiresAt = this.#database.now() + this.#leaseMs
      const answer = await this.#try(() =>
        this.#database.leases.rows(renewLease, { source, fence, expires_at: expiresAt }),
      )
      // Without an answer it is asked again; until then it holds as long as it was last granted.
      if (!answer || !this.#held.has(lease)) continue
      lease.expiresAt = answer.length > 0 ? expiresAt : 0
      if (answer.length === 0) this.#held.delete(lease)
    }
  }

  /** Undefined where the database does not take it now: its disk is full, or another keeps it locked. */
  async #try<T>(work: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch {
      return undefined
    }
  }
}

export interface SourceFence {
  readonly source: string
  readonly fence: number
}

/** A step of a change that depends on a lease. Refuses with `lease-lost`. */
export function* holdFence(fence: SourceFence | undefined): Operation<void> {
  if (fence && !(yield* row(sourceLeaseWithFence, { ...fence }))) throw sourceLost()
}

class SourceLease {
  readonly source: string
  readonly fence: number
  /** As far as this process knows; 0 once it is lost or released. */
  expiresAt: number

  constructor(source: string, fence: number, expiresAt: number) {
    this.source = source
    this.fence = fence
    this.expiresAt = expiresAt
  }
}

const takeLease = statement<{ source: string; owner: string; now: number; expires_at: number }>('leases')(
  (db, p) =>
    db
      .insertInto('source_lease')
      .values({ source: p.source, fence: 1, owner: p.owner, since: p.now, expires_at: p.expires_at })
      .onConflict(conflict =>
        conflict
          .column('source')
          .doUpdateSet(eb => ({
            fence: eb('source_lease.fence', '+', 1),
            owner: eb.ref('excluded.owner'),
            since: eb.ref('excluded.since'),
            expires_at: eb.ref('excluded.expires_at'),
          }))
          .where('source_lease.expires_at', '<=', p.now),
      )
      .returning('fence'),
)

/** One that expired, but that nobody took, holds on. */
const sourceLeaseWithFence = statement<{ source: string; fence: number }>('leases')((db, p) =>
  db
    .selectFrom('source_lease')
    .select('fence')
    .where('source', '=', p.source)
    .where('fence', '=', p.fence)
    .where('expires_at', '>', 0),
)

const leaseOf = statement<{ source: string }>('leases')((db, p) =>
  db.selectFrom('source_lease').select(['owner', 'fence']).where('source', '=', p.source),
)

const breakLease = statement<{ source: string; fence: number }>('leases')((db, p) =>
  db
    .updateTable('source_lease')
    .set(({ eb }) => ({ expires_at: 0, fence: eb('fence', '+', 1) }))
    .where('source', '=', p.source)
    .where('fence', '=', p.fence)
    .returning('fence'),
)

const releaseLease = statement<{ source: string; fence: number }>('leases')((db, p) =>
  db
    .updateTable('source_lease')
    .set({ expires_at: 0 })
    .where('source', '=', p.source)
    .where('fence', '=', p.fence),
)

/** One that expired, but that nobody took, goes on. */
const renewLease = statement<{ source: string; fence: number; expires_at: number }>('leases')((db, p) =>
  db
    .updateTable('source_lease')
    .set({ expires_at: p.expires_at })
    .where('source', '=', p.source)
    .where('fence', '=', p.fence)
    .where('expires_at', '>', 0)
    .returning('fence'),
)

const dropServersLeases = statement('leases')(db =>
  db
    .updateTable('source_lease')
    .set(({ eb }) => ({ expires_at: 0, fence: eb('fence', '+', 1) }))
    .where('owner', 'like', 'server:%')
    .where('expires_at', '>', 0),
)
