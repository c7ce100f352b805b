// The maildrop lock in SQL: one row per account with owner, fence and expiry. A fence rises whenever a lease is taken or
// broken, so whoever still holds an older one can no longer delete anything. Nothing here is durable.
//
// The one server of a data folder knows its own leases without reading them back, so it makes their rows only when they
// matter: when a session has lasted a moment, when it deletes, when another wants the lock or asks who has it.
import { randomBytes } from 'node:crypto'
import type { Account } from '../../mail/account.ts'
import { isRefusal, Refusal } from '../../mail/errors.ts'
import type { Id } from '../../mail/id.ts'
import type { LeaseHolder, MaildropLocks } from '../../mail/maildrop-store.ts'
import type { Database } from './database.ts'
import type { Schema } from './schema.ts'
import { statement } from './statement.ts'

export interface LeaseOptions {
  readonly leaseMs: number
  /** True in the one server of the data; then the leases of the server before it are dropped. */
  readonly server: boolean
}

/** Who holds the leases of this store. */
export function ownerName(server: boolean): string {
  return `${server ? 'server' : 'program'}:${process.pid}:${randomBytes(8).toString('hex')}`
}

/** How long a session of the server may last, at most, before others can see its lease. */
const unseenMs = 250

/** The leases of one process: takes them, renews them all with one statement, gives them back. */
export class Leases {
  readonly #database: Database
  readonly #leaseMs: number
  readonly #owner: string
  readonly #server: boolean
  readonly #renewal: NodeJS.Timeout
  readonly #held = new Map<Id, Lease>()
  /** Of `#held`, those without a row. */
  readonly #unseen = new Set<Lease>()
  #showing: NodeJS.Timeout | undefined
  readonly #unreleased: { account_id: Id; fence: number }[] = []

  private constructor(database: Database, { leaseMs, server }: LeaseOptions) {
    this.#database = database
    this.#leaseMs = leaseMs
    this.#server = server
    this.#owner = ownerName(server)
    this.#renewal = setInterval(() => void this.#renew(), leaseMs / 3).unref()
  }

  static async open(database: Database, options: LeaseOptions): Promise<Leases> {
    if (options.server) await database.leases.rows(dropServerLeases, {})
    return new Leases(database, options)
  }

  get heldCount(): number {
    return this.#held.size
  }

  /** A new lease. Refuses with `maildrop-in-use` while another is live. */
  async take(account: Account, holder: LeaseHolder): Promise<Lease> {
    if (this.#unreleased.length > 0) await this.#giveBack()
    const { leases, now } = this.#database
    const before = this.#held.get(account.id)
    const lease = new Lease(account, holder, now())
    if (this.#server && !before) {
      this.#held.set(account.id, lease)
      this.#unseen.add(lease)
      this.#showSoon()
      try {
        if (await leases.row(liveLease, { account_id: account.id, now: lease.since }))
          throw inUse(account.name)
        return lease
      } catch (error) {
        this.#forget(lease)
        throw error
      }
    }
    // The rows decide: the lease before may have been broken, or have expired.
    if (before) await this.#show(before)
    await this.#makeRow(lease)
    this.#held.set(account.id, lease)
    return lease
  }

  /** The fence of a lease, for a change that depends on it. Refuses with `lease-lost`. */
  async fenceOf(lease: Lease): Promise<number> {
    await this.#show(lease)
    const { fence } = lease
    const row =
      fence && (await this.#database.leases.row(leaseWithFence, { account_id: lease.account.id, fence }))
    if (!fence || !row) throw leaseLost()
    return fence
  }

  /**
   * Never fails: whoever gives a lease back has done his work. What the database does not take now (a full disk) is
   * given back before the next lease is taken.
   */
  async release(lease: Lease): Promise<void> {
    this.#forget(lease)
    lease.isReleased = true
    if (lease.fence === undefined) return
    const row = { account_id: lease.account.id, fence: lease.fence }
    try {
      await this.#database.leases.rows(releaseLease, row)
    } catch {
      this.#unreleased.push(row)
    }
  }

  /** Makes the rows of all leases, for someone who looks at them. */
  async showAll(): Promise<void> {
    for (const lease of this.#unseen) await this.#show(lease)
  }

  /** Ends the lease of an account that was removed: its id never comes back. */
  async forgetAccount(account_id: Id): Promise<void> {
    await this.showAll()
    await this.#database.leases.rows(forgetLease, { account_id })
  }

  /** Gives back what is still held. Where that fails, it runs out. */
  async close(): Promise<void> {
    clearInterval(this.#renewal)
    clearTimeout(this.#showing)
    try {
      await this.#database.leases.rows(releaseLeasesOf, { owner: this.#owner })
    } catch {
      // A full disk must not keep the store from closing.
    }
  }

  #forget(lease: Lease): void {
    this.#unseen.delete(lease)
    if (this.#held.get(lease.account.id) === lease) this.#held.delete(lease.account.id)
  }

  /** Makes the row of a lease that has none yet; when another program was faster, the lease stays without, and lost. */
  async #show(lease: Lease): Promise<void> {
    if (!this.#unseen.has(lease)) return
    try {
      await this.#makeRow(lease)
    } catch (error) {
      if (!isRefusal(error, 'maildrop-in-use')) throw error
    }
    this.#unseen.delete(lease)
    // Given back while its row was being made.
    if (lease.isReleased) await this.release(lease)
  }

  /** Refuses with `maildrop-in-use`. */
  async #makeRow(lease: Lease): Promise<void> {
    const { account, holder, since } = lease
    const row = await this.#database.leases.row(takeLease, {
      account_id: account.id,
      account_name: account.name,
      owner: this.#owner,
      session_id: holder.sessionId,
      peer: holder.peer,
      now: since,
      expires_at: since + this.#leaseMs,
    })
    if (!row) throw inUse(account.name)
    lease.fence = row.fence
  }

  /** Those who began a moment ago, and with them the few who began since. */
  async #showLater(): Promise<void> {
    this.#showing = undefined
    try {
      await this.showAll()
    } catch {
      // A full disk; seen a moment later.
      this.#showSoon()
    }
  }

  #showSoon(): void {
    this.#showing ??= setTimeout(() => void this.#showLater(), unseenMs).unref()
  }

  /** Throws while the database still does not take it. */
  async #giveBack(): Promise<void> {
    const due = this.#unreleased.splice(0)
    try {
      for (let lease = due[0]; lease; lease = due[0]) {
        await this.#database.leases.rows(releaseLease, lease)
        due.shift()
      }
    } finally {
      this.#unreleased.push(...due)
    }
  }

  async #renew(): Promise<void> {
    const { leases, now } = this.#database
    try {
      await this.#giveBack()
      if (this.#held.size === 0) return
      await leases.rows(renewLeases, { owner: this.#owner, expires_at: now() + this.#leaseMs })
    } catch {
      // Made up for by the next renewal; a lease that no one else took meanwhile still holds.
    }
  }
}

/** One lease of this process. */
export class Lease {
  readonly account: Account
  readonly holder: LeaseHolder
  readonly since: number
  /** Undefined while the lease has no row. */
  fence: number | undefined
  isReleased = false

  constructor(account: Account, holder: LeaseHolder, since: number) {
    this.account = account
    this.holder = holder
    this.since = since
  }
}

function inUse(name: string): Refusal {
  return new Refusal('maildrop-in-use', `another session holds the maildrop of ${name}`)
}

export function leaseLost(): Refusal {
  return new Refusal('lease-lost', 'the lock on the maildrop was lost: nothing was deleted')
}

export function sqlLocks({ leases, now }: Database, own: Leases): MaildropLocks {
  return {
    async listLeases() {
      await own.showAll()
      return (await leases.rows(liveLeases, { now: now() })).map(lease => ({
        accountName: lease.account_name,
        sessionId: lease.session_id,
        peer: lease.peer,
        since: new Date(lease.since),
        expiresAt: new Date(lease.expires_at),
      }))
    },

    async breakLease(accountName) {
      await own.showAll()
      return (await leases.row(breakLease, { account_name: accountName, now: now() })) !== undefined
    },
  }
}

type NewLease = Omit<Schema['lease'], 'fence' | 'since'> & { now: number }

const takeLease = statement<NewLease>('leases')((db, p) =>
  db
    .insertInto('lease')
    .values({
      account_id: p.account_id,
      account_name: p.account_name,
      fence: 1,
      owner: p.owner,
      session_id: p.session_id,
      peer: p.peer,
      since: p.now,
      expires_at: p.expires_at,
    })
    .onConflict(conflict =>
      conflict
        .column('account_id')
        .doUpdateSet(eb => ({
          account_name: eb.ref('excluded.account_name'),
          fence: eb('lease.fence', '+', 1),
          owner: eb.ref('excluded.owner'),
          session_id: eb.ref('excluded.session_id'),
          peer: eb.ref('excluded.peer'),
          since: eb.ref('excluded.since'),
          expires_at: eb.ref('excluded.expires_at'),
        }))
        .where('lease.expires_at', '<=', p.now),
    )
    .returning('fence'),
)

const releaseLease = statement<{ account_id: Id; fence: number }>('leases')((db, p) =>
  db
    .updateTable('lease')
    .set({ expires_at: 0 })
    .where('account_id', '=', p.account_id)
    .where('fence', '=', p.fence),
)

const releaseLeasesOf = statement<{ owner: string }>('leases')((db, p) =>
  db
    .updateTable('lease')
    .set(({ eb }) => ({ expires_at: 0, fence: eb('fence', '+', 1) }))
    .where('owner', '=', p.owner)
    .where('expires_at', '>', 0),
)

const renewLeases = statement<{ owner: string; expires_at: number }>('leases')((db, p) =>
  db
    .updateTable('lease')
    .set({ expires_at: p.expires_at })
    .where('owner', '=', p.owner)
    .where('expires_at', '>', 0),
)

const dropServerLeases = statement('leases')(db =>
  db
    .updateTable('lease')
    .set(({ eb }) => ({ expires_at: 0, fence: eb('fence', '+', 1) }))
    .where('owner', 'like', 'server:%')
    .where('expires_at', '>', 0),
)

const breakLease = statement<{ account_name: string; now: number }>('leases')((db, p) =>
  db
    .updateTable('lease')
    .set(({ eb }) => ({ expires_at: 0, fence: eb('fence', '+', 1) }))
    .where('account_name', '=', p.account_name)
    .where('expires_at', '>', p.now)
    .returning('fence'),
)

const forgetLease = statement<{ account_id: Id }>('leases')((db, p) =>
  db.deleteFrom('lease').where('account_id', '=', p.account_id),
)

const liveLeases = statement<{ now: number }>('leases')((db, p) =>
  db.selectFrom('lease').selectAll().where('expires_at', '>', p.now).orderBy('since'),
)

/** The lease if it still has this fence; an expired one that nobody else took holds on. */
export const leaseWithFence = statement<{ account_id: Id; fence: number }>('leases')((db, p) =>
  db
    .selectFrom('lease')
    .select('fence')
    .where('account_id', '=', p.account_id)
    .where('fence', '=', p.fence)
    .where('expires_at', '>', 0),
)

const liveLease = statement<{ account_id: Id; now: number }>('leases')((db, p) =>
  db
    .selectFrom('lease')
    .select('fence')
    .where('account_id', '=', p.account_id)
    .where('expires_at', '>', p.now),
)

/** When the live lease of an account was taken: what was expunged since may still be read. */
export const liveLeaseSince = statement<{ account_id: Id; now: number }>('leases')((db, p) =>
  db
    .selectFrom('lease')
    .select('since')
    .where('account_id', '=', p.account_id)
    .where('expires_at', '>', p.now),
)
