// Names that ask for a part of an account: who comes in by them, and that those who do not learn nothing from it.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { AccountFinder } from '../../src/auth/account-finder.ts'
import { createAuthenticator, type OfficeAuthenticator } from '../../src/auth/authenticator.ts'
import { hashPassword } from '../../src/auth/password.ts'
import { PasswordThreads } from '../../src/auth/password-threads.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { originFrom } from './origin.ts'

const cost = { memoryKiB: 64, passes: 1, lanes: 1 }
const store = createMemoryStore()
const views = { separator: '+', hosts: ['office'], folders: store }
const finder = new AccountFinder(store, ['example.net'], views)
const lines: object[] = []
let authenticator: OfficeAuthenticator

beforeAll(async () => {
  const passwordHash = await hashPassword(Buffer.from('secret'), cost)
  for (const name of ['ann', 'ann+own', 'office']) await store.addAccount({ name, passwordHash })
  await store.createFolder('ann', 'Lists')
  const keep = (fields: object) => void lines.push(fields)
  authenticator = createAuthenticator(store, {
    views,
    cost,
    localDomains: ['example.net'],
    throttle: { maxDelayMs: 0 },
    log: { info: keep, warn: keep, error: keep },
  })
})
afterAll(async () => {
  await authenticator.close()
  await store.close()
})

const logIn = (name: string, password = 'secret') =>
  authenticator.authenticate(name, Buffer.from(password), originFrom())

describe('a login', () => {
  it.each<[name: string, account: string | undefined, reason: string]>([
    ['ann+Lists', 'ann', 'a folder'],
    ['ann+lists@example.net', 'ann', 'in any case, with the domain'],
    ['ann+Junk', 'ann', 'a folder that is made when it is needed'],
    ['recent:ann', 'ann', 'a prefix'],
    ['recent:ann+Lists', 'ann', 'both'],
    ['ann+own', 'ann+own', 'an account that has the whole name'],
    ['recent:ann+own', 'ann+own', 'the same behind a prefix'],
    ['john+office', 'office', 'an addressee'],
    ['ann+Work', undefined, 'a folder that is not there'],
    ['recent:ann+Work', undefined, 'the same behind a prefix'],
    ['bob+Lists', undefined, 'nobody'],
    ['bogus:ann', undefined, 'a prefix that says nothing'],
  ])('as %s is one of %s: %s', async (name, account) => {
    const login = await logIn(name)
    expect(login?.account.name).toBe(account)
    expect(login?.loginName).toBe(account && name)
    expect(await logIn(name, 'wrong')).toBeUndefined()
  })

  it('to a folder that is not there costs what a wrong password costs, though the password is known', async () => {
    const verify = vi.spyOn(PasswordThreads.prototype, 'verify')
    await logIn('ann')
    const workOf = async (name: string, password: string) => {
      verify.mockClear()
      expect(await logIn(name, password)).toBeUndefined()
      return verify.mock.calls.length
    }
    const wrong = await workOf('ann', 'wrong')
    expect(wrong).toBeGreaterThan(0)
    expect(await workOf('ann+Work', 'secret')).toBe(wrong)
    expect(lines.at(-1)).toMatchObject({ user: 'ann', reason: 'no-such-folder' })
    expect(await workOf('bob+Work', 'secret')).toBe(wrong)
    expect(lines.at(-1)).toMatchObject({ user: undefined, reason: 'unknown-user' })
    verify.mockRestore()
  })
})

describe('failures', () => {
  it.each([
    'ann',
    'ann+1',
    'recent:ann+2',
    'newest=7:ann',
    'ann+3@example.net',
    'ANN+4',
    // Spellings by which an account of the very name `ann+5` is found.
    'a\u00adnn+5',
    'ann\uff0b5',
  ])('at %s count against ann', name => {
    expect(finder.keyOf(name)).toBe('ann')
  })

  it.each(['a+office', 'recent:b@office'])('at %s count against the host', name => {
    expect(finder.keyOf(name)).toBe('office')
  })
})
