// The contract of AccountRegistry and AccountDirectory.

import { describe, expect, it } from 'vitest'
import { keptElsewhere } from '../../src/mail/account.ts'
import { appPassword } from './app-passwords.ts'
import { copyFor, deliver, octets, plainText, type StoreFactory, uidlsOf, withStore } from './fixtures.ts'

export function accountRegistrySuite(factory: StoreFactory): void {
  const bench = withStore(factory)

  describe('accounts', () => {
    it('are found by exactly their name', async () => {
      const { store, now } = bench()
      const added = await store.addAccount({ name: 'ann', passwordHash: '$x$', quotaOctets: 1000 })
      expect(added).toMatchObject({
        name: 'ann',
        passwordHash: '$x$',
        quotaOctets: 1000,
        usedOctets: 0,
        usedMessages: 0,
        createdAt: new Date(now()),
      })
      expect(await store.findAccount('ann')).toEqual(added)
      expect(await store.findAccount('Ann')).toBeUndefined()
      expect(await store.findAccount('an')).toBeUndefined()
      expect(await store.findAccount("ann' or 'a'='a")).toBeUndefined()
    })

    it('need neither password nor quota', async () => {
      const { store } = bench()
      await store.addAccount({ name: 'ann' })
      expect(await store.findAccount('ann')).toMatchObject({
        passwordHash: undefined,
        scramKeys: [],
        sealedPassword: undefined,
        isDisabled: false,
        quotaOctets: 0,
      })
    })

    it('have a name of their own', async () => {
      const { store } = bench()
      const first = await store.addAccount({ name: 'ann' })
      await expect(store.addAccount({ name: 'ann', passwordHash: 'x' })).rejects.toMatchObject({
        code: 'account-exists',
      })
      expect(await store.findAccount('ann')).toEqual(first)
    })

    it('change their quota', async () => {
      const { store } = bench()
      const before = await store.addAccount({ name: 'ann', passwordHash: 'old' })
      await store.setQuota('ann', 77)
      expect(await store.findAccount('ann')).toEqual({ ...before, quotaOctets: 77 })
    })

    it('change single settings, and lose them again', async () => {
      const { store } = bench()
      const before = await store.addAccount({ name: 'ann' })
      expect(before.settings).toEqual({})
      await store.changeSettings('ann', { view: 'inbox+junk' })
      await store.changeSettings('ann', { onDelete: 'trash' })
      const settings = { view: 'inbox+junk', onDelete: 'trash' }
      expect(await store.findAccount('ann')).toEqual({ ...before, settings })
      expect(await store.listAccounts()).toEqual([{ ...before, settings }])
      await store.changeSettings('ann', { view: null })
      expect(await store.findAccount('ann')).toEqual({ ...before, settings: { onDelete: 'trash' } })
      await store.changeSettings('ann', { onDelete: null })
      expect(await store.findAccount('ann')).toEqual(before)
      await expect(store.changeSettings('bob', {})).rejects.toMatchObject({ code: 'no-such-account' })
    })

    it('tell which settings there are, each once', async () => {
      const { store } = bench()
      expect(await store.surveySettings()).toEqual([])
      for (const name of ['ann', 'bob', 'cy', 'dee']) await store.addAccount({ name })
      await store.changeSettings('ann', { loginDelayMs: 60_000 })
      await store.changeSettings('bob', { loginDelayMs: 60_000 })
      await store.changeSettings('cy', { expireDays: 'never', loginDelayMs: 0 })
      const survey = await store.surveySettings()
      expect(survey).toHaveLength(2)
      expect(survey).toEqual(
        expect.arrayContaining([{ loginDelayMs: 60_000 }, { expireDays: 'never', loginDelayMs: 0 }]),
      )
    })

    it('keep of a password what is given, from the start or later', async () => {
      const { store } = bench()
      const first = { passwordHash: '$x$', scramKeys: ['SHA-1 "1"', 'SHA-256 2'], sealedPassword: 'v1:s' }
      expect(await store.addAccount({ name: 'ann', ...first })).toMatchObject(first)
      expect(await store.findAccount('ann')).toMatchObject(first)
      const second = { passwordHash: '$y$', scramKeys: ['SHA-256 3'], sealedPassword: 'v1:t' }
      await store.setPassword('ann', second)
      expect(await store.findAccount('ann')).toMatchObject(second)
    })

    it('keep nothing of an old password beside a new one', async () => {
      const { store } = bench()
      await store.addAccount({ name: 'ann', passwordHash: 'old', scramKeys: ['k'], sealedPassword: 's' })
      await store.setPassword('ann', { passwordHash: 'new' })
      expect(await store.findAccount('ann')).toMatchObject({
        passwordHash: 'new',
        scramKeys: [],
        sealedPassword: undefined,
      })
    })

    it('change their password instead of one, as long as they have that one', async () => {
      const { store } = bench()
      await store.addAccount({ name: 'ann', passwordHash: 'one' })
      await store.setPassword('ann', { passwordHash: 'two', scramKeys: ['k'] }, 'one')
      await store.setPassword('ann', { passwordHash: 'late', sealedPassword: 's' }, 'one')
      expect(await store.findAccount('ann')).toMatchObject({
        passwordHash: 'two',
        scramKeys: ['k'],
        sealedPassword: undefined,
      })
    })

    it('are disabled and enabled again, and stay what they are', async () => {
      const { store } = bench()
      const before = await store.addAccount({ name: 'ann', passwordHash: 'x' })
      expect(before.isDisabled).toBe(false)
      await store.setDisabled('ann', true)
      expect(await store.findAccount('ann')).toEqual({ ...before, isDisabled: true })
      await store.setDisabled('ann', false)
      expect(await store.findAccount('ann')).toEqual(before)
    })

    it('say how their passwords are kept', async () => {
      const { store } = bench()
      await store.addAccount({ name: 'ann', passwordHash: 'x', scramKeys: ['k'], sealedPassword: 's' })
      await store.addAccount({ name: 'without', scramKeys: [] })
      await store.addAccount({ name: 'elsewhere', passwordHash: keptElsewhere })
      const all = { someAreSealed: true, someAreNotSealed: false, someLackScramKeys: false }
      expect(await store.surveyPasswords()).toEqual(all)
      await store.addAccount({ name: 'bob', passwordHash: 'x' })
      expect(await store.surveyPasswords()).toEqual({
        ...all,
        someAreNotSealed: true,
        someLackScramKeys: true,
      })
      await store.setPassword('bob', { passwordHash: 'x', scramKeys: ['k'] })
      expect(await store.surveyPasswords()).toEqual({ ...all, someAreNotSealed: true })
      await store.removeAccount('bob')
      expect(await store.surveyPasswords()).toEqual(all)
      await store.removeAccount('ann')
      expect(await store.surveyPasswords()).toEqual({ ...all, someAreSealed: false })
    })

    it('are listed by name', async () => {
      const { store } = bench()
      for (const name of ['zoë', 'ann', 'bob@example.net', 'bob']) await store.addAccount({ name })
      expect((await store.listAccounts()).map(({ name }) => name)).toEqual([
        'ann',
        'bob',
        'bob@example.net',
        'zoë',
      ])
    })

    it('count what they hold', async () => {
      const { store } = bench()
      const ann = await store.addAccount({ name: 'ann' })
      await deliver(store, [copyFor(ann, { trace: octets('A: b\r\n') })])
      await deliver(store, [copyFor(ann)])
      expect(await store.findAccount('ann')).toMatchObject({
        usedOctets: 2 * plainText.length + 6,
        usedMessages: 2,
      })
    })

    it('take everything with them when they are removed', async () => {
      const { store } = bench()
      const ann = await store.addAccount({ name: 'ann' })
      const bob = await store.addAccount({ name: 'bob' })
      await store.addAlias({ address: 'team', accountName: 'ann' })
      await store.addAlias({ address: 'team', accountName: 'bob' })
      await store.addAppPassword('ann', { ...appPassword, name: 'phone' })
      await store.addAppPassword('bob', { ...appPassword, name: 'phone' })
      await deliver(store, [copyFor(ann), copyFor(bob)])
      await store.removeAccount('ann')
      expect(await store.findAccount('ann')).toBeUndefined()
      expect(await store.listAliases()).toEqual([{ address: 'team', accountName: 'bob' }])
      expect(await uidlsOf(store, bob)).toHaveLength(1)
      expect(await store.checkIntegrity()).toEqual({ faults: [], messages: 1, contents: 1 })
      expect(await store.listAppPasswords(ann.id)).toEqual([])
      expect(await store.listAppPasswords(bob.id)).toHaveLength(1)
      const again = await store.addAccount({ name: 'ann' })
      expect(await store.listAppPasswords(again.id)).toEqual([])
      expect(await uidlsOf(store, again)).toEqual([])
    })

    it.each([
      ['setPassword', (store: Bench['store']) => store.setPassword('nobody', { passwordHash: 'x' })],
      ['setDisabled', (store: Bench['store']) => store.setDisabled('nobody', true)],
      ['setQuota', (store: Bench['store']) => store.setQuota('nobody', 1)],
      ['removeAccount', (store: Bench['store']) => store.removeAccount('nobody')],
      ['addAlias', (store: Bench['store']) => store.addAlias({ address: 'x', accountName: 'nobody' })],
    ])('%s refuses a name that has no account', async (_name, act) => {
      await expect(act(bench().store)).rejects.toMatchObject({ code: 'no-such-account' })
    })
  })

  describe('aliases', () => {
    it('lead to one account or several, in order of name', async () => {
      const { store } = bench()
      const bob = await store.addAccount({ name: 'bob' })
      const ann = await store.addAccount({ name: 'ann' })
      await store.addAlias({ address: 'team@example.net', accountName: 'bob' })
      await store.addAlias({ address: 'team@example.net', accountName: 'ann' })
      await store.addAlias({ address: '@example.net', accountName: 'bob' })
      expect(await store.findAlias('team@example.net')).toEqual([ann, bob])
      expect(await store.findAlias('@example.net')).toEqual([bob])
      expect(await store.findAlias('team')).toEqual([])
      expect(await store.listAliases()).toEqual([
        { address: '@example.net', accountName: 'bob' },
        { address: 'team@example.net', accountName: 'ann' },
        { address: 'team@example.net', accountName: 'bob' },
      ])
    })

    it('exist once', async () => {
      const { store } = bench()
      await store.addAccount({ name: 'ann' })
      await store.addAlias({ address: 'x', accountName: 'ann' })
      await expect(store.addAlias({ address: 'x', accountName: 'ann' })).rejects.toMatchObject({
        code: 'alias-exists',
      })
    })

    it('are removed from one account or from all', async () => {
      const { store } = bench()
      for (const accountName of ['ann', 'bob', 'cy']) {
        await store.addAccount({ name: accountName })
        await store.addAlias({ address: 'x', accountName })
      }
      await store.removeAlias('x', 'bob')
      expect((await store.findAlias('x')).map(({ name }) => name)).toEqual(['ann', 'cy'])
      await expect(store.removeAlias('x', 'bob')).rejects.toMatchObject({ code: 'no-such-alias' })
      await store.removeAlias('x')
      expect(await store.findAlias('x')).toEqual([])
      await expect(store.removeAlias('x')).rejects.toMatchObject({ code: 'no-such-alias' })
    })
  })
}

type Bench = ReturnType<ReturnType<typeof withStore>>
