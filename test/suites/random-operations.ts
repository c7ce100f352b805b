// Any sequence of operations has the same outcome in the store under test as in the store in memory.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isRefusal } from '../../src/mail/errors.ts'
import type { Maildrop } from '../../src/mail/maildrop-store.ts'
import type { Cleaning } from '../../src/mail/recovery-store.ts'
import type { Store } from '../../src/mail/store.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { copyFor, deliver, leaseMs, octets, plainText, type StoreFactory, textOf } from './fixtures.ts'

const names = ['ann', 'bob'] as const
const name = fc.constantFrom(...names)
const uidl = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
const indexes = fc.array(fc.nat(4), { maxLength: 3 })
const age = fc.constantFrom(0, 1, leaseMs)

type Command =
  | {
      readonly do: 'deliver'
      readonly to: readonly string[]
      readonly uidl: string
      readonly mode: 'all' | 'each' | 'pairs'
    }
  | { readonly do: 'open' | 'release' | 'break' | 'remove' | 'add' | 'read'; readonly name: string }
  | { readonly do: 'update'; readonly name: string; readonly indexes: readonly number[] }
  | { readonly do: 'quota'; readonly name: string; readonly messages: number }
  | { readonly do: 'undelete' | 'clean'; readonly name: string; readonly age: number }
  | { readonly do: 'pass'; readonly age: number }

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('deliver' as const),
      to: fc.array(name, { minLength: 1, maxLength: 3 }),
      uidl,
      mode: fc.constantFrom('all' as const, 'each' as const, 'pairs' as const),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('open' as const, 'read' as const), name }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('update' as const), name, indexes }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('release' as const, 'break' as const), name }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('remove' as const, 'add' as const, 'add' as const), name }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('quota' as const), name, messages: fc.nat(4) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('undelete' as const, 'clean' as const), name, age }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), age }) },
)

/** One store with its sessions and its clock; carries commands out and says what can be seen of each. */
class Office {
  readonly #store: Store
  readonly #sessions = new Map<string, Maildrop>()
  readonly #clock: { at: number }

  constructor(store: Store, clock: { at: number }) {
    this.#store = store
    this.#clock = clock
  }

  async carryOut(command: Command): Promise<unknown> {
    try {
      return await this.#do(command)
    } catch (error) {
      if (isRefusal(error)) return error.code
      if (error instanceof RangeError) return 'out of range'
      throw error
    }
  }

  async state(): Promise<unknown> {
    const accounts = await this.#store.listAccounts()
    const contents = accounts.map(async account => {
      const messages: unknown[] = []
      for await (const message of this.#store.messages(account)) {
        messages.push([message.uidl, message.octets, message.internalDate, await textOf(message)])
      }
      const { name, quotaOctets, usedOctets, usedMessages } = account
      return {
        name,
        quotaOctets,
        usedOctets,
        usedMessages,
        messages,
        expunged: await this.#store.countExpunged(account),
      }
    })
    return { accounts: await Promise.all(contents), integrity: await this.#store.checkIntegrity() }
  }

  async #do(command: Command): Promise<unknown> {
    const store = this.#store
    const session = 'name' in command ? this.#sessions.get(command.name) : undefined
    const account = 'name' in command ? await store.findAccount(command.name) : undefined
    const since = new Date(this.#clock.at - ('age' in command ? command.age : 0))
    switch (command.do) {
      case 'deliver': {
        const accounts = await Promise.all(command.to.map(to => store.findAccount(to)))
        const copies = accounts.flatMap((to, i) =>
          to ? [copyFor(to, { uidl: command.uidl, trace: octets(`T: ${i}\r\n`), internalDate: since })] : [],
        )
        const pairs = copies.map((_, i) => [i, (i + 1) % copies.length])
        const mode = command.mode === 'pairs' ? pairs : command.mode
        return deliver(store, copies, `${plainText}${command.uidl}\r\n`, mode)
      }
      case 'open': {
        if (!account) return 'nobody'
        const maildrop = await store.openMaildrop(account, { sessionId: 's', peer: 'p' })
        this.#sessions.set(command.name, maildrop)
        return [...maildrop.listing.uidls, ...maildrop.listing.octets, maildrop.listing.totalOctets]
      }
      case 'read': {
        const { listing } = session ?? {}
        const reads = Array.from({ length: listing?.count ?? 0 }, async (_, index) => {
          const message = await session?.read(index).catch((error: { code: string }) => error.code)
          return typeof message === 'object' ? textOf(message) : message
        })
        return Promise.all(reads)
      }
      case 'update':
        return session?.update(command.indexes)
      case 'release':
        return session?.release()
      case 'break':
        return store.breakLease(command.name)
      case 'remove':
        return store.removeAccount(command.name)
      case 'add':
        return (await store.addAccount({ name: command.name })).name
      case 'quota':
        return store.setQuota(command.name, command.messages * (plainText.length + 10))
      case 'undelete':
        return account && store.undelete(account, { since })
      case 'clean':
        return freedOf(await store.clean(since))
      case 'pass':
        this.#clock.at += command.age
        return undefined
    }
  }
}

/** In how many steps is the store's own affair. */
function freedOf({ messages, contents }: Cleaning) {
  return { messages, contents }
}

export function randomOperationsSuite(factory: StoreFactory): void {
  it('does with any sequence of operations what the store in memory does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 60 }), async commands => {
        const clocks = [{ at: 1e12 }, { at: 1e12 }] as const
        const reference = createMemoryStore({ now: () => clocks[0].at, leaseMs })
        const tested = await factory({ now: () => clocks[1].at, leaseMs })
        const offices = [new Office(reference, clocks[0]), new Office(tested, clocks[1])] as const
        try {
          for (const start of names)
            await Promise.all([reference.addAccount({ name: start }), tested.addAccount({ name: start })])
          for (const next of commands) {
            expect(await offices[1].carryOut(next), JSON.stringify(next)).toEqual(
              await offices[0].carryOut(next),
            )
          }
          expect(await offices[1].state()).toEqual(await offices[0].state())
        } finally {
          await reference.close()
          await tested.close()
        }
      }),
      { numRuns: 30 },
    )
  }, 120_000)
}
