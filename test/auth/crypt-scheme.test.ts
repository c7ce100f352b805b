// Stored vectors are what `doveadm pw`, `openssl passwd` and crypt(3) of Debian 12 wrote; live ones are made by the same
// programs in the test.
import { describe, expect, it } from 'vitest'
import { isVerifiable, scramKeysOf, verifyCryptScheme } from '../../src/auth/crypt-scheme.ts'
import { itWith, runOrFail } from '../e2e/program.ts'

const password = 'grün tea'
const octets = (text: string) => Buffer.from(text)

/** All of `grün tea`. */
const vectors: readonly (readonly [string, string])[] = [
  [
    'argon2id',
    '{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$//fD8yAU229sed6SknIDRQ$mnF3EaA5a/CXR6W29wmFCdYLJz6v2WtmTOICstW5obk',
  ],
  [
    'argon2i',
    '{ARGON2I}$argon2i$v=19$m=32768,t=4,p=1$a6fVqJXJj1byNIm8KqWtPQ$OHq00sQF211BCEzRfosfu64MxJ5oWVaO7vklyHkEQko',
  ],
  [
    'argon2id without a scheme',
    '$argon2id$v=19$m=65536,t=3,p=1$//fD8yAU229sed6SknIDRQ$mnF3EaA5a/CXR6W29wmFCdYLJz6v2WtmTOICstW5obk',
  ],
  ['bcrypt', '{BLF-CRYPT}$2y$05$pI12t8hCep05X54KgrhabeWSw.lkZL0hvkOrxyeaKXuZizuVzBCVe'],
  ['bcrypt of crypt(3)', '$2b$05$abcdefghijklmnopqrstuucp4xIjvRS563MP5f6sa1gID0f3.yMbG'],
  [
    'SHA-512 crypt',
    '{SHA512-CRYPT}$6$SoSEzUWqqtJzlux.$FmkY0NLkrG0VUpTsCqvygoQ4HyYDZHzqcMaGJqs21cEMY/ZR88juMAkYoOqvBWESq9Ycb.SEb/2vNSqhdyQab/',
  ],
  [
    'SHA-512 crypt with rounds',
    '$6$rounds=1000$saltsalt$oY20skcAvQCL7i34/Hx73wk3bHzQp/01kSdrDz63JYz5oUTtiDaEW3UfkXVAknI94Yx2WVV8S5ZskDmX5KCDn.',
  ],
  ['SHA-256 crypt', '{SHA256-CRYPT}$5$M1S1pRtcZ1IeWMXp$w650KsBZj4k0JI6nsh38nK9an9N3zOYSG0OQCmUub23'],
  [
    'the scheme that a string of crypt(3) says itself',
    '{CRYPT}$2y$05$Iqsjc1BMJnYt3KM3vuokXOWYrhD8BWEvp3anI3bfPprbuO8yCouyu',
  ],
  ['SSHA', '{SSHA}J2GYaI5Gn5Svu53dO6JNYrsF25/x7DX/'],
  ['a scheme in lower case', '{ssha}J2GYaI5Gn5Svu53dO6JNYrsF25/x7DX/'],
  ['SSHA256', '{SSHA256}kc+zTxTmylbmDqVO3wy/a3FKZ/oWXWZCZkV3x563CHWiArg4'],
  [
    'SSHA512',
    '{SSHA512}hixZmjr3xxtTCDLd4WZl+X9pJmGXCbA6bhQ/nrOtC/tjt/8/cnFwtrkOUi/y3FFnBsD8mD8enxq8Ghz9nh4jMT548G4=',
  ],
  ['SHA', '{SHA}zFlpN2rX0ZfN0JrtjGO4qkXZUxk='],
  ['SHA1', '{SHA1}zFlpN2rX0ZfN0JrtjGO4qkXZUxk='],
  ['SHA256', '{SHA256}j7fWlp480QPIZNG6KPWcQefK8iQhWR9slW7tW7F2gxY='],
  [
    'SHA256 in hexadecimal unsaid',
    '{SHA256}8fb7d6969e3cd103c864d1ba28f59c41e7caf22421591f6c956eed5bb1768316',
  ],
  [
    'SHA512',
    '{SHA512}RuigGBq3NIGegZX/c978cAz7ch7NWDRwu9DDRV64KwXxiqJ/qqECbtXYecWdYti2Ay75MTrnlE7Ec5MdSLbFiQ==',
  ],
  ['SMD5', '{SMD5}fUuFpwmyJxMhSimKZo8TECrIpwM='],
  ['PLAIN-MD5', '{PLAIN-MD5}829717864e11918824a5ce7bd16ea5f7'],
  ['LDAP-MD5', '{LDAP-MD5}gpcXhk4RkYgkpc570W6l9w=='],
  ['MD5 as LDAP has it', '{MD5}gpcXhk4RkYgkpc570W6l9w=='],
  ['PLAIN', '{PLAIN}grün tea'],
  ['CLEARTEXT', '{CLEARTEXT}grün tea'],
  [
    'SCRAM-SHA-256',
    '{SCRAM-SHA-256}4096,JcytB/rlIR3jFqju2iv6cA==,h5pklNgvLj+IcKJkJxIISTZuc6sBfW1kmwTCkXUSA+U=,Owi8FenJBgNOWBucRyXXmRkw4p4L0+P+wUcMeWRUyns=',
  ],
  [
    'SCRAM-SHA-1',
    '{SCRAM-SHA-1}4096,fLq2Ay1sx1PnI7Y+pkRlRg==,jjk5Q2dNdV5AZ24X3ri9NZWL7Pw=,yC+OaglTIunUtDNpqssQMJVU4qw=',
  ],
  [
    'a salted digest in hexadecimal',
    '{SSHA256.HEX}ed352d2ae1ae3cb076d277d78f8503a43cd9bc460e2c40a21d08ef76d22ad5af55eb34a7',
  ],
  ['a hexadecimal scheme in base64', '{PLAIN-MD5.B64}gpcXhk4RkYgkpc570W6l9w=='],
  ['plain text in base64', '{PLAIN.b64}Z3LDvG4gdGVh'],
  ['plain text in hexadecimal', '{PLAIN.hex}6772c3bc6e20746561'],
  [
    'crypt in base64',
    '{CRYPT.B64}JDJ5JDA1JFl1MXlZeHhRNG9uYkNCUnR0b3RweXV5T0NXeS92MFlqNVJ3REFkYmJtYXpORjFSWUN5N2RH',
  ],
]

describe('a password', () => {
  it.each(vectors)('is verified: %s', (_name, stored) => {
    expect(isVerifiable(stored)).toBe(true)
    expect(verifyCryptScheme(stored, octets(password))).toBe(true)
    for (const wrong of ['grun tea', 'grün te', 'grün tea ', '', 'grün tea\0'])
      expect(verifyCryptScheme(stored, octets(wrong)), wrong).toBe(false)
  })

  it('may be empty, where the string says so', () => {
    const stored =
      '$6$saltsalt$qkTgsCrWMTAS9gBGcf9W60sFfH.hU0oTCAOJjhbz5tSp/sU3/xXZK4OFwCtq8lIIdpJ6CatVdOTSHKp97TPkt/'
    expect(verifyCryptScheme(stored, octets(''))).toBe(true)
  })

  it('may be no UTF-8 where it is hashed as octets', () => {
    const latin1 = Buffer.from('gr\xfcn', 'latin1')
    // printf 'gr\xfcn' | openssl md5
    expect(verifyCryptScheme('{PLAIN-MD5}3b3c723fdc3b91ac2084b67e93e1a5e8', latin1)).toBe(true)
    expect(verifyCryptScheme('{PLAIN.b64}Z3L8bg==', latin1)).toBe(true)
    expect(verifyCryptScheme(vectors[3]?.[1] ?? '', latin1)).toBe(false)
  })

  it('counts to its 72nd octet with bcrypt, as everywhere', () => {
    // doveadm pw -s BLF-CRYPT -p with 72 times x
    const stored = longBcrypt
    expect(verifyCryptScheme(stored, octets('x'.repeat(72)))).toBe(true)
    expect(verifyCryptScheme(stored, octets('x'.repeat(73)))).toBe(true)
    expect(verifyCryptScheme(stored, octets('x'.repeat(71)))).toBe(false)
  })
})

const longBcrypt = '{BLF-CRYPT}$2y$05$VaLMIg0c4j8EN91cjdBv4e4EXf7vosx0Wns6.FWL4nKDWOZdWd4qu'

describe('a stored string opens nothing', () => {
  const sha512 = 'FmkY0NLkrG0VUpTsCqvygoQ4HyYDZHzqcMaGJqs21cEMY/ZR88juMAkYoOqvBWESq9Ycb.SEb/2vNSqhdyQab/'
  const argon2 = (cost: string) =>
    `{ARGON2ID}$argon2id$v=19$${cost}$//fD8yAU229sed6SknIDRQ$mnF3EaA5a/CXR6W29wmFCdYLJz6v2WtmTOICstW5obk`
  it.each([
    ['nothing', ''],
    ['the password itself, without a scheme', password],
    ['no such scheme', `{ROT13}${password}`],
    ['a scheme that is the key of an object', '{CONSTRUCTOR}x'],
    ['a suffix that is the key of an object', '{PLAIN.constructor}x'],
    ['no end of the scheme', `{PLAIN${password}`],
    ['an empty plain password', '{PLAIN}'],
    ['a locked account of passwd', '!'],
    ['a locked hash of passwd', `!$6$saltsalt$${sha512}`],
    ['MD5 crypt', '$1$abc$hX4xCPZsOqJFkEub52Wao/'],
    ['more rounds than are allowed', `$6$rounds=1000000$saltsalt$${sha512}`],
    ['fewer rounds than crypt(3) makes', `$6$rounds=999$saltsalt$${sha512}`],
    ['rounds beyond all numbers', `$6$rounds=99999999999999999999$saltsalt$${sha512}`],
    ['a salt too long', `$6$saltsaltsaltsalts$${sha512}`],
    ['a digest of the other length', `$5$saltsalt$${sha512}`],
    ['a bcrypt cost for days', '$2y$31$pI12t8hCep05X54KgrhabeWSw.lkZL0hvkOrxyeaKXuZizuVzBCVe'],
    ['a bcrypt cost too low', '$2y$03$pI12t8hCep05X54KgrhabeWSw.lkZL0hvkOrxyeaKXuZizuVzBCVe'],
    ['a bcrypt hash cut short', '$2y$05$pI12t8hCep05X54KgrhabeWSw.lkZL0hvkOrxyeaKXuZizuVzBCV'],
    ['argon2 with too much memory', argon2('m=4194304,t=1,p=1')],
    ['argon2 with too many passes', argon2('m=65536,t=99999,p=1')],
    ['argon2 with too many lanes', argon2('m=65536,t=3,p=255')],
    ['a digest cut short', '{SHA256}j7fWlp480QPIZNG6KPWcQefK8iQhWR9slW7tW7F2'],
    ['a salted digest without salt', '{SSHA}zFlpN2rX0ZfN0JrtjGO4qkXZUxk='],
    ['base64 with other characters', '{SHA}zFlpN2rX0Zf*0JrtjGO4qkXZUxk='],
    ['hexadecimal with other characters', '{SHA.hex}zz5969376ad7d197cdd09aed8c63b8aa45d95319'],
    ['SCRAM without an end', '{SCRAM-SHA-256}4096,JcytB/rlIR3jFqju2iv6cA==,h5pk'],
    [
      'SCRAM with iterations for hours',
      '{SCRAM-SHA-1}9999999,fLq2Ay1sx1PnI7Y+pkRlRg==,jjk5Q2dNdV5AZ24X3ri9NZWL7Pw=,yC+OaglTIunUtDNpqssQMJVU4qw=',
    ],
    ['more octets than any scheme writes', `{PLAIN}${'x'.repeat(5000)}`],
  ])('%s', (_reason, stored) => {
    expect(isVerifiable(stored)).toBe(false)
    for (const tried of [password, '', stored]) expect(verifyCryptScheme(stored, octets(tried))).toBe(false)
    expect(scramKeysOf(stored)).toEqual([])
  })

  it('argon2 parameters that the library does not take', () => {
    expect(verifyCryptScheme(argon2('m=1,t=0,p=1'), octets(password))).toBe(false)
  })

  it('and a password longer than crypt(3) takes is not hashed', () => {
    expect(verifyCryptScheme(`$6$saltsalt$${sha512}`, Buffer.alloc(65_536, 'x'))).toBe(false)
  })
})

describe('SCRAM keys', () => {
  it('of Dovecot are given in the form of RFC 5803', () => {
    const stored = vectors.find(([name]) => name === 'SCRAM-SHA-256')?.[1] ?? ''
    expect(scramKeysOf(stored)).toEqual([
      'SCRAM-SHA-256$4096:JcytB/rlIR3jFqju2iv6cA==$h5pklNgvLj+IcKJkJxIISTZuc6sBfW1kmwTCkXUSA+U=:Owi8FenJBgNOWBucRyXXmRkw4p4L0+P+wUcMeWRUyns=',
    ])
  })

  it('are in no other scheme', () => {
    expect(scramKeysOf('{PLAIN}x')).toEqual([])
    expect(scramKeysOf('$2b$05$abcdefghijklmnopqrstuucp4xIjvRS563MP5f6sa1gID0f3.yMbG')).toEqual([])
  })
})

const dovecotSchemes = [
  ...['ARGON2ID', 'ARGON2I', 'BLF-CRYPT', 'SHA512-CRYPT', 'SHA256-CRYPT', 'CRYPT'],
  ...['SSHA', 'SSHA256', 'SSHA512', 'SMD5', 'SHA', 'SHA1', 'SHA256', 'SHA512', 'PLAIN-MD5', 'LDAP-MD5'],
  ...['PLAIN', 'CLEAR', 'CLEARTEXT', 'SCRAM-SHA-1', 'SCRAM-SHA-256'],
  ...['SSHA512.hex', 'SMD5.hex', 'SHA.hex', 'PLAIN-MD5.b64', 'PLAIN.b64', 'SCRAM-SHA-256.b64', 'CRYPT.b64'],
]

describe('strings made now', () => {
  itWith('doveadm', 'by Dovecot', async () => {
    for (const scheme of dovecotSchemes) {
      const stored = (await runOrFail('doveadm', ['pw', '-s', scheme, '-p', password])).toString().trimEnd()
      expect(verifyCryptScheme(stored, octets(password)), stored).toBe(true)
      expect(verifyCryptScheme(stored, octets(`${password}.`)), stored).toBe(false)
    }
  })

  itWith('openssl', 'by OpenSSL, of every length around the digests', async () => {
    for (const variant of ['-5', '-6']) {
      for (const length of [1, 2, 15, 16, 31, 32, 33, 63, 64, 65, 96, 127, 128, 129, 200]) {
        const text = 'abcdefghijklm'.repeat(16).slice(0, length)
        const stored = (await runOrFail('openssl', ['passwd', variant, text])).toString().trimEnd()
        expect(verifyCryptScheme(stored, octets(text)), `${variant} ${length}`).toBe(true)
      }
    }
  })
})
