// What is kept of a password: that the password, in any of its spellings, fits all of it.
import { describe, expect, it } from 'vitest'
import { storeAppPassword } from '../../src/auth/app-password.ts'
import { verifyPassword } from '../../src/auth/password.ts'
import { deriveScramKeys, formatScramKeys, parseScramKeys } from '../../src/auth/scram.ts'
import { createSecretBox } from '../../src/auth/sealed-secret.ts'
import { makeScramSalt, scramSettingOf, storePassword } from '../../src/auth/stored-password.ts'

const options = { cost: { memoryKiB: 1024, passes: 1, lanes: 1 }, scramIterations: 20 }
const box = createSecretBox(new Uint8Array(32).fill(1))
const octets = (text: string) => Buffer.from(text)

describe('a stored password', () => {
  it('is an argon2id hash of the cost asked for, and SCRAM keys for both hash functions', async () => {
    const { passwordHash, scramKeys = [], sealedPassword } = await storePassword(octets('secret'), options)
    expect(passwordHash).toMatch(/^\$argon2id\$v=19\$m=1024,t=1,p=1\$/)
    expect(await verifyPassword(passwordHash, octets('secret'))).toBe(true)
    expect(await verifyPassword(passwordHash, octets('Secret'))).toBe(false)
    const [sha1, sha256] = scramKeys.map(parseScramKeys)
    expect([sha1, sha256]).toMatchObject([
      { hash: 'SHA-1', iterations: 20 },
      { hash: 'SHA-256', iterations: 20 },
    ])
    expect(sha1?.salt).toHaveLength(16)
    expect(sha256?.salt).toEqual(sha1?.salt)
    for (const keys of [sha1, sha256]) {
      if (!keys) throw new Error('no keys')
      const again = await deriveScramKeys(octets('secret'), keys.salt, 20, keys.hash)
      expect(scramKeys).toContain(formatScramKeys(again))
    }
    expect(sealedPassword).toBeUndefined()
  })

  it('has a salt of its own, or the one given', async () => {
    const salts = await Promise.all(
      [{}, {}, { salt: octets('sixteen of these') }].map(async more => {
        const { scramKeys = [] } = await storePassword(octets('secret'), { ...options, ...more })
        return Buffer.from(scramSettingOf([{ scramKeys }])?.salt ?? []).toString('hex')
      }),
    )
    expect(new Set(salts).size).toBe(3)
    expect(salts[2]).toBe(octets('sixteen of these').toString('hex'))
  })

  it('is sealed for its owner, where there is a box', async () => {
    const { sealedPassword = '' } = await storePassword(octets('secret'), { ...options, box, owner: 'ann' })
    expect(box.open(sealedPassword, 'ann')).toEqual(octets('secret'))
    expect(box.open(sealedPassword, 'bob')).toBeUndefined()
    await expect(storePassword(octets('secret'), { ...options, box })).rejects.toThrow('for an owner')
  })

  it.each([
    ['a composed letter', 'p\u00e4ss', 'pa\u0308ss'],
    ['a soft hyphen', 'pass', 'pa\u00adss'],
    ['a space of another width', 'pa ss', 'pa\u00a0ss'],
    ['a letter of another width', 'pass', '\uff50ass'],
  ])('is the same for %s', async (_what, prepared, written) => {
    const stored = await storePassword(octets(written), { ...options, box, owner: 'ann' })
    expect(await verifyPassword(stored.passwordHash, octets(prepared))).toBe(true)
    expect(box.open(stored.sealedPassword ?? '', 'ann')).toEqual(octets(prepared))
    const setting = scramSettingOf([{ scramKeys: stored.scramKeys ?? [] }])
    const keys = await deriveScramKeys(octets(prepared), setting?.salt ?? octets(''), 20, 'SHA-256')
    expect(stored.scramKeys).toContain(formatScramKeys(keys))
  })

  it.each([
    ['octets that are not UTF-8', Buffer.from([0x70, 0xe4, 0x73])],
    ['a control character', octets('a\x07b')],
    ['a NUL', octets('a\0b')],
    ['a character that Unicode 3.2 did not know', octets('tree 🌳')],
    ['scripts of both directions', octets('\u05d0a')],
    ['nothing but what is mapped away', octets('\u00ad')],
  ])('cannot hold %s', async (_what, password) => {
    const storing = storePassword(password, options)
    await expect(storing).rejects.toMatchObject({ code: 'bad-password' })
    await expect(storing).rejects.toThrow(/^this password cannot be kept/)
  })
})

describe('the setting of SCRAM keys', () => {
  it('is that of the first that are found', async () => {
    const salt = makeScramSalt()
    const kept = await storePassword(octets('secret'), { ...options, salt })
    const app = await storeAppPassword('abcde', { salt, scramIterations: 30 })
    const scramKeys = kept.scramKeys ?? []
    expect(scramSettingOf([{ scramKeys }, app])).toMatchObject({ scramIterations: 20 })
    expect(scramSettingOf([{ scramKeys: [] }, { scramKeys: ['?'] }, app, { scramKeys }])).toEqual({
      salt: Buffer.from(salt),
      scramIterations: 30,
    })
  })

  it('is none where there are no keys', () => {
    expect(scramSettingOf([])).toBeUndefined()
    expect(scramSettingOf([{ scramKeys: [] }])).toBeUndefined()
  })
})
