// Sources with OAuth2, from end to end: an OpenID provider on this machine, and Debian's Dovecot, which asks it about the tokens.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { loginToProvider } from '../../../../src/pop3/collector/oauth/login.ts'
import { createTokenSource } from '../../../../src/pop3/collector/oauth/token-source.ts'
import { TokenVault } from '../../../../src/pop3/collector/oauth/token-vault.ts'
import { createSource, type SourceOptions } from '../../../../src/pop3/collector/sources/create-source.ts'
import { browse, clientId, clientSecret, type OpenId, startOpenId } from '../oauth/open-id.ts'
import { type Dovecot, startDovecot } from './dovecot.ts'

const never = new AbortController().signal
const hasImap = existsSync('/usr/lib/dovecot/imap')
if (!hasImap && process.env['CI'] === 'true') throw new Error('dovecot-imapd is not installed')

describe.skipIf(!hasImap)('a token of an OpenID provider', () => {
  let [openId, dovecot, folder] = [undefined as OpenId | undefined, undefined as Dovecot | undefined, '']
  beforeAll(async () => {
    openId = await startOpenId()
    dovecot = await startDovecot({ introspection: openId.introspection })
    folder = mkdtempSync(join(tmpdir(), 'poplar-oauth-'))
    writeFileSync(join(folder, 'client'), clientSecret, { mode: 0o600 })
  })
  afterAll(async () => {
    await dovecot?.close()
    await openId?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it.each([
    'pop3',
    'imap',
  ] as const)('opens the mailbox by %s, also when the one that was kept is refused', async protocol => {
    if (!dovecot || !openId) throw new Error('nothing is there')
    dovecot.put('ann', Buffer.from('A: b\r\n\r\n'))
    const oauth = {
      provider: openId.issuer,
      clientId,
      clientSecretFile: join(folder, 'client'),
      flow: 'browser',
      scope: undefined,
    } as const
    const vault = new TokenVault({ folder, keyFile: join(folder, 'secret.key'), environment: {} })
    const tokens = await loginToProvider(oauth, 'ann', {
      onPrompt: ({ url }) => {
        void browse(url)
        return undefined
      },
      signal: never,
    })
    const options: SourceOptions = {
      name: protocol,
      protocol,
      host: '127.0.0.1',
      port: dovecot.ports[protocol],
      user: 'ann',
      tls: 'opportunistic',
      allowCleartext: true,
      pins: [],
      caFile: join(folder, 'ca.pem'),
      proxy: undefined,
      folders: ['INBOX'],
      mechanisms: undefined,
      identity: undefined,
      quirks: [],
      secret: { kind: 'oauth', oauth },
    }
    writeFileSync(join(folder, 'ca.pem'), dovecot.certificate)
    const source = createSource(options, { token: createTokenSource(vault) })
    await expect(source.open(never)).rejects.toMatchObject({ fault: 'credentials', message: /collect login/ })
    for (const accessToken of [tokens.accessToken, 'withdrawn']) {
      await vault.save(protocol, oauth, { ...tokens, ...(await vault.load(protocol, oauth)), accessToken })
      const session = await source.open(never)
      onTestFinished(async () => session[Symbol.asyncDispose]())
      expect((await session.listing(never)).messages.length).toBeGreaterThan(0)
      await session[Symbol.asyncDispose]()
    }
    expect((await vault.load(protocol, oauth))?.accessToken).not.toBe('withdrawn')
    // One that can be renewed no more ends in a sentence for its owner.
    await vault.save(protocol, oauth, {
      accessToken: 'withdrawn',
      refreshToken: 'withdrawn',
      expiresAt: undefined,
    })
    const refused = source.open(never)
    await expect(refused).rejects.toMatchObject({ fault: 'credentials', message: /log in again/ })
  })
})
