// What an account of the memory store still has of what was delivered to it.
import type { KeptMail } from '../../mail/kept-mail.ts'
import type { MemoryState } from './state.ts'

export function memoryKeptMail(state: MemoryState): KeptMail {
  return {
    async *keptMail(account) {
      const messages = state.current(account)?.messages.values() ?? []
      const contents = new Set([...messages].map(({ content }) => content))
      for (const { octets, chunks } of contents) yield { octets, body: chunks }
    },
  }
}
