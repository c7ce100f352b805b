// Token introspection, RFC 7662: the authorization server is asked about each token. What it says is remembered for a
// minute at most, under the token's hash.
import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { type Asker, WorkQueue } from '../work-queue.ts'
import {
  type ClaimRules,
  claimsOf,
  clockToleranceSeconds,
  type TokenClaims,
  type TokenVerifier,
} from './claims.ts'
import { fetchJson, serviceUrl } from './json-service.ts'

export interface IntrospectionOptions extends ClaimRules {
  readonly url: string
  /** What we are to the authorization server; sent as RFC 6749 section 2.3.1 says. */
  readonly clientId: string
  readonly clientSecret: string
  /** `iss` must be exactly this, if given. */
  readonly issuer?: string
  /** One of these must be in `aud`, if given. */
  readonly audience?: string | readonly string[]
  /** Default 5 seconds. */
  readonly timeoutMs?: number
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

interface Remembered {
  readonly claims: TokenClaims
  readonly untilMs: number
}

const rememberMs = 60_000
const maxRemembered = 10_000
const maxTokenCharacters = 65_536
/** Requests at the same time, and tokens that may wait for one. */
const [concurrency, maxWaiting] = [16, 1000]

const nobody: Asker = { rank: 0, source: '' }

export function createIntrospection(options: IntrospectionOptions): TokenVerifier {
  const { timeoutMs = 5000, now = Date.now } = options
  const url = serviceUrl(options.url)
  const headers = { authorization: basicCredentials(options.clientId, options.clientSecret) }
  const remembered = new LRUCache<string, Remembered>({ max: maxRemembered })
  const queue = new WorkQueue({ concurrency, maxWaiting })

  async function introspect(token: string): Promise<TokenClaims | undefined> {
    const body = new URLSearchParams({ token, token_type_hint: 'access_token' })
    const answer = await fetchJson(url, { method: 'POST', headers, body, timeoutMs })
    const isGood = answer['active'] === true && isNow(answer, now()) && isMeantForUs(answer, options)
    return isGood ? claimsOf(answer, options) : undefined
  }

  return {
    async verify(token, asker = nobody) {
      if (token === '' || token.length > maxTokenCharacters) return undefined
      const key = createHash('sha256').update(token).digest('base64')
      const known = remembered.get(key)
      if (known && known.untilMs > now()) return known.claims
      remembered.delete(key)
      const claims = await queue.run(asker, () => introspect(token))
      const untilMs = Math.min(now() + rememberMs, claims?.expiresAt?.getTime() ?? Infinity)
      if (claims && untilMs > now()) remembered.set(key, { claims, untilMs })
      return claims
    },
  }
}

function isNow({ exp, nbf }: Readonly<Record<string, unknown>>, nowMs: number): boolean {
  const seconds = nowMs / 1000
  const isOver = exp !== undefined && !(typeof exp === 'number' && exp > seconds - clockToleranceSeconds)
  const isEarly = nbf !== undefined && !(typeof nbf === 'number' && nbf <= seconds + clockToleranceSeconds)
  return !isOver && !isEarly
}

function isMeantForUs(
  { iss, aud }: Readonly<Record<string, unknown>>,
  { issuer, audience }: IntrospectionOptions,
): boolean {
  const ours = [audience ?? []].flat()
  const theirs: readonly unknown[] = [aud].flat()
  return (
    (issuer === undefined || iss === issuer) &&
    (audience === undefined || ours.some(one => theirs.includes(one)))
  )
}

/** Both parts are written as in a form before they are joined. */
function basicCredentials(id: string, secret: string): string {
  const [formId, formSecret] = [id, secret].map(text => new URLSearchParams({ '': text }).toString().slice(1))
  return `Basic ${Buffer.from(`${formId}:${formSecret}`).toString('base64')}`
}
