// Several sources as one directory, what the gate before a source lets through, and accounts that leave their source.
import { inspect } from 'node:util'
import { SqliteError } from 'better-sqlite3'
import { InvalidDNSyntaxError } from 'ldapts'
import { DatabaseError } from 'pg'
import { describe, expect, it } from 'vitest'
import type { Account } from '../../../src/mail/account.ts'
import type { AccountDirectory } from '../../../src/mail/account-directory.ts'
import { Refusal } from '../../../src/mail/errors.ts'
import { Gate } from '../../../src/store/directory/gate.ts'
import { type AccountSource, SourceDown, type SourceEntry } from '../../../src/store/directory/source.ts'
import { sourcedDirectory } from '../../../src/store/directory/sourced-directory.ts'
import { createDirectory, storeDirectory } from '../../../src/store/directory/sources.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { keptLog, schemes } from './peers.ts'

const entry: SourceEntry = { passwordHash: undefined, isDisabled: false, quotaOctets: undefined }

/** A source that knows these names, each with its own name as password, until it goes down. */
function fakeSource(names: readonly string[]) {
  const state = { names: new Set(names), isDown: false, asked: 0 }
  const source: AccountSource = {
    label: 'fake',
    async find(name) {
      state.asked += 1
      if (state.isDown) throw new SourceDown('it is down')
      return state.names.has(name) ? { ...entry, name } : undefined
    },
    async checkPassword({ name }, password) {
      if (state.isDown) throw new SourceDown('it is down')
      return Buffer.from(password).toString() === name
    },
    async close() {},
  }
  return { state, source }
}

function office(names: readonly string[] = ['ann']) {
  const registry = createMemoryStore()
  const { state, source } = fakeSource(names)
  const log = keptLog()
  const external = sourcedDirectory(registry, source, { log, schemes })
  return { registry, state, external, log, own: storeDirectory(registry) }
}

const octets = (text: string) => Buffer.from(text)

describe('several sources', () => {
  it('answer in order, and the password goes to the one that knew the name', async () => {
    const { registry, external, own } = office()
    await registry.addAccount({ name: 'bob', passwordHash: '{PLAIN}x' })
    const directory = createDirectory([external, own])
    const [ann, bob] = await Promise.all(['ann', 'bob'].map(name => directory.findAccount(name)))
    expect(bob).toMatchObject({ name: 'bob', passwordHash: '{PLAIN}x' })
    expect(await directory.checkPassword?.(ann as Account, octets('ann'))).toBe(true)
    expect(await directory.checkPassword?.(ann as Account, octets('bob'))).toBe(false)
    expect(await directory.checkPassword?.(bob as Account, octets('bob'))).toBe(false)
    expect(await directory.findAccount('cy')).toBeUndefined()
  })

  it('are asked anew for an account that is a copy', async () => {
    const { external, own } = office()
    const directory = createDirectory([own, external])
    const ann = { ...((await directory.findAccount('ann')) as Account) }
    expect(await directory.checkPassword?.(ann, octets('ann'))).toBe(true)
    expect(await external.checkPassword?.({ ...ann }, octets('ann'))).toBe(true)
  })

  it('do not stand in for one that is down', async () => {
    const { registry, external, own, state } = office()
    await registry.addAccount({ name: 'bob', passwordHash: '{PLAIN}x' })
    const directory = createDirectory([external, own])
    const ann = (await directory.findAccount('ann')) as Account
    state.isDown = true
    for (const name of ['ann', 'bob', 'cy'])
      await expect(directory.findAccount(name)).rejects.toMatchObject({ code: 'directory-unavailable' })
    await expect(directory.checkPassword?.(ann, octets('ann'))).rejects.toMatchObject({
      code: 'directory-unavailable',
    })
    // Who comes before is there.
    expect(await createDirectory([own, external]).findAccount('bob')).toMatchObject({ name: 'bob' })
  })

  it('do not keep who left: an account made for a source is not the store’s own', async () => {
    const { external, own, state, registry } = office()
    for (const directory of [createDirectory([external, own]), createDirectory([own, external])]) {
      state.names.add('ann')
      expect(await directory.findAccount('ann')).toMatchObject({ passwordHash: undefined })
      state.names.delete('ann')
      expect(await directory.findAccount('ann')).toBeUndefined()
    }
    await registry.setPassword('ann', { passwordHash: '{PLAIN}x' })
    expect(await createDirectory([external, own]).findAccount('ann')).toMatchObject({
      passwordHash: '{PLAIN}x',
    })
  })

  it('give the first alias', async () => {
    const ann = await office().registry.addAccount({ name: 'ann' })
    const source = (accounts: readonly Account[]): AccountDirectory => ({
      findAccount: async () => undefined,
      findAlias: async () => accounts,
    })
    expect(await createDirectory([source([]), source([ann])]).findAlias('x')).toEqual([ann])
    expect(await createDirectory([source([]), source([])]).findAlias('x')).toEqual([])
  })

  it('may be none', async () => {
    const directory = createDirectory([])
    expect(await directory.findAccount('ann')).toBeUndefined()
    expect(await directory.findAlias('ann')).toEqual([])
  })
})

describe('an account of a source', () => {
  it('keeps nothing of the store’s own password, and may be disabled in either', async () => {
    const { registry, external } = office()
    await registry.addAccount({
      name: 'ann',
      passwordHash: '{PLAIN}x',
      scramKeys: ['y'],
      sealedPassword: 'z',
    })
    expect(await external.findAccount('ann')).toMatchObject({
      passwordHash: undefined,
      scramKeys: [],
      sealedPassword: undefined,
      isDisabled: false,
    })
    await registry.setDisabled('ann', true)
    expect(await external.findAccount('ann')).toMatchObject({ isDisabled: true })
  })

  it('is made once by fifty who come at the same moment', async () => {
    const { registry, external } = office()
    const accounts = await Promise.all(Array.from({ length: 50 }, () => external.findAccount('ann')))
    expect(new Set(accounts.map(account => account?.id)).size).toBe(1)
    expect(await registry.listAccounts()).toHaveLength(1)
  })

  it('is not asked for under a name that no account has', async () => {
    const { external, state } = office()
    for (const name of ['', '*)(uid=*', 'Ann', 'a b'])
      expect(await external.findAccount(name)).toBeUndefined()
    expect(state.asked).toBe(0)
  })
})

describe('the gate', () => {
  const down = () => Promise.reject(new SourceDown('ECONNREFUSED'))

  it('says once that a source went, and once that it came back', async () => {
    const log = keptLog()
    const gate = new Gate('here', log)
    const passes = () => gate.pass(async () => 'answer').catch(() => 'refused')
    for (let round = 0; round < 3; round += 1) await gate.pass(down).catch(() => {})
    // Who comes right behind a failure is not let through.
    expect(await passes()).toBe('refused')
    await expect.poll(passes, { timeout: 10_000 }).toBe('answer')
    await passes()
    expect(log.lines).toEqual([
      {
        level: 'error',
        fields: { directory: 'here', reason: 'ECONNREFUSED' },
        text: 'the account directory does not answer',
      },
      { level: 'info', fields: { directory: 'here' }, text: 'the account directory answers again' },
    ])
  })

  it('lets others through when only one answer was of no use', async () => {
    const gate = new Gate('here', keptLog())
    await expect(gate.pass(() => Promise.reject(new Error('two rows')))).rejects.toMatchObject({
      code: 'directory-unavailable',
    })
    expect(await gate.pass(async () => 'answer')).toBe('answer')
  })

  it('lets sixteen in, has a thousand wait, and refuses the next', async () => {
    const gate = new Gate('here', keptLog())
    let inside = 0
    let most = 0
    let open: () => void = () => {}
    const opened = new Promise<void>(resolve => {
      open = resolve
    })
    const work = async () => {
      inside += 1
      most = Math.max(most, inside)
      await opened
      inside -= 1
    }
    const all = Array.from({ length: 1016 }, () => gate.pass(work))
    await expect(gate.pass(work)).rejects.toBeInstanceOf(Refusal)
    open()
    await Promise.all(all)
    expect(most).toBe(16)
    expect(await gate.pass(async () => 'answer')).toBe('answer')
  })

  it.each<[Error, string, string]>([
    [
      Object.assign(new DatabaseError('invalid input syntax for type integer: "hunter2"', 1, 'error'), {
        code: '22P02',
      }),
      'the query cannot be done with these values (DatabaseError 22P02)',
      'SQLSTATE, by its class',
    ],
    [
      new SourceDown('no "hunter2"', { cause: Object.assign(new Error('no "hunter2"'), { code: 'XX000' }) }),
      'XX000',
      'the code beneath',
    ],
    [
      new SqliteError('malformed "hunter2"', 'SQLITE_ERROR'),
      'the query is wrong, or asks for what is not there (SqliteError SQLITE_ERROR)',
      'SQLite',
    ],
    [new InvalidDNSyntaxError('uid=hunter2'), 'InvalidDNSyntaxError 34', 'a result of LDAP'],
    [new RangeError('hunter2'), 'RangeError', 'a class alone'],
    [
      new Refusal('bad-name', 'hunter2'),
      'the name in the answer cannot be an account (Refusal bad-name)',
      'ours',
    ],
    [new Error('password is no text'), 'password is no text', 'our own words'],
  ])('tells nobody what a source says of a name: %s', async (error, reason) => {
    const log = keptLog()
    const refusal = await new Gate('here', log)
      .pass(() => Promise.reject(error))
      .catch((refused: unknown) => refused)
    expect(log.lines).toMatchObject([{ fields: { reason } }])
    expect(`${log.text()}${inspect(refusal, { depth: 9 })}`).not.toContain('hunter2')
  })
})
