// Every source of accounts keeps the contract of the directory.
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe } from 'vitest'
import type { AccountRegistry } from '../../../src/mail/account-registry.ts'
import { isRefusal } from '../../../src/mail/errors.ts'
import { type DirectorySource, openDirectory } from '../../../src/store/directory/open-directory.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import {
  accountDirectorySuite,
  type DirectoryBench,
  type SourceAccount,
} from '../../suites/account-directory.ts'
import { keptLog, newFolder, schemes } from './peers.ts'
import { postgresIsMissing, startPostgres } from './postgres.ts'
import { office, people, root, slapdIsMissing, startSlapd } from './slapd.ts'

type Source = Pick<DirectoryBench, 'put' | 'stop' | 'start' | 'close'>

async function benchOf(source: DirectorySource, peer: Source): Promise<DirectoryBench> {
  const registry = createMemoryStore()
  const { directory, close } = await openDirectory(registry, [source], { log: keptLog(), schemes })
  return {
    ...peer,
    directory,
    registry,
    async close() {
      await close()
      await peer.close()
      await registry.close()
    },
  }
}

const plain = (password: string) => `{PLAIN}${password}`

async function storeBench(): Promise<DirectoryBench> {
  const registry = createMemoryStore()
  const { directory } = await openDirectory(registry, [], { log: keptLog(), schemes })
  return {
    directory,
    registry,
    put: account => putIntoStore(registry, account),
    close: () => registry.close(),
  }
}

async function putIntoStore(
  registry: AccountRegistry,
  { name, password, isDisabled = false, quotaOctets = 0 }: SourceAccount,
): Promise<void> {
  await registry.addAccount({ name }).catch((error: unknown) => {
    if (!isRefusal(error, 'account-exists')) throw error
  })
  await registry.setPassword(name, { passwordHash: plain(password) })
  await registry.setDisabled(name, isDisabled)
  await registry.setQuota(name, quotaOctets)
}

async function passwdFileBench(): Promise<DirectoryBench> {
  const folder = newFolder()
  const file = join(folder.path, 'users')
  const accounts = new Map<string, SourceAccount>()
  const write = () => {
    const lines = [...accounts.values()].map(({ name, password, isDisabled, quotaOctets }) => {
      const quota = quotaOctets === undefined ? '' : `userdb_quota_rule=*:bytes=${quotaOctets}`
      return `${name}:${plain(password)}::::::${isDisabled ? 'nologin ' : ''}${quota}\n`
    })
    writeFileSync(`${file}.new`, `# accounts\n\n${lines.join('')}`)
    renameSync(`${file}.new`, file)
  }
  write()
  return benchOf(
    { kind: 'passwd-file', file },
    {
      async put(account) {
        accounts.set(account.name, account)
        write()
      },
      async close() {
        folder.remove()
      },
    },
  )
}

const createUsers =
  'create table users (name text primary key, password text, quota bigint, disabled boolean)'
const query = 'select password, quota, disabled from users where name = :name'

async function sqliteBench(): Promise<DirectoryBench> {
  const folder = newFolder()
  const file = join(folder.path, 'users.db')
  const database = new Sqlite(file)
  database.exec(createUsers)
  const insert = database.prepare('insert or replace into users values (?, ?, ?, ?)')
  return benchOf(
    { kind: 'sql', url: `sqlite:${file}`, query },
    {
      async put({ name, password, quotaOctets, isDisabled }) {
        insert.run(name, plain(password), quotaOctets ?? null, isDisabled ? 1 : 0)
      },
      stop: async () => renameSync(file, `${file}.away`),
      start: async () => renameSync(`${file}.away`, file),
      async close() {
        database.close()
        folder.remove()
      },
    },
  )
}

async function postgresBench(): Promise<DirectoryBench> {
  const server = await startPostgres()
  await server.run(createUsers)
  return benchOf(
    { kind: 'sql', url: server.url, query },
    {
      put: ({ name, password, quotaOctets, isDisabled }) =>
        server.run(
          `insert into users values ($1, $2, $3, $4)
           on conflict (name) do update set password = excluded.password, quota = excluded.quota`,
          [name, plain(password), quotaOctets ?? null, isDisabled ?? false],
        ),
      stop: server.stop,
      start: server.start,
      close: server.remove,
    },
  )
}

async function ldapBench(mode: 'bind' | 'compare'): Promise<DirectoryBench> {
  const server = await startSlapd()
  return benchOf(
    {
      kind: 'ldap',
      url: server.url,
      base: people,
      mode,
      ...(mode === 'bind' ? office : root),
      quotaAttribute: 'employeeNumber',
      disabledAttribute: 'employeeType',
    },
    {
      put: ({ name, password, quotaOctets, isDisabled }) =>
        server.put({
          uid: name,
          userPassword: password,
          employeeNumber: quotaOctets === undefined ? '' : String(quotaOctets),
          employeeType: isDisabled ? 'TRUE' : '',
        }),
      stop: server.stop,
      start: server.start,
      close: server.remove,
    },
  )
}

describe('the store', () => accountDirectorySuite(storeBench))
describe('a passwd-file', () => accountDirectorySuite(passwdFileBench))
describe('a query over SQLite', () => accountDirectorySuite(sqliteBench))
describe('a query over PostgreSQL', () => accountDirectorySuite(postgresBench, postgresIsMissing))
describe('LDAP, by binding', () => accountDirectorySuite(() => ldapBench('bind'), slapdIsMissing))
describe('LDAP, by comparing', () => accountDirectorySuite(() => ldapBench('compare'), slapdIsMissing))
