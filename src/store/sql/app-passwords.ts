// The app passwords in SQL.
import type { AppPassword, AppPasswords } from '../../mail/app-passwords.ts'
import { Refusal } from '../../mail/errors.ts'
import { createId, type Id } from '../../mail/id.ts'
import { formatSettings, parseSettings } from '../../mail/maildrop-settings.ts'
import { accountByName, noSuchAccount } from './accounts.ts'
import type { Connection, Database } from './database.ts'
import { formatList, parseList } from './list-column.ts'
import { type Operation, row, rows } from './operation.ts'
import type { Schema } from './schema.ts'
import { statement } from './statement.ts'

type AppPasswordRow = Schema['app_password']

export function sqlAppPasswords({ reader, writer, now }: Database): AppPasswords {
  return {
    async addAppPassword(accountName, added) {
      const at = now()
      const unowned = {
        id: createId(at),
        name: added.name,
        password_hash: added.passwordHash,
        scram_keys: formatList(added.scramKeys),
        protocols: formatList(added.protocols),
        read_only: added.readOnly ? 1 : 0,
        networks: formatList(added.networks),
        created_at: at,
        settings: formatSettings(added.settings),
      }
      return toAppPassword(await writer.run(addAppPassword, { accountName, unowned }))
    },

    async listAppPasswords(account_id) {
      return appPasswordsIn(reader, account_id)
    },

    async revokeAppPassword(accountName, name) {
      await writer.run(revokeAppPassword, { accountName, name })
    },

    async noteAppPasswordUse(id, at, from) {
      await writer.run(noteAppPasswordUse, { id, at: at.getTime(), from })
    },
  }
}

/** Those of an account, oldest first. */
export async function appPasswordsIn(reader: Connection, account_id: Id): Promise<readonly AppPassword[]> {
  return (await reader.rows(appPasswordsOf, { account_id })).map(toAppPassword)
}

function toAppPassword(found: AppPasswordRow): AppPassword {
  return {
    id: found.id,
    name: found.name,
    passwordHash: found.password_hash,
    scramKeys: parseList(found.scram_keys),
    protocols: parseList(found.protocols),
    readOnly: found.read_only === 1,
    networks: parseList(found.networks),
    settings: parseSettings(found.settings),
    createdAt: new Date(found.created_at),
    lastUsedAt: found.last_used_at === null ? undefined : new Date(found.last_used_at),
    lastUsedFrom: found.last_used_from ?? undefined,
  }
}

const appPasswordsOf = statement<{ account_id: Id }>()((db, p) =>
  db.selectFrom('app_password').selectAll().where('account_id', '=', p.account_id).orderBy('id'),
)

type NewRow = Omit<AppPasswordRow, 'last_used_at' | 'last_used_from'>

const insertAppPassword = statement<NewRow>()((db, p) =>
  db
    .insertInto('app_password')
    .values({
      account_id: p.account_id,
      id: p.id,
      name: p.name,
      password_hash: p.password_hash,
      scram_keys: p.scram_keys,
      protocols: p.protocols,
      read_only: p.read_only,
      networks: p.networks,
      created_at: p.created_at,
      last_used_at: null,
      last_used_from: null,
      settings: p.settings,
    })
    .onConflict(conflict => conflict.columns(['account_id', 'name']).doNothing())
    .returningAll(),
)

interface NewAppPasswordOf {
  readonly accountName: string
  readonly unowned: Omit<NewRow, 'account_id'>
}

export function* addAppPassword({ accountName, unowned }: NewAppPasswordOf): Operation<AppPasswordRow> {
  const account = yield* row(accountByName, { name: accountName })
  if (!account) throw noSuchAccount(accountName)
  const added = yield* row(insertAppPassword, { ...unowned, account_id: account.id })
  if (added) return added
  throw new Refusal('app-password-exists', `${accountName} has an app password ${unowned.name} already`)
}

const deleteAppPassword = statement<{ account_id: Id; name: string }>()((db, p) =>
  db
    .deleteFrom('app_password')
    .where('account_id', '=', p.account_id)
    .where('name', '=', p.name)
    .returning('id'),
)

export function* revokeAppPassword(argument: { accountName: string; name: string }): Operation<void> {
  const { accountName, name } = argument
  const account = yield* row(accountByName, { name: accountName })
  if (!account) throw noSuchAccount(accountName)
  if (!(yield* row(deleteAppPassword, { account_id: account.id, name }))) {
    throw new Refusal('no-such-app-password', `${accountName} has no app password ${name}`)
  }
}

const updateLastUse = statement<{ id: Id; at: number; from: string }>()((db, p) =>
  db.updateTable('app_password').set({ last_used_at: p.at, last_used_from: p.from }).where('id', '=', p.id),
)

export function* noteAppPasswordUse(use: { id: Id; at: number; from: string }): Operation<void> {
  yield* rows(updateLastUse, use)
}
