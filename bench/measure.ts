// One measurement: one scenario, once, on one running server.
import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { factsOf, type MaildropFacts } from './corpus.ts'
import type { RateResult } from './load/job.ts'
import { runLoad, startIdleLoad } from './load-process.ts'
import type { Options } from './options.ts'
import { type MetricName, type ScenarioName, scenarios } from './scenarios.ts'
import { mailDomain, type RunningServer } from './servers/contender.ts'
import { familyCpuSeconds, familyMemory } from './servers/processes.ts'
import { median } from './statistics.ts'

/** A stretch of time on the machine's monotonic clock, in microseconds. */
export interface Span {
  readonly from: number
  readonly to: number
}

export interface Measurement {
  readonly figures: Partial<Record<MetricName, number>>
  /** Cores kept busy while a rate was measured. */
  readonly cores?: { readonly server: number; readonly generator: number }
  /** Message octets a second. */
  readonly octetsPerSecond?: number
  /** The measured time. */
  readonly span?: Span
}

type Timing = Pick<Options, 'sessions' | 'warmUpMs' | 'measureMs'>

const visitsOfHugeMaildrop = 6
/** What a server gets to come to rest. */
const settleMs = 2000
const messagesPerConnection = 10
const factsByScenario = new Map<ScenarioName, readonly MaildropFacts[]>()

export async function measure(
  name: ScenarioName,
  server: RunningServer,
  { sessions, warmUpMs, measureMs }: Timing,
): Promise<Measurement> {
  const { work, script = 'login' } = scenarios[name]
  const maildrops = factsOfScenario(name)
  const timing = { sessions, warmUpMs, measureMs }
  const { pop3Port, lmtpPort = 0 } = server
  switch (work) {
    case 'pop3':
      return measureRate(name as MetricName, server, atPhase =>
        runLoad({ kind: 'pop3', port: pop3Port, script, maildrops, ...timing }, atPhase),
      )
    case 'lmtp':
      return measureRate(name as MetricName, server, atPhase =>
        runLoad(
          {
            kind: 'lmtp',
            port: lmtpPort,
            pop3Port,
            maildrops,
            domain: mailDomain,
            messagesPerConnection,
            ...timing,
          },
          atPhase,
        ),
      )
    case 'idle':
      return measureIdle(server, maildrops)
    case 'listing':
      return measureListing(server, maildrops)
  }
}

async function measureRate(
  metric: MetricName,
  { pid }: RunningServer,
  run: (atPhase: () => void) => Promise<RateResult>,
): Promise<Measurement> {
  // What an earlier measurement left to be written shall not slow this one.
  execFileSync('sync')
  const phases: { readonly cpuSeconds: number; readonly atUs: number }[] = []
  const result = await run(() =>
    phases.push({ cpuSeconds: familyCpuSeconds(pid), atUs: Number(process.hrtime.bigint() / 1000n) }),
  )
  const { units, octets, seconds, cpuSeconds } = result
  const [begun, ended] = phases
  if (!begun || !ended) throw new Error('the load process did not say when it measured')
  return {
    figures: { [metric]: units / seconds },
    cores: { server: (ended.cpuSeconds - begun.cpuSeconds) / seconds, generator: cpuSeconds / seconds },
    octetsPerSecond: octets / seconds,
    span: { from: begun.atUs, to: ended.atUs },
  }
}

async function measureIdle(server: RunningServer, maildrops: readonly MaildropFacts[]) {
  const load = startIdleLoad({ kind: 'idle', port: server.pop3Port, maildrops })
  try {
    // Only a few before: what a server keeps of many sessions when they are gone, such as caches, counts as theirs.
    await load.do('visit')
    const before = await memoryAtRest(server)
    await load.do('open')
    const after = await memoryAtRest(server)
    await load.do('close')
    return { figures: { idle: (after - before) / 1000 / maildrops.length } }
  } finally {
    load.end()
  }
}

async function memoryAtRest(server: RunningServer): Promise<number> {
  await sleep(settleMs)
  server.collectGarbage?.()
  await sleep(settleMs)
  return familyMemory(server.pid)
}

async function measureListing({ pop3Port }: RunningServer, [maildrop]: readonly MaildropFacts[]) {
  if (!maildrop) throw new Error('no maildrop to list')
  const [first, ...then] = await runLoad({
    kind: 'listing',
    port: pop3Port,
    maildrop,
    visits: visitsOfHugeMaildrop,
  })
  return {
    figures: {
      hugeFirst: first?.listedMs ?? Number.NaN,
      hugeAgain: median(then.map(visit => visit.listedMs)),
    },
  }
}

function factsOfScenario(name: ScenarioName): readonly MaildropFacts[] {
  const known = factsByScenario.get(name)
  if (known) return known
  const facts = scenarios[name].maildrops().map(factsOf)
  factsByScenario.set(name, facts)
  return facts
}
