// Brings one account of a backup back into an office that may be serving: the messages it no longer has, under their
// UIDLs; and the account itself where it is gone. What is there already is left as it is, and nothing is doubled.
import type { Account, AccountName } from '../../mail/account.ts'
import { layDown } from '../../mail/delivery/pipeline.ts'
import { isRefusal, Refusal, type RefusalCode } from '../../mail/errors.ts'
import { sameFolder, standingFolder } from '../../mail/folder-name.ts'
import type { Store } from '../../mail/store.ts'
import type { BackedUpMessage, BackupReader } from '../sql/sqlite/backup-reader.ts'

/** What becomes of a message; a deleted one that is still kept is brought back. */
export type RestoreFate = 'restored' | 'undeleted' | 'present'

export interface RestoreReport extends Readonly<Record<RestoreFate, number>> {
  /** The account was gone and was made anew, with the password it had. */
  readonly madeAccount: boolean
}

/**
 * Restores the account. Refuses with `no-such-account` when the backup does not have it, and as deliveries do; what was
 * restored until then stays, and the next try goes on from there.
 */
export async function restoreAccount(
  store: Store,
  backup: BackupReader,
  name: AccountName,
  onMessage: () => void = () => {},
): Promise<RestoreReport> {
  const was = backup.account(name)
  if (!was) throw new Refusal('no-such-account', `the backup has no account ${name}`)
  const there = await store.findAccount(name)
  const isWhole = there !== undefined && (there.passwordHash !== undefined || was.passwordHash === undefined)
  const account = isWhole ? there : await makeAccount(store, backup, was)
  await makeFolders(store, account, backup.folders(was))
  const report = { restored: 0, undeleted: 0, present: 0 }
  for (const message of backup.messages(was)) {
    report[await restoreMessage(store, account, message)] += 1
    onMessage()
  }
  return { ...report, madeAccount: there === undefined }
}

/** Its password comes last: one that is cut short lets nobody in, and the next try goes on with it. */
async function makeAccount(store: Store, backup: BackupReader, was: Account): Promise<Account> {
  const { name, passwordHash, scramKeys, sealedPassword, quotaOctets, settings, isDisabled } = was
  await unlessRefused('account-exists', () => store.addAccount({ name, quotaOctets }))
  await store.changeSettings(name, settings)
  await store.setDisabled(name, isDisabled)
  for (const appPassword of await backup.appPasswords(was))
    await unlessRefused('app-password-exists', () => store.addAppPassword(name, appPassword))
  for (const address of backup.aliases(was))
    await unlessRefused('alias-exists', () => store.addAlias({ address, accountName: name }))
  if (passwordHash !== undefined)
    await store.setPassword(name, {
      passwordHash,
      scramKeys,
      ...(sealedPassword !== undefined && { sealedPassword }),
    })
  const account = await store.findAccount(name)
  if (!account) throw new Refusal('no-such-account', `${name} was removed meanwhile`)
  return account
}

async function unlessRefused(code: RefusalCode, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!isRefusal(error, code)) throw error
  }
}

async function makeFolders(store: Store, account: Account, names: readonly string[]): Promise<void> {
  const made = await store.listFolders(account.id)
  for (const name of names) {
    if (standingFolder(name) !== undefined || made.some(folder => sameFolder(folder.name, name))) continue
    await store.createFolder(account.name, name)
  }
}

async function restoreMessage(
  store: Store,
  account: Account,
  message: BackedUpMessage,
): Promise<RestoreFate> {
  const { uidl, trace, internalDate, flags, folder, addressee, isHidden } = message
  const state = await store.messageState(account, uidl)
  // What POP3 showed no longer when the backup was made is not to come to the client again.
  if (state === 'present' || (state === 'hidden' && isHidden)) return 'present'
  if (state !== undefined) return (await store.undelete(account, { uidl })) > 0 ? 'undeleted' : 'present'
  const { outcomes } = await layDown(store, message.content(), {
    copies: [
      {
        account,
        trace,
        internalDate,
        flags,
        uidl,
        folder,
        // What was the account's before is not asked for room.
        isExemptFromQuota: true,
        ...(addressee !== undefined && { addressee }),
        ...(isHidden && { isHidden }),
      },
    ],
    mode: 'all',
  })
  const [outcome] = outcomes
  if (outcome?.delivered) return 'restored'
  if (outcome?.reason === 'duplicate-uidl') return 'present'
  throw new Refusal('no-such-account', `${account.name} was removed meanwhile`)
}
