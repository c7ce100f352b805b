// What we are to an authorization server, by the library `openid-client`: from a provider that is known, or from what an issuer
// says of itself (OpenID discovery, RFC 8414).
import type { Configuration } from 'openid-client'
import type { OAuthOptions } from '../../../mail/secret-origin.ts'
import { readPrivateFile } from '../secrets/private-file.ts'
import { SecretError } from '../secrets/secret-error.ts'
import { boundedFetch, type FetchRequest } from './bounded-fetch.ts'
import { oauthFault } from './oauth-fault.ts'
import { type OAuthProvider, openIdDefaults, providers } from './providers.ts'

export interface OAuthClient {
  readonly configuration: Configuration
  readonly scope: string
  readonly hasDevice: boolean
  readonly authorizationParameters: Readonly<Record<string, string>>
  readonly redirectHost: OAuthProvider['redirectHost']
}

/** Throws `SecretError`. The library itself is loaded when somebody logs in. */
export async function createOAuthClient(options: OAuthOptions, signal: AbortSignal): Promise<OAuthClient> {
  const { provider: name, clientId, clientSecretFile, scope } = options
  const library = await import('openid-client')
  const secret = clientSecretFile === undefined ? undefined : await clientSecret(clientSecretFile)
  const auth = secret === undefined ? library.None() : library.ClientSecretPost(secret)
  const fetch = (address: string, request: FetchRequest) => boundedFetch(address, request, signal)
  const known = Object.hasOwn(providers, name) ? providers[name] : undefined
  if (known) {
    const configuration = new library.Configuration(metadataOf(known), clientId, undefined, auth)
    configuration[library.customFetch] = fetch
    const { authorizationParameters, redirectHost, device } = known
    return {
      configuration,
      scope: scope ?? known.scope,
      hasDevice: device !== undefined,
      authorizationParameters,
      redirectHost,
    }
  }
  const issuer = issuerOf(name)
  try {
    const configuration = await library.discovery(issuer, clientId, undefined, auth, {
      [library.customFetch]: fetch,
      // Only addresses of this machine get so far in clear.
      ...(issuer.protocol === 'http:' && { execute: [library.allowInsecureRequests] }),
    })
    const hasDevice = configuration.serverMetadata().device_authorization_endpoint !== undefined
    return { configuration, ...openIdDefaults, scope: scope ?? openIdDefaults.scope, hasDevice }
  } catch (error) {
    throw oauthFault(error, { what: `asking ${issuer.origin} what it offers`, signal })
  }
}

function metadataOf({ issuer, authorization, token, device }: OAuthProvider) {
  return {
    issuer,
    authorization_endpoint: authorization,
    token_endpoint: token,
    ...(device !== undefined && { device_authorization_endpoint: device }),
  }
}

function issuerOf(text: string): URL {
  if (URL.canParse(text)) return new URL(text)
  const known = Object.keys(providers).join(', ')
  throw new SecretError(
    'configuration',
    `${JSON.stringify(text)} is no provider that is known (${known}), nor an issuer's URL`,
  )
}

async function clientSecret(file: string): Promise<string> {
  const secret = /^[^\r\n]*/.exec(await readPrivateFile(file))?.[0] ?? ''
  if (secret === '') throw new SecretError('configuration', `there is no client secret in ${file}`)
  return secret
}
