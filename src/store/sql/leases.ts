// The maildrop lock in SQL: one row per account with owner, fence and expiry. A fence rises whenever a lease is taken or
// broken, so whoever still holds an older one can no longer delete anything. Nothing here is durable.
import { randomBytes } from 'node:crypto'
import type { Account } from '../../mail/account.ts'
import { Refusal } from '../../mail/errors.ts'
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

/** The leases of one process: takes them, renews them all with one statement, gives them back. */
export class Leases {
  readonly #database: Database
  readonly #leaseMs: number
  readonly #owner: string
  readonly #renewal: NodeJS.Timeout
  readonly #unreleased: { account_id: Id; fence: number }[] = []
  #held = 0

  private constructor(database: Database, { leaseMs, server }: LeaseOptions) {
    this.#database = database
    this.#leaseMs = leaseMs
    this.#owner = `${server ? 'server' : 'program'}:${process.pid}:${randomBytes(8).toString('hex')}`
    this.#renewal = setInterval(() => void this.#renew(), leaseMs / 3).unref()
  }

  static async open(database: Database, options: LeaseOptions): Promise<Leases> {
    if (options.server) await database.leases.rows(dropServerLeases, {})
    return new Leases(database, options)
  }

  /** The fence of the new lease. Refuses with `maildrop-in-use` while another lease is live. */
  async take({ id, name }: Account, { sessionId, peer }: LeaseHolder): Promise<number> {
    if (this.#unreleased.length > 0) await this.#giveBack()
    const now = this.#database.now()
    const lease = await this.#database.leases.row(takeLease, {
      account_id: id,
      account_name: name,
      owner: this.#owner,
      session_id: sessionId,
      peer,
      now,
      expires_at: now + this.#leaseMs,
    })
    if (!lease) throw new Refusal('maildrop-in-use', `another session holds the maildrop of ${name}`)
    this.#held += 1
    return lease.fence
  }

  /**
   * Never fails: whoever gives a lease back has done his work. What the database does not take now (a full disk) is
   * given back before the next lease is taken.
   */
  async release(account_id: Id, fence: number): Promise<void> {
    this.#held -= 1
    const lease = { account_id, fence }
    try {
      await this.#database.leases.rows(releaseLease, lease)
    } catch {
      this.#unreleased.push(lease)
    }
  }

  /** Gives back what is still held. Where that fails, it runs out. */
  async close(): Promise<void> {
    clearInterval(this.#renewal)
    try {
      await this.#database.leases.rows(releaseLeasesOf, { owner: this.#owner })
    } catch {
      // A full disk must not keep the store from closing.
    }
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
      if (this.#held === 0) return
      await leases.rows(renewLeases, { owner: this.#owner, expires_at: now() + this.#leaseMs })
    } catch {
      // Made up for by the next renewal; a lease that no one else took meanwhile still holds.
    }
  }
}

export function sqlLocks({ leases, now }: Database): MaildropLocks {
  return {
    async listLeases() {
      return (await leases.rows(liveLeases, { now: now() })).map(lease => ({
        accountName: lease.account_name,
        sessionId: lease.session_id,
        peer: lease.peer,
        since: new Date(lease.since),
        expiresAt: new Date(lease.expires_at),
      }))
    },

    async breakLease(accountName) {
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

/** For an account that was removed: its id never comes back. */
export const forgetLease = statement<{ account_id: Id }>('leases')((db, p) =>
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

/** When the live lease of an account was taken: what was expunged since may still be read. */
export const liveLeaseSince = statement<{ account_id: Id; now: number }>('leases')((db, p) =>
  db
    .selectFrom('lease')
    .select('since')
    .where('account_id', '=', p.account_id)
    .where('expires_at', '>', p.now),
)
