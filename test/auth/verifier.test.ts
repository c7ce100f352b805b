// Every way in, through the real mechanisms: who gets in as whom, and that each failure is counted and told once.
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { apopDigest } from '../../src/auth/apop.ts'
import type { LoginProtocol } from '../../src/auth/login.ts'
import { oauthbearerClient } from '../../src/auth/mechanisms/bearer-clients.ts'
import { cramMd5Client } from '../../src/auth/mechanisms/cram-md5-client.ts'
import { externalClient } from '../../src/auth/mechanisms/external-client.ts'
import { loginClient } from '../../src/auth/mechanisms/login-client.ts'
import { mechanisms } from '../../src/auth/mechanisms/mechanisms.ts'
import { plainClient } from '../../src/auth/mechanisms/plain-client.ts'
import { scramClient } from '../../src/auth/mechanisms/scram-client.ts'
import type { ScramHash } from '../../src/auth/sasl.ts'
import type { SaslClient } from '../../src/auth/sasl-client.ts'
import { createSecretBox } from '../../src/auth/sealed-secret.ts'
import { storePassword } from '../../src/auth/stored-password.ts'
import { Throttle } from '../../src/auth/throttle.ts'
import type { Account } from '../../src/mail/account.ts'
import { Refusal } from '../../src/mail/errors.ts'
import { cheap, openOffice } from './office.ts'
import { channelWith, originFrom } from './origin.ts'

/** CRAM-MD5 is not offered by default where some have not opted in. */
const everything = [...mechanisms.map(({ name }) => name), 'APOP']
const claims: Readonly<Record<string, string>> = {
  'of-ann': 'ann',
  'of-ann-at-home': 'Ann@example.net',
  'of-dis': 'dis',
  'of-nobody': 'nobody',
  'of-soft-hyphen': 'a\u00adnn',
  'of-full-width': '\uff41nn',
}
const office = openOffice({
  mechanisms: everything,
  tokens: {
    async verify(token) {
      if (token === 'later') throw new Refusal('directory-unavailable', 'no answer')
      const name = claims[token]
      return name === undefined ? undefined : { name, expiresAt: undefined }
    },
  },
})
const origin = originFrom()
const secured = originFrom('192.0.2.1', { channel: channelWith() })
let phone = ''
let smtpOnly = ''
let elsewhere = ''

beforeAll(async () => {
  await office.addAccount('ann', 'secret')
  await office.addAccount('eve', 'sesame', { recoverable: true })
  await office.addAccount('dis', 'secret', { recoverable: true })
  await office.store.setDisabled('dis', true)
  await office.store.addAccount({ name: 'new' })
  phone = await office.addAppPassword('ann', 'phone', { readOnly: true })
  smtpOnly = await office.addAppPassword('ann', 'scanner', { protocols: ['smtp'] })
  elsewhere = await office.addAppPassword('ann', 'home', { networks: ['198.51.100.0/24', '2001:db8::/32'] })
  // Whether somebody opted in is asked once a second.
  await vi.waitFor(() => expect(office.authenticator.sasl.mechanisms(undefined)).toContain('CRAM-MD5'), 5000)
})
afterAll(() => office.close())
beforeEach(() => {
  office.lines.length = 0
  vi.restoreAllMocks()
})

const scram = (name: string, password: string, hash: ScramHash = 'SHA-256') =>
  scramClient({ name, password }, { hash })
const bearer = (name: string, token: string) => oauthbearerClient({ name, token })

describe('a login', () => {
  it.each<[client: () => SaslClient, user: string]>([
    [() => plainClient({ name: 'ann', password: 'secret' }), 'ann'],
    [() => plainClient({ name: 'ANN@example.net', password: 'secret' }), 'ann'],
    [() => loginClient({ name: 'ann', password: 'secret' }), 'ann'],
    [() => scram('ann', 'secret'), 'ann'],
    [() => scram('ann', 'secret', 'SHA-1'), 'ann'],
    [() => scram('Ann@Example.net', 'secret'), 'ann'],
    [() => cramMd5Client({ name: 'eve', password: 'sesame' }), 'eve'],
    [() => bearer('ann', 'of-ann'), 'ann'],
    [() => bearer('ann@example.net', 'of-ann-at-home'), 'ann'],
  ])('%# opens the account', async (makeClient, user) => {
    const client = makeClient()
    const step = await office.converse(client, origin)
    expect(step).toMatchObject({
      kind: 'success',
      login: { account: { name: user }, readOnly: false, appPassword: undefined },
    })
    expect(office.lines).toMatchObject([
      { level: 'info', text: 'login', fields: { user, mechanism: client.name } },
    ])
  })

  it.each<[reason: string, user: string | undefined, client: () => SaslClient]>([
    ['wrong-password', 'ann', () => plainClient({ name: 'ann', password: 'wrong' })],
    ['disabled', 'dis', () => plainClient({ name: 'dis', password: 'secret' })],
    ['unknown-user', undefined, () => plainClient({ name: 'bob', password: 'secret' })],
    ['wrong-proof', 'ann', () => scram('ann', 'wrong')],
    ['disabled', 'dis', () => scram('dis', 'secret')],
    ['unknown-user', undefined, () => scram('bob', 'secret')],
    ['wrong-proof', 'new', () => scram('new', 'secret')],
    ['wrong-proof', 'ann', () => scram('ann', smtpOnly)],
    ['wrong-proof', 'ann', () => scram('ann', elsewhere)],
    ['wrong-proof', 'eve', () => cramMd5Client({ name: 'eve', password: 'wrong' })],
    ['wrong-proof', 'ann', () => cramMd5Client({ name: 'ann', password: 'secret' })],
    ['disabled', 'dis', () => cramMd5Client({ name: 'dis', password: 'secret' })],
    ['unknown-user', undefined, () => cramMd5Client({ name: 'bob', password: 'secret' })],
    ['bad-token', 'ann', () => bearer('ann', 'forged')],
    ['bad-token', undefined, () => bearer('hunter2', 'forged')],
    ['disabled', 'dis', () => bearer('dis', 'of-dis')],
    ['not-authorized', 'ann', () => plainClient({ name: 'ann', password: 'secret', actAs: 'eve' })],
    ['wrong-password', 'ann', () => plainClient({ name: 'ann', password: 'wrong', actAs: 'eve' })],
    [
      'not-authorized',
      'ann',
      () => scramClient({ name: 'ann', password: 'secret', actAs: 'eve' }, { hash: 'SHA-256' }),
    ],
    ['not-authorized', 'ann', () => bearer('eve', 'of-ann')],
    ['not-authorized', 'ann', () => bearer('bob', 'of-ann')],
    ['unknown-user', undefined, () => bearer('nobody', 'of-nobody')],
    // SASLprep would make them `ann`, who is somebody else to who gave the token.
    ['unknown-user', undefined, () => bearer('ann', 'of-soft-hyphen')],
    ['unknown-user', undefined, () => bearer('ann', 'of-full-width')],
  ])('%# is refused, counted once, told once: %s', async (reason, user, makeClient) => {
    const fail = vi.spyOn(Throttle.prototype, 'fail')
    const client = makeClient()
    const step = await office.converse(client, origin)
    expect(step).toEqual({ kind: 'failure', reason: 'refused' })
    expect(fail).toHaveBeenCalledOnce()
    expect(office.lines).toEqual([
      {
        level: 'warn',
        text: 'login failed',
        fields: {
          peer: '192.0.2.1',
          protocol: 'pop3',
          session: 'session-1',
          mechanism: client.name,
          user,
          reason,
        },
      },
    ])
  })

  it('that is malformed is counted and told as well', async () => {
    const fail = vi.spyOn(Throttle.prototype, 'fail')
    const exchange = office.authenticator.sasl.begin('plain', origin)
    expect(await exchange?.next(Buffer.from('no NUL'))).toEqual({ kind: 'failure', reason: 'malformed' })
    expect(fail).toHaveBeenCalledOnce()
    expect(office.lines.map(({ fields }) => fields['reason'])).toEqual(['malformed'])
  })

  it('whose token nobody can check now is nobody’s failure', async () => {
    const fail = vi.spyOn(Throttle.prototype, 'fail')
    await expect(office.converse(bearer('ann', 'later'), origin)).rejects.toMatchObject({
      code: 'directory-unavailable',
    })
    expect(fail).not.toHaveBeenCalled()
    expect(office.lines).toEqual([])
  })
})

describe('an app password', () => {
  it('opens the account as far as it says, however it is typed', async () => {
    const logIn = (password: string) => office.logIn('ann', password, origin)
    const login = { account: { name: 'ann' }, readOnly: true, appPassword: 'phone' }
    expect(await logIn(phone)).toMatchObject(login)
    expect(await logIn(phone.toUpperCase().replaceAll('-', ' '))).toMatchObject(login)
    expect(await office.converse(scram('ann', phone), origin)).toMatchObject({ kind: 'success', login })
    expect(office.lines.map(({ fields }) => fields['appPassword'])).toEqual(['phone', 'phone', 'phone'])
  })

  it.each<[protocol: LoginProtocol, peer: string, expected: boolean, why: string]>([
    ['smtp', '192.0.2.1', true, 'its protocol'],
    ['pop3', '192.0.2.1', false, 'another protocol'],
  ])('for SMTP over %s from %s: %s (%s)', async (protocol, peer, expected) => {
    const login = await office.logIn('ann', smtpOnly, originFrom(peer, { protocol }))
    expect(login !== undefined).toBe(expected)
  })

  it.each([
    ['198.51.100.7', true],
    ['::ffff:198.51.100.7', true],
    ['2001:db8:1::1', true],
    ['192.0.2.1', false],
    ['2001:db9::1', false],
  ])('for some networks from %s: %s', async (peer, expected) => {
    const from = originFrom(peer)
    expect((await office.logIn('ann', elsewhere, from)) !== undefined).toBe(expected)
    const step = await office.converse(scram('ann', elsewhere), from)
    expect(step?.kind).toBe(expected ? 'success' : 'failure')
  })

  it('of one account opens no other', async () => {
    expect(await office.logIn('eve', phone, origin)).toBeUndefined()
    expect(await office.logIn('bob', phone, origin)).toBeUndefined()
  })

  it('remembers its last use, written down once a minute', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z')
    const clocked = openOffice({ now: () => now })
    await clocked.addAccount('ann', 'secret')
    const password = await clocked.addAppPassword('ann', 'phone')
    const note = vi.spyOn(clocked.store, 'noteAppPasswordUse')
    const logIn = () => clocked.logIn('ann', password, originFrom('2001:db8::1'))
    await logIn()
    now += 59_000
    await logIn()
    expect(note).toHaveBeenCalledOnce()
    now += 1000
    await logIn()
    expect(note).toHaveBeenCalledTimes(2)
    const account = await clocked.store.findAccount('ann')
    expect(await clocked.store.listAppPasswords(account?.id ?? '')).toMatchObject([
      { lastUsedAt: new Date(now), lastUsedFrom: '2001:db8::1' },
    ])
    await clocked.close()
  })

  it('opens even when its use cannot be written down', async () => {
    vi.spyOn(office.store, 'noteAppPasswordUse').mockRejectedValue(new Error('disk full'))
    const password = await office.addAppPassword('eve', 'tablet')
    expect(await office.logIn('eve', password, origin)).toBeDefined()
    await vi.waitFor(() => expect(office.lines.map(({ level }) => level)).toEqual(['info', 'error']))
    expect(JSON.stringify(office.lines)).not.toContain(password)
  })

  it('that is revoked opens nothing', async () => {
    const password = await office.addAppPassword('eve', 'lost')
    expect(await office.logIn('eve', password, origin)).toBeDefined()
    await office.store.revokeAppPassword('eve', 'lost')
    expect(await office.logIn('eve', password, origin)).toBeUndefined()
    expect((await office.converse(scram('eve', password), origin))?.kind).toBe('failure')
  })
})

describe('SCRAM', () => {
  const firstOf = async (name: string, hash: ScramHash = 'SHA-256', authenticator = office.authenticator) => {
    const exchange = authenticator.sasl.begin(`SCRAM-${hash}`, origin)
    const step = await exchange?.next(Buffer.from(`n,,n=${name},r=abcdefghijklmnopqrstuvwxyz`))
    const text = step?.kind === 'challenge' ? Buffer.from(step.octets).toString() : ''
    return /s=([^,]+),i=(\d+)$/.exec(text)?.slice(1)
  }

  it('tells of a name without an account what it would tell of one', async () => {
    const [unknown, known] = [await firstOf('bob'), await firstOf('ann')]
    expect(unknown?.[0]).toHaveLength(known?.[0]?.length ?? 0)
    expect(unknown?.[1]).toBe(known?.[1])
    expect(unknown).not.toEqual(await firstOf('rob'))
  })

  it.each<[name: string, hash: ScramHash, why: string]>([
    ['bob', 'SHA-256', 'again'],
    ['BOB', 'SHA-256', 'in another spelling'],
    ['bob@example.net', 'SHA-256', 'with the local domain'],
    ['bob', 'SHA-1', 'with the other hash, as an account has one salt for both'],
  ])('tells the same of it: %s with %s (%s)', async (name, hash) => {
    expect(await firstOf(name, hash)).toEqual(await firstOf('bob'))
    expect(await firstOf(name.replace(/bob/i, 'ann'), hash)).toEqual(await firstOf('ann'))
  })

  it('tells the same of it after a restart', async () => {
    const restarted = openOffice()
    expect(await firstOf('bob', 'SHA-256', restarted.authenticator)).toEqual(await firstOf('bob'))
    await restarted.close()
  })
})

describe('names without an account, where accounts differ', () => {
  const mixed = openOffice({ scramIterations: 20_000 })
  afterAll(() => mixed.close())
  const told = async (name: string) => {
    const exchange = mixed.authenticator.sasl.begin('SCRAM-SHA-256', origin)
    const step = await exchange?.next(Buffer.from(`n,,n=${name},r=abcdefghijklmnopqrstuvwxyz`))
    const text = step?.kind === 'challenge' ? Buffer.from(step.octets).toString() : ''
    const [, salt = '', iterations = ''] = /s=([^,]+),i=(\d+)$/.exec(text) ?? []
    return { salt, iterations, octets: Buffer.from(salt, 'base64').length }
  }
  const addAccount = async (name: string, scramIterations: number, saltOctets = 16) => {
    const salt = Buffer.alloc(saltOctets, name)
    await mixed.store.addAccount({
      name,
      ...(await storePassword(Buffer.from('secret'), { cost: cheap, scramIterations, salt })),
    })
    return told(name)
  }
  const strangers = Array.from({ length: 40 }, (_, index) => `stranger${index}`)

  it('have counts and salts as accounts have, each name its own', async () => {
    expect((await told('bob')).iterations).toBe('20000')
    await addAccount('ann', 4096)
    expect((await told('bob')).iterations).toBe('4096')
    await addAccount('eve', 5000, 12)
    const first = await Promise.all(strangers.map(told))
    expect(new Set(first.map(({ iterations }) => iterations))).toEqual(new Set(['4096', '5000']))
    expect(first.every(({ iterations, octets }) => octets === (iterations === '4096' ? 16 : 12))).toBe(true)
    expect(await Promise.all(strangers.map(told))).toEqual(first)
    expect(await Promise.all(strangers.map(name => told(`${name}@example.net`)))).toEqual(first)
  })

  it('are others with a domain and without, where such accounts are', async () => {
    await addAccount('info@example.net', 4096)
    const [bare, full] = [
      await Promise.all(strangers.map(told)),
      await Promise.all(strangers.map(name => told(`${name}@example.net`))),
    ]
    const merged = strangers.filter((_, index) => bare[index]?.salt === full[index]?.salt)
    expect(merged.length).toBeGreaterThan(0)
    expect(merged.length).toBeLessThan(strangers.length)
    expect(await Promise.all(strangers.map(told))).toEqual(bare)
  })
})

describe('what changes while an exchange is open', () => {
  const box = createSecretBox(new Uint8Array(32).fill(7))
  let opened = (): void => undefined
  let clockIsAheadMs = 0
  const kept = openOffice({
    mechanisms: everything,
    now: () => Date.now() + clockIsAheadMs,
    box: {
      ...box,
      open(sealed, owner) {
        opened()
        return box.open(sealed, owner)
      },
    },
  })
  afterAll(() => kept.close())
  beforeEach(async () => {
    kept.lines.length = 0
    await kept.addAccount('tim', 'secret', { recoverable: true })
    return () => kept.store.removeAccount('tim')
  })
  const change = async (accountName: string, password: string) =>
    kept.store.setPassword(
      accountName,
      await storePassword(Buffer.from(password), { cost: cheap, scramIterations: 4096 }),
    )

  it.each<[what: string, reason: string, usesDevice: boolean, change: () => Promise<unknown>]>([
    ['a new password', 'wrong-proof', false, () => change('tim', 'other')],
    ['a disabled account', 'disabled', false, () => kept.store.setDisabled('tim', true)],
    ['no account', 'unknown-user', false, () => kept.store.removeAccount('tim')],
    ['no app password', 'wrong-proof', true, () => kept.store.revokeAppPassword('tim', 'phone')],
    ['a disabled account', 'disabled', true, () => kept.store.setDisabled('tim', true)],
  ])('%s: SCRAM refuses (%s)', async (_, reason, usesDevice, happens) => {
    const device = await kept.addAppPassword('tim', 'phone')
    const client = scram('tim', usesDevice ? device : 'secret')
    const exchange = kept.authenticator.sasl.begin(client.name, origin)
    const step = await exchange?.next(await client.next(undefined))
    if (step?.kind !== 'challenge') throw new Error('no challenge')
    await happens()
    clockIsAheadMs += 1_000
    expect(await exchange?.next(await client.next(step.octets))).toEqual({
      kind: 'failure',
      reason: 'refused',
    })
    expect(kept.lines.map(({ fields }) => fields['reason'])).toEqual([reason])
    if (reason === 'unknown-user') await kept.addAccount('tim', 'secret')
  })

  it('another app password, or another password: SCRAM goes on', async () => {
    const device = await kept.addAppPassword('tim', 'phone')
    await kept.addAppPassword('tim', 'tablet')
    const client = scram('tim', device)
    const exchange = kept.authenticator.sasl.begin(client.name, origin)
    const step = await exchange?.next(await client.next(undefined))
    if (step?.kind !== 'challenge') throw new Error('no challenge')
    await kept.store.revokeAppPassword('tim', 'tablet')
    await change('tim', 'other')
    clockIsAheadMs += 1_000
    expect(await exchange?.next(await client.next(step.octets))).toMatchObject({
      kind: 'success',
      login: { appPassword: 'phone' },
    })
  })

  it.each<[what: string, change: Partial<Account>]>([
    ['another sealed password', { sealedPassword: 'other' }],
    ['none', { sealedPassword: undefined }],
    ['a disabled account', { isDisabled: true }],
    ['another account', { id: 'other' }],
  ])('%s: CRAM-MD5 refuses', async (_, now) => {
    const tim = await kept.store.findAccount('tim')
    if (!tim) throw new Error('no tim')
    await vi.waitFor(() => expect(kept.authenticator.sasl.mechanisms(undefined)).toContain('CRAM-MD5'), 5000)
    const findAccount = vi.spyOn(kept.store, 'findAccount').mockResolvedValue(tim)
    opened = () => void findAccount.mockResolvedValue({ ...tim, ...now })
    const step = await kept.converse(cramMd5Client({ name: 'tim', password: 'secret' }), origin)
    expect(step?.kind).toBe('failure')
    expect(kept.lines).toHaveLength(1)
  })
})

describe('an exchange that is abandoned', () => {
  const begun = async (name: string) => {
    const exchange = office.authenticator.sasl.begin('SCRAM-SHA-256', origin)
    await exchange?.next(Buffer.from(`n,,n=${name},r=abcdefghijklmnopqrstuvwxyz`))
    return exchange
  }

  it.each([
    ['ann', 'wrong-proof'],
    ['bob', 'unknown-user'],
  ])('by who has heard of a salt is a failure, once: %s (%s)', async (name, reason) => {
    const fail = vi.spyOn(Throttle.prototype, 'fail')
    const exchange = await begun(name)
    expect(fail).not.toHaveBeenCalled()
    exchange?.abandon?.()
    exchange?.abandon?.()
    await vi.waitFor(() => expect(fail).toHaveBeenCalledOnce())
    expect(await exchange?.next(Buffer.from('c=biws'))).toEqual({ kind: 'failure', reason: 'malformed' })
    expect(office.lines.map(({ fields }) => fields['reason'])).toEqual([reason])
  })

  it('while it is asked about is one as well', async () => {
    const fail = vi.spyOn(Throttle.prototype, 'fail')
    const exchange = office.authenticator.sasl.begin('SCRAM-SHA-256', origin)
    const step = exchange?.next(Buffer.from('n,,n=ann,r=abcdefghijklmnopqrstuvwxyz'))
    exchange?.abandon?.()
    await step
    await vi.waitFor(() => expect(fail).toHaveBeenCalledOnce())
  })

  it('before anything was said, or behind its end, is none', async () => {
    const fail = vi.spyOn(Throttle.prototype, 'fail')
    office.authenticator.sasl.begin('SCRAM-SHA-256', origin)?.abandon?.()
    const exchange = office.authenticator.sasl.begin('PLAIN', origin)
    expect(await exchange?.next(Buffer.from('\0ann\0secret'))).toMatchObject({ kind: 'success' })
    exchange?.abandon?.()
    expect(fail).not.toHaveBeenCalled()
    expect(office.lines).toHaveLength(1)
  })
})

describe('EXTERNAL', () => {
  const withNames = (...names: string[]) => originFrom('192.0.2.1', { channel: channelWith(names) })

  it.each<[names: string[], actAs: string | undefined, expected: string | undefined, why: string]>([
    [['ann@example.net'], undefined, 'ann', 'the name of the certificate'],
    [['Ann Smith', 'ann'], undefined, 'ann', 'the first name that is an account'],
    [['ann', 'eve'], 'eve', 'eve', 'one of several, asked for'],
    [['ann', 'eve'], undefined, 'ann', 'the first of several'],
    [['ann'], 'ANN@example.net', 'ann', 'asked for in another spelling'],
    [['ann'], 'eve', undefined, 'somebody else'],
    [['ann'], 'nobody', undefined, 'nobody'],
    [['dis'], undefined, undefined, 'a disabled account'],
    [['Ann Smith'], undefined, undefined, 'no account'],
    [['a\u00adnn'], undefined, undefined, 'one whom SASLprep would make another'],
    [['\uff41nn'], 'ann', undefined, 'the same, asked for'],
    [[], undefined, undefined, 'no name'],
  ])('of %j as %s is %s (%s)', async (names, actAs, expected) => {
    const client = externalClient(actAs === undefined ? {} : { actAs })
    const step = await office.converse(client, withNames(...names))
    expect(step?.kind === 'success' ? step.login.account.name : undefined).toBe(expected)
    expect(office.lines).toHaveLength(1)
  })

  it('does not exist without a certificate', () => {
    expect(office.authenticator.sasl.begin('EXTERNAL', secured)).toBeUndefined()
  })
})

describe('APOP', () => {
  const timestamp = '<1896.697170952@mail.example>'
  const logIn = (name: string, secret: string) =>
    office.authenticator.apop?.authenticate(
      name,
      timestamp,
      apopDigest(timestamp, Buffer.from(secret)),
      origin,
    )

  it('is offered when an account may use it', async () => {
    await vi.waitFor(() => expect(office.authenticator.apop?.isOffered).toBe(true))
  })

  it('is for accounts that opted in', async () => {
    expect(await logIn('eve', 'sesame')).toMatchObject({ account: { name: 'eve' } })
    expect(await logIn('eve', 'wrong')).toBeUndefined()
    expect(await logIn('ann', 'secret')).toBeUndefined()
    expect(await logIn('dis', 'secret')).toBeUndefined()
    expect(await logIn('bob', 'secret')).toBeUndefined()
    expect(office.lines.map(({ fields }) => fields['reason'])).toEqual([
      undefined,
      'wrong-proof',
      'wrong-proof',
      'disabled',
      'unknown-user',
    ])
  })
})
