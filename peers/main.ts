// npm run conformance:peers: installs and starts each peer in a layer of its own, runs the POP3 suite over it, and writes
// docs/conformance/peers.md, peers.json beside it, and the transcripts of failed musts. Names of peers limit the run to
// these, and leave what is known of the others as it is; names of sections and cases behind `--only` are for trying.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { sections } from '../src/pop3/conformance/sections/index.ts'
import { checkPeer } from './check-peer.ts'
import { courier } from './courier.ts'
import { cyrus } from './cyrus.ts'
import { dovecot } from './dovecot.ts'
import { mailutils } from './mailutils.ts'
import { n3, wildduck } from './npm.ts'
import type { Peer } from './peer.ts'
import { popa3d } from './popa3d.ts'
import { type PeerResult, peersPage } from './report.ts'
import { solid } from './solid.ts'
import { TranscriptFolder } from './transcripts.ts'

const peers: readonly Peer[] = [dovecot, courier, cyrus, popa3d, mailutils, solid, wildduck, n3]

const docs = resolve(import.meta.dirname, '../../docs/conformance')
/** Most of the time passes in waiting for a server. */
const concurrency = 3
const resultsFile = join(docs, 'peers.json')

async function main(args: readonly string[]): Promise<void> {
  const at = args.includes('--only') ? args.indexOf('--only') : args.length
  const [names, only] = [args.slice(0, at), args.slice(at + 1)]
  const unknown = names.filter(name => !peers.some(peer => peer.name === name))
  if (unknown.length > 0)
    throw new Error(
      `no such peer: ${unknown.join(', ')}; there are ${peers.map(({ name }) => name).join(', ')}`,
    )
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort())
  const waiting = peers.filter(({ name }) => names.length === 0 || names.includes(name))
  const work = async () => {
    for (let peer = waiting.shift(); peer; peer = waiting.shift()) {
      const result = await checked(peer, only, interrupt.signal)
      if (interrupt.signal.aborted) return
      print(summaryOf(result))
      // A run of a few cases is no result.
      if (only.length > 0) continue
      write([...earlier().filter(({ name }) => name !== peer.name), result])
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work))
}

async function checked(peer: Peer, only: readonly string[], signal: AbortSignal): Promise<PeerResult> {
  const isTrial = only.length > 0
  const folder = isTrial ? mkdtempSync(join(tmpdir(), 'peers-')) : join(docs, 'transcripts', peer.name)
  const transcripts = new TranscriptFolder(folder)
  return checkPeer(peer, {
    only,
    signal,
    keep(run, facts) {
      const { severity, outcome, id, reason } = run.outcome
      if (outcome !== 'fail') return undefined
      print(`${peer.name}: ${severity} ${id}: ${reason}`)
      if (severity !== 'must' && !isTrial) return undefined
      const file = transcripts.keep(run, facts)
      if (isTrial && file !== undefined) print(`${peer.name}: ${file}`)
      return file && relative(docs, file)
    },
  })
}

function earlier(): readonly PeerResult[] {
  return existsSync(resultsFile) ? (JSON.parse(readFileSync(resultsFile, 'utf8')) as PeerResult[]) : []
}

function write(found: readonly PeerResult[]): void {
  const results = peers.flatMap(({ name }) => found.find(result => result.name === name) ?? [])
  mkdirSync(docs, { recursive: true })
  writeFileSync(resultsFile, `${JSON.stringify(results, null, 1)}\n`)
  const titles = new Map(sections.flatMap(({ cases }) => cases.map(({ id, title }) => [id, title] as const)))
  writeFileSync(join(docs, 'peers.md'), peersPage(results, { system: systemName(), sections, titles }))
}

function systemName(): string {
  return /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux'
}

function summaryOf({ name, error, cases = [] }: PeerResult): string {
  if (error !== undefined) return `${name}: not looked at: ${error}`
  const failed = cases.filter(({ outcome }) => outcome === 'fail')
  return `${name}: ${cases.length} cases, ${failed.length} failed`
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

await main(process.argv.slice(2))
