// What is wrong with a request, as the client is told it. RFC 9457 section 3.
import { STATUS_CODES } from 'node:http'
import type { z } from 'zod'
import type { Problem } from './schemas.ts'

export const problemType = 'application/problem+json'
const maxMistakes = 20

type Mistake = NonNullable<Problem['mistakes']>[number]

/** Thrown wherever a request is refused. */
export class RequestProblem extends Error {
  override readonly name = 'RequestProblem'
  readonly status: number
  readonly mistakes: readonly Mistake[]
  /** Methods, where the status is 405. RFC 9110 section 15.5.6. */
  readonly allow: string | undefined

  constructor(status: number, detail: string, mistakes: readonly Mistake[] = [], allow?: string) {
    super(detail)
    this.allow = allow
    this.status = status
    this.mistakes = mistakes
  }
}

export function problemOf({ status, message, mistakes }: RequestProblem): Problem {
  return {
    status,
    title: STATUS_CODES[status] ?? 'Error',
    detail: message,
    ...(mistakes.length > 0 && { mistakes: [...mistakes] }),
  }
}

/** Gives what the schema makes of it, or throws 400 with every mistake by its place. */
export function checked(schema: z.ZodType, value: unknown, part: Mistake['in']): unknown {
  const { success, data, error } = schema.safeParse(value)
  if (success) return data
  const mistakes = error.issues.slice(0, maxMistakes).map(({ path, message }) => {
    return { in: part, at: path.map(String).join('.'), problem: message }
  })
  const told = mistakes.map(({ at, problem }) => (at === '' ? problem : `${at}: ${problem}`))
  throw new RequestProblem(400, `the ${part} is not as it should be: ${told.join('; ')}`, mistakes)
}
