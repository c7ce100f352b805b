// The suite over one peer: in clear, and once more with STLS for what can only be seen under TLS. Whatever is in the way of
// a verdict is the result then.
import type { Outcome } from '../src/conformance/case.ts'
import type { Target } from '../src/conformance/play.ts'
import type { ServerFacts } from '../src/conformance/report/report.ts'
import type { CaseRun } from '../src/conformance/runner.ts'
import type { Pop3Case } from '../src/pop3/conformance/pop3-case.ts'
import { sections } from '../src/pop3/conformance/sections/index.ts'
import { openPop3Suite, type Pop3Suite } from '../src/pop3/conformance/suite.ts'
import { untilGreets } from './greeting.ts'
import { Layer } from './layer.ts'
import { credentials, type Peer, type StartedPeer } from './peer.ts'
import type { PeerCase, PeerResult } from './report.ts'
import type { TranscriptFacts } from './transcripts.ts'

/** So that a run can be had again. */
const seed = 'peers'
const defaultPatienceMs = 8_000

export interface CheckOptions {
  /** Sections and cases by name; all when none is given. */
  readonly only: readonly string[]
  readonly signal: AbortSignal
  /** Told of each case as it ends; gives the file of its transcript where it keeps one. */
  readonly keep: (run: CaseRun<Pop3Case>, facts: TranscriptFacts) => string | undefined
}

export async function checkPeer(peer: Peer, options: CheckOptions): Promise<PeerResult> {
  const { name, title, arrangement } = peer
  const about = { name, title, arrangement, at: new Date().toISOString() }
  let layer: Layer | undefined
  try {
    layer = await Layer.open()
    const started = await peer.start(layer)
    const found = await checkStarted(started, options)
    return { ...about, version: started.version, seed, ...found }
  } catch (error) {
    return { ...about, error: error instanceof Error ? error.message : String(error) }
  } finally {
    await layer?.close()
  }
}

async function checkStarted(
  started: StartedPeer,
  options: CheckOptions,
): Promise<{ greeting: string; cases: readonly PeerCase[] }> {
  const { suite, cases } = await runOver(started, 'clear', options.only, options)
  const { greeting, clear } = suite.survey
  const hidden = cases.filter(({ id, outcome }) => outcome === 'skip' && needTls.has(id)).map(({ id }) => id)
  if (!clear?.has('STLS') || hidden.length === 0) return { greeting, cases }
  const under = (await runOver(started, 'starttls', hidden, options)).cases
  return { greeting, cases: cases.map(each => under.find(({ id }) => id === each.id) ?? each) }
}

/** Cases that only a connection with TLS can answer. */
const needTls: ReadonlySet<string> = new Set(
  sections.flatMap(({ cases }) => cases.filter(({ needs }) => needs?.includes('tls')).map(({ id }) => id)),
)

async function runOver(
  { port, deliver, patienceMs = defaultPatienceMs }: StartedPeer,
  security: Target['security'],
  only: readonly string[],
  { keep, signal }: CheckOptions,
): Promise<{ suite: Pop3Suite; cases: readonly PeerCase[] }> {
  const target: Target = { host: '127.0.0.1', port, security, tls: { verify: false }, patienceMs }
  const suite = await openPop3Suite({
    target,
    credentials,
    deliver,
    mayDeleteForeign: true,
    only,
    seed,
    signal,
  })
  const { greeting, loggedIn, secured } = suite.survey
  const capabilities = [...(loggedIn ?? secured ?? [])]
  const server: ServerFacts = {
    protocol: 'pop3',
    host: target.host,
    port,
    security,
    greeting,
    implementation: loggedIn?.get('IMPLEMENTATION')?.join(' ') ?? null,
    capabilities: capabilities.map(([tag, values]) => [tag, ...values].join(' ')),
  }
  const cases: PeerCase[] = []
  for await (const run of suite.runs) {
    const { id, section, severity, outcome, reason }: Outcome = run.outcome
    const transcript = keep(run, { server, seed })
    // What brought it down has failed; the next case is not to suffer for it.
    if (outcome !== 'pass') await untilGreets(port)
    cases.push({ id, section, severity, outcome, reason, ...(transcript && { transcript }) })
  }
  return { suite, cases }
}
