// The app passwords of the memory store.
import type { AppPasswords } from '../../mail/app-passwords.ts'
import { Refusal } from '../../mail/errors.ts'
import type { MemoryState } from './state.ts'

export function memoryAppPasswords(state: MemoryState): AppPasswords {
  const { appPasswords } = state

  return {
    async addAppPassword(accountName, added) {
      const { id: accountId } = state.require(accountName).account
      const others = appPasswords.get(accountId) ?? []
      if (others.some(({ name }) => name === added.name)) {
        throw new Refusal('app-password-exists', `${accountName} has an app password ${added.name} already`)
      }
      const { name, passwordHash, scramKeys, protocols, readOnly, networks, settings } = added
      const appPassword = {
        id: state.createId(),
        name,
        passwordHash,
        scramKeys,
        protocols,
        readOnly,
        networks,
        settings,
        createdAt: new Date(state.now()),
        lastUsedAt: undefined,
        lastUsedFrom: undefined,
      }
      appPasswords.set(accountId, [...others, appPassword])
      return appPassword
    },

    async listAppPasswords(accountId) {
      return appPasswords.get(accountId) ?? []
    },

    async revokeAppPassword(accountName, name) {
      const { id: accountId } = state.require(accountName).account
      const all = appPasswords.get(accountId) ?? []
      const kept = all.filter(appPassword => appPassword.name !== name)
      if (kept.length === all.length) {
        throw new Refusal('no-such-app-password', `${accountName} has no app password ${name}`)
      }
      appPasswords.set(accountId, kept)
    },

    async noteAppPasswordUse(id, lastUsedAt, lastUsedFrom) {
      for (const [accountId, all] of appPasswords) {
        if (!all.some(appPassword => appPassword.id === id)) continue
        appPasswords.set(
          accountId,
          all.map(one => (one.id === id ? { ...one, lastUsedAt, lastUsedFrom } : one)),
        )
        return
      }
    },
  }
}
