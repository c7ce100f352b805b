// The capability list, RFC 2449 sections 5 and 6, RFC 3206 section 4 (AUTH-RESP-CODE), RFC 1939 section 7 (what is
// optional), RFC 5034 section 3 (SASL), RFC 2595 section 4 (STLS). What may be done before login is listed after it too:
// RFC 2449 section 5; what differs is what the channel allows.

export type Capability = 'TOP' | 'UIDL' | 'USER' | 'STLS' | 'SASL' | 'UTF8' | 'LANG'

export interface CapabilityFacts {
  /** What the commands bring. */
  readonly ofCommands: readonly Capability[]
  /** Whether names and passwords may be sent at all. */
  readonly mayLogIn: boolean
  /** Mechanisms that AUTH would begin; none: AUTH is not offered. */
  readonly mechanisms: readonly string[]
  /** Days a message is kept at least, or for ever; undefined: nothing is promised. RFC 2449 section 6.7. */
  readonly expire: Promised<'NEVER' | number> | undefined
  /** Seconds from one login to the next; undefined: none. RFC 2449 section 6.5. */
  readonly loginDelay: Promised<number> | undefined
  /** Name and version; empty: not told. RFC 2449 section 6.9. */
  readonly implementation: string
}

/** A value for everybody; `differs` announces that the account that logs in may have a better one. */
export interface Promised<T> {
  readonly value: T
  readonly differs: boolean
}

/** The lines of CAPA's reply, without line ends. */
export function capabilityLines(facts: CapabilityFacts): string[] {
  const { ofCommands, mechanisms, mayLogIn, expire, loginDelay, implementation } = facts
  return [
    ...ofCommands.flatMap(tag => {
      if (tag === 'SASL') return saslLine(mechanisms)
      // RFC 6856 section 2.2: USER says that names and passwords may be UTF-8.
      return tag === 'UTF8' && mayLogIn ? 'UTF8 USER' : tag
    }),
    'RESP-CODES',
    'AUTH-RESP-CODE',
    'PIPELINING',
    ...promised('EXPIRE', expire),
    ...promised('LOGIN-DELAY', loginDelay),
    ...(implementation === '' ? [] : [`IMPLEMENTATION ${implementation}`]),
  ]
}

function promised(tag: string, promise: Promised<string | number> | undefined): string[] {
  return promise ? [`${tag} ${promise.value}${promise.differs ? ' USER' : ''}`] : []
}

function saslLine(mechanisms: readonly string[]): string[] {
  return mechanisms.length === 0 ? [] : [`SASL ${mechanisms.join(' ')}`]
}
