// What very many messages cost our collector: its memory while it collects them all in one run, and the time it takes to come
// back when all are known, beside a client that asks for the same listing and looks at nothing.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { hugeMaildrop, type MaildropPlan } from './corpus.ts'
import { Pop3Client } from './load/pop3-client.ts'
import { type PoplarCollector, preparePoplarCollector } from './poplar-collector.ts'
import type { Contender } from './servers/contender.ts'
import { familyCpuSeconds, familyMemory } from './servers/processes.ts'
import { median } from './statistics.ts'

const sampleMs = 50
/** Of all messages, at which memory is told. */
const shares = [0.02, 0.1, 0.25, 0.5, 0.75, 1] as const

interface Sample {
  /** Recorded in the ledger. */
  readonly messages: number
  /** Of memory that belongs to no file. */
  readonly octets: number
}

interface Watched {
  /** Of wall time. */
  readonly seconds: number
  readonly processorSeconds: number
  readonly samples: readonly Sample[]
  /** The most that was resident at once, pages of files included. */
  readonly mostOctets: number
  readonly output: string
}

export interface ManyOptions {
  readonly server: Contender
  readonly count: number
  /** Runs when all are known. */
  readonly rounds: number
}

/** Lays the mail down, collects it, comes back, prints what it cost. */
export async function collectMany({ server, count, rounds }: ManyOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'poplar-collect-many-'))
  try {
    const [plan] = hugeMaildrop(count)
    if (!plan) return
    await server.fill([plan])
    const running = await server.start()
    const port = running.pop3Port
    try {
      const collector = preparePoplarCollector(folder, { user: plan.name, secret: plan.password, port })
      // As every run after it, the first finds the server's caches warm.
      await listBarely(plan, port)
      const first = await watch(collector, [], true)
      const stored = collector.stored()
      if (stored !== count) throw new Error(`${stored} of ${count} were stored`)
      console.log(`\n${count} messages of 1024 octets from ${server.title}, in one run:`)
      tellFirst(first, count)
      await comeBack(collector, plan, port, rounds)
    } finally {
      await running.stop()
    }
  } finally {
    server.remove()
    rmSync(folder, { recursive: true, force: true })
  }
}

function tellFirst({ seconds, processorSeconds, samples, mostOctets }: Watched, count: number): void {
  console.log(
    `  ${seconds.toFixed(1)} s, ${(count / seconds).toFixed(0)} messages/s, ${processorSeconds.toFixed(1)} s of processor`,
  )
  const at = shares.map(share => {
    const sample = samples.find(({ messages }) => messages >= share * count)
    return `${share * 100} %: ${mebibytes(sample?.octets ?? 0)}`
  })
  const most = Math.max(...samples.map(({ octets }) => octets))
  console.log(
    `  memory in MiB, without files: ${at.join(', ')}; the most ${mebibytes(most)}; with files ${mebibytes(mostOctets)}`,
  )
}

interface Again {
  /** Of the whole process. */
  readonly process: number
  /** Of the run in it: from before it connects until all is recorded. */
  readonly run: number
  /** Of a client that only logs in and lists. */
  readonly listing: number
  /** Of the processor, by the whole process. */
  readonly processor: number
  readonly octets: number
}

/** Each run beside the server's own listing of the same moment. */
async function comeBack(
  collector: PoplarCollector,
  plan: MaildropPlan,
  port: number,
  rounds: number,
): Promise<void> {
  const all: Again[] = []
  for (let round = 0; round < rounds; round++) {
    const listing = await listBarely(plan, port)
    const {
      seconds,
      processorSeconds: processor,
      output,
      samples,
    } = await watch(collector, ['--json'], false)
    const { listed, fetched, durationMs } = summaryIn(output)
    if (listed !== plan.messageCount || fetched !== 0)
      throw new Error(`${listed} were listed and ${fetched} fetched`)
    const octets = Math.max(...samples.map(sample => sample.octets))
    all.push({ process: seconds, run: durationMs / 1000, listing, processor, octets })
  }
  const of = (take: (each: Again) => number) => median(all.map(take))
  const inSeconds = (take: (each: Again) => number) => `${of(take).toFixed(2)} s`
  console.log(`when all ${plan.messageCount} are known, medians of ${rounds}:`)
  console.log(
    `  the run ${inSeconds(({ run }) => run)}, the server's own listing ${inSeconds(({ listing }) => listing)}: ` +
      `${inSeconds(({ run, listing }) => run - listing)} beyond it`,
  )
  console.log(
    `  the whole process ${inSeconds(each => each.process)}, ${inSeconds(({ processor }) => processor)} of processor; the most memory ${mebibytes(of(({ octets }) => octets))} MiB`,
  )
}

interface Summary {
  readonly listed: number
  readonly fetched: number
  readonly durationMs: number
}

function summaryIn(output: string): Summary {
  const events = output
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as { summary?: Summary })
  const summary = events.at(-1)?.summary
  if (!summary) throw new Error(`the collector did not finish: ${output.slice(-1000)}`)
  return summary
}

/** Seconds from the connection to the end of the session, with what any client asks to know what there is. */
async function listBarely({ name, password, messageCount }: MaildropPlan, port: number): Promise<number> {
  const began = performance.now()
  const client = await Pop3Client.connect(port)
  await client.multiLine('CAPA')
  await client.login({ name, password, messageCount, totalOctets: 0, totalDotLines: 0 })
  await client.multiLine('LIST')
  await client.multiLine('UIDL')
  await client.quit()
  return (performance.now() - began) / 1000
}

/** Runs it to its end, and looks at its memory meanwhile; at the ledger only where that grows, for it costs the run time. */
async function watch(
  { command: [program, ...args], env, mailFile }: PoplarCollector,
  more: readonly string[],
  ledgerGrows: boolean,
): Promise<Watched> {
  const ledger = new Sqlite(mailFile, { readonly: true })
  const recorded = ledger.prepare<[], number>('select count(*) from collected_message').pluck()
  const began = performance.now()
  const child = spawn(program, [...args, ...more], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const { pid = 0 } = child
  let output = ''
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    output += text
  })
  let seconds = 0
  const ended = once(child, 'close').then(() => {
    seconds = (performance.now() - began) / 1000
  })
  const samples: Sample[] = []
  let mostOctets = 0
  let processorSeconds = 0
  while (seconds === 0) {
    const octets = familyMemory(pid)
    if (octets > 0) samples.push({ messages: ledgerGrows ? (recorded.get() ?? 0) : 0, octets })
    mostOctets = Math.max(mostOctets, peakOf(pid))
    processorSeconds = Math.max(processorSeconds, familyCpuSeconds(pid))
    await Promise.race([ended, sleep(sampleMs)])
  }
  ledger.close()
  if (child.exitCode !== 0) throw new Error(`the collector ended with ${child.exitCode}: ${output}`)
  return { seconds, processorSeconds, samples, mostOctets, output }
}

/** Octets; 0 when the process has ended. */
function peakOf(pid: number): number {
  try {
    const [, kibibytes = '0'] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kibibytes) * 1024
  } catch {
    return 0
  }
}

function mebibytes(octets: number): string {
  return (octets / 2 ** 20).toFixed(0)
}
