// One source, one ledger, and destinations that keep what they get, for tests of the collector.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Destination, DestinationError, StoreOutcome } from '../../../src/pop3/collector/destination.ts'
import type { CollectEvent, RunSummary } from '../../../src/pop3/collector/events.ts'
import type { Letter } from '../../../src/pop3/collector/letter.ts'
import { type CollectPolicy, defaultPolicy } from '../../../src/pop3/collector/policy.ts'
import { runOnce } from '../../../src/pop3/collector/run.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { ScriptedSource } from './scripted-source.ts'

/** Keeps texts in their order, and knows those that it has by their delivery key. */
export class KeepingDestination implements Destination {
  readonly name: string
  readonly description = 'a test'
  readonly promise = 'exactly-once'
  readonly texts: string[] = []
  /** By the first words of a text, what storing it throws. */
  readonly faults = new Map<string, DestinationError>()
  /** Whatever comes. */
  fault: DestinationError | undefined
  readonly #keys = new Set<string>()

  constructor(name = 'ann') {
    this.name = name
  }

  async store(letter: Letter): Promise<StoreOutcome> {
    const chunks: Uint8Array[] = []
    for await (const chunk of letter.body()) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString('latin1')
    const fault = this.fault ?? [...this.faults].find(([words]) => text.startsWith(words))?.[1]
    if (fault) throw fault
    if (this.#keys.has(letter.deliveryKey)) return 'known'
    this.#keys.add(letter.deliveryKey)
    this.texts.push(text)
    return 'stored'
  }

  async close(): Promise<void> {}
}

export function setUp() {
  const folder = mkdtempSync(join(tmpdir(), 'poplar-collector-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const ledger = createMemoryStore()
  const source = new ScriptedSource()
  const ann = new KeepingDestination()
  const events: CollectEvent[] = []
  let now = Date.parse('2026-11-20T12:00:00Z')

  return {
    ledger,
    source,
    ann,
    events,
    /** Lets time go by. */
    pass: (days: number) => {
      now += days * 86_400_000
    },
    run: (
      policy: Partial<CollectPolicy> = {},
      destinations: readonly Destination[] = [ann],
      more: { readonly isDryRun?: boolean; readonly signal?: AbortSignal } = {},
    ): Promise<RunSummary> =>
      runOnce(
        {
          source,
          destinations,
          policy: { ...defaultPolicy, ...policy },
          ledger,
          spoolFolder: join(folder, 'spool'),
          hostname: 'mail.example',
          signal: new AbortController().signal,
          onEvent: event => events.push(event),
          now: () => new Date(now),
          ...more,
        },
        () => true,
      ),
    states: async (): Promise<Record<string, string>> => {
      const records = await ledger.loadRecords('old')
      return Object.fromEntries([...records.values()].map(({ key, state }) => [key, state]))
    },
  }
}
