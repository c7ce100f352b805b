// The transcripts of a peer's failed musts: in the form that `poplar check --replay` reads, in a folder that holds them and
// nothing else.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ServerFacts, targetOf } from '../src/conformance/report/report.ts'
import type { CaseRun } from '../src/conformance/runner.ts'
import { Secrets } from '../src/conformance/secrets.ts'
import type { TranscriptEntry } from '../src/conformance/transcript.ts'
import { formatTranscript } from '../src/conformance/transcript-file.ts'
import type { Pop3Case } from '../src/pop3/conformance/pop3-case.ts'
import { credentials } from './peer.ts'

/** Of a packet that goes on for longer than this the rest is only counted: what matters is in front of it. */
const maxPacketOctets = 4 * 1024

export interface TranscriptFacts {
  readonly server: ServerFacts
  readonly seed: string
}

export class TranscriptFolder {
  readonly #folder: string
  readonly #secrets = new Secrets(credentials.password)

  /** What an earlier run left in it is removed. */
  constructor(folder: string) {
    this.#folder = folder
    rmSync(folder, { recursive: true, force: true })
  }

  /** Gives the file; undefined where nothing went over a wire. */
  keep(
    { item, outcome, transcript }: CaseRun<Pop3Case>,
    { server, seed }: TranscriptFacts,
  ): string | undefined {
    if (transcript.length === 0) return undefined
    const header = {
      case: item.id,
      title: item.title,
      section: outcome.section,
      rfc: item.rfc,
      severity: item.severity,
      reason: outcome.reason,
      target: targetOf(server),
      security: server.security,
      greeting: server.greeting ?? '',
      implementation: server.implementation ?? '',
      user: credentials.user,
      seed,
    }
    mkdirSync(this.#folder, { recursive: true })
    const file = join(this.#folder, `${item.id}.txt`)
    writeFileSync(file, formatTranscript({ header, entries: transcript.map(shortened) }, this.#secrets))
    return file
  }
}

function shortened(entry: TranscriptEntry): TranscriptEntry {
  const { octets, omitted = 0 } = entry
  if (octets.length <= maxPacketOctets) return entry
  const rest = octets.length - maxPacketOctets
  return { ...entry, octets: octets.subarray(0, maxPacketOctets), omitted: omitted + rest }
}
