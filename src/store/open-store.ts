// Opens the store of a data folder: SQLite files in it, made and migrated as needed.
import type { Store } from '../mail/store.ts'
import { createSqlStore } from './sql/sql-store.ts'
import { openSqlite } from './sql/sqlite/database.ts'

export interface StoreOptions {
  /** Made with mode 0700 when missing. */
  readonly folder: string
  /**
   * `thread`: writes happen in a thread of their own, for whoever writes much. `inline`: on the calling thread, for
   * one-shot commands.
   */
  readonly writer: 'thread' | 'inline'
  /**
   * Whether this is the one server of the folder, which holds its lock (folder-lock.ts): the maildrop locks of a server that
   * died are dropped. Others work beside it. Default: with a writer thread.
   */
  readonly server?: boolean
  /** How long a maildrop's lease lasts without being renewed; it is renewed three times as often. Default 60,000. */
  readonly leaseMs?: number
  /** The clock, in milliseconds. Default `Date.now`. */
  readonly now?: () => number
  /** How long a write waits while another process writes, before it is refused. Default 10,000. */
  readonly busyTimeoutMs?: number
  /** Octets of messages that are kept in memory once they were read. Default 0. */
  readonly cacheOctets?: number
  /** The mail file may grow to so many pages of 8 KiB; beyond, deliveries are refused. Default without limit. */
  readonly maxPages?: number
}

/** Refuses with `store-unusable` (damaged, not ours, newer), `store-busy`, `store-full`. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { writer, leaseMs = 60_000, now = Date.now, busyTimeoutMs = 10_000, cacheOctets = 0 } = options
  const { server = writer === 'thread' } = options
  const database = openSqlite({ ...options, now, busyTimeoutMs })
  return createSqlStore(database, { leaseMs, server, cacheOctets })
}
