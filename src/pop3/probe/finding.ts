// What a probe of a POP3 server found out, as data.
import type { PeerReport } from '../../net/tls/peer-report.ts'
import type { Quirks } from '../client/index.ts'

export interface Verdict {
  /** `note`: servers differ, and it should be known. `wrong`: an RFC has it otherwise, or mail suffers. */
  readonly state: 'well' | 'note' | 'wrong'
  /** One sentence. What the server said in it is escaped. */
  readonly finding: string
}

export interface Finding extends Verdict {
  /** Words with hyphens, for programs: `top`, `sizes`. Some probes have several findings. */
  readonly probe: string
  /** What was looked at, for people. */
  readonly what: string
}

/** Lines of CAPA; null where the server has none, or was not asked. */
export interface SeenCapabilities {
  /** Before login, in clear. */
  readonly clear: readonly string[] | null
  /** Before login, under TLS. */
  readonly tls: readonly string[] | null
  readonly login: readonly string[] | null
}

export interface ProbeReport {
  readonly host: string
  readonly port: number
  readonly capabilities: SeenCapabilities
  /** Null in clear. */
  readonly tls: PeerReport | null
  readonly findings: readonly Finding[]
  /** What the client should be told of this server (`quirks`), besides what it knows or finds out by itself. */
  readonly quirks: Partial<Quirks>
}

export function well(finding: string): Verdict {
  return { state: 'well', finding }
}

export function note(finding: string): Verdict {
  return { state: 'note', finding }
}

export function wrong(finding: string): Verdict {
  return { state: 'wrong', finding }
}
