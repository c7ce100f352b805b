// A whole store: every port of this folder over one set of data. `store/` implements it; the protocols are handed
// only the ports they need.
import type { AccountRegistry } from './account-registry.ts'
import type { AppPasswords } from './app-passwords.ts'
import type { ArchiveStore } from './archive-store.ts'
import type { CollectionLedger } from './collection-ledger.ts'
import type { DeliveryTarget } from './delivery-target.ts'
import type { Folders } from './folders.ts'
import type { KeptMail } from './kept-mail.ts'
import type { MaildropLocks, MaildropStore } from './maildrop-store.ts'
import type { RecoveryStore } from './recovery-store.ts'
import type { RetentionStore } from './retention-store.ts'
import type { StoreLoad } from './store-load.ts'

export interface IntegrityReport {
  /** Sentences, each naming one fault; empty when all is well. */
  readonly faults: readonly string[]
  readonly messages: number
  readonly contents: number
}

export interface Store
  extends AccountRegistry,
    AppPasswords,
    Folders,
    MaildropStore,
    MaildropLocks,
    DeliveryTarget,
    RecoveryStore,
    RetentionStore,
    ArchiveStore,
    KeptMail,
    CollectionLedger {
  /** Absent where nothing is written to a disk. */
  readonly load?: StoreLoad
  /** Reads everything and compares it with what is recorded of it. Changes nothing. */
  checkIntegrity(): Promise<IntegrityReport>
  /** Finishes what was begun, releases every lease held, closes the files. */
  close(): Promise<void>
}
