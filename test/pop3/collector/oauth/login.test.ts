// OAuth2 with a provider on this machine: logging in both ways, tokens that are kept, renewed, replaced and refused.
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { parseConfig } from '../../../../src/config.ts'
import type { OAuthOptions } from '../../../../src/mail/secret-origin.ts'
import {
  type LoginPrompt,
  loginToProvider,
  type OAuthTokens,
} from '../../../../src/pop3/collector/oauth/login.ts'
import { providers } from '../../../../src/pop3/collector/oauth/providers.ts'
import { createTokenSource } from '../../../../src/pop3/collector/oauth/token-source.ts'
import { TokenVault } from '../../../../src/pop3/collector/oauth/token-vault.ts'
import { SecretError } from '../../../../src/pop3/collector/secrets/secret-error.ts'
import { browse, clientId, clientSecret, type OpenId, startOpenId } from './open-id.ts'

const never = new AbortController().signal
let openId: OpenId
let folder = ''

beforeAll(async () => {
  openId = await startOpenId()
})
afterAll(() => openId.close())
beforeEach(() => {
  openId.fail(undefined)
  folder = mkdtempSync(join(tmpdir(), 'poplar-oauth-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'client'), `${clientSecret}\n`, { mode: 0o600 })
})

function optionsFor(changes: Partial<OAuthOptions> = {}): OAuthOptions {
  return {
    provider: openId.issuer,
    clientId,
    clientSecretFile: join(folder, 'client'),
    flow: 'browser',
    scope: undefined,
    ...changes,
  }
}

/** Goes where the prompt says, on the way that a person would. */
function logIn(
  changes: Partial<OAuthOptions> = {},
  headers: Record<string, string> = {},
): Promise<OAuthTokens> {
  return loginToProvider(optionsFor(changes), 'ann', {
    onPrompt: ({ url }: LoginPrompt) => {
      void browse(url, { headers }).catch(() => undefined)
    },
    signal: never,
  })
}

function vaultIn(environment: Record<string, string> = {}): TokenVault {
  return new TokenVault({ folder: join(folder, 'tokens'), keyFile: join(folder, 'secret.key'), environment })
}

describe('logging in', () => {
  it('by device, with a code to be typed in', async () => {
    const prompts: LoginPrompt[] = []
    const tokens = await loginToProvider(optionsFor({ flow: undefined }), 'ann', {
      onPrompt: prompt => {
        prompts.push(prompt)
        void browse(prompt.url)
      },
      signal: never,
    })
    expect(prompts).toMatchObject([{ kind: 'device', code: /^[A-Z-]{8,}$/ }])
    expect(tokens).toMatchObject({ accessToken: /./, refreshToken: /./ })
    expect(tokens.expiresAt?.getTime()).toBeGreaterThan(Date.now() + 3_500_000)
  })

  it('in a browser of this machine', async () => {
    expect(await logIn()).toMatchObject({ accessToken: /./, refreshToken: /./ })
  })

  /** Logs in with a browser on another machine: `typed` makes lines of the address at which it ends there. */
  async function paste(typed: (ending: string) => AsyncIterable<string> | Iterable<string>) {
    const reasons: string[] = []
    let arrive: (ending: Promise<string>) => void = () => undefined
    const arrival = new Promise<string>(resolve => {
      arrive = resolve
    })
    const tokens = await loginToProvider(optionsFor({ flow: 'browser' }), 'ann', {
      // The port that it is sent to is not open there.
      onPrompt: ({ url }) =>
        arrive(browse(url, { stopAt: new URL(url).searchParams.get('redirect_uri') ?? '' })),
      async *pasted() {
        yield* typed(await arrival)
      },
      onNonsense: reason => reasons.push(reason),
      signal: never,
    })
    return { tokens, reasons }
  }

  it('in a browser elsewhere, whose last address is pasted', async () => {
    const { tokens, reasons } = await paste(ending => ['', ` ${ending}\n`])
    expect(tokens).toMatchObject({ accessToken: /./, refreshToken: /./ })
    expect(reasons).toEqual([])
  })

  const changed = (ending: string, change: (url: URL) => void) => {
    const url = new URL(ending)
    change(url)
    return url.href
  }
  it.each<readonly [string, (ending: string) => string, RegExp]>([
    ['is no address', () => 'code=sesame', /^that is no address/],
    ['is half of one', ending => ending.slice(7), /^that is no address/],
    ['has no end', ending => `${ending}&x=${'x'.repeat(40_000)}`, /^that is no address/],
    ['is no address of the web', () => 'javascript:alert(1)', /^that is no address/],
    [
      'is the address that was to be opened',
      () => `${openId.issuer}/auth?client_id=x`,
      /does not begin with http/,
    ],
    [
      'is of another port',
      ending => changed(ending, url => (url.port = '1')),
      /^that address does not begin with http:\/\/127\.0\.0\.1:\d+\/:/,
    ],
    [
      'answers another question',
      ending => changed(ending, url => url.searchParams.set('state', 'guessed')),
      /the answer to another login, or not whole/,
    ],
    ['is cut off', ending => changed(ending, url => url.searchParams.delete('state')), /not whole/],
    [
      'has two states',
      ending => changed(ending, url => url.searchParams.append('state', 'guessed')),
      /the answer to another login/,
    ],
    [
      'has no code',
      ending => changed(ending, url => url.searchParams.delete('code')),
      /there is no answer of the provider/,
    ],
    [
      'has a code that the provider does not know',
      ending => changed(ending, url => url.searchParams.set('code', 'sesame')),
      /the provider does not know the code/,
    ],
  ])('says so when what is pasted %s, and takes another', async (_what, nonsense, says) => {
    let code = ''
    const { tokens, reasons } = await paste(ending => {
      code = new URL(ending).searchParams.get('code') ?? ''
      return [nonsense(ending), ending]
    })
    expect(tokens.accessToken).not.toBe('')
    expect(reasons).toEqual([expect.stringMatching(says)])
    expect(reasons.join()).not.toMatch(new RegExp(`${code}|sesame`))
  })

  it('ends when somebody says no elsewhere', async () => {
    const refusal = paste(ending => [
      changed(ending, url => {
        url.searchParams.delete('code')
        url.searchParams.set('error', 'access_denied')
      }),
    ])
    await expect(refusal).rejects.toMatchObject({ fault: 'credentials', message: /access was denied/ })
  })

  it('still waits for the browser when nothing more can be pasted', async () => {
    const tokens = await loginToProvider(optionsFor({ flow: 'browser' }), 'ann', {
      onPrompt: ({ url }) => {
        setImmediate(() => void browse(url))
      },
      async *pasted() {},
      signal: never,
    })
    expect(tokens.accessToken).not.toBe('')
  })

  it('wants no more lines when the browser has come', async () => {
    let wants: AbortSignal | undefined
    await loginToProvider(optionsFor({ flow: 'browser' }), 'ann', {
      onPrompt: ({ url }) => void browse(url),
      async *pasted(signal) {
        wants = signal
        await new Promise(resolve => signal.addEventListener('abort', resolve))
        yield 'too late'
      },
      signal: never,
    })
    expect(wants?.aborted).toBe(true)
  })

  it('minds no other page that makes the browser ask there', async () => {
    const tokens = await loginToProvider(optionsFor({ flow: 'browser' }), 'ann', {
      onPrompt: ({ url }) => {
        const redirect = new URL(url).searchParams.get('redirect_uri') ?? ''
        void fetch(`${redirect}?code=stolen&state=guessed`).then(async ({ status }) => {
          expect(status).toBe(400)
          await browse(url)
        })
      },
      signal: never,
    })
    expect(tokens.accessToken).not.toBe('')
  })

  const cases: readonly (readonly [
    why: string,
    changes: () => Partial<OAuthOptions>,
    headers: Record<string, string>,
    fault: string,
    message: RegExp,
  ])[] = [
    [
      'somebody says no in a browser',
      () => ({}),
      { 'x-denies': '1' },
      'credentials',
      /access was denied \(no\?\[2J\)$/,
    ],
    [
      'the client is unknown',
      () => ({ clientId: 'other', flow: 'device' }),
      {},
      'configuration',
      /does not know the client/,
    ],
    [
      'the client secret is wrong',
      () => ({ clientSecretFile: wrongSecret() }),
      {},
      'configuration',
      /does not know the client/,
    ],
    [
      'there is no client secret',
      () => ({ clientSecretFile: '/nowhere/client' }),
      {},
      'configuration',
      /no such file/,
    ],
    ['nobody listens there', () => ({ provider: 'http://127.0.0.1:9' }), {}, 'unavailable', /./],
    [
      'the issuer is elsewhere and in clear',
      () => ({ provider: 'http://192.0.2.1' }),
      {},
      'unavailable',
      /no https address/,
    ],
    [
      'no such provider is known',
      () => ({ provider: 'gmial' }),
      {},
      'configuration',
      /"gmial" is no provider that is known \(gmail, outlook/,
    ],
    [
      'the provider has no device flow for mail',
      () => ({ provider: 'gmail', flow: 'device', clientSecretFile: undefined }),
      {},
      'configuration',
      /set `flow = "browser"`/,
    ],
  ]
  it.each(cases)('fails when %s', async (_why, changes, headers, fault, message) => {
    await expect(logIn(changes(), headers)).rejects.toMatchObject({ name: 'SecretError', fault, message })
  })

  function wrongSecret(): string {
    const file = join(folder, 'wrong')
    writeFileSync(file, 'sesame', { mode: 0o600 })
    return file
  }

  it.each(['device', 'browser'] as const)('is stopped (%s)', async flow => {
    const stopping = new AbortController()
    const logging = loginToProvider(optionsFor({ flow }), 'ann', {
      onPrompt: () => {
        stopping.abort()
      },
      signal: stopping.signal,
    })
    await expect(logging).rejects.toMatchObject({ fault: 'aborted' })
  })
})

/** Nothing is asked of them before somebody has come back from their page. */
describe('a provider that is known by name', () => {
  it.each(Object.entries(providers))('%s sends a person to its own page, with PKCE', async (name, {
    authorization,
    scope,
    redirectHost,
  }) => {
    const stopping = new AbortController()
    const prompts: LoginPrompt[] = []
    const options = optionsFor({ provider: name, clientSecretFile: undefined })
    const logging = loginToProvider(options, 'ann@example.net', {
      onPrompt: prompt => {
        prompts.push(prompt)
        stopping.abort()
      },
      signal: stopping.signal,
    })
    await expect(logging).rejects.toMatchObject({ fault: 'aborted' })
    const url = new URL(prompts[0]?.url ?? '')
    expect(`${url.origin}${url.pathname}`).toBe(authorization)
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: clientId,
      scope,
      login_hint: 'ann@example.net',
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/) as string,
      redirect_uri: expect.stringMatching(`^http://${redirectHost}:\\d+/$`) as string,
    })
  })

  it.each(Object.keys(providers))('%s may stand in the configuration', name => {
    const source = `[[collect]]\nname = "a"\nserver = "pop3s://a@b"\nto = "ann"\noauth = { provider = "${name}", client_id = "a" }`
    expect(parseConfig(source).collect).toMatchObject([{ secret: { oauth: { provider: name } } }])
  })
})

describe('tokens', () => {
  const client = () => optionsFor()
  const ask = (vault: TokenVault, isRetry = false) =>
    createTokenSource(vault)('work', client(), { isRetry, signal: never })

  it('are kept so that nobody reads them, and open for their source and client alone', async () => {
    const vault = vaultIn()
    const tokens: OAuthTokens = {
      accessToken: 'a'.repeat(5000),
      refreshToken: 'refresh-me',
      expiresAt: new Date(0),
    }
    await vault.save('work', client(), tokens)
    const file = join(folder, 'tokens', 'work.token')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file, 'latin1')).not.toMatch(/refresh-me|aaaa/)
    expect(readdirSync(join(folder, 'tokens'))).toEqual(['work.token'])
    expect(await vaultIn().load('work', client())).toEqual(tokens)
    expect(await vault.load('other', client())).toBeUndefined()
    const elsewhere = vault.load('work', { ...client(), clientId: 'other' })
    await expect(elsewhere).rejects.toMatchObject({
      fault: 'credentials',
      message: /another provider or client/,
    })
    renameSync(file, join(folder, 'tokens', 'copy.token'))
    await expect(vault.load('copy', client())).rejects.toMatchObject({ fault: 'credentials' })
    expect([await vault.forget('copy'), await vault.forget('copy')]).toEqual([true, false])
  })

  it('need the key that they were kept with, from POPLAR_KEY where that is set', async () => {
    const [one, other] = ['1'.repeat(64), '2'.repeat(64)]
    const tokens: OAuthTokens = { accessToken: 'a', refreshToken: undefined, expiresAt: undefined }
    await vaultIn({ POPLAR_KEY: one }).save('work', client(), tokens)
    expect(readdirSync(folder).sort()).toEqual(['client', 'tokens'])
    expect(await vaultIn({ POPLAR_KEY: one }).load('work', client())).toEqual(tokens)
    await expect(vaultIn({ POPLAR_KEY: other }).load('work', client())).rejects.toThrow(
      /kept with another key/,
    )
    await expect(vaultIn().load('work', client())).rejects.toThrow(/kept with another key/)
    await expect(vaultIn({ POPLAR_KEY: 'short' }).load('work', client())).rejects.toThrow(
      /POPLAR_KEY holds no 32 octets/,
    )
  })

  it('are kept for a destination as well, whatever it is called', async () => {
    const vault = vaultIn()
    const name = 'work imaps://ann@imap.example.net/../Old'
    await expect(vault.load(name, client())).resolves.toBeUndefined()
    await vault.save(name, client(), { accessToken: 'a', refreshToken: undefined, expiresAt: new Date(0) })
    expect(readdirSync(join(folder, 'tokens'))).toEqual([expect.stringMatching(/^_[0-9a-f]{64}\.token$/)])
    const asking = createTokenSource(vault)(name, client(), { isRetry: false, signal: never })
    await expect(asking).rejects.toThrow('`poplar collect login work` does that')
  })

  it('are not there before somebody has logged in', async () => {
    await expect(ask(vaultIn())).rejects.toMatchObject({
      fault: 'credentials',
      message: /`poplar collect login work`/,
    })
  })

  it('are used as long as they are good, and renewed when they are refused', async () => {
    const vault = vaultIn()
    const first = await logIn()
    await vault.save('work', client(), first)
    const requests = openId.tokenRequests
    expect(await ask(vault)).toBe(first.accessToken)
    expect(openId.tokenRequests).toBe(requests)
    const second = await ask(vault, true)
    expect(second).not.toBe(first.accessToken)
    // The refresh token was replaced, and what replaced it is the one that is kept.
    const kept = await vault.load('work', client())
    expect(kept).toMatchObject({ accessToken: second })
    expect(kept?.refreshToken).not.toBe(first.refreshToken)
    expect(await ask(vault, true)).not.toBe(second)
  })

  it('are asked for once where several ask', async () => {
    const vault = vaultIn()
    await vault.save('work', client(), { ...(await logIn()), expiresAt: new Date(0) })
    const requests = openId.tokenRequests
    const source = createTokenSource(vault)
    const asking = () => source('work', client(), { isRetry: false, signal: never })
    const [one, other] = await Promise.all([asking(), asking()])
    expect(one).toBe(other)
    expect(openId.tokenRequests).toBe(requests + 1)
  })

  it('that nobody can renew are said so: by whom, and what to do', async () => {
    const vault = vaultIn()
    const tokens = await logIn()
    const expired = new Date(0)
    await vault.save('work', client(), { ...tokens, expiresAt: expired, refreshToken: undefined })
    await expect(ask(vault)).rejects.toMatchObject({ fault: 'credentials', message: /none to renew it with/ })
    await vault.save('work', client(), { ...tokens, expiresAt: expired, refreshToken: 'no-such-token' })
    const refused = (await ask(vault).catch((thrown: unknown) => thrown)) as Error
    expect(refused).toMatchObject({ fault: 'credentials', message: /`poplar collect login work`/ })
    expect(refused.message).not.toMatch(/no-such-token/)
    openId.fail(503)
    await expect(ask(vault)).rejects.toMatchObject({ fault: 'unavailable' })
  })

  it('that cannot be kept are not used: the next run would have a refresh token that is worth nothing', async () => {
    const vault = vaultIn()
    await vault.save('work', client(), { ...(await logIn()), expiresAt: new Date(0) })
    vault.save = () => Promise.reject(new SecretError('configuration', 'the disk is full'))
    await expect(ask(vault)).rejects.toThrow('the disk is full')
  })
})
