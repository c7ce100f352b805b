// App passwords: their form, how they may be typed, and what is kept of them.
import { describe, expect, it } from 'vitest'
import {
  appPasswordMatches,
  makeAppPassword,
  normalizeAppPassword,
  storeAppPassword,
} from '../../src/auth/app-password.ts'
import { deriveScramKeys, parseScramKeys } from '../../src/auth/scram.ts'

const printed = 'abcde-fghij-klmno-pqrst-uvw27'
const typed = (text: string) => Buffer.from(text)
const setting = { salt: new Uint8Array(16).fill(3), scramIterations: 10 }

describe('a new app password', () => {
  it('is five groups of five letters and digits', () => {
    expect(makeAppPassword()).toMatch(/^[a-z2-7]{5}(-[a-z2-7]{5}){4}$/)
  })

  it('is random in every character', () => {
    const all = Array.from({ length: 2000 }, makeAppPassword)
    expect(new Set(all).size).toBe(2000)
    // At every place every character turns up: one that did not would be a chance of 1 in 10^25.
    for (let place = 0; place < printed.length; place++) {
      const seen = new Set(all.map(one => one[place]))
      expect(seen.size, `place ${place}`).toBe(place % 6 === 5 ? 1 : 32)
    }
  })

  it('is its own normal form', () => {
    for (let count = 0; count < 100; count++) {
      const password = makeAppPassword()
      expect(normalizeAppPassword(typed(password))).toBe(password)
    }
  })
})

describe('an app password as it is typed', () => {
  it.each([
    ['as printed', printed],
    ['in capitals', printed.toUpperCase()],
    ['without dashes', printed.replaceAll('-', '')],
    ['with spaces', printed.replaceAll('-', ' ')],
    ['with spaces around', `  ${printed} `],
    ['in other groups', 'ab-cdefghijklmno--pqrstuvw 27'],
  ])('counts %s', async (_how, text) => {
    expect(normalizeAppPassword(typed(text))).toBe(printed)
    const { passwordHash } = await storeAppPassword(printed, setting)
    expect(appPasswordMatches(passwordHash, typed(text))).toBe(true)
  })

  it.each([
    ['nothing', ''],
    ['a character less', printed.slice(1)],
    ['a character more', `${printed}a`],
    ['a digit that is in none', printed.replace('2', '0')],
    ['a letter of another alphabet', printed.replace('a', 'ä')],
    ['a letter that folds to one of ours', printed.replace('k', '\u212a')],
    ['a tab', printed.replace('-', '\t')],
    ['a NUL', `${printed}\0`],
    ['the password of an account', 'secret'],
    ['a flood', ' '.repeat(1_000_000) + printed],
  ])('cannot be %s', async (_why, text) => {
    expect(normalizeAppPassword(typed(text))).toBeUndefined()
    const { passwordHash } = await storeAppPassword(printed, setting)
    expect(appPasswordMatches(passwordHash, typed(text))).toBe(false)
  })
})

describe('what is kept', () => {
  it('fits no other app password', async () => {
    const { passwordHash } = await storeAppPassword(printed, setting)
    expect(appPasswordMatches(passwordHash, typed(printed.replace('7', '6')))).toBe(false)
    expect(appPasswordMatches(passwordHash, typed(makeAppPassword()))).toBe(false)
  })

  it('is {SHA256} of the printed form', async () => {
    const { passwordHash } = await storeAppPassword(printed, setting)
    // echo -n abcde-fghij-klmno-pqrst-uvw27 | openssl dgst -sha256 -binary | base64
    expect(passwordHash).toBe('{SHA256}DLCbg43R7wDE89TLPRGARfdwVM3mNZRd1+1lgIyUG44=')
  })

  it.each(['', '{SHA256}', '{SHA256}x', printed, `{PLAIN}${printed}`])('as %j fits nothing', stored => {
    expect(appPasswordMatches(stored, typed(printed))).toBe(false)
  })

  it('has SCRAM keys of the printed form, made as they were asked for', async () => {
    const { scramKeys } = await storeAppPassword(printed, setting)
    const expected = await Promise.all(
      (['SHA-1', 'SHA-256'] as const).map(hash => deriveScramKeys(typed(printed), setting.salt, 10, hash)),
    )
    expect(scramKeys.map(parseScramKeys)).toEqual(
      expected.map(keys => ({ ...keys, salt: Buffer.from(keys.salt) })),
    )
  })
})
