// One measurement: one scenario, once, on one running server.
import { setTimeout as sleep } from 'node:timers/promises'
import { factsOf, type MaildropFacts } from './corpus.ts'
import type { RateResult } from './load/job.ts'
import { runLoad, startIdleLoad } from './load-process.ts'
import { measureFlood, measureShedding } from './measure-flood.ts'
import type { Options } from './options.ts'
import { type MetricName, metrics, type Scenario, type ScenarioName, scenarios } from './scenarios.ts'
import { mailDomain, type RunningServer } from './servers/contender.ts'
import { familyMemory } from './servers/processes.ts'
import { median } from './statistics.ts'
import { watch } from './watch.ts'

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
  /** What else is worth knowing, for people. */
  readonly notes?: readonly string[]
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
  const scenario = scenarios[name]
  const maildrops = factsOfScenario(name)
  const timing = { sessions, warmUpMs, measureMs }
  const { pop3Port, lmtpPort = 0 } = server
  switch (scenario.work) {
    case 'pop3': {
      const job = { ...pop3JobOf(scenario, server), maildrops, ...timing }
      return measureRate(rateMetricOf(name), server, atPhase => runLoad(job, atPhase))
    }
    case 'lmtp':
      return measureRate(rateMetricOf(name), server, atPhase =>
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
    case 'flood':
      return measureFlood(server, maildrops, { warmUpMs, measureMs })
    case 'shed':
      return measureShedding(server, maildrops, { warmUpMs, measureMs })
  }
}

function pop3JobOf(
  { script = 'login', channel = 'clear', login = 'password', passes = 1 }: Scenario,
  { pop3Port, pop3sPort = 0 }: RunningServer,
) {
  const port = channel === 'clear' ? pop3Port : pop3sPort
  return { kind: 'pop3', port, checkPort: pop3Port, script, channel, login, passes } as const
}

/** The one metric of a scenario whose figure is a rate. */
function rateMetricOf(name: ScenarioName): MetricName {
  const found = (Object.keys(metrics) as MetricName[]).find(metric => metrics[metric].scenario === name)
  if (!found) throw new Error(`nothing is measured in ${name}`)
  return found
}

async function measureRate(
  metric: MetricName,
  server: RunningServer,
  run: (atPhase: () => void) => Promise<RateResult>,
): Promise<Measurement> {
  const { result, phases } = await watch(server, run)
  const { units, octets, seconds, cpuSeconds, resumedShare } = result
  const [begun, ended] = phases
  if (!begun || !ended) throw new Error('the load process did not say when it measured')
  return {
    figures: { [metric]: units / seconds },
    cores: { server: (ended.cpuSeconds - begun.cpuSeconds) / seconds, generator: cpuSeconds / seconds },
    octetsPerSecond: octets / seconds,
    ...(resumedShare !== undefined && {
      notes: [`${(100 * resumedShare).toFixed(1)} % of the handshakes resumed`],
    }),
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
