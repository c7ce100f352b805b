// What cases need of a server, and how the survey tells that it is not there.
import type { Capabilities, Survey } from './survey.ts'

/** What the run itself has to offer. */
export interface Means {
  /** A way to deliver mail into the maildrop. */
  readonly delivers: boolean
  /** Leave was given to empty the maildrop, or all that lies in it is ours. */
  readonly mayEmpty: boolean
  readonly slow: boolean
  readonly huge: boolean
  readonly security: 'clear' | 'starttls' | 'tls'
}

type Reason = string | undefined

const table = {
  delivery: (_, { delivers }) => unless(delivers, 'there is no way to deliver mail (--deliver)'),
  slow: (_, { slow }) => unless(slow, 'it takes minutes (--slow)'),
  huge: (_, { huge }) => unless(huge, 'it moves a gigabyte (--huge)'),
  capa: ({ loggedIn }) => unless(loggedIn !== undefined, 'the server has no CAPA'),
  top: ({ answers }) => unless(answers.has('TOP'), 'the server has no TOP'),
  uidl: ({ answers }) => unless(answers.has('UIDL'), 'the server has no UIDL'),
  pipelining: survey => unlessTag(survey.loggedIn, 'PIPELINING'),
  stls: (survey, { security }) =>
    security === 'tls' ? 'the connection has TLS from the start' : unlessTag(survey.clear, 'STLS'),
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
