// A connection to SQLite tells of a change that could not be committed, also when the statement has given its row already.
import Sqlite from 'better-sqlite3'
import { afterEach, describe, expect, it } from 'vitest'
import { SqliteConnection } from '../../../src/store/sql/sqlite/connection.ts'
import { statement } from '../../../src/store/sql/statement.ts'

const file = new Sqlite(':memory:')
file.pragma('foreign_keys = on')
// Constraints that are looked at when all is done fail where a full disk does: in the commit.
file.exec(`
  create table account (id text primary key);
  create table mailbox (
    id text primary key,
    account_id text not null references account deferrable initially deferred
  );`)

const insertMailbox = statement<{ id: string; account_id: string }>()((db, p) =>
  db
    .insertInto('mailbox')
    .values({ id: p.id, account_id: p.account_id } as never)
    .returning('id'),
)

afterEach(() => file.exec('delete from mailbox; delete from account'))

describe('a connection', () => {
  it.each(['row', 'rows'] as const)('throws from `%s` when the commit fails', how => {
    const connection = new SqliteConnection(file)
    expect(() => connection[how](insertMailbox, { id: 'm', account_id: 'nobody' })).toThrow(/FOREIGN KEY/)
    expect(file.prepare('select count(*) from mailbox').pluck().get()).toBe(0)
  })

  it('gives the row of a change that was committed', () => {
    file.exec("insert into account values ('a')")
    const connection = new SqliteConnection(file)
    expect(connection.row(insertMailbox, { id: 'm', account_id: 'a' })).toEqual({ id: 'm' })
  })
})
