// The capability list, RFC 2449 sections 5 and 6, RFC 3206 section 4 (AUTH-RESP-CODE), RFC 1939 section 7 (what is
// optional). The same list in both states.

export type Capability = 'TOP' | 'UIDL' | 'USER'

export interface CapabilityFacts {
  /** What the commands bring. */
  readonly ofCommands: readonly Capability[]
  /** Days a message is kept at least, or for ever. RFC 2449 section 6.7. */
  readonly expire: 'NEVER' | number
  /** Name and version; empty: not told. RFC 2449 section 6.9. */
  readonly implementation: string
}

/** The lines of CAPA's reply, without line ends. */
export function capabilityLines({ ofCommands, expire, implementation }: CapabilityFacts): string[] {
  return [
    ...ofCommands,
    'RESP-CODES',
    'AUTH-RESP-CODE',
    'PIPELINING',
    `EXPIRE ${expire}`,
    ...(implementation === '' ? [] : [`IMPLEMENTATION ${implementation}`]),
  ]
}
