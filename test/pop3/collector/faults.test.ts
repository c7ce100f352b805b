// Every fault that the test office makes of a POP3 server, with every policy: in the end each message is in the destination
// once, as it was, and at the source as the policy says.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { connect, password } from '../../../src/pop3/client/index.ts'
import { type CollectPolicy, defaultPolicy } from '../../../src/pop3/collector/policy.ts'
import { runOnce } from '../../../src/pop3/collector/run.ts'
import { pop3Source } from '../../../src/pop3/collector/sources/pop3.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { type ChaosRule, startTestOffice } from '../../../src/testing/index.ts'
import { KeepingDestination } from './collecting.ts'

/** Each until it was made once, but for those that say more. Faults of TLS and of tokens are those of the client's tests. */
const rules: readonly ChaosRule[] = [
  { fault: 'drop', nth: 3 },
  { fault: 'drop', verb: 'UIDL', nth: 1 },
  { fault: 'drop', verb: 'LIST', nth: 1 },
  { fault: 'drop', verb: 'DELE', nth: 2 },
  { fault: 'drop', verb: 'QUIT', nth: 1, afterOctets: 2 },
  { fault: 'stall', nth: 2 },
  { fault: 'stall', verb: 'PASS', nth: 1 },
  { fault: 'trickle', octets: 1 },
  { fault: 'delay', verb: 'RETR', ms: 5 },
  { fault: 'wrong-size', octets: 100 },
  { fault: 'wrong-size', octets: -50 },
  { fault: 'wrong-size', octets: 7, nth: 1 },
  { fault: 'duplicate-uidl', nth: 1 },
  { fault: 'changed-uidl', nth: 1 },
  { fault: 'changed-uidl', each: 'session' },
  { fault: 'changed-uidl', each: 'command' },
  { fault: 'numbered-uidl' },
  { fault: 'numbered-uidl', nth: 1 },
  { fault: 'list-gap', nth: 1 },
  { fault: 'empty-listing', nth: 3 },
  { fault: 'in-use', nth: 1 },
  { fault: 'login-delay', nth: 1 },
  { fault: 'sys-temp', nth: 1 },
  { fault: 'reply', verb: 'RETR', nth: 2, text: '-ERR no such message today' },
  { fault: 'reply', verb: 'DELE', nth: 1, text: '-ERR not now' },
  { fault: 'reply', verb: 'QUIT', nth: 1, text: '-ERR some deleted messages were not removed' },
  { fault: 'reply', verb: 'UIDL', text: '-ERR unknown command' },
  { fault: 'unstuffed-dot', nth: 1 },
  { fault: 'unstuffed-dot', nth: 3 },
  { fault: 'missing-dot', nth: 2 },
  { fault: 'truncated', nth: 2 },
  { fault: 'lying-capa', add: ['PIPELINING', 'STLS', 'UTF8'] },
  { fault: 'lying-capa', remove: ['UIDL', 'TOP', 'PIPELINING'] },
  { fault: 'garbage', verb: 'RETR', nth: 2 },
  { fault: 'no-answer', nth: 1 },
  { fault: 'no-answer', nth: 1, carriedOut: false },
]

const policies: Readonly<Record<string, Partial<CollectPolicy>>> = {
  'everything stays': { keep: 'all' },
  'nothing stays': { keep: 'none', commitEvery: 2 },
  'stays for a day': { keep: { days: 1 } },
}

const texts = [
  'Subject: one\r\n\r\n.a line with a dot\r\n..and another\r\n.\r\nbehind a dot alone\r\n',
  'Subject: two\r\n\r\n\u00fc\u00ff\r\n\r\n\r\n',
  'Subject: three\r\n\r\n.\r\n.\r\nthree lines behind two dots\r\n',
  `Subject: four\r\n\r\n${'a line of some length, many times\r\n'.repeat(50)}`,
  'Subject: five\r\n\r\n',
]

/** Runs after which everything has to be right, a day apart. */
const runs = 9

describe.each(Object.entries(policies))('where %s', (_, policy) => {
  it.concurrent.each(rules.map(rule => [JSON.stringify(rule), rule] as const))(
    'every message comes once through %s',
    { timeout: 60_000 },
    async (_text, rule) => {
      const { stored, left, injected } = await collectThrough(rule, policy)
      // Where nothing is deleted, nobody says DELE.
      if (policy.keep !== 'all' || rule.verb !== 'DELE') expect(injected).toBeGreaterThan(0)
      expect(stored).toEqual([...texts].sort())
      expect(left).toHaveLength(policy.keep === 'all' ? texts.length : 0)
    },
  )
})

async function collectThrough(rule: ChaosRule, policy: Partial<CollectPolicy>) {
  const folder = mkdtempSync(join(tmpdir(), 'poplar-faults-'))
  try {
    await using office = await startTestOffice({ users: [{ name: 'ann', password: 'sesame' }] })
    for (const text of texts)
      await office.deliver(Buffer.from(text, 'latin1'), { from: '', to: ['ann@office.test'] })
    office.chaos.add(rule)
    const ann = new KeepingDestination()
    const ledger = createMemoryStore()
    const source = pop3Source({
      name: 'old',
      user: 'ann',
      credentials: async () => password('ann', 'sesame', { mechanisms: ['USER'] }),
      connection: {
        host: '127.0.0.1',
        port: office.pop3.port,
        tls: 'none',
        allowCleartextAuth: true,
        timeouts: { command: 500, stall: 500, greeting: 2_000 },
      },
    })
    for (let day = 0; day < runs; day++)
      await runOnce(
        {
          source,
          destinations: [ann],
          policy: { ...defaultPolicy, ...policy },
          ledger,
          spoolFolder: join(folder, 'spool'),
          hostname: 'mail.example',
          signal: new AbortController().signal,
          onEvent: () => undefined,
          now: () => new Date(Date.UTC(2026, 10, 1 + day, day)),
        },
        () => true,
      )
    const injected = office.chaos.injected.length
    office.chaos.clear()
    return { injected, stored: ann.texts.map(withoutTrace).sort(), left: await leftAt(office.pop3.port) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What the office has put in front is no part of it. */
function withoutTrace(text: string): string {
  return texts.find(each => text.endsWith(`\r\n${each}`)) ?? text
}

async function leftAt(port: number): Promise<readonly unknown[]> {
  await using session = await connect({
    host: '127.0.0.1',
    port,
    tls: 'none',
    allowCleartextAuth: true,
    auth: password('ann', 'sesame'),
  })
  return [...(await session.listing())]
}
