// What cases need of a server, and how the survey tells that it is not there.
import type { Extensions } from './introduction.ts'
import type { Survey } from './survey.ts'

/** What the run itself has to offer. */
export interface Means {
  readonly protocol: 'smtp' | 'lmtp'
  /** A way to see what arrived. */
  readonly reads: boolean
  readonly slow: boolean
  readonly security: 'clear' | 'starttls' | 'tls'
  readonly recipient: string
}

type Reason = string | undefined

/** A message larger than this is not sent only to see it refused. */
const largestSent = 64 * 1024 * 1024

const table = {
  smtp: (_, { protocol }) => unless(protocol === 'smtp', 'it is about SMTP, and this is LMTP'),
  lmtp: (_, { protocol }) => unless(protocol === 'lmtp', 'it is about LMTP, and this is SMTP'),
  reading: (_, { reads }) => unless(reads, 'there is no way to see what arrived (--read)'),
  slow: (_, { slow }) => unless(slow, 'it takes minutes (--slow)'),
  domain: (_, { recipient }) => unless(recipient.includes('@'), 'the recipient has no domain'),
  starttls: (survey, { security }) =>
    security === 'tls' ? 'the connection has TLS from the start' : unlessKeyword(survey.clear, 'STARTTLS'),
  'clear-port': (_, { security }) => unless(security !== 'tls', 'the connection has TLS from the start'),
  ehlo: ({ secured }) => unless(secured !== undefined, 'the server has no extensions'),
  size: ({ secured }) => unlessKeyword(secured, 'SIZE'),
  'size-limit': ({ secured }) => {
    const limit = sizeLimit(secured)
    if (limit === undefined) return 'the server announces no limit of the size'
    return unless(limit <= largestSent, `the limit of ${limit} octets is too large to be tried`)
  },
  pipelining: ({ secured }) => unlessKeyword(secured, 'PIPELINING'),
  'eight-bit': ({ secured }) => unlessKeyword(secured, '8BITMIME'),
  utf8: ({ secured }) => unlessKeyword(secured, 'SMTPUTF8'),
  'status-codes': ({ secured }) => unlessKeyword(secured, 'ENHANCEDSTATUSCODES'),
  dsn: ({ secured }) => unlessKeyword(secured, 'DSN'),
  'no-dsn': ({ secured }) => unless(!secured?.has('DSN'), 'the server announces DSN'),
  'no-size': ({ secured }) => unless(!secured?.has('SIZE'), 'the server announces SIZE'),
  'no-chunking': ({ secured }) => unless(!secured?.has('CHUNKING'), 'the server announces CHUNKING'),
} as const satisfies Record<string, (survey: Survey, means: Means) => Reason>

export type Need = keyof typeof table

/** Why a case that needs this is skipped; undefined when all is there. */
export function unmet(needs: readonly Need[], survey: Survey, means: Means): Reason {
  for (const need of needs) {
    const check: (survey: Survey, means: Means) => Reason = table[need]
    const reason = check(survey, means)
    if (reason !== undefined) return reason
  }
  return undefined
}

/** In octets, RFC 1870 section 4; undefined where there is none. */
export function sizeLimit(extensions: Extensions): number | undefined {
  const [text = ''] = extensions?.get('SIZE') ?? []
  return /^[1-9][0-9]{0,14}$/.test(text) ? Number(text) : undefined
}

function unless(isThere: boolean, reason: string): Reason {
  return isThere ? undefined : reason
}

function unlessKeyword(extensions: Extensions, keyword: string): Reason {
  return unless(extensions?.has(keyword) ?? false, `the server does not announce ${keyword}`)
}
