// The contract of AccountDirectory, for every place that accounts can come from.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { verifyCryptScheme } from '../../src/auth/crypt-scheme.ts'
import type { Account } from '../../src/mail/account.ts'
import type { AccountDirectory } from '../../src/mail/account-directory.ts'
import type { AccountRegistry } from '../../src/mail/account-registry.ts'

export interface SourceAccount {
  readonly name: string
  /** In clear, as who logs in has it. */
  readonly password: string
  readonly isDisabled?: boolean
  readonly quotaOctets?: number
}

export interface DirectoryBench {
  readonly directory: AccountDirectory
  readonly registry: AccountRegistry
  /** Puts the account into the source, in place of the one of that name. */
  readonly put: (account: SourceAccount) => Promise<void>
  /** Makes the source unable to answer; absent where that cannot be. */
  readonly stop?: () => Promise<void>
  readonly start?: () => Promise<void>
  readonly close: () => Promise<void>
}

export type DirectoryFactory = () => Promise<DirectoryBench>

/** Longer than any source takes to see what changed. */
const seen = { timeout: 10_000, interval: 50 }

/** `missing` says why the source cannot be tested here. */
export function accountDirectorySuite(factory: DirectoryFactory, missing?: string): void {
  let bench: DirectoryBench
  beforeAll(async () => {
    if (!missing) bench = await factory()
  }, 120_000)
  beforeEach(context => {
    if (missing) context.skip(missing)
  })
  afterAll(async () => {
    await bench?.close()
  })

  const find = (name: string) => bench.directory.findAccount(name)
  /** As the authenticator asks. */
  const opens = async (account: Account | undefined, password: string) => {
    if (!account) return undefined
    const octets = Buffer.from(password)
    return account.passwordHash === undefined
      ? ((await bench.directory.checkPassword?.(account, octets)) ?? false)
      : verifyCryptScheme(account.passwordHash, octets)
  }
  /** Puts an account, and waits until it is there. */
  const put = async (account: SourceAccount) => {
    await bench.put(account)
    await expect
      .poll(async () => opens(await find(account.name.toLowerCase()), account.password), seen)
      .toBe(true)
  }

  describe('an account', () => {
    it('is found by its name, and opened by its password alone', async () => {
      await put({ name: 'ann', password: 'pass wörd' })
      const account = await find('ann')
      expect(account).toMatchObject({ name: 'ann', isDisabled: false, quotaOctets: 0, usedMessages: 0 })
      for (const wrong of ['', 'pass word', 'pass wörd ', 'PASS WÖRD', '\0', 'pass wörd\0'])
        expect(await opens(account, wrong), JSON.stringify(wrong)).toBe(false)
    })

    it('is the same account every time', async () => {
      await put({ name: 'same', password: 'x' })
      expect((await find('same'))?.id).toBe((await find('same'))?.id)
    })

    it('may have a domain', async () => {
      await put({ name: 'ann@example.net', password: 'other' })
      expect(await find('ann@example.net')).toMatchObject({ name: 'ann@example.net' })
      expect(await find('ann@example.org')).toBeUndefined()
    })

    it('is found in one spelling alone', async () => {
      await put({ name: 'folded', password: 'x' })
      for (const name of ['Folded', 'folded ', ' folded', 'fold', 'foldedd'])
        expect(await find(name)).toBeUndefined()
    })

    it('is disabled by its source', async () => {
      await put({ name: 'off', password: 'x', isDisabled: true })
      expect(await find('off')).toMatchObject({ isDisabled: true })
    })

    it('has the quota that its source says, for whoever counts', async () => {
      await put({ name: 'small', password: 'x', quotaOctets: 12_345 })
      expect(await find('small')).toMatchObject({ quotaOctets: 12_345 })
      expect(await bench.registry.findAccount('small')).toMatchObject({ quotaOctets: 12_345 })
    })

    it('is made once in the store, however many ask at once', async () => {
      await put({ name: 'first', password: 'x' })
      await bench.put({ name: 'crowd', password: 'x' })
      await expect.poll(async () => (await find('crowd'))?.name, seen).toBe('crowd')
      const accounts = await Promise.all(Array.from({ length: 50 }, () => find('crowd')))
      expect(new Set(accounts.map(account => account?.id)).size).toBe(1)
      const stored = (await bench.registry.listAccounts()).filter(({ name }) => name === 'crowd')
      expect(stored).toHaveLength(1)
    })

    it('has another password as soon as its source has', async () => {
      await put({ name: 'changing', password: 'old' })
      await put({ name: 'changing', password: 'new' })
      expect(await opens(await find('changing'), 'old')).toBe(false)
    })

    it('receives through the aliases of the store', async () => {
      await put({ name: 'aliased', password: 'x' })
      const { id } = (await find('aliased')) ?? {}
      await bench.registry.addAlias({ address: 'team@example.net', accountName: 'aliased' })
      expect(await bench.directory.findAlias('team@example.net')).toMatchObject([{ id, name: 'aliased' }])
      expect(await bench.directory.findAlias('nobody@example.net')).toEqual([])
    })
  })

  it.each([
    ['nobody', 'no such account'],
    ['', 'empty'],
    ['*', 'what an LDAP filter takes for anything'],
    ['a*', 'the same, behind a letter'],
    ['*)(uid=*', 'the end of an LDAP filter'],
    ['ann)(|(uid=*', 'another'],
    ["ann' or '1'='1", 'the end of an SQL string'],
    ["ann'--", 'and a comment'],
    ["'; drop table users; --", 'a statement'],
    ['%', 'what SQL takes for anything'],
    ['_nn', 'what SQL takes for any letter'],
    ['ann\0', 'NUL'],
    ['\0', 'NUL alone'],
    ['ann\\', 'backslash'],
    ['ann\\2a', 'an escape of LDAP'],
    ['%u', 'a variable of the filter'],
    ['$1', 'a placeholder'],
    [':name', 'a parameter'],
    ['ann:x', 'the end of a field'],
    ['ann\nbob', 'two lines'],
    ['x'.repeat(10_240), 'ten kilobytes'],
    ['\ud800', 'half a character'],
    ['__proto__', 'what every object has'],
  ])('%j is nobody: %s', async name => {
    await put({ name: 'ann', password: 'pass wörd' })
    expect(await find(name)).toBeUndefined()
    expect((await bench.registry.listAccounts()).map(account => account.name)).not.toContain(name)
  })

  it('refuses while its source is down, and is back by itself', async context => {
    const { stop, start } = bench
    if (!stop || !start) return context.skip('the source is never down')
    await put({ name: 'ann', password: 'pass wörd' })
    await stop()
    try {
      await expect
        .poll(() => find('ann').then(String, (error: { code?: string }) => error.code), seen)
        .toBe('directory-unavailable')
      // Nor does it say that somebody is unknown.
      await expect(find('nobody')).rejects.toMatchObject({ code: 'directory-unavailable' })
    } finally {
      await start()
    }
    await expect
      .poll(async () => opens(await find('ann').catch(() => undefined), 'pass wörd').catch(() => false), seen)
      .toBe(true)
    expect(await find('nobody')).toBeUndefined()
  }, 60_000)
}
