import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { openDirectory } from '../../../src/store/directory/open-directory.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { freePort, keptLog, newFolder, schemes } from './peers.ts'
import { type PostgresServer, postgresIsMissing, startPostgres } from './postgres.ts'

async function open(url: string, query: string) {
  const registry = createMemoryStore()
  const log = keptLog()
  const { directory, close } = await openDirectory(registry, [{ kind: 'sql', url, query }], { log, schemes })
  onTestFinished(async () => {
    await close()
    await registry.close()
  })
  return { directory, registry, log }
}

/** The same rows on both, as a select without a table. */
const rows = (columns: string) => `select ${columns} where :name = 'ann'`

const good: readonly (readonly [string, string, object])[] = [
  [
    'a password alone',
    "'{PLAIN}x' as password",
    { passwordHash: '{PLAIN}x', quotaOctets: 0, isDisabled: false },
  ],
  ['no password', 'null as password', { passwordHash: undefined }],
  ['an empty password', "'' as password", { passwordHash: undefined }],
  ['a quota', "'x' as password, 5000000000 as quota", { quotaOctets: 5_000_000_000 }],
  ['a quota as text', "'x' as password, '77' as quota", { quotaOctets: 77 }],
  ['no quota', "'x' as password, null as quota", { quotaOctets: 0 }],
  ['disabled as a number', "'x' as password, 1 as disabled", { isDisabled: true }],
  ['disabled as text', "'x' as password, 'Y' as disabled", { isDisabled: true }],
  ['disabled, not', "'x' as password, 'false' as disabled", { isDisabled: false }],
  ['disabled, null', "'x' as password, null as disabled", { isDisabled: false }],
  ['a name of its own', "'x' as password, 'Ann@Example.net' as name", { name: 'ann@example.net' }],
  [
    'SCRAM keys',
    "'{SCRAM-SHA-1}4096,fLq2Ay1sx1PnI7Y+pkRlRg==,jjk5Q2dNdV5AZ24X3ri9NZWL7Pw=,yC+OaglTIunUtDNpqssQMJVU4qw=' as password",
    {
      scramKeys: [
        'SCRAM-SHA-1$4096:fLq2Ay1sx1PnI7Y+pkRlRg==$jjk5Q2dNdV5AZ24X3ri9NZWL7Pw=:yC+OaglTIunUtDNpqssQMJVU4qw=',
      ],
    },
  ],
]

const bad: readonly (readonly [string, string, string])[] = [
  ['no password column', "'secret' as passwort", 'no column called password'],
  ['a password that is a number', '42 as password', 'password is no text'],
  ['a quota in words', "'secret' as password, 'much' as quota", 'quota is no number'],
  ['a quota below nothing', "'secret' as password, -1 as quota", 'quota is no number'],
  ['half an octet', "'secret' as password, 1.5 as quota", 'quota is no number'],
  ['disabled in other words', "'secret' as password, 'perhaps' as disabled", 'disabled is neither'],
  ['a name that is none', "'secret' as password, 'a b' as name", 'cannot be an account'],
  ['two rows', "* from (select 'secret' as password union all select 'other') as two", 'more than one row'],
  ['no such table', '* from nowhere', 'there'],
]

function sqlSuite(url: () => string): void {
  it.each(good)('takes %s', async (_reason, columns, account) => {
    const { directory, log } = await open(url(), rows(columns))
    expect(await directory.findAccount('ann')).toMatchObject(account)
    expect(await directory.findAccount('bob')).toBeUndefined()
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([])
  })

  it.each(bad)('is refused and logged: %s', async (_reason, columns, reason) => {
    const { directory, log, registry } = await open(url(), rows(columns))
    await expect(directory.findAccount('ann')).rejects.toMatchObject({ code: 'directory-unavailable' })
    expect(log.lines).toMatchObject([
      { level: 'error', fields: { reason: expect.stringContaining(reason) as string } },
    ])
    expect(log.text()).not.toContain('secret')
    expect(await registry.listAccounts()).toEqual([])
  })

  it('binds the parts of a name', async () => {
    const query = "select :local || '|' || :domain || '|' || :name as password"
    const { directory } = await open(url(), query)
    expect((await directory.findAccount('ann'))?.passwordHash).toBe('ann||ann')
    expect((await directory.findAccount("o'hara@example.net"))?.passwordHash).toBe(
      "o'hara|example.net|o'hara@example.net",
    )
  })

  it('warns once of a scheme that cannot be verified', async () => {
    const { directory, log } = await open(url(), "select '{ROT13}' || :name as password")
    for (const name of ['ann', 'bob']) await directory.findAccount(name)
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { account: 'ann', scheme: '{ROT13}' } }])
  })
}

describe('SQLite', () => {
  const folder = newFolder()
  const file = join(folder.path, 'users.db')
  beforeAll(() => {
    const database = new Sqlite(file)
    database.exec("create table users (name, password); insert into users values ('ann', 'first')")
    database.close()
  })
  afterAll(() => folder.remove())

  sqlSuite(() => `sqlite:${file}`)

  const query = 'select password from users where name = :name'

  it('notices another file in its place', async () => {
    const { directory } = await open(`sqlite://${file}`, query)
    expect((await directory.findAccount('ann'))?.passwordHash).toBe('first')
    const other = new Sqlite(`${file}.new`)
    other.exec("create table users (name, password); insert into users values ('ann', 'second')")
    other.close()
    renameSync(`${file}.new`, file)
    expect((await directory.findAccount('ann'))?.passwordHash).toBe('second')
  })

  it.each([
    ['is not there', (path: string) => path],
    ['is no database', (path: string) => (writeFileSync(path, 'x'.repeat(5000)), path)],
  ])('is down when the file %s', async (_reason, make) => {
    const { directory, log } = await open(`sqlite:${make(join(folder.path, 'other'))}`, query)
    await expect(directory.findAccount('ann')).rejects.toMatchObject({ code: 'directory-unavailable' })
    expect(log.lines).toMatchObject([{ level: 'error', text: 'the account directory does not answer' }])
  })

  it('is down while another process keeps the file locked', async () => {
    const { directory } = await open(`sqlite:${file}`, query)
    const other = new Sqlite(file)
    other.exec('begin exclusive')
    await expect(directory.findAccount('ann')).rejects.toMatchObject({ code: 'directory-unavailable' })
    other.exec('rollback')
    other.close()
    await expect
      .poll(
        () =>
          directory.findAccount('ann').then(
            account => account?.name,
            () => 'down',
          ),
        { timeout: 10_000 },
      )
      .toBe('ann')
  })

  it('writes nothing', async () => {
    const { directory } = await open(`sqlite:${file}`, 'delete from users')
    await expect(directory.findAccount('ann')).rejects.toMatchObject({ code: 'directory-unavailable' })
  })
})

describe('PostgreSQL', () => {
  let server: PostgresServer
  beforeAll(async () => {
    if (!postgresIsMissing) server = await startPostgres()
  }, 120_000)
  beforeEach(context => {
    if (postgresIsMissing) context.skip(postgresIsMissing)
  })
  afterAll(async () => {
    if (!postgresIsMissing) await server.remove()
  })

  sqlSuite(() => server.url)

  it('a statement that takes too long is ended, and others go on', async () => {
    const query = "select case when :name = 'slow' then pg_sleep(60)::text else '{PLAIN}x' end as password"
    const { directory, log } = await open(server.url, query)
    const slow = expect(directory.findAccount('slow')).rejects.toMatchObject({
      code: 'directory-unavailable',
    })
    expect(await directory.findAccount('ann')).toBeDefined()
    await slow
    expect(log.lines).toMatchObject([{ fields: { reason: expect.stringContaining('timeout') as string } }])
    expect(await directory.findAccount('ann')).toBeDefined()
  }, 30_000)

  it('a name that the query cannot take refuses that name alone', async () => {
    const { directory } = await open(server.url, "select '{PLAIN}' || (:local)::integer as password")
    await expect(directory.findAccount('ann')).rejects.toMatchObject({ code: 'directory-unavailable' })
    expect(await directory.findAccount('77')).toBeDefined()
  })

  it.each([
    ['nobody listens', async () => `postgres://poplar:secret@127.0.0.1:${await freePort()}/mail`],
    [
      'there is no such database',
      async () => server.url.replace('unused', 'secret').replace(/postgres$/, 'mail'),
    ],
  ])('is down when %s, and the password of the URL is told nobody', async (_reason, url) => {
    const { directory, log } = await open(await url(), 'select 1 as password')
    const refusal = await directory.findAccount('ann').catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'directory-unavailable' })
    expect(log.lines).toMatchObject([{ level: 'error', text: 'the account directory does not answer' }])
    expect(`${String(refusal)} ${log.text()}`).toContain('/mail')
    expect(`${String(refusal)} ${log.text()}`).not.toContain('secret')
  })
})

it.each([
  ['mysql://localhost/mail', 'select 1', 'neither'],
  ['sqlite:/nowhere', 'select :password', 'parameter :password'],
])('%s with %s is refused at once', async (url, query, reason) => {
  await expect(open(url, query)).rejects.toThrow(reason)
})
