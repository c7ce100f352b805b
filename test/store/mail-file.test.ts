// Opening a data folder: what is made, and which files are refused and left as they are.
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/open-store.ts'
import { migrations } from '../../src/store/sql/migrations/migrations.ts'
import { openForWriting } from '../../src/store/sql/sqlite/mail-file.ts'
import { collected, deliverCollected, idleSource } from '../suites/collection-ledger.ts'
import { put, uidlsOf } from '../suites/fixtures.ts'
import { scratchFolder } from './factories.ts'

const mailFile = (folder: string) => join(folder, 'poplar.sqlite')
const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')

/** A folder with a closed store of a few messages in it. */
async function usedFolder(): Promise<string> {
  const folder = scratchFolder()
  const store = await openStore({ folder, writer: 'inline' })
  const ann = await store.addAccount({ name: 'ann' })
  for (let i = 0; i < 50; i++) await put(store, ann, `u${i}`, `A: b\r\n\r\n${'x'.repeat(20_000)}\r\n`)
  await store.close()
  return folder
}

function change(folder: string, sql: string): void {
  const file = new Sqlite(mailFile(folder))
  file.exec(sql)
  file.close()
}

describe('opening', () => {
  it('makes folder and files for the owner alone', async () => {
    const folder = join(scratchFolder(), 'deep', 'data')
    const store = await openStore({ folder, writer: 'inline' })
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    for (const name of ['poplar.sqlite', 'poplar.sqlite-wal', 'leases.sqlite']) {
      expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600)
    }
    await store.close()
  })

  it.each(['inline', 'thread'] as const)('finds everything again (%s)', async writer => {
    const folder = await usedFolder()
    const store = await openStore({ folder, writer })
    const ann = await store.findAccount('ann')
    expect(ann && (await uidlsOf(store, ann))).toHaveLength(50)
    expect((await store.checkIntegrity()).faults).toEqual([])
    await store.close()
    expect(existsSync(`${mailFile(folder)}-wal`)).toBe(false)
  })

  it('marks the file as ours, and has every commit wait for the disk', async () => {
    const file = openForWriting(mailFile(await usedFolder()), { busyTimeoutMs: 0 })
    // 2 is FULL: the log is on disk before a commit returns.
    expect(file.pragma('synchronous', { simple: true })).toBe(2)
    expect(file.pragma('application_id', { simple: true })).toBe(0x504f504c)
    expect(file.pragma('user_version', { simple: true })).toBe(migrations.length)
    expect(file.pragma('journal_mode', { simple: true })).toBe('wal')
    file.close()
  })

  it('goes on where a first start was cut off', async () => {
    const folder = scratchFolder()
    writeFileSync(mailFile(folder), '')
    await (await openStore({ folder, writer: 'inline' })).close()
    const bare = scratchFolder()
    change(bare, 'pragma page_size = 8192; pragma journal_mode = WAL')
    await (await openStore({ folder: bare, writer: 'inline' })).close()
  })

  it('migrates once when many open at the same time', async () => {
    const folder = scratchFolder()
    const all = await Promise.all(Array.from({ length: 5 }, () => openStore({ folder, writer: 'inline' })))
    await Promise.all(all.map(store => store.close()))
  })

  it('begins the leases anew when a power cut left them damaged', async () => {
    const folder = await usedFolder()
    writeFileSync(join(folder, 'leases.sqlite'), 'x'.repeat(5000))
    const store = await openStore({ folder, writer: 'inline' })
    const ann = await store.findAccount('ann')
    expect(ann && (await uidlsOf(store, ann))).toHaveLength(50)
    await store.close()
  })
})

describe('a file that cannot be used is refused and left as it is', () => {
  const cases: [why: string, damage: (folder: string) => void, message: RegExp][] = [
    [
      'it is newer',
      folder => change(folder, 'pragma user_version = 70'),
      new RegExp(`newer Poplar \\(schema version 70, this one knows ${migrations.length}\\)`),
    ],
    [
      'it belongs to another program',
      folder => change(folder, 'pragma application_id = 1'),
      /a database, but not one of Poplar/,
    ],
    [
      'it is no database',
      folder => writeFileSync(mailFile(folder), 'A letter, not a database.'),
      /not a database/,
    ],
    ['it lost its end', folder => truncateSync(mailFile(folder), 3 * 8192), /damaged/],
    [
      'its header is overwritten',
      folder => writeFileSync(mailFile(folder), Buffer.alloc(100, 0xff), { flag: 'r+' }),
      /not a database/,
    ],
  ]

  it.each(cases)('%s', async (_why, damage, message) => {
    const folder = await usedFolder()
    damage(folder)
    const before = digest(mailFile(folder))
    for (const writer of ['inline', 'thread'] as const) {
      const opening = openStore({ folder, writer })
      await expect(opening).rejects.toMatchObject({ code: 'store-unusable' })
      await expect(opening).rejects.toThrow(message)
      await expect(opening).rejects.toThrow(mailFile(folder))
    }
    expect(digest(mailFile(folder))).toBe(before)
  })

  it('it is another database without a mark', async () => {
    const folder = scratchFolder()
    change(folder, 'create table letters (text); insert into letters values (1)')
    const before = digest(mailFile(folder))
    await expect(openStore({ folder, writer: 'inline' })).rejects.toMatchObject({ code: 'store-unusable' })
    expect(digest(mailFile(folder))).toBe(before)
  })
})

/** A line of the ledger, some of it damaged. */
function collectedRow(damaged: Readonly<Record<string, string>>): string {
  const row = { source: 'gmail', key: 'k', state: 'stored', ...damaged }
  const columns = { failures: '0', absent_sessions: '0', recorded_at: '0', ...row }
  const values = Object.values(columns).map(value => `'${value}'`)
  return `insert into collected_message (${Object.keys(columns).join()}) values (${values.join()})`
}

describe('damage inside is found by the integrity check', () => {
  const cases: [what: string, sql: string, fault: RegExp][] = [
    [
      'a chunk that is gone',
      `delete from content_chunk where rowid = 7`,
      /20009 octets recorded, 0 found|octets recorded, 0 found/,
    ],
    [
      'octets changed',
      `update content_chunk set octets = x'2e0d0a' where rowid = 7`,
      /octets recorded, 3 found/,
    ],
    [
      'a dot line not counted',
      `update content set dot_lines = 1 where id = (select max(id) from content)`,
      /1 lines that begin with a dot recorded, 0 found/,
    ],
    [
      'a header that ends elsewhere',
      `update content set header_octets = 1 where id = (select max(id) from content)`,
      /1 header octets recorded, 8 found/,
    ],
    [
      'a wrong account counter',
      `update account set used_octets = used_octets + 1`,
      /account ann: \d+ octets recorded/,
    ],
    ['a wrong mailbox counter', `update mailbox set messages = 3`, /3 messages recorded, 50 found/],
    ['a uid_next that was reached', `update mailbox set uid_next = 50`, /uid 50 is not below uid_next/],
    [
      'a message without content',
      `update message set content_id = 'x' where uidl = 'u7'`,
      /message u7: its content x is missing/,
    ],
    [
      'a message of the wrong size',
      `update message set octets = 5 where uidl = 'u7'`,
      /message u7: 5 octets recorded/,
    ],
    [
      'a content nobody shows',
      `insert into content values ('x', 0, 0, 0, null)`,
      /content x: no message shows it/,
    ],
    [
      'an app password without its account',
      `insert into app_password (account_id, id, name, password_hash, read_only, created_at)
        values ('x', 'i', 'phone', 'h', 0, 0)`,
      /app password i \(phone\): its account x is missing/,
    ],
    [
      'a record of a state that there is not',
      collectedRow({ state: 'lost' }),
      /collected from gmail: the record of "k" cannot be read: its state is none/,
    ],
    [
      'destinations that are no list of names',
      collectedRow({ destinations: '["ann",1]' }),
      /the record of "k" .*: its destinations are no list/,
    ],
    ['destinations that are torn', collectedRow({ destinations: '["an' }), /its destinations are no list/],
    ['a digest that is none', collectedRow({ digest: 'Z'.repeat(64) }), /the record of "k" .*: its digest/],
    ['a count that is text', collectedRow({ failures: 'x' }), /the record of "k" .*: one of its counts/],
    ['a time that is none', collectedRow({ retry_at: '1e300' }), /the record of "k" .*: one of its times/],
    [
      'a source whose times are none',
      `insert into collected_source (source, identity, last_run_at, failures, login_failures)
        values ('gmail', 'pop3', 'yesterday', 0, 0)`,
      /collected from gmail: one of its times is none/,
    ],
    ['octets without a content', `insert into content_chunk values ('x', 0, x'00')`, /octets of x lie about/],
  ]

  it.each(cases)('%s', async (_what, sql, fault) => {
    const folder = await usedFolder()
    change(folder, sql)
    const store = await openStore({ folder, writer: 'inline' })
    expect((await store.checkIntegrity()).faults.join('\n')).toMatch(fault)
    await store.close()
  })

  it('a ledger with such a record is not read, and says what to do', async () => {
    const folder = await usedFolder()
    change(folder, collectedRow({ state: 'lost' }))
    change(folder, collectedRow({ key: 'other', state: 'parked', destinations: 'ann' }))
    const store = await openStore({ folder, writer: 'inline' })
    const says =
      /the ledger of gmail is damaged, .*: the record of "(k|other)" .*`poplar collect rebuild gmail`.*poplar doctor/
    const refusal = { code: 'store-unusable', message: expect.stringMatching(says) as string }
    await expect(store.loadRecords('gmail')).rejects.toMatchObject(refusal)
    await expect(store.listRecords('gmail', 'parked')).rejects.toMatchObject(refusal)
    const ann = await store.findAccount('ann')
    if (!ann) throw new Error('ann is gone')
    const before = ann.usedMessages
    await expect(deliverCollected(store, [ann], collected('other'))).rejects.toMatchObject({
      code: 'store-unusable',
    })
    expect((await store.findAccount('ann'))?.usedMessages).toBe(before)
    expect((await store.loadRecords('work')).size).toBe(0)
    const { records, unreadable } = await store.salvageRecords('gmail')
    expect([...records.keys()].filter(key => key === 'k' || key === 'other')).toEqual([])
    expect(unreadable).toEqual([
      'the record of "k" cannot be read: its state is none that this version knows',
      'the record of "other" cannot be read: its destinations are no list',
    ])
    await store.replaceSource(idleSource, [...records.values()])
    expect(await store.loadRecords('gmail')).toEqual(records)
    await store.close()
  })

  it('a page overwritten', async () => {
    const folder = await usedFolder()
    const copy = join(scratchFolder(), 'poplar.sqlite')
    copyFileSync(mailFile(folder), copy)
    const octets = readFileSync(copy)
    octets.fill(0xff, 60 * 8192, 70 * 8192)
    writeFileSync(mailFile(folder), octets)
    const store = await openStore({ folder, writer: 'inline' })
    expect((await store.checkIntegrity()).faults.length).toBeGreaterThan(0)
    await store.close()
  })
})
