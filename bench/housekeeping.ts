// How long housekeeping keeps others from writing: a server's store removes and frees many messages while small mail goes on
// coming in. Prints the longest step and how long a delivery waited, beside what it waits when nothing else is done.
//
//     npm run build && npx tsc -p bench/tsconfig.json && node dist-bench/bench/housekeeping.js [messages] [octets]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Account } from '../src/mail/account.ts'
import { addHousework, type Housework, noHousework } from '../src/mail/housework.ts'
import type { Store } from '../src/mail/store.ts'
import { openStore } from '../src/store/open-store.ts'

const [messages = 20_000, octets = 20_000] = process.argv.slice(2).map(Number)
const folder = mkdtempSync(join(process.env['BENCH_FOLDER'] ?? tmpdir(), 'poplar-housekeeping-'))
const header = 'Subject: bench\r\n\r\n'
const body = Buffer.from(`${header}${'x'.repeat(octets - header.length - 2)}\r\n`)
const facts = { headerOctets: header.length, dotLines: 0 }

async function deliver(store: Store, account: Account, internalDate: Date): Promise<void> {
  const delivery = store.begin()
  await delivery.write(body)
  await delivery.commit(facts, [{ account, trace: new Uint8Array(0), internalDate }], 'all')
}

/** Deliveries one after the other until the work is done; how long each took, in order of length. */
async function waitsDuring(store: Store, account: Account, work: Promise<unknown>): Promise<number[]> {
  let isDone = false
  void work.finally(() => {
    isDone = true
  })
  const waits: number[] = []
  while (!isDone) {
    const begun = performance.now()
    await deliver(store, account, new Date())
    waits.push(performance.now() - begun)
  }
  return waits.sort((one, other) => one - other)
}

function figures(waits: readonly number[]): string {
  const at = (part: number) =>
    (waits[Math.min(waits.length - 1, Math.floor(waits.length * part))] ?? 0).toFixed(1)
  return `${waits.length} deliveries, waited ${at(0.5)} ms (median), ${at(0.99)} ms (99 %), ${at(1)} ms at most`
}

async function measure(): Promise<void> {
  const store = await openStore({ folder, writer: 'thread' })
  const full = await store.addAccount({ name: 'full' })
  const other = await store.addAccount({ name: 'other' })
  for (let left = messages; left > 0; left -= 500)
    await Promise.all(Array.from({ length: Math.min(500, left) }, () => deliver(store, full, new Date(0))))

  const pause = new Promise(resolve => setTimeout(resolve, 3000))
  console.log(`quiet:        ${figures(await waitsDuring(store, other, pause))}`)
  let done: Housework = noHousework
  const housekeeping = (async () => {
    done = addHousework(done, await store.applyRetention([{ folder: 'INBOX', olderThanMs: 86_400_000 }]))
    done = addHousework(done, await store.clean(new Date(Date.now() + 1)))
    await store.pruneDeletions(new Date(Date.now() + 1))
  })()
  const waits = await waitsDuring(store, other, housekeeping)
  await housekeeping
  console.log(`housekeeping: ${figures(waits)}`)
  console.log(
    `${done.steps} steps, the largest of ${done.largestStep} messages, the longest ${done.longestStepMs.toFixed(1)} ms`,
  )
  await store.close()
}

try {
  await measure()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
