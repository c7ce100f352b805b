// Logging in to a provider, once, by a person: with a code that is typed in elsewhere (RFC 8628), or in a browser on this machine
// (RFC 8252) with PKCE (RFC 7636). What comes of it are tokens.
import type { TokenEndpointResponse } from 'openid-client'
import type { OAuthOptions } from '../../../mail/secret-origin.ts'
import { SecretError } from '../secrets/secret-error.ts'
import { shownText } from '../sources/advice.ts'
import { openLoopback } from './loopback.ts'
import { createOAuthClient, type OAuthClient } from './oauth-client.ts'
import { oauthFault } from './oauth-fault.ts'

/** What the person is to do; all of it is fit for a terminal. */
export type LoginPrompt =
  /** Open the address on any device, and type in the code there. */
  | { readonly kind: 'device'; readonly url: string; readonly code: string; readonly expiresAt: Date }
  /** Open the address in a browser of this machine. */
  | { readonly kind: 'browser'; readonly url: string }

export interface LoginOptions {
  /**
   * Shows the prompt. For `browser` it may resolve with the address that the browser was sent to in the end, pasted by hand:
   * the way for a machine without a browser.
   */
  readonly onPrompt: (prompt: LoginPrompt) => undefined | Promise<string | undefined>
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
  void onPrompt({ kind: 'device', url, code: shownText(device.user_code), expiresAt })
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
  { onPrompt, signal }: LoginOptions,
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
    const pasted = onPrompt({ kind: 'browser', url: webAddress(url.href) })
    const answer = await firstOf(loopback.arrival, pasted, signal)
    const checks = { pkceCodeVerifier: verifier, expectedState: state }
    return tokensOf(await library.authorizationCodeGrant(configuration, answer, checks))
  } finally {
    loopback.close()
  }
}

/** As long as an authorization code may take to be asked for. */
const answerMs = 900_000

/** What the browser brings, or what somebody has pasted. */
function firstOf(
  arrival: Promise<URL>,
  pasted: Promise<string | undefined> | undefined,
  signal: AbortSignal,
): Promise<URL> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new SecretError('credentials', 'nobody has answered in time')),
      answerMs,
    )
    const stop = () => reject(new SecretError('aborted', 'stopped'))
    const settle = (url: URL) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      resolve(url)
    }
    if (signal.aborted) stop()
    timer.unref()
    signal.addEventListener('abort', stop, { once: true })
    void arrival.then(settle)
    pasted?.then(text => {
      if (text === undefined) return
      if (URL.canParse(text.trim())) settle(new URL(text.trim()))
      else reject(new SecretError('credentials', 'what was pasted is no address'))
    }, reject)
  })
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
