// Steps about the list that CAPA answers with, RFC 2449 section 5, line by line as it came: the survey has it already read.
import { Unable } from '../../conformance/case.ts'
import type { Reply } from './replies.ts'
import { authenticate, type Complaint, connect, lines, type Pop3Step, quit, say, step } from './steps.ts'

/** A line of the list: a tag and its arguments. */
export interface CapabilityLine {
  readonly line: string
  /** In upper case. */
  readonly tag: string
  readonly values: readonly string[]
}

/** Sends CAPA; `find` gives a sentence on what is wrong with the list, if something is. */
export function capa(
  explain: string,
  find: (list: readonly CapabilityLine[], reply: Reply) => Complaint,
): readonly Pop3Step[] {
  return [say('CAPA'), lines(explain, (found, _, reply) => find(found.map(parse), reply))]
}

/** Before login and behind it. */
export function capaInBothStates(
  explain: string,
  find: (list: readonly CapabilityLine[], isLoggedIn: boolean) => Complaint,
): readonly Pop3Step[] {
  return [
    connect,
    ...capa(explain, list => find(list, false)),
    authenticate,
    ...capa(explain, list => find(list, true)),
    quit,
  ]
}

/** Skips the case where the tag is not announced behind login. */
export function ifAnnounced(tag: string): Pop3Step {
  return step(`go on only where CAPA lists ${tag}`, async ({ survey }) => {
    if (!survey.loggedIn?.has(tag)) throw new Unable(`the server does not announce ${tag}`)
  })
}

/** About the lines of one tag. */
export function capability(
  tag: string,
  explain: string,
  find: (line: CapabilityLine, isLoggedIn: boolean) => Complaint,
): readonly Pop3Step[] {
  return capaInBothStates(explain, (list, isLoggedIn) =>
    first(
      list.filter(line => line.tag === tag),
      line => find(line, isLoggedIn),
    ),
  )
}

/** The first complaint about any of them. */
export function first<T>(items: readonly T[], find: (item: T) => Complaint): Complaint {
  for (const item of items) {
    const complaint = find(item)
    if (complaint !== undefined) return complaint
  }
  return undefined
}

function parse(line: string): CapabilityLine {
  const [tag = '', ...values] = line.split(' ')
  return { line, tag: tag.toUpperCase(), values }
}
