// The account registry in SQL.
import type { Account, AccountName } from '../../mail/account.ts'
import type { AccountRegistry, StoredPassword } from '../../mail/account-registry.ts'
import { Refusal } from '../../mail/errors.ts'
import { inboxName } from '../../mail/folder-name.ts'
import { createId, type Id } from '../../mail/id.ts'
import {
  changeSettings as changed,
  formatSettings,
  parseSettings,
  type SettingsChange,
} from '../../mail/maildrop-settings.ts'
import type { Database } from './database.ts'
import type { Leases } from './leases.ts'
import { formatList, parseList } from './list-column.ts'
import { insertMailbox } from './mailbox-statements.ts'
import { isNotSealed, isSealed, lacksScramKeys } from './migrations/0002-credentials.ts'
import { type Operation, row, rows } from './operation.ts'
import { freeMessagesOf } from './recovery.ts'
import type { Remembered } from './remembered.ts'
import type { Schema } from './schema.ts'
import { statement } from './statement.ts'

export function sqlAccounts(database: Database, leases: Leases, remembered: Remembered): AccountRegistry {
  const { reader, writer, now } = database

  return {
    async findAccount(name) {
      const found = await reader.row(accountByName, { name })
      return found && toAccount(found)
    },

    async findAlias(address) {
      return (await reader.rows(accountsByAddress, { address })).map(toAccount)
    },

    async addAccount({ name, quotaOctets = 0, ...password }) {
      const at = now()
      const account: Schema['account'] = {
        id: createId(at),
        name,
        ...toColumns(password),
        is_disabled: 0,
        quota_octets: quotaOctets,
        used_octets: 0,
        used_messages: 0,
        inbox_id: createId(at),
        created_at: at,
        settings: null,
        quota_warned: 0,
      }
      await writer.run(addAccount, account)
      return toAccount(account)
    },

    async setPassword(name, password, insteadOf) {
      await writer.run(setPassword, { name, columns: toColumns(password), insteadOf: insteadOf ?? null })
    },

    async setDisabled(name, isDisabled) {
      await writer.run(setDisabled, { name, is_disabled: isDisabled ? 1 : 0 })
    },

    async surveyPasswords() {
      return {
        someAreSealed: (await reader.row(anySealed, {})) !== undefined,
        someAreNotSealed: (await reader.row(anyNotSealed, {})) !== undefined,
        someLackScramKeys: (await reader.row(anyWithoutScramKeys, {})) !== undefined,
      }
    },

    async setQuota(name, quotaOctets) {
      await writer.run(setQuota, { name, quotaOctets })
    },

    async changeSettings(name, change) {
      await writer.run(changeSettings, { name, change })
    },

    async surveySettings() {
      return (await reader.rows(allSettings, {})).map(({ settings }) => parseSettings(settings))
    },

    async removeAccount(name, actor = 'poplar') {
      const account_id = await writer.run(removeAccount, { name, actor, now: now() })
      await leases.forgetAccount(account_id)
      await freeMessagesOf(account_id, database)
      remembered.forgetAll()
    },

    async listAccounts() {
      return (await reader.rows(allAccounts, {})).map(toAccount)
    },

    async addAlias({ address, accountName }) {
      await writer.run(addAlias, { address, accountName })
    },

    async removeAlias(address, accountName) {
      await writer.run(removeAlias, { address, accountName: accountName ?? null })
    },

    async listAliases() {
      return await reader.rows(allAliases, {})
    },
  }
}

export function toAccount(found: Schema['account']): Account {
  return {
    id: found.id,
    name: found.name,
    passwordHash: found.password_hash ?? undefined,
    scramKeys: parseList(found.scram_keys),
    sealedPassword: found.sealed_password ?? undefined,
    isDisabled: found.is_disabled === 1,
    quotaOctets: found.quota_octets,
    usedOctets: found.used_octets,
    usedMessages: found.used_messages,
    inboxId: found.inbox_id,
    createdAt: new Date(found.created_at),
    settings: parseSettings(found.settings),
  }
}

/** What is kept of a password, as columns. */
type PasswordColumns = Pick<Schema['account'], 'password_hash' | 'scram_keys' | 'sealed_password'>

function toColumns({ passwordHash, scramKeys, sealedPassword }: Partial<StoredPassword>): PasswordColumns {
  return {
    password_hash: passwordHash ?? null,
    scram_keys: formatList(scramKeys ?? []),
    sealed_password: sealedPassword ?? null,
  }
}

export const accountByName = statement<{ name: string }>()((db, p) =>
  db.selectFrom('account').selectAll().where('name', '=', p.name),
)

const accountsByAddress = statement<{ address: string }>()((db, p) =>
  db
    .selectFrom('address')
    .innerJoin('account', 'account.id', 'address.account_id')
    .selectAll('account')
    .where('address.address', '=', p.address)
    .orderBy('account.name'),
)

const allAccounts = statement()(db => db.selectFrom('account').selectAll().orderBy('name'))

const allAliases = statement()(db =>
  db
    .selectFrom('address')
    .innerJoin('account', 'account.id', 'address.account_id')
    .select(['address.address', 'account.name as accountName'])
    .orderBy('address.address')
    .orderBy('account.name'),
)

const allSettings = statement()(db =>
  db.selectFrom('account').select('settings').distinct().where('settings', 'is not', null),
)

const insertAccount = statement<Schema['account']>()((db, p) =>
  db
    .insertInto('account')
    .values({
      id: p.id,
      name: p.name,
      password_hash: p.password_hash,
      scram_keys: p.scram_keys,
      sealed_password: p.sealed_password,
      is_disabled: p.is_disabled,
      quota_octets: p.quota_octets,
      used_octets: p.used_octets,
      used_messages: p.used_messages,
      inbox_id: p.inbox_id,
      created_at: p.created_at,
      settings: p.settings,
      quota_warned: p.quota_warned,
    })
    .onConflict(conflict => conflict.column('name').doNothing())
    .returning('id'),
)

export function* addAccount(account: Schema['account']): Operation<void> {
  if (!(yield* row(insertAccount, account))) {
    throw new Refusal('account-exists', `there is an account ${account.name} already`)
  }
  yield* rows(insertMailbox, {
    account_id: account.id,
    id: account.inbox_id,
    name: inboxName,
    uid_validity: Math.floor(account.created_at / 1000),
  })
}

const anySealed = statement()(db => db.selectFrom('account').select('id').where(isSealed).limit(1))

const anyNotSealed = statement()(db => db.selectFrom('account').select('id').where(isNotSealed).limit(1))

const anyWithoutScramKeys = statement()(db =>
  db.selectFrom('account').select('id').where(lacksScramKeys).limit(1),
)

const updatePassword = statement<PasswordColumns & { id: Id }>()((db, p) =>
  db
    .updateTable('account')
    .set({
      password_hash: p.password_hash,
      scram_keys: p.scram_keys,
      sealed_password: p.sealed_password,
    })
    .where('id', '=', p.id),
)

interface PasswordChange {
  readonly name: AccountName
  readonly columns: PasswordColumns
  /** The hash that must still be there; null for any. */
  readonly insteadOf: string | null
}

export function* setPassword({ name, columns, insteadOf }: PasswordChange): Operation<void> {
  const account = yield* row(accountByName, { name })
  if (!account) throw noSuchAccount(name)
  if (insteadOf !== null && account.password_hash !== insteadOf) return
  yield* rows(updatePassword, { ...columns, id: account.id })
}

const updateDisabled = statement<{ name: string; is_disabled: number }>()((db, p) =>
  db.updateTable('account').set({ is_disabled: p.is_disabled }).where('name', '=', p.name).returning('id'),
)

export function* setDisabled(argument: { name: AccountName; is_disabled: number }): Operation<void> {
  if (!(yield* row(updateDisabled, argument))) throw noSuchAccount(argument.name)
}

const updateQuota = statement<{ name: string; quotaOctets: number }>()((db, p) =>
  db.updateTable('account').set({ quota_octets: p.quotaOctets }).where('name', '=', p.name).returning('id'),
)

export function* setQuota(argument: { name: AccountName; quotaOctets: number }): Operation<void> {
  if (!(yield* row(updateQuota, argument))) throw noSuchAccount(argument.name)
}

const updateSettings = statement<{ id: Id; settings: string | null }>()((db, p) =>
  db.updateTable('account').set({ settings: p.settings }).where('id', '=', p.id),
)

/** Read and written in one transaction, so that two who change different settings keep both. */
export function* changeSettings(argument: { name: AccountName; change: SettingsChange }): Operation<void> {
  const { name, change } = argument
  const account = yield* row(accountByName, { name })
  if (!account) throw noSuchAccount(name)
  const settings = changed(parseSettings(account.settings), change)
  yield* rows(updateSettings, { id: account.id, settings: formatSettings(settings) })
}

const deleteAccount = statement<{ name: string }>()((db, p) =>
  db.deleteFrom('account').where('name', '=', p.name).returning('id'),
)

const deleteAddresses = statement<{ id: Id }>()((db, p) =>
  db.deleteFrom('address').where('account_id', '=', p.id),
)

const deleteAppPasswords = statement<{ id: Id }>()((db, p) =>
  db.deleteFrom('app_password').where('account_id', '=', p.id),
)

/** The account is gone at once; its messages are freed in steps, by this process or by housekeeping. */
interface Removal {
  readonly name: AccountName
  readonly actor: string
  readonly now: number
}

/** Its messages and mailboxes go afterwards, in small steps. */
export function* removeAccount({ name, actor, now }: Removal): Operation<Id> {
  const removed = yield* row(deleteAccount, { name })
  if (!removed) throw noSuchAccount(name)
  yield* rows(deleteAddresses, removed)
  yield* rows(deleteAppPasswords, removed)
  yield* rows(insertRemoved, { account_id: removed.id, name, removed_at: now, actor })
  return removed.id
}

const insertRemoved = statement<Schema['removed_account']>()((db, p) =>
  db
    .insertInto('removed_account')
    .values({ account_id: p.account_id, name: p.name, removed_at: p.removed_at, actor: p.actor }),
)

const insertAddress = statement<{ address: string; account_id: Id }>()((db, p) =>
  db
    .insertInto('address')
    .values({ address: p.address, account_id: p.account_id })
    .onConflict(conflict => conflict.columns(['address', 'account_id']).doNothing())
    .returning('address'),
)

export function* addAlias(alias: { address: string; accountName: AccountName }): Operation<void> {
  const { address, accountName } = alias
  const account = yield* row(accountByName, { name: accountName })
  if (!account) throw noSuchAccount(accountName)
  if (!(yield* row(insertAddress, { address, account_id: account.id }))) {
    throw new Refusal('alias-exists', `${address} leads to ${accountName} already`)
  }
}

const deleteAddress = statement<{ address: string }>()((db, p) =>
  db.deleteFrom('address').where('address', '=', p.address).returning('address'),
)

const deleteAddressOf = statement<{ address: string; accountName: string }>()((db, p) =>
  db
    .deleteFrom('address')
    .where('address', '=', p.address)
    .where('account_id', '=', db.selectFrom('account').select('id').where('name', '=', p.accountName))
    .returning('address'),
)

export function* removeAlias(alias: { address: string; accountName: AccountName | null }): Operation<void> {
  const { address, accountName } = alias
  const removed =
    accountName === null
      ? yield* row(deleteAddress, { address })
      : yield* row(deleteAddressOf, { address, accountName })
  if (!removed) {
    throw new Refusal(
      'no-such-alias',
      `there is no alias ${address}${accountName ? ` to ${accountName}` : ''}`,
    )
  }
}

export function noSuchAccount(name: AccountName): Refusal {
  return new Refusal('no-such-account', `there is no account ${name}`)
}
