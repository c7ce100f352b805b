// A whole store over one SQL database.
import type { Store } from '../../mail/store.ts'
import type { StoreLoad } from '../../mail/store-load.ts'
import { sqlAccounts } from './accounts.ts'
import { sqlAppPasswords } from './app-passwords.ts'
import { sqlArchive } from './archive.ts'
import { sqlCollections } from './collections.ts'
import type { Database } from './database.ts'
import { sqlDeliveries } from './deliveries.ts'
import { checkIntegrity } from './integrity.ts'
import { sqlKeptMail } from './kept-mail.ts'
import { type LeaseOptions, Leases, sqlLocks } from './leases.ts'
import { sqlFolders } from './mailboxes.ts'
import { sqlMaildrops } from './maildrops.ts'
import { sqlRecovery } from './recovery.ts'
import { Remembered } from './remembered.ts'
import { sqlRetention } from './retention.ts'
import { SourceLeases } from './source-leases.ts'

export interface SqlStoreOptions extends LeaseOptions {
  /** Octets of messages that are kept in memory once read; 0 for none. */
  readonly cacheOctets: number
}

export async function createSqlStore(database: Database, options: SqlStoreOptions): Promise<Store> {
  const leases = await Leases.open(database, options)
  const sourceLeases = await SourceLeases.open(database, options)
  const remembered = new Remembered(options.cacheOctets)
  let closed: Promise<void> | undefined

  return {
    ...sqlAccounts(database, leases, remembered),
    ...sqlAppPasswords(database),
    ...sqlMaildrops(database, leases, remembered),
    ...sqlLocks(database, leases),
    ...sqlDeliveries(database),
    ...sqlRecovery(database, leases, remembered),
    ...sqlRetention(database),
    ...sqlArchive(database),
    ...sqlKeptMail(database),
    ...sqlFolders(database),
    ...sqlCollections(database, sourceLeases),
    load: storeLoad(database, leases, remembered),
    checkIntegrity: () => checkIntegrity(database),
    close() {
      closed ??= leases
        .close()
        .then(() => sourceLeases.close())
        .then(() => database.close())
      return closed
    },
  }
}

function storeLoad(database: Database, leases: Leases, remembered: Remembered): StoreLoad {
  const { writer } = database
  return {
    get waitingWrites() {
      return writer.waiting
    },
    get writerSilenceMs() {
      return writer.silenceMs
    },
    get heldLocks() {
      return leases.heldCount
    },
    get fileOctets() {
      return database.fileOctets
    },
    get cacheOctets() {
      return remembered.octets
    },
    get cacheHits() {
      return remembered.counts.hits
    },
    get cacheMisses() {
      return remembered.counts.misses
    },
    get onCommit() {
      return writer.onCommit
    },
    set onCommit(listener) {
      writer.onCommit = listener
    },
  }
}
