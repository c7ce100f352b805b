// A collector that sleeps while another takes its source: what it does when it wakes up.
import { describe, expect, it } from 'vitest'
import type { CollectedRecord } from '../../../src/mail/collection-ledger.ts'
import { Collector } from '../../../src/pop3/collector/collector.ts'
import { defaultPolicy } from '../../../src/pop3/collector/policy.ts'
import { newRecord, skipped } from '../../../src/pop3/collector/record.ts'
import { newSource } from '../../../src/pop3/collector/source-state.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { KeepingDestination } from './collecting.ts'
import { ScriptedSource } from './scripted-source.ts'

const never = new AbortController().signal

describe('a source that another collector has taken over meanwhile', () => {
  it.each([
    'keep',
    'delete',
  ] as const)('is left to it, and nothing of what it knows is written over (%s)', async what => {
    let time = Date.parse('2026-11-20T12:00:00Z')
    const ledger = createMemoryStore({ now: () => time, leaseMs: 1000 })
    const source = new ScriptedSource().put('one', 'two')
    const destination = new KeepingDestination()
    const store = destination.store.bind(destination)
    let theirs: readonly CollectedRecord[] = []
    // Asleep while it stores the first message: the other has come, and has seen them all.
    destination.store = async letter => {
      const outcome = await store(letter)
      time += 1000
      const other = await ledger.leaseSource('old')
      if (other) {
        const { messages } = await (await source.open()).listing(never)
        theirs = messages.map(({ key = '' }) => skipped(newRecord('old', key), 'the other was here'))
        await ledger.saveRecords(theirs, other)
        await ledger.saveSource(newSource('old', source.identity), other)
      }
      return outcome
    }
    const policy = { ...defaultPolicy, keep: what === 'keep' ? 'all' : 'none' } as const
    const collector = new Collector({
      collections: [{ source, openDestinations: () => [destination], policy, everyMs: 0 }],
      ledger,
      // Never made: letters here are small.
      spoolFolder: '/nonexistent/spool',
      hostname: 'mail.example',
      atOnce: 1,
      onEvent: () => undefined,
      onFault: error => {
        throw error
      },
      now: () => new Date(time),
    })
    expect(await collector.run({ signal: never })).toMatchObject([
      {
        trouble: {
          fault: 'busy',
          reason: expect.stringMatching(/another collector has taken over/) as string,
        },
      },
    ])
    expect([...(await ledger.loadRecords('old')).values()]).toEqual(theirs)
    expect(await ledger.findSource('old')).toEqual(newSource('old', source.identity))
    expect(source.mails).toHaveLength(2)
  })
})
