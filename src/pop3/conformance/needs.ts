// What cases need of a server, and how the survey tells that it is not there.
import type { Capabilities, Survey } from './survey.ts'

/** What the run itself has to offer. */
export interface Means {
  /** A way to deliver mail into the maildrop. */
  readonly delivers: boolean
  /** The same for a message too large to be held. */
  readonly deliversPieces: boolean
  /** A way to expunge a message that is not POP3. */
  readonly expunges: boolean
  /** Leave was given to empty the maildrop, or all that lies in it is ours. */
  readonly mayEmpty: boolean
  readonly slow: boolean
  readonly huge: boolean
  readonly security: 'clear' | 'starttls' | 'tls'
}

type Reason = string | undefined

const table = {
  delivery: (_, { delivers }) => unless(delivers, 'there is no way to deliver mail (--deliver)'),
  pieces: (_, { deliversPieces }) =>
    unless(deliversPieces, 'there is no way to deliver a message that is too large to be held'),
  expunging: (_, { expunges }) => unless(expunges, 'there is no way to expunge mail but POP3'),
  slow: (_, { slow }) => unless(slow, 'it takes minutes (--slow)'),
  huge: (_, { huge }) => unless(huge, 'it moves a gigabyte (--huge)'),
  capa: ({ loggedIn }) => unless(loggedIn !== undefined, 'the server has no CAPA'),
  top: ({ answers }) => unless(answers.has('TOP'), 'the server has no TOP'),
  uidl: ({ answers }) => unless(answers.has('UIDL'), 'the server has no UIDL'),
  last: ({ answers }) => unless(answers.has('LAST'), 'the server has no LAST'),
  pipelining: survey => unlessTag(survey.loggedIn, 'PIPELINING'),
  stls: (survey, { security }) =>
    security === 'tls' ? 'the connection has TLS from the start' : unlessTag(survey.clear, 'STLS'),
  'clear-port': (_, { security }) => unless(security !== 'tls', 'the connection has TLS from the start'),
  'tls-port': (_, { security }) =>
    unless(security === 'tls', 'the connection has no TLS from the start (--tls)'),
  tls: (_, { security }) => unless(security !== 'clear', 'the connection has no TLS (--stls, --tls)'),
  'resp-codes': ({ loggedIn }) => unlessTag(loggedIn, 'RESP-CODES'),
  'auth-resp-code': ({ secured }) => unlessTag(secured, 'AUTH-RESP-CODE'),
  expire: ({ loggedIn }) => unlessTag(loggedIn, 'EXPIRE'),
  'login-delay': ({ loggedIn }) => unlessTag(loggedIn, 'LOGIN-DELAY'),
  implementation: ({ loggedIn }) => unlessTag(loggedIn, 'IMPLEMENTATION'),
  utf8: ({ secured }) => unlessTag(secured, 'UTF8'),
  lang: ({ secured }) => unlessTag(secured, 'LANG'),
  sasl: ({ secured }) => unlessTag(secured, 'SASL'),
  plain: ({ secured }) => unlessMechanism(secured, 'PLAIN'),
  'sasl-login': ({ secured }) => unlessMechanism(secured, 'LOGIN'),
  'cram-md5': ({ secured }) => unlessMechanism(secured, 'CRAM-MD5'),
  'scram-sha-256': ({ secured }) => unlessMechanism(secured, 'SCRAM-SHA-256'),
  'scram-sha-256-plus': ({ secured }) => unlessMechanism(secured, 'SCRAM-SHA-256-PLUS'),
  apop: ({ apopTimestamp }) => unless(apopTimestamp !== undefined, 'the greeting has no timestamp for APOP'),
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

function unless(isThere: boolean, reason: string): Reason {
  return isThere ? undefined : reason
}

function unlessTag(capabilities: Capabilities, tag: string): Reason {
  return unless(capabilities?.has(tag) ?? false, `the server does not announce ${tag}`)
}

function unlessMechanism(capabilities: Capabilities, mechanism: string): Reason {
  const mechanisms = capabilities?.get('SASL') ?? []
  const isThere = mechanisms.some(name => name.toUpperCase() === mechanism)
  return unless(isThere, `the server does not announce the mechanism ${mechanism}`)
}
