// What each client is to fetch; the name of a scenario is that of its maildrop.
export const scenarios = {
  many: { messages: 10_000, octets: 2048, delayMs: 0 },
  /** A mail server in the same country is as far away as this. */
  far: { messages: 1_000, octets: 2048, delayMs: 5 },
  large: { messages: 1, octets: 50 * 1024 * 1024, delayMs: 0 },
} as const

export type Scenario = keyof typeof scenarios

/** Of one run, on a line of its own in JSON. */
export interface Measured {
  readonly ms: number
  /** Of the processor, in the program and in the system for it: what else the machine does adds little to it. */
  readonly processorMs: number
  readonly messages: number
  /** Unstuffed, as far as the client unstuffs. */
  readonly octets: number
  /** Beyond what the process had before it connected, at most. */
  readonly memoryMiB: number
}
