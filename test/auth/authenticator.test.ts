// The authenticator: who gets in with a password, and that those who do not learn nothing from it.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type AuthenticatorOptions, createAuthenticator } from '../../src/auth/authenticator.ts'
import { HashPace } from '../../src/auth/hash-pace.ts'
import { hashPassword, type PasswordCost } from '../../src/auth/password.ts'
import { PasswordThreads } from '../../src/auth/password-threads.ts'
import type { Account } from '../../src/mail/account.ts'
import type { AccountDirectory } from '../../src/mail/account-directory.ts'
import { Refusal } from '../../src/mail/errors.ts'
import { originFrom } from './origin.ts'

const cost: PasswordCost = { memoryKiB: 64, passes: 1, lanes: 1 }
const octets = (text: string) => Buffer.from(text)
const origin = originFrom()
const closings: (() => Promise<void>)[] = []

beforeEach(() => {
  vi.restoreAllMocks()
})
afterEach(async () => {
  for (const close of closings.splice(0)) await close()
})

async function accountNamed(name: string, password?: string, more: Partial<Account> = {}): Promise<Account> {
  return {
    id: `id-of-${name}`,
    name,
    passwordHash: password === undefined ? undefined : await hashPassword(octets(password), cost),
    scramKeys: [],
    sealedPassword: undefined,
    isDisabled: false,
    quotaOctets: 0,
    usedOctets: 0,
    usedMessages: 0,
    settings: {},
    inboxId: 'inbox',
    createdAt: new Date(0),
    ...more,
  }
}

/** An authenticator that is closed when the test ends. */
function setUp(...parameters: Parameters<typeof open>): ReturnType<typeof open> {
  const opened = open(...parameters)
  closings.push(() => opened.authenticator.close())
  return opened
}

/** A directory over a map that the test may change under the authenticator. */
function open(
  accounts: readonly Account[],
  options: AuthenticatorOptions = {},
  more: Partial<AccountDirectory> = {},
) {
  const byName = new Map(accounts.map(account => [account.name, account]))
  const directory: AccountDirectory = {
    findAccount: async name => byName.get(name),
    findAlias: async () => [],
    ...more,
  }
  const lines: { readonly level: string; readonly fields: object; readonly text: string }[] = []
  const keep = (level: string) => (fields: object, text: string) => void lines.push({ level, fields, text })
  const authenticator = createAuthenticator(directory, {
    cost,
    localDomains: ['example.net', 'xn--bcher-kva.example'],
    throttle: { maxDelayMs: 0 },
    log: { info: keep('info'), warn: keep('warn'), error: keep('error') },
    ...options,
  })
  const logIn = (name: string, password: string | Uint8Array, from = origin) =>
    authenticator.authenticate(name, typeof password === 'string' ? octets(password) : password, from)
  return { byName, authenticator, logIn, lines }
}

describe('authenticate', () => {
  // One for all rows, for threads take their time to start.
  const shared = open([], { cache: { ttlMs: 0 } })
  beforeAll(async () => {
    shared.byName.set('ann', await accountNamed('ann', 'secret'))
  })
  afterAll(() => shared.authenticator.close())

  it.each([
    ['ann', 'secret', true, 'name and password'],
    ['ANN', 'secret', true, 'names are folded'],
    ['ａｎｎ', 'secret', true, 'names are prepared'],
    ['a\u00adnn', 'secret', true, 'what SASLprep drops does not count'],
    ['ann@example.net', 'secret', true, 'a local domain may be added'],
    ['ann@EXAMPLE.net', 'secret', true, 'domains are folded'],
    ['ann@bücher.example', 'secret', true, 'a domain in Unicode'],
    ['ann@XN--bcher-kva.example', 'secret', true, 'the same in punycode'],
    ['ann@example.org', 'secret', false, 'a foreign domain is another name'],
    ['ann', 'Secret', false, 'passwords are not folded'],
    ['ann', 'secret ', false, 'a trailing space counts'],
    ['ann', 'ｓecret', true, 'passwords are prepared'],
    ['ann', '', false, 'an empty password'],
    ['bob', 'secret', false, 'an unknown name'],
    ['', 'secret', false, 'no name'],
    ['@example.net', 'secret', false, 'no name before the domain'],
    ['a\u0000nn', 'secret', false, 'a NUL'],
  ])('%j with "%s": %s (%s)', async (name, password, expected) => {
    const login = await shared.logIn(name, password)
    expect(login?.account.name).toBe(expected ? 'ann' : undefined)
    if (login) expect(login).toMatchObject({ readOnly: false, appPassword: undefined })
  })

  it('keeps every space and any UTF-8', async () => {
    const { logIn } = setUp([await accountNamed('ann', '  пароль 日本 ')])
    expect(await logIn('ann', '  пароль 日本 ')).toBeDefined()
    expect(await logIn('ann', '  пароль 日本')).toBeUndefined()
    expect(await logIn('ann', Buffer.from([0xff, 0xfe]))).toBeUndefined()
  })

  it('takes a password as it came where it was stored so', async () => {
    const unprepared = 'ﬁne\u00ad'
    const { logIn } = setUp([await accountNamed('ann', unprepared)])
    expect(await logIn('ann', unprepared)).toBeDefined()
    expect(await logIn('ann', 'fine')).toBeUndefined()
  })

  it('finds names that are stored as SASLprep would not have them', async () => {
    const { logIn } = setUp([await accountNamed('ﬁne', 'one'), await accountNamed('fine', 'two')])
    expect((await logIn('ﬁne', 'one'))?.account.name).toBe('ﬁne')
    expect((await logIn('fine', 'two'))?.account.name).toBe('fine')
  })

  it('prefers the exact name to the name without its domain', async () => {
    const { logIn } = setUp([
      await accountNamed('ann', 'short'),
      await accountNamed('ann@example.net', 'long'),
    ])
    expect((await logIn('ann@example.net', 'long'))?.account.name).toBe('ann@example.net')
    expect(await logIn('ann@example.net', 'short')).toBeUndefined()
  })

  it('lets nobody into an account without a password, or into one that is disabled', async () => {
    const { logIn } = setUp([
      await accountNamed('ann'),
      await accountNamed('bob', 'secret', { isDisabled: true }),
    ])
    expect(await logIn('ann', '')).toBeUndefined()
    expect(await logIn('ann', new Uint8Array(16))).toBeUndefined()
    expect(await logIn('bob', 'secret')).toBeUndefined()
  })

  it('does not let in who was remembered once the account is disabled', async () => {
    const { logIn, byName } = setUp([await accountNamed('ann', 'secret')])
    expect(await logIn('ann', 'secret')).toBeDefined()
    const account = byName.get('ann')
    if (account) byName.set('ann', { ...account, isDisabled: true })
    expect(await logIn('ann', 'secret')).toBeUndefined()
  })

  it.each([
    ['{PLAIN}secret', 'secret', true],
    ['{PLAIN}secret', 'wrong', false],
    ['{SSHA}nonsense', 'nonsense', false],
    ['{UNKNOWN}secret', 'secret', false],
  ])('knows the scheme of %s: %s opens it: %s', async (passwordHash, password, expected) => {
    const { logIn } = setUp([await accountNamed('ann', undefined, { passwordHash })])
    expect((await logIn('ann', password)) !== undefined).toBe(expected)
  })
})

describe('the work of a failed login', () => {
  it.each([
    ['ann', 'wrong', 'a wrong password'],
    ['nobody', 'wrong', 'an unknown name'],
    ['eve', 'wrong', 'an account without a password'],
    ['dis', 'secret', 'a disabled account with its password'],
  ])('is one hash of the office’s cost: %s, %s (%s)', async (name, password) => {
    const verify = vi.spyOn(PasswordThreads.prototype, 'verify')
    const { logIn } = setUp([
      await accountNamed('ann', 'secret'),
      await accountNamed('eve'),
      await accountNamed('dis', 'secret', { isDisabled: true }),
    ])
    expect(await logIn(name, password)).toBeUndefined()
    expect(verify).toHaveBeenCalledOnce()
    expect(verify.mock.calls[0]?.[0]).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1\$/)
  })

  it('is one such hash more where the password is kept in another way', async () => {
    const verify = vi.spyOn(PasswordThreads.prototype, 'verify')
    const { logIn } = setUp([await accountNamed('ann', undefined, { passwordHash: '{PLAIN}secret' })])
    await logIn('ann', 'wrong')
    expect(verify.mock.calls.map(([stored]) => stored.slice(0, 9))).toEqual(['{PLAIN}se', '$argon2id'])
  })

  it('opens nothing with the password of the decoy', async () => {
    vi.spyOn(PasswordThreads.prototype, 'verify').mockResolvedValue(true)
    const { logIn } = setUp([await accountNamed('eve')])
    expect(await logIn('eve', 'x')).toBeUndefined()
    expect(await logIn('nobody', 'x')).toBeUndefined()
  })
})

describe('the memory of verified passwords', () => {
  it('spares the hash, and forgets when the password changes', async () => {
    const verify = vi.spyOn(PasswordThreads.prototype, 'verify')
    const { logIn, byName } = setUp([await accountNamed('ann', 'old')])
    await logIn('ann', 'old')
    await logIn('ann', 'old')
    expect(verify).toHaveBeenCalledOnce()
    byName.set('ann', await accountNamed('ann', 'new'))
    expect(await logIn('ann', 'old')).toBeUndefined()
    expect((await logIn('ann', 'new'))?.account.name).toBe('ann')
  })

  it('holds no wrong password', async () => {
    const { logIn } = setUp([await accountNamed('ann', 'secret')])
    expect(await logIn('ann', 'wrong')).toBeUndefined()
    expect(await logIn('ann', 'wrong')).toBeUndefined()
  })
})

describe('a directory that checks passwords itself', () => {
  it('is asked each time, and only for accounts without a hash', async () => {
    const checkPassword = vi.fn(async (_account: Account, password: Uint8Array) =>
      octets('sesame').equals(password),
    )
    const { logIn } = setUp(
      [await accountNamed('ldap'), await accountNamed('ann', 'secret')],
      {},
      {
        checkPassword,
      },
    )
    expect(await logIn('ldap', 'sesame')).toBeDefined()
    expect(await logIn('ldap', 'sesame')).toBeDefined()
    expect(await logIn('ldap', 'wrong')).toBeUndefined()
    expect(checkPassword).toHaveBeenCalledTimes(3)
    expect(await logIn('ann', 'sesame')).toBeUndefined()
    expect(await logIn('nobody', 'sesame')).toBeUndefined()
    expect(checkPassword).toHaveBeenCalledTimes(3)
  })

  it('is never asked with an empty password, which LDAP would take for anonymous', async () => {
    const checkPassword = vi.fn(async () => true)
    const { logIn } = setUp([await accountNamed('ldap')], {}, { checkPassword })
    expect(await logIn('ldap', '')).toBeUndefined()
    expect(checkPassword).not.toHaveBeenCalled()
  })

  it('that is down is nobody’s failure', async () => {
    const down = async () => {
      throw new Refusal('directory-unavailable', 'no answer')
    }
    const { logIn, lines } = setUp([await accountNamed('ldap')], {}, { checkPassword: down })
    await expect(logIn('ldap', 'sesame')).rejects.toMatchObject({ code: 'directory-unavailable' })
    expect(lines).toEqual([])
  })
})

describe('a flood', () => {
  it('is refused rather than queued without bound', async () => {
    const { logIn } = setUp([await accountNamed('ann', 'secret')], { concurrency: 1, maxWaiting: 1 })
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map(() => logIn('ann', 'wrong')))
    const refused = outcomes.filter(outcome => outcome.status === 'rejected')
    expect(refused).toHaveLength(2)
    expect(refused[0]?.reason).toMatchObject({ code: 'store-busy' })
    expect(await logIn('ann', 'secret')).toBeDefined()
  })

  it('of those who wait as if over a dear hash takes no place in the queue', async () => {
    let release = () => {}
    const released = new Promise<void>(resolve => {
      release = resolve
    })
    const imitation = vi.spyOn(HashPace.prototype, 'imitate').mockReturnValue(released)
    try {
      const { logIn } = setUp([await accountNamed('ann', 'secret')], { concurrency: 1, maxWaiting: 1 })
      const refused = []
      for (const count of [1, 2, 3]) {
        refused.push(logIn('nobody', 'guess'))
        await vi.waitFor(() => expect(imitation).toHaveBeenCalledTimes(count))
      }
      expect(await logIn('ann', 'secret')).toBeDefined()
      release()
      expect(await Promise.all(refused)).toEqual([undefined, undefined, undefined])
    } finally {
      imitation.mockRestore()
    }
  })

  it('does not keep out who came in before', async () => {
    const { logIn } = setUp([await accountNamed('ann', 'secret')], {
      concurrency: 1,
      maxWaiting: 10,
      cache: { ttlMs: 0 },
    })
    expect(await logIn('ann', 'secret')).toBeDefined()
    const ended: string[] = []
    const attacks = Array.from({ length: 30 }, (_, index) =>
      logIn('ann', `guess ${index}`, originFrom(`198.51.100.${index}`)).then(
        () => ended.push('attack'),
        () => ended.push('refused'),
      ),
    )
    const honest = logIn('ann', 'secret').then(login => {
      expect(login).toBeDefined()
      ended.push('honest')
    })
    await Promise.all([...attacks, honest])
    const before = ended.slice(0, ended.indexOf('honest'))
    // The one that was being checked already, and no other.
    expect(before.filter(each => each === 'attack').length).toBeLessThanOrEqual(1)
  })
})

describe('the log', () => {
  it('has one line for each login', async () => {
    const { logIn, lines } = setUp([
      await accountNamed('ann', 'secret'),
      await accountNamed('bob', 'secret', { isDisabled: true }),
    ])
    await logIn('Ann@example.net', 'secret')
    await logIn('ann', 'wrong')
    await logIn('hunter2', 'wrong')
    await logIn('bob', 'secret')
    const common = { peer: '192.0.2.1', protocol: 'pop3', mechanism: 'password', session: 'session-1' }
    expect(lines).toEqual([
      {
        level: 'info',
        fields: { ...common, user: 'ann', tls: undefined, appPassword: undefined },
        text: 'login',
      },
      { level: 'warn', fields: { ...common, user: 'ann', reason: 'wrong-password' }, text: 'login failed' },
      { level: 'warn', fields: { ...common, user: undefined, reason: 'unknown-user' }, text: 'login failed' },
      { level: 'warn', fields: { ...common, user: 'bob', reason: 'disabled' }, text: 'login failed' },
    ])
  })
})
