// The course of one probe: how the server is reached, what was found so far, and how a table of probes is run over connections
// that a server may end at any of them.
import { Pop3Error } from '../client/errors.ts'
import type { ConnectOptions, Credentials } from '../client/index.ts'
import { type Finding, note, type Verdict, wrong } from './finding.ts'
import { Notes, type Probe } from './notes.ts'
import type { Reach, Visit } from './visit.ts'

export interface ProbeOptions
  extends Pick<
    ConnectOptions,
    'host' | 'tls' | 'certificate' | 'pin' | 'proxy' | 'allowCleartextAuth' | 'signal'
  > {
  readonly port: number
  /** Without, only what can be seen before the login is probed. */
  readonly auth?: Credentials
  /** For each answer, in milliseconds. */
  readonly patienceMs: number
  /** How long to wait for the server to end a session without a word; default: that is not tried. */
  readonly idleMs?: number
  /** Messages that are fetched and counted at most; default 10. */
  readonly sample?: number
  /** Called with each finding as it is found. */
  readonly found?: (finding: Finding) => void
}

/** Connections that one table may cost. */
const maxOpened = 6

export class Course {
  readonly options: ProbeOptions
  readonly reach: Reach
  readonly notes: Notes
  readonly findings: Finding[] = []
  /** STLS was seen to work. */
  hasStls = false
  /** Behind `+OK`. */
  greetingText = ''

  constructor(options: ProbeOptions) {
    this.options = options
    this.reach = options
    this.notes = new Notes(options.auth)
  }

  add(probe: string, what: string, verdicts: Verdict | readonly Verdict[]): void {
    for (const verdict of [verdicts].flat()) {
      const finding: Finding = { probe, what, ...verdict }
      this.findings.push(finding)
      this.options.found?.(finding)
    }
  }

  /** Runs the table on connections that `open` makes, on as few as the server allows; gives the last, if it is open. */
  async runAll(
    probes: readonly Probe[],
    open: () => Promise<Visit>,
    first?: Visit,
  ): Promise<Visit | undefined> {
    let visit = first
    let opened = 0
    let hindrance: string | undefined
    for (const row of probes) {
      const { probe, what } = row
      if (!visit?.isOpen && hindrance === undefined) {
        opened += 1
        if (opened > maxOpened) hindrance = 'the server ended too many sessions'
        else
          visit = await open().catch((error: unknown) => {
            hindrance = this.reasonOf(error)
            return undefined
          })
      }
      const current = visit?.isOpen ? visit : undefined
      this.add(
        probe,
        what,
        current
          ? await this.verdictOf(() => row.run(current, this.notes))
          : note(`not known: ${hindrance ?? 'the session has ended'}`),
      )
    }
    return visit
  }

  /** What goes wrong with the server on the way is a verdict. */
  async verdictOf(look: () => Promise<Verdict | readonly Verdict[]>): Promise<Verdict | readonly Verdict[]> {
    try {
      return await look()
    } catch (error) {
      return wrong(this.reasonOf(error))
    }
  }

  /** In words. Throws what is no fault of the server. */
  reasonOf(error: unknown): string {
    if (!(error instanceof Pop3Error) || error.code === 'aborted') throw error
    return this.notes.masked(error.message).replace(/[^\x20-\x7e]/g, '?')
  }
}
