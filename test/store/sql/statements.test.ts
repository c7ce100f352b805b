// Statements: each is compiled once with its parameters in their places, finds an index, and is no SQLite of its own.
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import { describe, expect, it } from 'vitest'
import type { MaildropOptions } from '../../../src/mail/maildrop-store.ts'
import { openStore } from '../../../src/store/open-store.ts'
import * as accounts from '../../../src/store/sql/accounts.ts'
import * as deliveries from '../../../src/store/sql/deliveries.ts'
import type { Operation } from '../../../src/store/sql/operation.ts'
import type { Schema } from '../../../src/store/sql/schema.ts'
import { SqliteConnection } from '../../../src/store/sql/sqlite/connection.ts'
import { sqlite } from '../../../src/store/sql/sqlite/dialect.ts'
import {
  bind,
  compileStatement,
  type Parameters,
  Placeholder,
  type Statement,
  statement,
} from '../../../src/store/sql/statement.ts'
import { appPassword } from '../../suites/app-passwords.ts'
import { collected, deliverCollected, idleSource } from '../../suites/collection-ledger.ts'
import { copyFor, deliver, expunge, holder, octets, put, textOf } from '../../suites/fixtures.ts'
import { scratchFolder } from '../factories.ts'

const postgres = new Kysely<Schema>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: db => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

describe('a statement', () => {
  const example = statement<{ name: string; limit: number }>()((db, p) =>
    db
      .selectFrom('account')
      .select('id')
      .where('quota_octets', '=', 0)
      .where('name', '=', p.name)
      .limit(p.limit),
  )

  it('has its parameters in their places, constants among them', () => {
    const { sql, bindings } = compileStatement(sqlite, example)
    expect(sql).toBe('select "id" from "account" where "quota_octets" = ? and "name" = ? limit ?')
    expect(bindings).toEqual([0, new Placeholder('name'), new Placeholder('limit')])
    expect(bind(bindings, { limit: 5, name: 'ann' })).toEqual([0, 'ann', 5])
  })

  it('is a fault with a parameter left out', () => {
    const { bindings } = compileStatement(sqlite, example)
    expect(() => bind(bindings, { name: 'ann' })).toThrow('no value for the parameter limit')
  })

  it('compiles for another database', () => {
    expect(compileStatement(postgres, example).sql).toBe(
      'select "id" from "account" where "quota_octets" = $1 and "name" = $2 limit $3',
    )
  })
})

describe('an operation', () => {
  const steps = (operation: Operation<unknown>, ...answers: readonly (readonly Parameters[])[]) => {
    const asked: { sql: string; parameters: Parameters }[] = []
    let step = operation.next()
    for (const rows of answers) {
      if (step.done) break
      const { sql } = compileStatement(postgres, step.value.statement)
      asked.push({ sql, parameters: step.value.parameters })
      step = operation.next(rows)
    }
    return { asked, step }
  }

  it('asks for one statement after the other, whoever answers', () => {
    const alias = { address: 'team', accountName: 'ann' }
    const { asked, step } = steps(accounts.addAlias(alias), [{ id: 'i' }], [{ address: 'team' }])
    expect(asked.map(({ parameters }) => parameters)).toEqual([
      { name: 'ann' },
      { address: 'team', account_id: 'i' },
    ])
    expect(asked[1]?.sql).toContain('on conflict ("address", "account_id") do nothing')
    expect(step.done).toBe(true)
  })

  it('refuses from what it was answered', () => {
    const alias = { address: 'team', accountName: 'ann' }
    expect(() => steps(accounts.addAlias(alias), [])).toThrow(
      expect.objectContaining({ code: 'no-such-account' }),
    )
    expect(() => steps(accounts.addAlias(alias), [{ id: 'i' }], [])).toThrow(
      expect.objectContaining({ code: 'alias-exists' }),
    )
  })

  it('does not commit a delivery whose octets housekeeping has begun to free', () => {
    const copy = {
      account_id: 'a',
      trace: octets(''),
      internal_date: 0,
      flags: 0,
      ascii_octets: null,
      uidl: 'u',
      given: false,
      addressee: null,
      is_exempt: 0,
      hidden_at: null,
    }
    const content = { content_id: 'c', octets: 5, header_octets: 5, dot_lines: 0 }
    const delivery = deliveries.deliver({ content, chunks: [], seq: 4, copies: [copy], groups: [[0]] })
    const inbox = [{ inbox_id: 'm' }]
    const claimed = [{ uid_next: 2, modseq: 2 }]
    expect(() => steps(delivery, inbox, [{ id: 'a' }], claimed, [], [])).toThrow('its octets were freed')
  })
})

it('every statement finds its rows by an index', async () => {
  const seen = new Map<string, string[]>()
  const explain = (connection: SqliteConnection, sql: string, values: number) => {
    const plan = connection.file.prepare<unknown[], { detail: string }>(`explain query plan ${sql}`)
    return plan.all(...Array.from({ length: values }, () => 1)).map(({ detail }) => detail)
  }
  const prototype = SqliteConnection.prototype
  // Kept to be put back, and called with their connection only.
  // eslint-disable-next-line @typescript-eslint/unbound-method
  const { rows, row } = prototype
  const watch = <F extends (...given: never[]) => unknown>(inner: F): F =>
    function (this: SqliteConnection, ...given: never[]) {
      const { sql, bindings } = compileStatement(sqlite, given[0] as unknown as Statement<never, unknown>)
      if (!seen.has(sql)) seen.set(sql, explain(this, sql, bindings.length))
      return inner.apply(this, given)
    } as F
  Object.assign(prototype, { rows: watch(rows), row: watch(row) })
  try {
    await everything()
  } finally {
    Object.assign(prototype, { rows, row })
  }
  expect(seen.size).toBeGreaterThan(50)
  // Small tables that are read whole: all accounts, all aliases, the leases of a process, loose contents, all mailboxes, the
  // sources of the collector; and the rows that a listing makes its columns of.
  const whole = /^SCAN (account|address|collected_source|lease|loose_content|mailbox|scanned|source_lease)\b/
  const scans = [...seen].filter(([, plan]) =>
    plan.some(detail => detail.startsWith('SCAN') && !whole.test(detail)),
  )
  expect(scans).toEqual([])
  const listing = [...seen].find(
    ([sql]) => sql.startsWith('select json_group_array("uid")') && !sql.includes('"addressee" ='),
  )
  expect(listing?.[1]).toEqual([
    'CO-ROUTINE scanned',
    'SEARCH message USING COVERING INDEX message_scan (account_id=? AND mailbox_id=? AND uid>? AND uid<?)',
    'SCAN scanned',
  ])
  const addressee = [...seen].find(([sql]) => sql.includes('"addressee" = ?'))
  expect(addressee?.[1]).toEqual([
    'CO-ROUTINE scanned',
    'SEARCH message USING COVERING INDEX message_addressee (account_id=? AND mailbox_id=? AND addressee=? AND uid>? AND uid<?)',
    'SCAN scanned',
  ])
  const sealed = [...seen].find(([sql]) => sql.includes('sealed_password is not null'))
  expect(sealed?.[1]).toEqual(['SCAN account USING INDEX account_sealed'])
  const notSealed = [...seen].find(([sql]) => sql.includes('sealed_password is null'))
  expect(notSealed?.[1]).toEqual(['SCAN account USING INDEX account_not_sealed'])
  const lacking = [...seen].find(([sql]) => sql.includes('scram_keys is null'))
  expect(lacking?.[1]).toEqual(['SCAN account USING INDEX account_without_scram_keys'])
  const plans = (part: string) => [...seen].filter(([sql]) => sql.includes(part)).map(([, plan]) => plan[0])
  expect(plans('group by "state"')).toEqual([
    'SEARCH collected_message USING COVERING INDEX collected_state (source=?)',
  ])
  expect(plans('order by "recorded_at"')).toEqual([
    'SEARCH collected_message USING INDEX collected_state (source=? AND state=? AND (recorded_at,key)>(?,?))',
  ])
  // What names a message by its unique-id must go straight to it.
  const partial = [...seen].filter(
    ([sql, plan]) =>
      /"uidl" = \?/.test(sql) &&
      !plan.some(detail => /(message|deletion) USING PRIMARY KEY .*uidl=\?/.test(detail)),
  )
  expect(partial).toEqual([])
})

/** Calls every method of the store, so that every statement runs. */
async function everything(): Promise<void> {
  const store = await openStore({ folder: scratchFolder(), writer: 'inline' })
  const ann = await store.addAccount({ name: 'ann' })
  await store.addAlias({ address: 'x', accountName: 'ann' })
  await store.addAlias({ address: 'y', accountName: 'ann' })
  await Promise.all([store.findAlias('x'), store.listAliases(), store.listAccounts(), store.listLeases()])
  await store.removeAlias('x')
  await store.removeAlias('y', 'ann')
  await store.setPassword('ann', { passwordHash: 'h', sealedPassword: 's' })
  await store.setDisabled('ann', true)
  await store.surveyPasswords()
  const { id } = await store.addAppPassword('ann', { ...appPassword, name: 'phone' })
  await store.noteAppPasswordUse(id, new Date(), '192.0.2.1')
  await store.listAppPasswords(ann.id)
  await store.revokeAppPassword('ann', 'phone')
  await store.setQuota('ann', 0)
  await put(store, ann, 'small')
  await put(store, ann, 'large', `A: b\r\n\r\n${'x'.repeat(600_000)}\r\n`)
  await deliver(store, [copyFor(ann)])
  const maildrop = await store.openMaildrop(ann, holder)
  await textOf(await maildrop.read(1))
  await store.breakLease('ann')
  await maildrop.release()
  const views: readonly MaildropOptions[] = [
    { folder: 'Junk' },
    { junk: { text: '[Junk]', folder: 'Junk' } },
    { addressee: 'ann' },
  ]
  await deliver(store, [copyFor(ann, { folder: 'Junk', uidl: 'junk' })])
  for (const options of views) await (await store.openMaildrop(ann, holder, options)).release()
  for (const onDelete of ['trash', 'hide'] as const) {
    await deliver(store, [copyFor(ann, { uidl: onDelete })])
    const leaving = await store.openMaildrop(ann, holder, { onDelete })
    await leaving.update([leaving.listing.count - 1])
  }
  await store.createFolder('ann', 'Lists')
  await store.hasFolder(ann.id, 'Lists')
  await store.listFolders(ann.id)
  await deliver(store, [copyFor(ann, { folder: 'Lists', uidl: 'list' })])
  const lists = await store.openMaildrop(ann, holder, { folder: 'Lists' })
  await lists.update([0])
  await store.removeFolder('ann', 'Lists')
  // Moved by another while a session has it in its listing.
  await deliver(store, [copyFor(ann, { uidl: 'moved' })])
  const before = await store.openMaildrop(ann, holder)
  await store.breakLease('ann')
  const mover = await store.openMaildrop(ann, holder, { onDelete: 'trash' })
  await mover.update([mover.listing.uidls.indexOf('moved')])
  await textOf(await before.read(before.listing.uidls.indexOf('moved')))
  for await (const message of store.messages(ann)) expect(message.octets).toBeGreaterThan(0)
  await store.countMessages(ann)
  await expunge(store, ann, 'small', 'large')
  await store.countExpunged(ann)
  await store.undelete(ann)
  await expunge(store, ann, 'large')
  await store.clean(new Date(Date.now() + 1000))
  const record = collected('k', { state: 'parked' })
  await store.saveRecords([record])
  await deliverCollected(store, [ann], collected('other'))
  await store.loadRecords('gmail')
  await store.listRecords('gmail', 'parked')
  await store.countRecords('gmail')
  await store.forgetRecords([record])
  await store.saveSource(idleSource)
  await store.findSource('gmail')
  await store.listSources()
  await (await store.leaseSource('gmail'))?.release()
  await store.checkIntegrity()
  await store.forgetSource('gmail')
  await store.removeAccount('ann')
  await store.close()
}
