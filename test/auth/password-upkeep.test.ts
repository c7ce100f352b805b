// What is stored of passwords follows the configuration, login by login, and never against the owner.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type AuthenticatorOptions, createAuthenticator } from '../../src/auth/authenticator.ts'
import { scramClient } from '../../src/auth/mechanisms/scram-client.ts'
import { hashPassword } from '../../src/auth/password.ts'
import { parseScramKeys } from '../../src/auth/scram.ts'
import { cheap, openOffice } from './office.ts'
import { originFrom } from './origin.ts'

const origin = originFrom()
const octets = (text: string) => Buffer.from(text)
const closings: (() => Promise<void>)[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const close of closings.splice(0)) await close()
})

function open(options: AuthenticatorOptions = {}) {
  const office = openOffice(options)
  closings.push(() => office.close())
  const accountOf = async (name: string) => {
    const account = await office.store.findAccount(name)
    if (!account) throw new Error(`no account ${name}`)
    return account
  }
  return { ...office, accountOf, set: vi.spyOn(office.store, 'setPassword') }
}

/** Waits until no upkeep is under way: it is one at a time, so that this one comes last. */
async function quiet(office: ReturnType<typeof open>): Promise<void> {
  const calls = office.set.mock.calls.length
  await office.addAccount('last', 'x')
  await office.store.setPassword('last', { passwordHash: await hashPassword(octets('x'), cheap) })
  await office.logIn('last', 'x', origin)
  await vi.waitFor(() => expect(office.set.mock.calls.length).toBeGreaterThanOrEqual(calls + 2))
  await office.store.removeAccount('last')
}

describe('after a login with the password', () => {
  it.each([
    ['an argon2id of another cost', async () => hashPassword(octets('secret'), { ...cheap, passes: 2 })],
    ['another scheme', async () => '{PLAIN}secret'],
    ['an argon2id of our cost, but no SCRAM keys', async () => hashPassword(octets('secret'), cheap)],
  ])('%s is replaced, and SCRAM works', async (_what, hash) => {
    const office = open()
    await office.store.addAccount({ name: 'ann', passwordHash: await hash(), sealedPassword: 'sealed' })
    expect(await office.logIn('ann', 'secret', origin)).toBeDefined()
    await vi.waitFor(async () => expect((await office.accountOf('ann')).scramKeys).toHaveLength(2))
    const { passwordHash, sealedPassword } = await office.accountOf('ann')
    expect(passwordHash).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1\$/)
    expect(sealedPassword).toBe('sealed')
    expect(await office.logIn('ann', 'secret', origin)).toBeDefined()
    const client = scramClient({ name: 'ann', password: 'secret' }, { hash: 'SHA-256' })
    expect((await office.converse(client, origin))?.kind).toBe('success')
  })

  it('what is up to date stays', async () => {
    const office = open()
    await office.addAccount('ann', 'secret')
    const before = await office.accountOf('ann')
    await office.logIn('ann', 'secret', origin)
    await quiet(office)
    expect(await office.accountOf('ann')).toEqual(before)
  })

  it('SCRAM keys follow the count, and keep their salt', async () => {
    const office = open({ scramIterations: 5000 })
    await office.addAccount('ann', 'secret')
    const [before] = (await office.accountOf('ann')).scramKeys.map(parseScramKeys)
    await office.logIn('ann', 'secret', origin)
    await vi.waitFor(async () => {
      const kept = (await office.accountOf('ann')).scramKeys.map(parseScramKeys)
      expect(kept.map(keys => keys?.iterations)).toEqual([5000, 5000])
      expect(kept[0]?.salt).toEqual(before?.salt)
    })
  })

  it('SCRAM keys are made as those of the app passwords are, so that one proof can be tried against all', async () => {
    const office = open({ scramIterations: 5000 })
    await office.store.addAccount({ name: 'ann', passwordHash: await hashPassword(octets('secret'), cheap) })
    const phone = await office.addAppPassword('ann', 'phone')
    await office.logIn('ann', 'secret', origin)
    await vi.waitFor(async () => expect((await office.accountOf('ann')).scramKeys).toHaveLength(2))
    for (const password of ['secret', phone]) {
      const client = scramClient({ name: 'ann', password }, { hash: 'SHA-1' })
      expect((await office.converse(client, origin))?.kind).toBe('success')
    }
    const calls = office.set.mock.calls.length
    await office.logIn('ann', 'secret', origin)
    await quiet(office)
    expect(office.set.mock.calls.slice(calls).map(([name]) => name)).not.toContain('ann')
  })

  it('a password that was changed meanwhile is not undone', async () => {
    const office = open()
    await office.store.addAccount({ name: 'ann', passwordHash: '{PLAIN}old' })
    const fresh = await hashPassword(octets('new'), cheap)
    const setPassword = office.store.setPassword.bind(office.store)
    office.set.mockImplementationOnce(async (name, password, insteadOf) => {
      await setPassword(name, { passwordHash: fresh })
      return setPassword(name, password, insteadOf)
    })
    await office.logIn('ann', 'old', origin)
    await vi.waitFor(() => expect(office.set).toHaveBeenCalled())
    await quiet(office)
    expect((await office.accountOf('ann')).passwordHash).toBe(fresh)
  })

  it('what a directory in front of the store says is not written into the store', async () => {
    const office = open()
    await office.store.addAccount({ name: 'ann' })
    const authenticator = createAuthenticator(
      {
        findAccount: async name => {
          const account = await office.store.findAccount(name)
          return account && { ...account, passwordHash: '{PLAIN}secret' }
        },
        findAlias: async () => [],
      },
      { cost: cheap, registry: office.store, throttle: { maxDelayMs: 0 } },
    )
    closings.push(() => authenticator.close())
    expect(await authenticator.authenticate('ann', octets('secret'), origin)).toBeDefined()
    await quiet(office)
    expect((await office.accountOf('ann')).passwordHash).toBeUndefined()
  })

  it('the login succeeds though nothing can be written, and the log says so without the password', async () => {
    const office = open()
    await office.store.addAccount({ name: 'ann', passwordHash: '{PLAIN}hunter2' })
    office.set.mockRejectedValueOnce(new Error('disk full'))
    expect(await office.logIn('ann', 'hunter2', origin)).toBeDefined()
    await vi.waitFor(() => expect(office.lines.map(({ level }) => level)).toEqual(['info', 'error']))
    expect(JSON.stringify(office.lines)).not.toContain('hunter2')
  })

  it('each account is renewed once at a time', async () => {
    const office = open()
    await office.store.addAccount({ name: 'ann', passwordHash: '{PLAIN}secret' })
    await Promise.all([1, 2, 3].map(() => office.logIn('ann', 'secret', origin)))
    await quiet(office)
    expect(office.set.mock.calls.filter(([name]) => name === 'ann')).toHaveLength(1)
  })

  it('a password that SASLprep does not allow stays as it was', async () => {
    const office = open()
    const passwordHash = '{PLAIN}secret\u{1f600}' // unassigned in Unicode 3.2
    await office.store.addAccount({ name: 'ann', passwordHash })
    expect(await office.logIn('ann', 'secret\u{1f600}', origin)).toBeDefined()
    await quiet(office)
    expect((await office.accountOf('ann')).passwordHash).toBe(passwordHash)
  })
})

it('a login with an app password leaves the password alone', async () => {
  const office = open()
  await office.store.addAccount({ name: 'ann', passwordHash: '{PLAIN}secret' })
  const phone = await office.addAppPassword('ann', 'phone')
  expect(await office.logIn('ann', phone, origin)).toBeDefined()
  await quiet(office)
  expect((await office.accountOf('ann')).passwordHash).toBe('{PLAIN}secret')
})
