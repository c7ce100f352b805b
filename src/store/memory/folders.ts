// The folders of accounts in the memory store.
import { Refusal } from '../../mail/errors.ts'
import { inboxName, sameFolder } from '../../mail/folder-name.ts'
import type { Folders } from '../../mail/folders.ts'
import { folderOf, type MemoryState, present } from './state.ts'

export function memoryFolders(state: MemoryState): Folders {
  const entryOf = (id: string) => [...state.accounts.values()].find(({ account }) => account.id === id)

  return {
    async listFolders(accountId) {
      const entry = entryOf(accountId)
      if (!entry) return []
      const [inbox = inboxName, ...others] = entry.folders
      return [inbox, ...others.sort()].map(name => {
        const messages = present(entry, name)
        return {
          name,
          messages: messages.length,
          octets: messages.reduce((sum, { octets }) => sum + octets, 0),
        }
      })
    },

    async hasFolder(accountId, name) {
      const entry = entryOf(accountId)
      return entry !== undefined && folderOf(entry, name) !== undefined
    },

    async createFolder(accountName, name) {
      const entry = state.require(accountName)
      if (entry.folders.some(known => sameFolder(known, name)))
        throw new Refusal('folder-exists', `${accountName} has a folder ${name} already`)
      entry.folders = [...entry.folders, name]
    },

    async removeFolder(accountName, name) {
      const entry = state.require(accountName)
      const found = entry.folders.find(known => sameFolder(known, name))
      if (found === undefined) throw new Refusal('no-such-folder', `${accountName} has no folder ${name}`)
      if (found === inboxName) throw new Refusal('bad-name', `every account has its ${inboxName}`)
      if (present(entry, found).length > 0)
        throw new Refusal('folder-not-empty', `the folder ${found} of ${accountName} is not empty`)
      for (const message of entry.messages.values()) if (message.folder === found) message.folder = inboxName
      entry.folders = entry.folders.filter(name => name !== found)
    },
  }
}
