// Access tokens that are good: the one that is kept, or a new one by the refresh token (RFC 6749 section 6). A refresh token that
// replaces another is durable before anything is done with what came with it: the old one may be worth nothing by then.

import type { OAuthOptions } from '../../../mail/secret-origin.ts'
import { SecretError } from '../secrets/secret-error.ts'
import type { SourceParts } from '../sources/create-source.ts'
import type { OAuthTokens } from './login.ts'
import { createOAuthClient } from './oauth-client.ts'
import { oauthFault } from './oauth-fault.ts'
import { loginCommand, type TokenVault } from './token-vault.ts'

/** A token that ends while it is on its way is of no use, and clocks differ. */
const marginMs = 60_000

/** For all sources of this process: two that ask for the token of one get the same. */
export function createTokenSource(vault: TokenVault): NonNullable<SourceParts['token']> {
  const underWay = new Map<string, Promise<string>>()
  return (source, oauth, { isRetry, signal }) => {
    const running = underWay.get(source)
    if (running) return running
    const asking = freshToken(vault, source, oauth, { isRetry, signal }).finally(() =>
      underWay.delete(source),
    )
    underWay.set(source, asking)
    return asking
  }
}

async function freshToken(
  vault: TokenVault,
  source: string,
  oauth: OAuthOptions,
  { isRetry, signal }: { readonly isRetry: boolean; readonly signal: AbortSignal },
): Promise<string> {
  const kept = await vault.load(source, oauth)
  const again = `${loginCommand(source)} does that`
  if (!kept) throw new SecretError('credentials', `nobody has logged in to ${oauth.provider} yet; ${again}`)
  if (!isRetry && isGood(kept)) return kept.accessToken
  if (kept.refreshToken === undefined)
    throw new SecretError(
      'credentials',
      `the token has ended, and the provider gave none to renew it with; ${again} anew`,
    )
  const renewed = await refresh(kept.refreshToken, oauth, signal).catch((error: unknown) => {
    if (!(error instanceof SecretError) || error.fault !== 'credentials') throw error
    throw new SecretError('credentials', `${error.message}; somebody has to log in again, ${again}`, {
      cause: error,
    })
  })
  await vault.save(source, oauth, renewed)
  return renewed.accessToken
}

function isGood({ expiresAt }: OAuthTokens): boolean {
  return expiresAt === undefined || expiresAt.getTime() - Date.now() > marginMs
}

async function refresh(refreshToken: string, oauth: OAuthOptions, signal: AbortSignal): Promise<OAuthTokens> {
  const { configuration } = await createOAuthClient(oauth, signal)
  const library = await import('openid-client')
  try {
    const response = await library.refreshTokenGrant(configuration, refreshToken)
    const { access_token: accessToken, refresh_token: rotated, expires_in: seconds } = response
    const expiresAt = seconds === undefined ? undefined : new Date(Date.now() + seconds * 1000)
    return { accessToken, refreshToken: rotated ?? refreshToken, expiresAt }
  } catch (error) {
    throw oauthFault(error, { what: `renewing the token at ${oauth.provider}`, signal }, [refreshToken])
  }
}
