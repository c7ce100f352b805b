// What accounts of the memory store still have of what was delivered to them.
import type { KeptMail } from '../../mail/kept-mail.ts'
import type { MemoryState } from './state.ts'

export function memoryKeptMail(state: MemoryState): KeptMail {
  return {
    async *keptMail(accounts) {
      const messages = accounts.flatMap(account => [...(state.current(account)?.messages.values() ?? [])])
      const contents = new Set(messages.map(({ content }) => content))
      for (const { octets, chunks } of contents) yield { octets, body: chunks }
    },
  }
}
