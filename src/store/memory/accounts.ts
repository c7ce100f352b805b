// The account registry of the memory store.
import { type Account, keptElsewhere } from '../../mail/account.ts'
import type { AccountRegistry, Alias } from '../../mail/account-registry.ts'
import { Refusal } from '../../mail/errors.ts'
import { inboxName } from '../../mail/folder-name.ts'
import { changeSettings, formatSettings, noSettings, parseSettings } from '../../mail/maildrop-settings.ts'
import type { MemoryState } from './state.ts'

type Aliases = Pick<AccountRegistry, 'findAlias' | 'addAlias' | 'removeAlias' | 'listAliases'>

export function memoryAccounts(state: MemoryState): AccountRegistry {
  return {
    ...memoryAliases(state),

    async findAccount(name) {
      return state.accounts.get(name)?.account
    },

    async addAccount({ name, passwordHash, scramKeys = [], sealedPassword, quotaOctets = 0 }) {
      if (state.accounts.has(name)) throw new Refusal('account-exists', `there is an account ${name} already`)
      const account: Account = {
        id: state.createId(),
        name,
        passwordHash,
        scramKeys,
        sealedPassword,
        isDisabled: false,
        quotaOctets,
        usedOctets: 0,
        usedMessages: 0,
        inboxId: state.createId(),
        createdAt: new Date(state.now()),
        settings: noSettings,
      }
      state.accounts.set(name, { account, folders: [inboxName], messages: new Map() })
      return account
    },

    async setPassword(name, { passwordHash, scramKeys = [], sealedPassword }, insteadOf) {
      const entry = state.require(name)
      if (insteadOf !== undefined && entry.account.passwordHash !== insteadOf) return
      state.change(entry, { passwordHash, scramKeys, sealedPassword })
    },

    async setDisabled(name, isDisabled) {
      state.change(state.require(name), { isDisabled })
    },

    async surveyPasswords() {
      const own = [...state.accounts.values()]
        .map(({ account }) => account)
        .filter(({ passwordHash = keptElsewhere }) => passwordHash !== keptElsewhere)
      return {
        someAreSealed: own.some(({ sealedPassword }) => sealedPassword !== undefined),
        someAreNotSealed: own.some(({ sealedPassword }) => sealedPassword === undefined),
        someLackScramKeys: own.some(({ scramKeys }) => scramKeys.length === 0),
      }
    },

    async setQuota(name, quotaOctets) {
      state.change(state.require(name), { quotaOctets })
    },

    async changeSettings(name, change) {
      const entry = state.require(name)
      state.change(entry, { settings: changeSettings(entry.account.settings, change) })
    },

    async surveySettings() {
      const own = [...state.accounts.values()].map(({ account }) => formatSettings(account.settings))
      return [...new Set(own)].filter(text => text !== null).map(parseSettings)
    },

    async removeAccount(name, actor = 'poplar') {
      const entry = state.require(name)
      const { account } = entry
      for (const message of entry.messages.values()) {
        if (message.expungedAt !== undefined) continue
        state.recordDeletion(entry, message, message.folder, { reason: 'account', actor })
      }
      state.accounts.delete(name)
      state.leases.delete(account.id)
      state.appPasswords.delete(account.id)
      for (const [address, names] of state.aliases) {
        names.delete(name)
        if (names.size === 0) state.aliases.delete(address)
      }
    },

    async listAccounts() {
      return [...state.accounts.values()]
        .map(({ account }) => account)
        .sort((one, other) => byText(one.name, other.name))
    },
  }
}

function memoryAliases(state: MemoryState): Aliases {
  return {
    async findAlias(address) {
      return [...(state.aliases.get(address) ?? [])]
        .sort(byText)
        .map(name => state.accounts.get(name)?.account)
        .filter(account => account !== undefined)
    },

    async addAlias({ address, accountName }) {
      state.require(accountName)
      const names = state.aliases.get(address) ?? new Set()
      if (names.has(accountName)) {
        throw new Refusal('alias-exists', `${address} leads to ${accountName} already`)
      }
      state.aliases.set(address, names.add(accountName))
    },

    async removeAlias(address, accountName) {
      const names = state.aliases.get(address)
      if (!names || (accountName !== undefined && !names.has(accountName))) {
        throw new Refusal(
          'no-such-alias',
          `there is no alias ${address}${accountName ? ` to ${accountName}` : ''}`,
        )
      }
      if (accountName === undefined) names.clear()
      else names.delete(accountName)
      if (names.size === 0) state.aliases.delete(address)
    },

    async listAliases() {
      return [...state.aliases]
        .flatMap(([address, names]) => [...names].map((accountName): Alias => ({ address, accountName })))
        .sort(
          (one, other) => byText(one.address, other.address) || byText(one.accountName, other.accountName),
        )
    },
  }
}

function byText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
