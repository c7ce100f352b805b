// npm run bench: fills every server with the same mail, measures them in turn, round by round, and prints medians,
// ratios and whether the targets were reached. See bench/README.md.
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { MaildropPlan } from './corpus.ts'
import { describeMachine } from './machine.ts'
import { measure, type Span } from './measure.ts'
import { type Options, parseOptions, usage } from './options.ts'
import { formatProfiles } from './profile.ts'
import { formatResults, formatSample, type Sample, summarize } from './report.ts'
import { type ScenarioName, scenarios } from './scenarios.ts'
import { Bare } from './servers/bare.ts'
import { type CertificateFiles, makeCertificate } from './servers/certificate.ts'
import type { Contender, ContenderName, RunningServer } from './servers/contender.ts'
import { Dovecot } from './servers/dovecot.ts'
import { Poplar } from './servers/poplar.ts'

const resultsFile = resolve(import.meta.dirname, '../../bench/results.json')

/** What must not outlive this process. */
const running = new Set<RunningServer>()
const contenders: Contender[] = []
let certificate: CertificateFiles | undefined

async function main(): Promise<void> {
  const args = process.argv.slice(2)
  if (args.includes('--help')) return print(usage)
  const options = parseOptions(args, resultsFile)
  certificate = makeCertificate(options.keyKind)
  for (const name of options.servers) contenders.push(createContender(name, certificate))
  for (const contender of contenders) await fill(contender, options)
  const samples: Sample[] = []
  for (const scenario of options.scenarios) samples.push(...(await runScenario(scenario, options)))
  const results = summarize(
    {
      command: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
      at: new Date().toISOString(),
      machine: describeMachine(),
      servers: Object.fromEntries(contenders.map(({ name, title }) => [name, title])),
      rounds: options.rounds,
      measureSeconds: options.measureMs / 1000,
      sessions: options.sessions,
    },
    samples,
  )
  print(`\n${formatResults(results)}`)
  if (options.jsonFile) writeFileSync(options.jsonFile, `${JSON.stringify(results, null, 2)}\n`)
}

function createContender(name: ContenderName, files: CertificateFiles): Contender {
  switch (name) {
    case 'poplar':
      return new Poplar('poplar', files)
    case 'uncached':
    case 'metered':
      return new Poplar(name, files)
    case 'dovecot':
      return new Dovecot(files)
    case 'bare':
      return new Bare()
  }
}

async function fill(contender: Contender, options: Options): Promise<void> {
  const taking = options.scenarios
    .map(name => scenarios[name])
    .filter(({ without }) => !without?.includes(contender.name))
  const sources = new Set(taking.map(({ maildrops }) => maildrops))
  const plans: MaildropPlan[] = [...sources].flatMap(maildrops => maildrops())
  const startedAt = performance.now()
  await contender.fill(plans)
  print(`${contender.title}: filled in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
}

/** Every round measures every server; who begins changes from round to round. */
async function runScenario(name: ScenarioName, options: Options): Promise<Sample[]> {
  const { without = [], isFresh = false } = scenarios[name]
  const taking = contenders.filter(contender => !without.includes(contender.name))
  const profileFolder = options.profileFolder && join(options.profileFolder, name)
  const servers = new Map<Contender, RunningServer>()
  const samples: Sample[] = []
  const spans: Span[] = []
  for (let round = 1; round <= options.rounds; round++) {
    const order = round % 2 === 1 ? taking : taking.toReversed()
    for (const contender of order) {
      if (isFresh) contender.makeCold()
      const server = servers.get(contender) ?? (await start(contender, profileFolder))
      const { span, ...measured } = await measure(name, server, options)
      const sample = { scenario: name, server: contender.name, round, ...measured }
      print(formatSample(sample))
      samples.push(sample)
      if (span) spans.push(span)
      if (isFresh) await stop(server)
      else servers.set(contender, server)
    }
  }
  for (const server of servers.values()) await stop(server)
  if (profileFolder) print(`\n${formatProfiles(profileFolder, spans)}\n`)
  return samples
}

async function start(contender: Contender, profileFolder?: string): Promise<RunningServer> {
  const server = await contender.start(profileFolder)
  running.add(server)
  return server
}

async function stop(server: RunningServer): Promise<void> {
  running.delete(server)
  await server.stop()
}

/** Stops what still runs and removes every folder that was made. */
async function cleanUp(): Promise<void> {
  for (const server of running) await stop(server)
  for (const contender of contenders) contender.remove()
  certificate?.remove()
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void cleanUp().finally(() => process.exit(1)))
}
try {
  await main()
} catch (error) {
  process.exitCode = 1
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
} finally {
  await cleanUp()
}
