// Mail from before downgraded forms were known has none: it goes out as it was kept, to everybody, with exact octets; what
// comes in afterwards has both forms.
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, it } from 'vitest'
import { layDown } from '../../src/mail/delivery/pipeline.ts'
import { openStore } from '../../src/store/open-store.ts'
import { migrations } from '../../src/store/sql/migrations/migrations.ts'
import { columnTypes, sqlite } from '../../src/store/sql/sqlite/dialect.ts'
import { copyFor, holder, textOf } from '../suites/fixtures.ts'
import { scratchFolder } from './factories.ts'

const content = Buffer.from('Subject: ü\r\n\r\nbody\r\n')

/** A folder as the second schema left it, with one message of UTF-8 in its header. */
function oldFolder(): string {
  const folder = scratchFolder()
  const file = new Sqlite(join(folder, 'poplar.sqlite'))
  file.pragma('page_size = 8192')
  file.pragma('journal_mode = WAL')
  for (const migration of migrations.slice(0, 2))
    for (const statement of migration(sqlite.schema, columnTypes)) file.exec(statement.compile().sql)
  const { length } = content
  file.exec(`
    insert into account (id, name, quota_octets, used_octets, used_messages, inbox_id, created_at)
      values ('A', 'ann', 0, ${length}, 1, 'M', 0);
    insert into mailbox values ('A', 'M', 'INBOX', 1, 2, 2, 1, 1, ${length});
    insert into content values ('C', ${length}, ${content.indexOf('body')}, 0, null);
    insert into message values ('A', 'M', 'old', 1, 'C', x'', ${length}, 0, 0, 2, null);
  `)
  file.prepare('insert into content_chunk values (?, 0, ?)').run('C', content)
  file.pragma('application_id = 0x504f504c')
  file.pragma('user_version = 2')
  file.close()
  return folder
}

it('an old message has one form, a new one two', async () => {
  const store = await openStore({ folder: oldFolder(), writer: 'inline' })
  const ann = await store.findAccount('ann')
  if (!ann) throw new Error('ann is gone')
  const before = await store.openMaildrop(ann, holder)
  expect(before.listing).toMatchObject({ count: 1, totalOctets: content.length })
  expect(before.listing.ascii).toBeUndefined()
  expect(await textOf(await before.read(0, 'ascii'))).toBe(content.toString('latin1'))
  await before.release()

  await layDown(store, [content], { copies: [copyFor(ann, { uidl: 'new' })], mode: 'all' })
  const after = await store.openMaildrop(ann, holder)
  const ascii = 'Subject: =?UTF-8?B?w7w=?=\r\n\r\nbody\r\n'
  expect([...(after.listing.ascii?.octets ?? [])]).toEqual([content.length, ascii.length])
  expect(await textOf(await after.read(1, 'ascii'))).toBe(ascii)
  await after.release()
  await store.close()
})
