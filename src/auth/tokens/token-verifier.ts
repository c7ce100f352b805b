// Bearer tokens: whose they are, and whether they are good. Either signed ones (JWT), or any that the authorization
// server knows (introspection).
import type { TokenVerifier } from './claims.ts'
import { createIntrospection, type IntrospectionOptions } from './introspection.ts'
import { createSignedTokens, type SignedTokenOptions } from './signed-tokens.ts'

export type { TokenClaims, TokenVerifier } from './claims.ts'

export type TokenVerifierOptions =
  | ({ readonly kind: 'jwt' } & SignedTokenOptions)
  | ({ readonly kind: 'introspection' } & IntrospectionOptions)

/** Throws a `TypeError` for an address or an algorithm that is not safe. */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  return options.kind === 'jwt' ? createSignedTokens(options) : createIntrospection(options)
}
