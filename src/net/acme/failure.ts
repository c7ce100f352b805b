// Why no certificate was obtained: what the CA said in its problem document (RFC 8555 section 6.7), or what went wrong here.
// Text of the CA is made safe for a log: one line, printable, bounded.

export interface AcmeFailureOptions {
  /** The problem's type, such as `urn:ietf:params:acme:error:rateLimited`. */
  readonly problem?: string | undefined
  /** How long the CA asks to be left alone, in milliseconds. */
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
}

export class AcmeFailure extends Error {
  override readonly name = 'AcmeFailure'
  readonly problem: string | undefined
  readonly retryAfterMs: number | undefined

  constructor(message: string, { problem, retryAfterMs, cause }: AcmeFailureOptions = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.problem = problem
    this.retryAfterMs = retryAfterMs
  }
}

export const problemNamespace = 'urn:ietf:params:acme:error:'

const maxTextLength = 500

/** Text of a peer on one line, without control characters and overlong tails. */
export function oneLine(text: string): string {
  const line = text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
  return line.length > maxTextLength ? `${line.slice(0, maxTextLength)}...` : line
}

/** Reads a problem document, RFC 7807 section 3.1; `otherwise` is said when it has no detail, or is none at all. */
export function failureOf(document: unknown, otherwise: string, retryAfterMs?: number): AcmeFailure {
  const { type, detail, subproblems } = asRecord(document)
  const details = [detail, ...detailsOfSubproblems(subproblems)].filter(each => typeof each === 'string')
  const problem = typeof type === 'string' ? oneLine(type) : undefined
  return new AcmeFailure(details.length > 0 ? oneLine(details.join('; ')) : otherwise, {
    problem,
    retryAfterMs,
  })
}

/** RFC 8555 section 6.7.1: one problem for each name that is refused. */
function detailsOfSubproblems(subproblems: unknown): string[] {
  if (!Array.isArray(subproblems)) return []
  return subproblems.slice(0, 10).flatMap((each: unknown) => {
    const { detail, identifier } = asRecord(each)
    const { value } = asRecord(identifier)
    return typeof detail === 'string' && typeof value === 'string' ? [`${value}: ${detail}`] : []
  })
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
