// An OpenID provider on this machine (`oidc-provider`), and somebody with a browser who agrees to everything, or to nothing.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'

export interface OpenId {
  readonly issuer: string
  /** With client identifier and secret in it, for those who take no others. */
  readonly introspection: string
  /** How often tokens were asked for. */
  readonly tokenRequests: number
  /** Refuses all refresh tokens from now on, or answers nothing but this status. */
  fail(status: number | undefined): void
  close(): Promise<void>
}

export const clientId = 'poplar'
export const clientSecret = 'client-secret'

/** Whoever asks is `ann`; refresh tokens are replaced each time they are used. */
export async function startOpenId(): Promise<OpenId> {
  let [tokenRequests, failure] = [0, undefined as number | undefined]
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        application_type: 'native',
        grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
        redirect_uris: ['http://127.0.0.1/'],
        token_endpoint_auth_method: 'client_secret_post',
      },
      {
        client_id: 'resource',
        client_secret: 'resource-secret',
        redirect_uris: [],
        response_types: [],
        grant_types: [],
      },
    ],
    features: {
      devInteractions: { enabled: false },
      deviceFlow: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
    },
    ttl: {
      AccessToken: 3600,
      DeviceCode: 60,
      Grant: 3600,
      Session: 3600,
      Interaction: 600,
      RefreshToken: 3600,
    },
    rotateRefreshToken: true,
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    cookies: { keys: ['a key of cookies'] },
    renderError(context) {
      context.body = 'an error'
    },
  })
  server.on('request', (request, response) => {
    const path = request.url ?? ''
    if (path.startsWith('/token')) tokenRequests += 1
    if (failure !== undefined && path.startsWith('/token')) {
      response
        .writeHead(failure, { 'content-type': 'application/json' })
        .end('{"error":"temporarily_unavailable"}')
    } else if (path.startsWith('/interaction/')) {
      answerInteraction(provider, request, response).catch(() => response.writeHead(500).end())
    } else void provider.callback()(request, response)
  })
  const introspection = `http://resource:resource-secret@${issuer.slice('http://'.length)}/token/introspection`
  return {
    issuer,
    introspection,
    get tokenRequests() {
      return tokenRequests
    },
    fail(status) {
      failure = status
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

type Callback = Parameters<ReturnType<Provider['callback']>>

/** Logs ann in, and agrees to what is asked; `x-denies` says no. */
async function answerInteraction(
  provider: Provider,
  request: Callback[0],
  response: Callback[1],
): Promise<void> {
  const { params, prompt, session, grantId } = await provider.interactionDetails(request, response)
  if (request.headers['x-denies'] !== undefined) {
    await provider.interactionFinished(request, response, {
      error: 'access_denied',
      error_description: 'no\x1b[2J',
    })
    return
  }
  if (prompt.name === 'login') {
    await provider.interactionFinished(request, response, { login: { accountId: 'ann' } })
    return
  }
  const known = grantId === undefined ? undefined : await provider.Grant.find(grantId)
  const grant =
    known ??
    new provider.Grant({ accountId: session?.accountId ?? '', clientId: String(params['client_id']) })
  grant.addOIDCScope(String(params['scope']))
  await provider.interactionFinished(
    request,
    response,
    { consent: { grantId: await grant.save() } },
    { mergeWithLastSubmission: true },
  )
}

/**
 * Opens an address as a browser does: cookies, redirections, and forms that need no more than sending. Resolves with where that
 * ends; before an address that begins with `stopAt` it does not go there.
 */
export async function browse(
  address: string,
  { headers = {}, stopAt }: { readonly headers?: Record<string, string>; readonly stopAt?: string } = {},
): Promise<string> {
  const cookies = new Map<string, string>()
  let [url, body] = [address, undefined as URLSearchParams | undefined]
  for (let step = 0; step < 20; step++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    if (stopAt !== undefined && url.startsWith(stopAt)) return url
    const response = await fetch(url, {
      method: body ? 'POST' : 'GET',
      headers: { ...headers, cookie },
      redirect: 'manual',
      ...(body && { body }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    const text = await response.text()
    const next = response.headers.get('location')
    const form = /<form[^>]*action="([^"]*)"[^>]*>([^]*?)<\/form>/.exec(text)
    if (next) [url, body] = [new URL(next, url).href, undefined]
    else if (form) {
      const fields = [...(form[2] ?? '').matchAll(/<input[^>]*name="([^"]*)"[^>]*value="([^"]*)"/g)]
      const target = form[1] ?? ''
      url = new URL(target.replaceAll('&amp;', '&'), url).href
      body = new URLSearchParams(fields.map(([, name = '', value = '']): [string, string] => [name, value]))
    } else return url
  }
  throw new Error('no end of redirections')
}
