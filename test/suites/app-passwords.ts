// The contract of AppPasswords.
import { describe, expect, it } from 'vitest'
import type { NewAppPassword } from '../../src/mail/app-passwords.ts'
import { type Bench, type StoreFactory, withStore } from './fixtures.ts'

/** Any app password; it fits nothing. */
export const appPassword: Omit<NewAppPassword, 'name'> = {
  passwordHash: '{SHA256}x',
  scramKeys: [],
  protocols: [],
  readOnly: false,
  networks: [],
  settings: {},
}

const phone: NewAppPassword = { ...appPassword, name: 'phone' }

export function appPasswordsSuite(factory: StoreFactory): void {
  const bench = withStore(factory)

  async function withAnn(names: readonly string[] = []) {
    const { store, pass, now } = bench()
    const ann = await store.addAccount({ name: 'ann' })
    const added = []
    for (const name of names) {
      added.push(await store.addAppPassword('ann', { ...appPassword, name }))
      pass(1000)
    }
    return { store, ann, now, added }
  }

  it('are kept with all they say', async () => {
    const { store, ann, now } = await withAnn()
    const whole: NewAppPassword = {
      name: 'Ann’s telephone',
      passwordHash: '{SHA256}abc=',
      scramKeys: ['SCRAM-SHA-1$1:a$b:c', 'SCRAM-SHA-256$1:a$b:c'],
      protocols: ['pop3', 'imap'],
      readOnly: true,
      networks: ['192.0.2.0/24', '2001:db8::/32'],
      settings: { view: 'inbox+junk', onDelete: 'trash' },
    }
    const added = await store.addAppPassword('ann', whole)
    expect(added).toEqual({
      ...whole,
      id: expect.any(String) as string,
      createdAt: new Date(now()),
      lastUsedAt: undefined,
      lastUsedFrom: undefined,
    })
    expect(await store.listAppPasswords(ann.id)).toEqual([added])
  })

  it('need no scope and no SCRAM keys', async () => {
    const { store, ann } = await withAnn()
    const added = await store.addAppPassword('ann', phone)
    expect(added).toMatchObject(phone)
    expect(await store.listAppPasswords(ann.id)).toEqual([added])
  })

  it('are listed oldest first, each account its own', async () => {
    const { store, ann } = await withAnn(['phone', 'laptop', 'a tablet'])
    const bob = await store.addAccount({ name: 'bob' })
    const ofBob = await store.addAppPassword('bob', phone)
    const names = (await store.listAppPasswords(ann.id)).map(({ name }) => name)
    expect(names).toEqual(['phone', 'laptop', 'a tablet'])
    expect(await store.listAppPasswords(bob.id)).toEqual([ofBob])
    expect(await store.listAppPasswords('nobody')).toEqual([])
  })

  it('have a name of their own in their account, to the letter', async () => {
    const { store, ann, added } = await withAnn(['phone'])
    await expect(store.addAppPassword('ann', { ...phone, readOnly: true })).rejects.toMatchObject({
      code: 'app-password-exists',
    })
    expect(await store.listAppPasswords(ann.id)).toEqual(added)
    await store.addAppPassword('ann', { ...phone, name: 'Phone' })
    expect(await store.listAppPasswords(ann.id)).toHaveLength(2)
  })

  it('are revoked one by one, and their name is free again', async () => {
    const { store, ann, added } = await withAnn(['phone', 'laptop'])
    await store.revokeAppPassword('ann', 'phone')
    expect(await store.listAppPasswords(ann.id)).toEqual(added.slice(1))
    await expect(store.revokeAppPassword('ann', 'phone')).rejects.toMatchObject({
      code: 'no-such-app-password',
    })
    const again = await store.addAppPassword('ann', phone)
    expect(again.id).not.toBe(added[0]?.id)
  })

  it('of another account are not revoked by the same name', async () => {
    const { store, ann, added } = await withAnn(['phone'])
    await store.addAccount({ name: 'bob' })
    await expect(store.revokeAppPassword('bob', 'phone')).rejects.toMatchObject({
      code: 'no-such-app-password',
    })
    expect(await store.listAppPasswords(ann.id)).toEqual(added)
  })

  it('remember their last use, each its own', async () => {
    const { store, ann, added } = await withAnn(['phone', 'laptop'])
    const [used, unused] = added
    await store.noteAppPasswordUse(used?.id ?? '', new Date(5000), '192.0.2.1')
    await store.noteAppPasswordUse(used?.id ?? '', new Date(6000), '2001:db8::1')
    expect(await store.listAppPasswords(ann.id)).toEqual([
      { ...used, lastUsedAt: new Date(6000), lastUsedFrom: '2001:db8::1' },
      unused,
    ])
  })

  it('that were revoked meanwhile are not brought back by a use', async () => {
    const { store, ann, added } = await withAnn(['phone'])
    await store.revokeAppPassword('ann', 'phone')
    await store.noteAppPasswordUse(added[0]?.id ?? '', new Date(5000), '192.0.2.1')
    expect(await store.listAppPasswords(ann.id)).toEqual([])
  })

  describe.each([
    ['addAppPassword', (store: Bench['store']) => store.addAppPassword('nobody', phone)],
    ['revokeAppPassword', (store: Bench['store']) => store.revokeAppPassword('nobody', 'phone')],
  ])('%s', (_name, act) => {
    it('refuses a name that has no account', async () => {
      await expect(act(bench().store)).rejects.toMatchObject({ code: 'no-such-account' })
    })
  })
}
