// Unknown name, wrong password and disabled account take alike long to refuse, by statistics: many logins of each kind in
// turn, the medians compared; on a machine that is busy with other things, more than once. The same comparison tells them
// apart once the decoy is missing.
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { hashSync } from 'bcryptjs'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type AuthenticatorOptions, createAuthenticator } from '../../src/auth/authenticator.ts'
import { Decoys } from '../../src/auth/decoys.ts'
import { HashPace } from '../../src/auth/hash-pace.ts'
import type { PasswordCost } from '../../src/auth/password.ts'
import { storePassword } from '../../src/auth/stored-password.ts'
import type { AccountDirectory } from '../../src/mail/account-directory.ts'
import type { Store } from '../../src/mail/store.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'

/** Dear enough to stand out from everything around it: some milliseconds. */
const cost: PasswordCost = { memoryKiB: 4096, passes: 2, lanes: 1 }
const samples = 200
/** Of those that wait for a dear hash. */
const fewSamples = 40
/** By how much medians may differ; without the decoy it is a factor of ten or more. */
const likeness = 1.3
const origin = { protocol: 'pop3', peer: '192.0.2.1', sessionId: 's', channel: undefined } as const
const options: AuthenticatorOptions = { cost, concurrency: 1, throttle: { maxDelayMs: 0 } }

const kinds = {
  'wrong password': 'ann',
  'unknown name': 'nobody',
  'unknown name with a domain': 'nobody@example.net',
  'no password set': 'new',
  'disabled account': 'dis',
}
type Kind = keyof typeof kinds

let store: Store
beforeAll(async () => {
  store = createMemoryStore()
  const stored = await storePassword(Buffer.from('secret'), { cost, scramIterations: 4096 })
  await store.addAccount({ name: 'ann', ...stored })
  await store.addAccount({ name: 'new' })
  await store.addAccount({ name: 'dis', ...stored })
  await store.setDisabled('dis', true)
})
afterAll(() => store.close())

/** The median of each kind in milliseconds; all kinds take turns, so that what else the machine does meets all alike. */
async function medians<K extends string = Kind>(
  directory: AccountDirectory = store,
  names: Readonly<Record<K, string>> = kinds as Record<string, string> as Record<K, string>,
  count = samples,
): Promise<Record<K, number>> {
  const authenticator = createAuthenticator(directory, { ...options, registry: store, appPasswords: store })
  const durations = new Map<K, number[]>()
  const all = Object.entries(names) as [K, string][]
  for (let sample = -5; sample < count; sample++) {
    for (const [kind, name] of all) {
      const began = performance.now()
      expect(await authenticator.authenticate(name, Buffer.from('guess'), origin)).toBeUndefined()
      const durationMs = performance.now() - began
      // The first make the thread, the decoy and the machine code.
      if (sample >= 0) durations.set(kind, [...(durations.get(kind) ?? []), durationMs])
    }
  }
  await authenticator.close()
  return Object.fromEntries(all.map(([kind]) => [kind, median(durations.get(kind) ?? [])])) as Record<
    K,
    number
  >
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0
}

function spread(values: Readonly<Record<string, number>>): number {
  return Math.max(...Object.values(values)) / Math.min(...Object.values(values))
}

describe('a refusal', () => {
  it('takes alike long, whatever is wrong', { timeout: 120_000, retry: 2 }, async () => {
    const measured = await medians()
    expect(spread(measured), JSON.stringify(measured)).toBeLessThan(likeness)
  })

  it('takes alike long where a directory checks passwords itself', {
    timeout: 120_000,
    retry: 2,
  }, async () => {
    const slow: AccountDirectory = {
      findAccount: async name => {
        const account = await store.findAccount(name)
        return account && { ...account, passwordHash: undefined }
      },
      findAlias: async () => [],
      checkPassword: async () => {
        await sleep(15 + 10 * Math.random())
        return false
      },
    }
    const measured = await medians(slow)
    expect(spread(measured), JSON.stringify(measured)).toBeLessThan(likeness)
  })

  it('would tell unknown names by their time without the decoy', { timeout: 120_000 }, async () => {
    const decoy = vi.spyOn(Decoys.prototype, 'hash').mockResolvedValue('{PLAIN}nothing')
    // What is no hash of the office's cost is followed by the decoy, which is as cheap.
    const measured = await medians()
    decoy.mockRestore()
    expect(spread(measured), JSON.stringify(measured)).toBeGreaterThan(likeness)
  })

  describe('where hashes came along from elsewhere', () => {
    const moved = { ...kinds, 'a dear hash': 'dear', 'a cheap hash': 'cheap', 'a dear hash, disabled': 'off' }
    beforeAll(async () => {
      const dear = `{BLF-CRYPT}${hashSync('secret', 8)}`
      await store.addAccount({ name: 'dear', passwordHash: dear })
      await store.addAccount({ name: 'cheap', passwordHash: '{PLAIN}secret' })
      await store.addAccount({ name: 'off', passwordHash: dear })
      await store.setDisabled('off', true)
    })

    it('takes alike long', { timeout: 120_000, retry: 2 }, async () => {
      const measured = await medians(store, moved, fewSamples)
      expect(spread(measured), JSON.stringify(measured)).toBeLessThan(likeness)
    })

    it('would tell dear ones by their time if nobody waited like them', { timeout: 120_000 }, async () => {
      const imitation = vi.spyOn(HashPace.prototype, 'imitate').mockResolvedValue()
      const measured = await medians(store, moved, fewSamples)
      imitation.mockRestore()
      expect(spread(measured), JSON.stringify(measured)).toBeGreaterThan(likeness)
    })
  })
})
