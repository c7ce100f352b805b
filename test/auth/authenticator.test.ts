// The authenticator: who gets in, and that those who do not learn nothing from it.
import { describe, expect, it, vi } from 'vitest'
import { createAuthenticator } from '../../src/auth/authenticator.ts'
import * as passwords from '../../src/auth/password.ts'
import type { Account } from '../../src/mail/account.ts'
import type { AccountDirectory } from '../../src/mail/account-directory.ts'

const cost: passwords.PasswordCost = { memoryKiB: 64, passes: 1, lanes: 1 }
const octets = (text: string) => Buffer.from(text)

async function accountNamed(name: string, password?: string): Promise<Account> {
  return {
    id: `id-of-${name}`,
    name,
    passwordHash: password === undefined ? undefined : await passwords.hashPassword(octets(password), cost),
    quotaOctets: 0,
    usedOctets: 0,
    usedMessages: 0,
    inboxId: 'inbox',
    createdAt: new Date(0),
  }
}

/** A directory over a map that the test may change under the authenticator. */
function directoryOf(accounts: Map<string, Account>): AccountDirectory {
  return { findAccount: async name => accounts.get(name), findAlias: async () => [] }
}

async function setUp(...accounts: Account[]) {
  const byName = new Map(accounts.map(account => [account.name, account]))
  const authenticator = createAuthenticator(directoryOf(byName), {
    cost,
    localDomains: ['example.net', 'xn--bcher-kva.example'],
  })
  return { byName, authenticator }
}

describe('authenticate', () => {
  it.each([
    ['ann', 'secret', true, 'name and password'],
    ['ANN', 'secret', true, 'names are folded'],
    ['ann@example.net', 'secret', true, 'a local domain may be added'],
    ['ann@EXAMPLE.net', 'secret', true, 'domains are folded'],
    ['ann@bücher.example', 'secret', true, 'a domain in Unicode'],
    ['ann@XN--bcher-kva.example', 'secret', true, 'the same in punycode'],
    ['ann@example.org', 'secret', false, 'a foreign domain is another name'],
    ['ann', 'Secret', false, 'passwords are not folded'],
    ['ann', 'secret ', false, 'a trailing space counts'],
    ['ann', '', false, 'an empty password'],
    ['bob', 'secret', false, 'an unknown name'],
    ['@example.net', 'secret', false, 'no name before the domain'],
  ])('%s with "%s": %s (%s)', async (name, password, expected) => {
    const { authenticator } = await setUp(await accountNamed('ann', 'secret'))
    const account = await authenticator.authenticate(name, octets(password))
    expect(account?.name).toBe(expected ? 'ann' : undefined)
  })

  it('keeps every space and any UTF-8', async () => {
    const { authenticator } = await setUp(await accountNamed('ann', '  пароль 日本 '))
    expect(await authenticator.authenticate('ann', octets('  пароль 日本 '))).toBeDefined()
    expect(await authenticator.authenticate('ann', octets('  пароль 日本'))).toBeUndefined()
    expect(await authenticator.authenticate('ann', Buffer.from([0xff, 0xfe]))).toBeUndefined()
  })

  it('prefers the exact name to the name without its domain', async () => {
    const { authenticator } = await setUp(
      await accountNamed('ann', 'short'),
      await accountNamed('ann@example.net', 'long'),
    )
    expect((await authenticator.authenticate('ann@example.net', octets('long')))?.name).toBe(
      'ann@example.net',
    )
    expect(await authenticator.authenticate('ann@example.net', octets('short'))).toBeUndefined()
  })

  it('lets nobody into an account without a password', async () => {
    const { authenticator } = await setUp(await accountNamed('ann'))
    expect(await authenticator.authenticate('ann', octets(''))).toBeUndefined()
    expect(await authenticator.authenticate('ann', new Uint8Array(16))).toBeUndefined()
  })

  it('verifies one hash for a wrong password, an unknown name and an account without password', async () => {
    const verify = vi.spyOn(passwords, 'verifyPassword')
    const { authenticator } = await setUp(await accountNamed('ann', 'secret'), await accountNamed('eve'))
    for (const name of ['ann', 'nobody', 'eve']) {
      verify.mockClear()
      expect(await authenticator.authenticate(name, octets('wrong'))).toBeUndefined()
      expect(verify, name).toHaveBeenCalledOnce()
    }
    verify.mockRestore()
  })

  it('remembers a verified password, and forgets it when the password changes', async () => {
    const verify = vi.spyOn(passwords, 'verifyPassword')
    const { authenticator, byName } = await setUp(await accountNamed('ann', 'old'))
    await authenticator.authenticate('ann', octets('old'))
    await authenticator.authenticate('ann', octets('old'))
    expect(verify).toHaveBeenCalledOnce()
    byName.set('ann', await accountNamed('ann', 'new'))
    expect(await authenticator.authenticate('ann', octets('old'))).toBeUndefined()
    expect((await authenticator.authenticate('ann', octets('new')))?.name).toBe('ann')
    verify.mockRestore()
  })

  it('does not remember a wrong password', async () => {
    const { authenticator } = await setUp(await accountNamed('ann', 'secret'))
    expect(await authenticator.authenticate('ann', octets('wrong'))).toBeUndefined()
    expect(await authenticator.authenticate('ann', octets('wrong'))).toBeUndefined()
  })

  it('refuses rather than queues without bound', async () => {
    const byName = new Map([['ann', await accountNamed('ann', 'secret')]])
    const authenticator = createAuthenticator(directoryOf(byName), { cost, concurrency: 1, maxWaiting: 1 })
    const logins = [1, 2, 3, 4].map(() => authenticator.authenticate('ann', octets('wrong')))
    const outcomes = await Promise.allSettled(logins)
    const refused = outcomes.filter(outcome => outcome.status === 'rejected')
    expect(refused).toHaveLength(2)
    expect(refused[0]?.reason).toMatchObject({ code: 'store-busy' })
    expect(await authenticator.authenticate('ann', octets('secret'))).toBeDefined()
  })
})
