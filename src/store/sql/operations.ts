// Every change of the store by its name, for writers that live in another thread: the name and the argument are what
// travels.
import {
  addAccount,
  addAlias,
  changeSettings,
  removeAccount,
  removeAlias,
  setDisabled,
  setPassword,
  setQuota,
} from './accounts.ts'
import { addAppPassword, noteAppPasswordUse, revokeAppPassword } from './app-passwords.ts'
import { forgetDeletions, forgetRemoved } from './audit.ts'
import {
  forgetCollected,
  forgetCollectedSource,
  replaceCollected,
  saveCollected,
  saveCollectedSource,
} from './collections.ts'
import { deliver, spill } from './deliveries.ts'
import { freeLoose } from './freeing.ts'
import { createFolder, removeFolder } from './mailboxes.ts'
import { depart, noteRetrieved } from './maildrops.ts'
import type { Operation } from './operation.ts'
import { freeExpunged, freeMessages } from './recovery.ts'
import { noteQuotaWarning, retain } from './retention.ts'
import { undelete, unhide } from './undeleting.ts'

const operations = [
  addAccount,
  setPassword,
  setDisabled,
  setQuota,
  changeSettings,
  removeAccount,
  addAlias,
  removeAlias,
  addAppPassword,
  revokeAppPassword,
  noteAppPasswordUse,
  spill,
  deliver,
  depart,
  noteRetrieved,
  createFolder,
  removeFolder,
  undelete,
  unhide,
  retain,
  noteQuotaWarning,
  forgetDeletions,
  forgetRemoved,
  freeExpunged,
  freeMessages,
  freeLoose,
  saveCollected,
  forgetCollected,
  saveCollectedSource,
  forgetCollectedSource,
  replaceCollected,
] as const satisfies readonly ((argument: never) => Operation<unknown>)[]

type AnyOperation = (argument: unknown) => Operation<unknown>

const byName = new Map(operations.map(operation => [operation.name, operation as AnyOperation]))

/** The operation of this name, begun. */
export function beginOperation(name: string, argument: unknown): Operation<unknown> {
  const operation = byName.get(name)
  if (!operation) throw new Error(`there is no operation ${name}`)
  return operation(argument)
}
