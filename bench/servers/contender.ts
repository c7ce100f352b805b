// What the benchmark needs of a server under test, whichever it is.
import type { MaildropPlan } from '../corpus.ts'

export const contenderNames = ['poplar', 'uncached', 'metered', 'dovecot', 'bare'] as const
export type ContenderName = (typeof contenderNames)[number]

/** A server that answers on loopback ports. */
export interface RunningServer {
  /** The first of its processes; all others are its descendants. */
  readonly pid: number
  readonly pop3Port: number
  /** Absent when it speaks no TLS. */
  readonly pop3sPort?: number
  /** Absent when it takes no mail in. */
  readonly lmtpPort?: number
  /** Makes it collect its garbage, where it has a collector. */
  collectGarbage?(): void
  /** Ends it and waits until it is gone. */
  stop(): Promise<void>
}

export interface Contender {
  readonly name: ContenderName
  /** Name and version, for the report. */
  readonly title: string
  /** Lays the mail down, while the server does not run. */
  fill(plans: readonly MaildropPlan[]): Promise<void>
  /** With a folder, a server that can leaves its CPU profiles there when it ends. */
  start(profileFolder?: string): Promise<RunningServer>
  /** Makes the next opening of a filled maildrop its first: forgets indexes made by earlier ones. */
  makeCold(): void
  /** Removes everything it has laid down. */
  remove(): void
}

/** The domain of all addresses. */
export const mailDomain = 'bench.example'
