// A file that an older Poplar wrote is brought up to date when it is opened, with all that is in it.
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/open-store.ts'
import { migrations } from '../../src/store/sql/migrations/migrations.ts'
import { columnTypes, sqlite } from '../../src/store/sql/sqlite/dialect.ts'
import { appPassword } from '../suites/app-passwords.ts'
import { collected } from '../suites/collection-ledger.ts'
import { holder, uidlsOf } from '../suites/fixtures.ts'
import { scratchFolder } from './factories.ts'

/** A folder as Poplar 0.1 left it: one account with one message, and an alias. */
function folderOfVersion1(): string {
  const folder = scratchFolder()
  const file = new Sqlite(join(folder, 'poplar.sqlite'))
  file.pragma('page_size = 8192')
  file.pragma('journal_mode = WAL')
  for (const migration of migrations.slice(0, 1))
    for (const statement of migration(sqlite.schema, columnTypes)) file.exec(statement.compile().sql)
  file.exec(`
    insert into account values ('A', 'ann', '$argon2id$x', 1000, 9, 1, 'M', 1767225600000);
    insert into address values ('team', 'A');
    insert into mailbox values ('A', 'M', 'INBOX', 1, 2, 2, 1, 1, 9);
    insert into content values ('C', 9, 2, 0, null);
    insert into content_chunk values ('C', 0, x'0d0a' || 'hello' || x'0d0a');
    insert into message values ('A', 'M', 'u1', 1, 'C', x'', 9, 0, 0, 2, null);
    update content_chunk set octets = cast(octets as blob);
  `)
  file.pragma('application_id = 0x504f504c')
  file.pragma('user_version = 1')
  file.close()
  return folder
}

describe('a file of version 1', () => {
  it.each(['inline', 'thread'] as const)('keeps its accounts, aliases and mail (%s)', async writer => {
    const store = await openStore({ folder: folderOfVersion1(), writer })
    const ann = {
      id: 'A',
      name: 'ann',
      passwordHash: '$argon2id$x',
      scramKeys: [],
      sealedPassword: undefined,
      isDisabled: false,
      quotaOctets: 1000,
      usedOctets: 9,
      usedMessages: 1,
      inboxId: 'M',
      createdAt: new Date(Date.UTC(2026, 0, 1)),
      settings: {},
    }
    expect(await store.listAccounts()).toEqual([ann])
    expect(await store.findAlias('team')).toEqual([ann])
    expect(await uidlsOf(store, ann)).toEqual(['u1'])
    expect(await store.checkIntegrity()).toEqual({ faults: [], messages: 1, contents: 1 })
    await store.close()
  })

  it('takes what the new schema holds, and has it when opened again', async () => {
    const folder = folderOfVersion1()
    const store = await openStore({ folder, writer: 'inline' })
    await store.setPassword('ann', { passwordHash: 'new', scramKeys: ['k'], sealedPassword: 's' })
    await store.setDisabled('ann', true)
    const added = await store.addAppPassword('ann', { ...appPassword, name: 'phone' })
    await store.saveRecords([collected('k')])
    await store.close()
    const again = await openStore({ folder, writer: 'inline' })
    expect(await again.findAccount('ann')).toMatchObject({
      passwordHash: 'new',
      scramKeys: ['k'],
      sealedPassword: 's',
      isDisabled: true,
    })
    expect(await again.listAppPasswords('A')).toEqual([added])
    expect((await again.loadRecords('gmail')).get('k')).toEqual(collected('k'))
    await again.close()
  })

  it('is migrated once by two that open it together', async () => {
    const folder = folderOfVersion1()
    const [first, second] = await Promise.all([
      openStore({ folder, writer: 'inline' }),
      openStore({ folder, writer: 'inline' }),
    ])
    const ann = await second.findAccount('ann')
    if (!ann) throw new Error('ann is gone')
    await (await first.openMaildrop(ann, holder)).release()
    await first.close()
    await second.close()
  })
})
