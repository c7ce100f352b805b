// What all clients of a soak share: where the office is, who has an account, what must be true, and when to stop.
import type { Ledger } from './ledger.ts'
import type { Random } from './random.ts'

export interface Field {
  readonly pop3Port: number
  readonly pop3sPort: number
  readonly smtpPort: number
  readonly lmtpPort: number
  /** Names without a domain, for honest clients alone. */
  readonly accounts: readonly string[]
  /** One that hostile clients may log in to. */
  readonly loot: string
  readonly password: string
  readonly ledger: Ledger
  readonly random: Random
  /** How often each thing was done, for the report. */
  readonly done: Map<string, number>
}

export const mailDomain = 'soak.example'

export function note({ done }: Field, what: string): void {
  done.set(what, (done.get(what) ?? 0) + 1)
}
