// Signed tokens, JWT, RFC 7519, by jose: who issued it, for whom, until when, and signed with a key that its issuer
// publishes. Only asymmetric signatures: a key that everybody can read must not be one that anybody can sign with.
import { type JWTVerifyOptions, jwtVerify } from 'jose'
import { isRefusal, Refusal } from '../../mail/errors.ts'
import { type ClaimRules, claimsOf, clockToleranceSeconds, type TokenVerifier } from './claims.ts'
import { fetchJson, serviceUrl } from './json-service.ts'
import { KeySet } from './key-set.ts'

export interface SignedTokenOptions extends ClaimRules {
  /** `iss` must be exactly this. */
  readonly issuer: string
  /** One of these must be in `aud`: a token for another service of the same issuer opens nothing here. */
  readonly audience: string | readonly string[]
  /** Where the keys are; by default where the issuer's discovery document says. */
  readonly jwksUrl?: string
  /** Default all of `signatureAlgorithms`. */
  readonly algorithms?: readonly string[]
  /** For one request to the issuer; default 5 seconds. */
  readonly timeoutMs?: number
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/** RFC 7518 section 3.1 and RFC 8037 section 3.1, without those that sign with a shared secret and without `none`. */
const signatureAlgorithms: readonly string[] = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'],
  ...['EdDSA', 'Ed25519'],
]

const maxTokenCharacters = 65_536
const defaultTimeoutMs = 5000

export function createSignedTokens(options: SignedTokenOptions): TokenVerifier {
  const { issuer, audience, algorithms = signatureAlgorithms, now = Date.now } = options
  const unsafe = algorithms.find(algorithm => !signatureAlgorithms.includes(algorithm))
  if (unsafe !== undefined) throw new TypeError(`tokens cannot be signed with ${JSON.stringify(unsafe)} here`)
  if (audience.length === 0) throw new TypeError('signed tokens need an audience')
  const keys = new KeySet(keySource(options), now)
  const rules: JWTVerifyOptions = {
    issuer,
    audience: typeof audience === 'string' ? audience : [...audience],
    algorithms: [...algorithms],
    clockTolerance: clockToleranceSeconds,
    requiredClaims: ['exp'],
  }
  return {
    async verify(token) {
      if (token.length > maxTokenCharacters) return undefined
      try {
        const { payload } = await jwtVerify(token, keys.find.bind(keys), {
          ...rules,
          currentDate: new Date(now()),
        })
        return claimsOf(payload, options)
      } catch (error) {
        if (isRefusal(error)) throw error
        // Whatever else jose throws is said of the token.
        return undefined
      }
    },
  }
}

/** Fetches the key set, wherever it is today. */
function keySource({ issuer, jwksUrl, timeoutMs = defaultTimeoutMs }: SignedTokenOptions) {
  if (jwksUrl !== undefined) {
    const url = serviceUrl(jwksUrl)
    return () => fetchJson(url, { timeoutMs })
  }
  const discoveryUrl = serviceUrl(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  return async () => {
    const document = await fetchJson(discoveryUrl, { timeoutMs })
    // Otherwise one issuer could answer for another: OpenID Connect Discovery 1.0 section 4.3.
    if (document['issuer'] !== issuer || typeof document['jwks_uri'] !== 'string')
      throw new Refusal(
        'directory-unavailable',
        `the discovery document of ${discoveryUrl.origin} is another's`,
      )
    return fetchJson(serviceUrl(document['jwks_uri']), { timeoutMs })
  }
}
