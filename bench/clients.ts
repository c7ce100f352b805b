// POP3 clients side by side: what each makes of servers and networks that are not at their best, and how fast it fetches from
// a server that answers from memory. node-pop3 and yapople are installed from npm in a temporary folder; clients that are not
// there are left out.
//
//     npm run bench:clients -- [rounds [scenario...]]
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Behaviour, behave, behaviours, isRight } from './clients/behaviours.ts'
import { type Measured, type Scenario, scenarios } from './clients/scenarios.ts'
import { freePort, startServer, stopServer } from './servers/processes.ts'

const folder = mkdtempSync(join(tmpdir(), 'poplar-clients-'))
const compiled = join(import.meta.dirname, 'clients')
const sources = resolve(import.meta.dirname, '../../bench/clients')
const [rounds = 3] = process.argv.slice(2, 3).map(Number)
/** Only these; then nothing is said of behaviours. All when none is named. */
const only = process.argv.slice(3)
/** Whoever has not ended then hangs. */
const patienceMs = 5_000
const fetchLimitMs = 300_000
/** Node's code for a process that waits for what can never come. */
const unsettled = 13

type Command = readonly [program: string, ...args: string[]]

interface Client {
  readonly name: string
  readonly fetchAll: (scenario: Scenario, port: number) => Command
  /** Undefined where it cannot be made to show the message alone. */
  readonly fetchOne?: (port: number, user: string) => Command
}

const onNode = (name: string): Client => ({
  name,
  fetchAll: (scenario, port) => [
    process.execPath,
    join(compiled, 'fetch.js'),
    name,
    scenario,
    String(port),
    folder,
  ],
  fetchOne: (port, user) => [
    process.execPath,
    join(compiled, 'fetch-one.js'),
    name,
    String(port),
    folder,
    user,
  ],
})

const poplib: Client = {
  name: 'poplib',
  fetchAll: (scenario, port) => [
    'python3',
    join(sources, 'fetch.py'),
    scenario,
    String(port),
    String(scenarios[scenario].messages),
  ],
  fetchOne: (port, user) => ['python3', join(sources, 'fetch-one.py'), String(port), user],
}

const curl: Client = {
  name: 'curl',
  fetchAll: (scenario, port) => [
    'curl',
    '-sS',
    '-o',
    '/dev/null',
    `pop3://${scenario}:x@127.0.0.1:${port}/[1-${scenarios[scenario].messages}]`,
  ],
}

function clientsThatAreThere(): Client[] {
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  const install = ['install', '--no-audit', '--no-fund', '--silent', 'node-pop3@0.11.0', 'yapople@0.4.10']
  const isInstalled = spawnSync('npm', install, { cwd: folder, stdio: 'inherit' }).status === 0
  const isThere = (program: string) => spawnSync(program, ['--version']).status === 0
  return [
    onNode('poplar'),
    ...(isInstalled ? [onNode('node-pop3'), onNode('yapople')] : []),
    ...(isThere('python3') ? [poplib] : []),
    ...(isThere('curl') ? [curl] : []),
  ]
}

interface Ended {
  readonly output: string
  readonly code: number | undefined
}

/** Undefined code: it had to be killed. */
async function run([program, ...args]: Command, limitMs: number): Promise<Ended> {
  const child: ChildProcess = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  let output = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString('latin1')
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs)
  const code = await new Promise<number | null>(resolve => child.once('close', resolve))
  clearTimeout(timer)
  return { output, code: code ?? undefined }
}

/** In words, what a client made of a behaviour. */
async function verdictOn(behaviour: Behaviour, fetchOne: NonNullable<Client['fetchOne']>): Promise<string> {
  const server = await behave(behaviour)
  try {
    const { output, code } = await run(fetchOne(server.port, behaviour.user ?? 'bob'), patienceMs)
    const message = output === '' ? undefined : Buffer.from(output, 'base64').toString('latin1')
    if (server.lines.includes('DELE 1')) return 'sends DELE'
    const isStuck = code === undefined || code === unsettled
    if (isStuck && message === undefined) return 'hangs'
    if (behaviour.message === undefined) return message === undefined ? 'ok' : 'takes a part'
    if (message === undefined) return 'fails'
    if (!isRight(behaviour, message)) return 'another message'
    return code === 0 ? 'ok' : 'process ends'
  } finally {
    server.close()
  }
}

async function printBehaviours(clients: readonly Client[]): Promise<void> {
  const able = clients.filter(({ fetchOne }) => fetchOne !== undefined)
  console.log(
    row(
      '',
      able.map(({ name }) => name),
    ),
  )
  for (const behaviour of behaviours) {
    const verdicts: string[] = []
    for (const { fetchOne } of able) verdicts.push(fetchOne ? await verdictOn(behaviour, fetchOne) : '')
    console.log(row(behaviour.title, verdicts))
  }
}

function row(title: string, cells: readonly string[]): string {
  return `${title.padEnd(38)}${cells.map(cell => cell.padEnd(17)).join('')}`.trimEnd()
}

/** Undefined where it does not come to an end in time. */
async function measure(
  { name, fetchAll }: Client,
  scenario: Scenario,
  port: number,
): Promise<Measured | undefined> {
  const begun = performance.now()
  const { output, code } = await run(fetchAll(scenario, port), fetchLimitMs)
  const ms = performance.now() - begun
  if (code !== 0) return undefined
  if (name !== 'curl') return JSON.parse(output) as Measured
  const { messages } = scenarios[scenario]
  return { ms, processorMs: Number.NaN, messages, octets: Number.NaN, memoryMiB: Number.NaN }
}

/** Each round has all of them: what else the machine does meets all alike. */
async function inTurns(
  clients: readonly Client[],
  scenario: Scenario,
  port: number,
): Promise<ReadonlyMap<string, Measured>> {
  const runs = new Map<string, Measured[]>(clients.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const client of clients) {
      const measured = await measure(client, scenario, port)
      if (measured) runs.get(client.name)?.push(measured)
    }
  }
  const medians = new Map<string, Measured>()
  for (const [name, measured] of runs) {
    measured.sort((one, other) => one.ms - other.ms)
    const median = measured[Math.floor(measured.length / 2)]
    if (median) medians.set(name, median)
  }
  return medians
}

async function printSpeeds(clients: readonly Client[]): Promise<void> {
  const ports = [await freePort(), await freePort()] as const
  const command: Command = [process.execPath, join(compiled, 'server.js'), ...ports.map(String)]
  const server = await startServer(command, join(folder, 'server.log'), ports)
  try {
    for (const scenario of Object.keys(scenarios) as Scenario[]) {
      if (only.length > 0 && !only.includes(scenario)) continue
      const { messages, octets, delayMs } = scenarios[scenario]
      const port = ports[delayMs > 0 ? 1 : 0]
      const distance = delayMs > 0 ? `, each packet ${delayMs} ms on its way` : ''
      console.log(`\n${messages} of ${octets} octets${distance}, median of ${rounds}:`)
      const medians = await inTurns([onNode('raw'), ...clients], scenario, port)
      const own = medians.get('poplar')?.ms ?? Number.NaN
      for (const [name, { ms, processorMs, memoryMiB, octets: fetched }] of medians) {
        const isRight = name === 'raw' || Number.isNaN(fetched) || fetched === messages * octets
        const wrong = isRight ? '' : `, ${fetched} octets`
        const memory = Number.isNaN(memoryMiB) ? '' : `, ${memoryMiB.toFixed(0)} MiB`
        const processor = Number.isNaN(processorMs) ? '' : `, ${processorMs.toFixed(0)} ms of the processor`
        console.log(
          `  ${name.padEnd(12)}${ms.toFixed(0).padStart(8)} ms${(ms / own).toFixed(2).padStart(8)} x${processor}${memory}${wrong}`,
        )
      }
    }
  } finally {
    await stopServer(server)
  }
}

try {
  const clients = clientsThatAreThere()
  if (only.length === 0) await printBehaviours(clients)
  await printSpeeds(clients)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
