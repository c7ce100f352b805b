// What a token says of itself, in the words of RFC 7519 section 4.1 and RFC 7662 section 2.2, and what is asked of it here.
import type { Asker } from '../work-queue.ts'

export interface TokenVerifier {
  /**
   * Undefined for a token that is foreign, expired, meant for somebody else, or none. Refuses with
   * `directory-unavailable` when nobody can say, with `store-busy` when too many tokens wait to be looked up. Of those
   * the `asker` of the lowest rank goes first, as in a `WorkQueue`; by default it is nobody's.
   */
  verify(token: string, asker?: Asker): Promise<TokenClaims | undefined>
}

/** What is left of a good token. */
export interface TokenClaims {
  /** The login name, as the claim has it. */
  readonly name: string
  /** Undefined where introspection did not say. */
  readonly expiresAt: Date | undefined
}

export interface ClaimRules {
  /** The claim that holds the login name; default `email`, which counts only beside `email_verified: true`. */
  readonly nameClaim?: string
  /** A scope that the token must have. */
  readonly scope?: string
}

/** By how much clocks may differ. */
export const clockToleranceSeconds = 30
/** A longer one could not be a login name. */
const maxNameCharacters = 255

/** Undefined when the claims name nobody, or do not reach so far. */
export function claimsOf(
  claims: Readonly<Record<string, unknown>>,
  { nameClaim = 'email', scope }: ClaimRules,
): TokenClaims | undefined {
  const name = claims[nameClaim]
  if (typeof name !== 'string' || name === '' || name.length > maxNameCharacters) return undefined
  if (/\p{Cc}/u.test(name)) return undefined
  // Anybody may claim an address that nobody has checked.
  if (nameClaim === 'email' && !isTrue(claims['email_verified'])) return undefined
  if (scope !== undefined && !scopesOf(claims).includes(scope)) return undefined
  const { exp } = claims
  return { name, expiresAt: typeof exp === 'number' ? new Date(exp * 1000) : undefined }
}

/** `scope` with spaces between, RFC 7662 section 2.2; some write a list, some call it `scp`. */
function scopesOf(claims: Readonly<Record<string, unknown>>): readonly unknown[] {
  return [claims['scope'], claims['scp']].flatMap(value => {
    if (typeof value === 'string') return value.split(' ')
    return Array.isArray(value) ? (value as unknown[]) : []
  })
}

/** Some write booleans as strings. */
function isTrue(value: unknown): boolean {
  return value === true || (typeof value === 'string' && value.toLowerCase() === 'true')
}
