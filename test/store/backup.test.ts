// Backups in files: what they hold, what of them is refused, and what a restore brings back.
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Account } from '../../src/mail/account.ts'
import type { Store } from '../../src/mail/store.ts'
import { mailFileOf, verifyBackup, writeBackup } from '../../src/store/backup/backup.ts'
import { restoreAccount } from '../../src/store/backup/restore-account.ts'
import { restoreAll } from '../../src/store/backup/restore-all.ts'
import { lockFolder } from '../../src/store/folder-lock.ts'
import { openStore } from '../../src/store/open-store.ts'
import { migrations } from '../../src/store/sql/migrations/migrations.ts'
import { openBackup } from '../../src/store/sql/sqlite/backup-reader.ts'
import { columnTypes, sqlite } from '../../src/store/sql/sqlite/dialect.ts'
import { itWith, runOrFail } from '../e2e/program.ts'
import { appPassword } from '../suites/app-passwords.ts'
import { collected, deliverCollected, idleSource } from '../suites/collection-ledger.ts'
import { copyFor, deliver, expunge, holder, plainText, put, textOf, uidlsOf } from '../suites/fixtures.ts'
import { scratchFolder } from './factories.ts'

let folder: string
let file: string
let store: Store
let ann: Account

beforeEach(async () => {
  folder = scratchFolder()
  file = join(scratchFolder(), 'b')
  store = await openStore({ folder, writer: 'inline' })
  ann = await store.addAccount({ name: 'ann', passwordHash: 'hash of ann', quotaOctets: 5000 })
})
afterEach(async () => {
  expect((await store.checkIntegrity()).faults).toEqual([])
  await store.close()
})

async function restore(name = 'ann') {
  const backup = await openBackup(file)
  try {
    return await restoreAccount(store, backup, name)
  } finally {
    backup.close()
  }
}

async function textsOf(account: Account): Promise<string[]> {
  const maildrop = await store.openMaildrop(account, holder)
  const texts: string[] = []
  for (let index = 0; index < maildrop.listing.count; index++)
    texts.push(await textOf(await maildrop.read(index)))
  await maildrop.release()
  return texts
}

describe('the file', () => {
  it('is for its owner alone, one file and its checksum, never overwritten', async () => {
    await writeBackup(folder, file)
    expect(readdirSync(join(file, '..')).sort()).toEqual(['b', 'b.sha256'])
    for (const path of [file, `${file}.sha256`]) expect(statSync(path).mode & 0o777).toBe(0o600)
    await verifyBackup(file)
    await expect(writeBackup(folder, file)).rejects.toMatchObject({ code: 'bad-name' })
    rmSync(file)
    await expect(writeBackup(folder, file)).rejects.toThrow(/b.sha256 is there already/)
  })

  const faults: readonly (readonly [reason: string, change: (octets: Buffer) => Uint8Array, says: RegExp])[] =
    [
      [
        'an octet changed',
        octets => octets.map((octet, at) => (at === 9000 ? octet ^ 1 : octet)),
        /does not have the checksum/,
      ],
      ['its end is missing', octets => octets.subarray(0, -100), /does not have the checksum/],
      ['nothing is in it', () => Buffer.alloc(0), /does not have the checksum/],
    ]
  it.each(faults)('is refused when %s', async (_reason, change, says) => {
    await put(store, ann, 'a')
    await writeBackup(folder, file)
    writeFileSync(file, change(readFileSync(file)))
    await expect(verifyBackup(file)).rejects.toThrow(says)
    await expect(restoreAll(scratchFolder(), file)).rejects.toMatchObject({ code: 'store-unusable' })
  })

  it('is refused without its checksum, without itself, and when its checksum is none', async () => {
    await expect(verifyBackup(file)).rejects.toThrow(/checksum .* is missing/)
    await writeBackup(folder, file)
    writeFileSync(`${file}.sha256`, 'what?\n')
    await expect(verifyBackup(file)).rejects.toThrow(/holds no SHA-256/)
    rmSync(file)
    writeFileSync(`${file}.sha256`, `${'0'.repeat(64)}  b\n`)
    await expect(verifyBackup(file)).rejects.toThrow(/no such file/)
  })

  it('is refused when it is something else, whatever its checksum says', async () => {
    const other = new Sqlite(file)
    other.exec('create table t (x)')
    other.close()
    const sum = (octets: Uint8Array) => createHash('sha256').update(octets).digest('hex')
    writeFileSync(`${file}.sha256`, `${sum(readFileSync(file))}  b\n`)
    await expect(verifyBackup(file)).rejects.toThrow(/no database of Poplar/)
    writeFileSync(file, 'no database')
    writeFileSync(`${file}.sha256`, `${sum(Buffer.from('no database'))}  b\n`)
    await expect(verifyBackup(file)).rejects.toThrow(/not a database/)
  })

  it('leaves nothing behind when it is given up', async () => {
    await put(store, ann, 'a')
    const given = new AbortController()
    const onProgress = () => given.abort(new Error('given up'))
    await expect(writeBackup(folder, file, { signal: given.signal, onProgress })).rejects.toThrow('given up')
    expect(readdirSync(join(file, '..'))).toEqual([])
  })

  it('of one account leaves the ledger out: its sources are those of the office', async () => {
    await deliverCollected(store, [ann], collected('secret key'))
    await store.saveSource({ ...idleSource, identity: 'secret identity' })
    await writeBackup(folder, file, { accountName: 'ann' })
    expect(readFileSync(file).includes('secret')).toBe(false)
    expect(await restore()).toMatchObject({ present: 1 })
  })

  it('of one account holds nobody else', async () => {
    const bob = await store.addAccount({ name: 'bob' })
    await put(store, ann, 'a')
    await put(store, bob, 'b', 'Subject: a secret of bob\r\n\r\n')
    await writeBackup(folder, file, { accountName: 'ann' })
    await verifyBackup(file)
    expect(readFileSync(file).includes('a secret of bob')).toBe(false)
    await expect(restore('bob')).rejects.toMatchObject({ code: 'no-such-account' })
    const nobody = writeBackup(folder, `${file}2`, { accountName: 'nobody' })
    await expect(nobody).rejects.toMatchObject({ code: 'no-such-account' })
    expect(readdirSync(join(file, '..')).sort()).toEqual(['b', 'b.sha256'])
  })

  itWith('sha256sum', 'has a checksum that sha256sum understands, wherever it lies', async () => {
    await writeBackup(folder, file)
    const elsewhere = scratchFolder()
    for (const path of [file, `${file}.sha256`]) copyFileSync(path, join(elsewhere, basename(path)))
    expect((await runOrFail('sha256sum', ['-c', 'b.sha256'], { cwd: elsewhere })).toString()).toBe('b: OK\n')
  })
})

describe('one account', () => {
  it('is shown again what was hidden since, and not what was hidden before', async () => {
    for (const uidl of ['a', 'b', 'c']) await put(store, ann, uidl)
    const hide = async () => (await store.openMaildrop(ann, holder, { onDelete: 'hide' })).update([0])
    await hide()
    await writeBackup(folder, file)
    await hide()
    expect(await restore()).toEqual({ restored: 0, undeleted: 1, present: 2, madeAccount: false })
    expect(await uidlsOf(store, ann)).toEqual(['b', 'c'])
  })

  it('has what was hidden hidden again where it is gone', async () => {
    for (const uidl of ['a', 'b']) await put(store, ann, uidl)
    await (await store.openMaildrop(ann, holder, { onDelete: 'hide' })).update([0])
    await writeBackup(folder, file)
    await store.removeAccount('ann')
    expect(await restore()).toEqual({ restored: 2, undeleted: 0, present: 0, madeAccount: true })
    const next = await store.findAccount('ann')
    if (!next) throw new Error('ann was not made')
    expect(await uidlsOf(store, next)).toEqual(['b'])
    expect(await store.messageState(next, 'a')).toBe('hidden')
  })

  it('is made whole by the next try where one was cut short', async () => {
    await store.addAlias({ address: 'ann@example.org', accountName: 'ann' })
    await store.setDisabled('ann', true)
    await writeBackup(folder, file)
    await store.removeAccount('ann')
    const unable = { ...store, addAlias: () => Promise.reject(new Error('cut')) }
    const backup = await openBackup(file)
    await expect(restoreAccount(unable as Store, backup, 'ann')).rejects.toThrow('cut')
    backup.close()
    expect(await store.findAccount('ann')).toMatchObject({ passwordHash: undefined })
    expect(await restore()).toMatchObject({ madeAccount: false })
    expect(await store.findAccount('ann')).toMatchObject({ passwordHash: 'hash of ann', isDisabled: true })
    expect(await store.listAliases()).toMatchObject([{ address: 'ann@example.org', accountName: 'ann' }])
  })

  it.each([['all'], ['one']])('comes back, nothing doubled, out of a backup of %s', async of => {
    for (const uidl of ['a', 'b', 'c', 'd']) await put(store, ann, uidl, `${plainText}${uidl}\r\n`)
    await deliver(store, [copyFor(ann, { uidl: 'j', folder: 'Junk' })])
    await writeBackup(folder, file, of === 'one' ? { accountName: 'ann' } : {})
    await expunge(store, ann, 'a', 'b')
    await store.clean(new Date(Date.now() + 1000))
    await expunge(store, ann, 'c')
    await put(store, ann, 'later')
    expect(await restore()).toEqual({ restored: 2, undeleted: 1, present: 2, madeAccount: false })
    expect([...(await uidlsOf(store, ann))].sort()).toEqual(['a', 'b', 'c', 'd', 'later'])
    expect(await textsOf(ann)).toContain(`${plainText}a\r\n`)
    expect(await restore()).toEqual({ restored: 0, undeleted: 0, present: 5, madeAccount: false })
  })

  it('keeps trace, date, folder, and octets of large messages', async () => {
    const text = `Subject: big\r\n\r\n${'.x\r\n'.repeat(200_000)}`
    await store.setQuota('ann', 0)
    await store.createFolder('ann', 'Lists')
    const trace = Buffer.from('Return-Path: <>\r\n')
    const internalDate = new Date(Date.UTC(2020, 1, 2))
    await deliver(store, [copyFor(ann, { uidl: 'big', trace, internalDate })], text)
    await deliver(store, [copyFor(ann, { uidl: 'l', folder: 'Lists' })])
    await writeBackup(folder, file)
    await store.removeAccount('ann')
    expect(await restore()).toMatchObject({ restored: 2, madeAccount: true })
    const next = await store.findAccount('ann')
    if (!next) throw new Error('ann was not made')
    expect(await textsOf(next)).toEqual([`Return-Path: <>\r\n${text}`])
    for await (const message of store.messages(next)) expect(message.internalDate).toEqual(internalDate)
    expect((await store.listFolders(next.id)).map(({ name }) => name)).toEqual(['INBOX', 'Lists'])
  })

  it('is made anew as it was, where it is gone; what is there keeps its password', async () => {
    await store.setDisabled('ann', true)
    await store.changeSettings('ann', { expireDays: 9 })
    await store.addAppPassword('ann', { ...appPassword, name: 'phone' })
    await store.addAlias({ address: 'team', accountName: 'ann' })
    await writeBackup(folder, file)
    await store.setPassword('ann', { passwordHash: 'another' })
    expect((await restore()).madeAccount).toBe(false)
    expect(await store.findAccount('ann')).toMatchObject({ passwordHash: 'another' })
    await store.removeAccount('ann')
    expect((await restore()).madeAccount).toBe(true)
    const next = await store.findAccount('ann')
    expect(next).toMatchObject({
      passwordHash: 'hash of ann',
      isDisabled: true,
      quotaOctets: 5000,
      settings: { expireDays: 9 },
    })
    expect(await store.findAlias('team')).toMatchObject([{ name: 'ann' }])
    expect(await store.listAppPasswords(next?.id ?? '')).toMatchObject([{ name: 'phone' }])
  })

  it('is not asked for room: the mail was its own', async () => {
    await put(store, ann, 'a', `${'x'.repeat(2998)}\r\n`)
    await writeBackup(folder, file)
    await expunge(store, ann, 'a')
    await store.clean(new Date(Date.now() + 1000))
    await put(store, ann, 'b', `${'x'.repeat(2998)}\r\n`)
    expect((await restore()).restored).toBe(1)
  })

  it('comes out of a backup that an older Poplar wrote, which stays as it is', async () => {
    const old = new Sqlite(file)
    for (const migration of migrations.slice(0, 1))
      for (const statement of migration(sqlite.schema, columnTypes)) old.exec(statement.compile().sql)
    old.exec(`
      insert into account values ('A', 'eve', 'h', 0, 9, 1, 'M', 1767225600000);
      insert into mailbox values ('A', 'M', 'INBOX', 1, 2, 2, 1, 1, 9);
      insert into content values ('C', 9, 2, 0, null);
      insert into content_chunk values ('C', 0, cast(x'0d0a' || 'hello' || x'0d0a' as blob));
      insert into message values ('A', 'M', 'u1', 1, 'C', x'', 9, 0, 0, 2, null);
    `)
    old.pragma('application_id = 0x504f504c')
    old.pragma('user_version = 1')
    old.close()
    const octets = readFileSync(file)
    expect(await restore('eve')).toMatchObject({ restored: 1, madeAccount: true })
    expect(readFileSync(file)).toEqual(octets)
    expect(readdirSync(join(file, '..'))).toEqual(['b'])
  })
})

describe('the whole office', () => {
  it('is refused while it is served, or a command is at work', async () => {
    await writeBackup(folder, file)
    await expect(restoreAll(folder, file)).rejects.toMatchObject({ code: 'store-busy' })
    const lock = lockFolder(folder)
    await expect(restoreAll(folder, file)).rejects.toMatchObject({ code: 'folder-in-use' })
    lock.release()
    expect(await store.findAccount('ann')).toBeDefined()
    expect(existsSync(`${mailFileOf(folder)}.restoring`)).toBe(false)
  }, 20_000)

  it('is as it was at the time of the backup, and what was there is kept beside it', async () => {
    await put(store, ann, 'a')
    await writeBackup(folder, file)
    await put(store, ann, 'b')
    await store.close()
    const before = await restoreAll(folder, file)
    expect(before).toBe(`${mailFileOf(folder)}.before-restore`)
    store = await openStore({ folder, writer: 'inline' })
    expect(await uidlsOf(store, ann)).toEqual(['a'])
    const aside = scratchFolder()
    copyFileSync(before ?? '', mailFileOf(aside))
    const old = await openStore({ folder: aside, writer: 'inline' })
    expect(await uidlsOf(old, ann)).toEqual(['a', 'b'])
    await old.close()
  })

  it('knows what was collected when the backup was made, and no lease of a collector', async () => {
    await store.saveSource(idleSource)
    await deliverCollected(store, [ann], collected('a'))
    await writeBackup(folder, file)
    await deliverCollected(store, [ann], collected('b'))
    await store.saveRecords([collected('a', { state: 'committed' })])
    // Of a collector that died with it.
    await store.leaseSource('gmail')
    await store.close()
    await restoreAll(folder, file)
    store = await openStore({ folder, writer: 'inline' })
    expect(await store.loadRecords('gmail')).toEqual(new Map([['a', collected('a')]]))
    expect(await store.listSources()).toEqual([idleSource])
    expect(await uidlsOf(store, ann)).toHaveLength(1)
    expect((await store.leaseSource('gmail'))?.holds).toBe(true)
  })

  it('takes the place of one that is damaged', async () => {
    await put(store, ann, 'a')
    await writeBackup(folder, file)
    await store.close()
    writeFileSync(mailFileOf(folder), 'no database at all')
    writeFileSync(`${mailFileOf(folder)}-wal`, 'nor a log')
    await restoreAll(folder, file)
    expect(existsSync(`${mailFileOf(folder)}-wal`)).toBe(false)
    store = await openStore({ folder, writer: 'inline' })
    expect(await uidlsOf(store, ann)).toEqual(['a'])
  })
})
