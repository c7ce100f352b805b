// Logging in to a provider, once, by a person: with a code that is typed in elsewhere (RFC 8628), or in a browser on this machine
// (RFC 8252) with PKCE (RFC 7636). What comes of it are tokens.
import type { TokenEndpointResponse } from 'openid-client'
import type { OAuthOptions } from '../../../mail/secret-origin.ts'
import { SecretError } from '../secrets/secret-error.ts'
import { shownText } from '../sources/advice.ts'
import { nextAnswer } from './browser-answer.ts'
import { type Loopback, openLoopback } from './loopback.ts'
import { createOAuthClient, type OAuthClient } from './oauth-client.ts'
import { oauthFault } from './oauth-fault.ts'

/** What the person is to do; all of it is fit for a terminal. */
export type LoginPrompt =
  /** Open the address on any device, and type in the code there. */
  | { readonly kind: 'device'; readonly url: string; readonly code: string; readonly expiresAt: Date }
  /** Open the address in a browser of this machine, or of another, and paste there what it is sent to. */
  | { readonly kind: 'browser'; readonly url: string }

export interface LoginOptions {
  readonly onPrompt: (prompt: LoginPrompt) => void
  /**
   * Lines that somebody types in while a browser is waited for: the address that it was sent to in the end, where it is not on
   * this machine. Asked for once, and told by the signal when no more are wanted.
   */
  readonly pasted?: (signal: AbortSignal) => AsyncIterable<string>
  /** Told why such a line is of no use, in a sentence without what is in it; another may follow. */
  readonly onNonsense?: (reason: string) => void
  readonly signal: AbortSignal
}

export interface OAuthTokens {
  readonly accessToken: string
  /** Undefined: the provider does not say. */
  readonly expiresAt: Date | undefined
  /** Undefined: when the access token ends, somebody has to log in again. */
  readonly refreshToken: string | undefined
}

/** Throws `SecretError`. `user` is suggested to the provider, who may let in another all the same. */
export async function loginToProvider(
  options: OAuthOptions,
  user: string,
  asking: LoginOptions,
): Promise<OAuthTokens> {
  const client = await createOAuthClient(options, asking.signal)
  const flow = options.flow ?? (client.hasDevice ? 'device' : 'browser')
  if (flow === 'device' && !client.hasDevice)
    throw new SecretError(
      'configuration',
      'the provider has no login by device for that: set `flow = "browser"`',
    )
  try {
    return flow === 'device'
      ? await byDevice(client, asking)
      : await byBrowser(client, { user, port: options.redirectPort ?? 0 }, asking)
  } catch (error) {
    throw oauthFault(error, { what: 'logging in', signal: asking.signal })
  }
}

async function byDevice(
  { configuration, scope }: OAuthClient,
  { onPrompt, signal }: LoginOptions,
): Promise<OAuthTokens> {
  const library = await import('openid-client')
  const device = await library.initiateDeviceAuthorization(configuration, { scope })
  const expiresAt = new Date(Date.now() + device.expires_in * 1000)
  const url = webAddress(device.verification_uri_complete ?? device.verification_uri)
  onPrompt({ kind: 'device', url, code: shownText(device.user_code), expiresAt })
  const ending = AbortSignal.any([signal, AbortSignal.timeout(Math.min(device.expires_in, 86_400) * 1000)])
  try {
    return tokensOf(
      await library.pollDeviceAuthorizationGrant(configuration, device, undefined, { signal: ending }),
    )
  } catch (error) {
    if (ending.aborted && !signal.aborted) throw new SecretError('credentials', 'nobody has answered in time')
    throw error
  }
}

async function byBrowser(
  { configuration, scope, authorizationParameters, redirectHost }: OAuthClient,
  { user, port }: { readonly user: string; readonly port: number },
  asking: LoginOptions,
): Promise<OAuthTokens> {
  const library = await import('openid-client')
  const [verifier, state] = [library.randomPKCECodeVerifier(), library.randomState()]
  const loopback = await openLoopback({ host: redirectHost, port, state })
  try {
    const url = library.buildAuthorizationUrl(configuration, {
      ...authorizationParameters,
      redirect_uri: loopback.redirectUri,
      scope,
      state,
      login_hint: user,
      code_challenge: await library.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    })
    asking.onPrompt({ kind: 'browser', url: webAddress(url.href) })
    const checks = { pkceCodeVerifier: verifier, expectedState: state }
    return await answered({ loopback, state, asking }, async answer =>
      tokensOf(await library.authorizationCodeGrant(configuration, answer, checks)),
    )
  } finally {
    loopback.close()
  }
}

/** As long as an authorization code may take to be asked for. */
const answerMs = 900_000

interface Awaited {
  readonly loopback: Loopback
  readonly state: string
  readonly asking: LoginOptions
}

/** What comes of the first answer that is one. What somebody has pasted, and the provider does not know, may be pasted anew. */
async function answered<T>(
  { loopback: { redirectUri, arrival }, state, asking }: Awaited,
  grant: (answer: URL) => Promise<T>,
): Promise<T> {
  const { signal, onNonsense = () => undefined } = asking
  const done = new AbortController()
  const pasted = asking.pasted?.(done.signal)[Symbol.asyncIterator]()
  const waiting = AbortSignal.any([signal, AbortSignal.timeout(answerMs)])
  try {
    for (;;) {
      const { url, isPasted } = await nextAnswer({
        redirectUri,
        state,
        arrival,
        pasted,
        onNonsense,
        signal: waiting,
      })
      try {
        return await grant(url)
      } catch (error) {
        if (!isPasted || !isUnknownCode(error)) throw error
        onNonsense('the provider does not know the code in that address: was all of it pasted?')
      }
    }
  } finally {
    done.abort()
  }
}

/** RFC 6749 section 5.2. */
function isUnknownCode(error: unknown): boolean {
  return (error as { readonly error?: unknown }).error === 'invalid_grant'
}

function tokensOf(response: TokenEndpointResponse): OAuthTokens {
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: seconds } = response
  return {
    accessToken,
    refreshToken,
    expiresAt: seconds === undefined ? undefined : new Date(Date.now() + seconds * 1000),
  }
}

/** It is shown to be opened: nothing but an address of the web, and no control characters. */
function webAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url.href
  throw new SecretError('unavailable', 'the provider names no address of the web to log in at')
}
