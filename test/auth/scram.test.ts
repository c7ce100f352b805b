// The arithmetic of SCRAM against the examples of its RFCs, and the strictness of the stored form.
import { describe, expect, test } from 'vitest'
import type { ScramHash } from '../../src/auth/sasl.ts'
import {
  deriveScramKeys,
  formatScramKeys,
  parseScramKeys,
  saltPassword,
  scramProof,
  scramProofFits,
  scramServerSignature,
} from '../../src/auth/scram.ts'

interface Vector {
  readonly source: string
  readonly hash: ScramHash
  readonly salt: string
  readonly authMessage: string
  readonly proof: string
  readonly signature: string
}

const vectors: readonly Vector[] = [
  {
    source: 'RFC 5802 section 5',
    hash: 'SHA-1',
    salt: 'QSXCR+Q6sek8bf92',
    authMessage:
      'n=user,r=fyko+d2lbbFgONRv9qkxdawL,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096,c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j',
    proof: 'v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
    signature: 'rmF9pqV8S7suAoZWja4dJRkFsKQ=',
  },
  {
    source: 'RFC 7677 section 3',
    hash: 'SHA-256',
    salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
    authMessage:
      'n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
    proof: 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    signature: '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  },
]
const password = new TextEncoder().encode('pencil')
const octets = (base64: string) => Buffer.from(base64, 'base64')

describe.each(vectors)('$source', ({ hash, salt, authMessage, proof, signature }) => {
  test('the client makes the proof', async () => {
    const salted = await saltPassword(password, octets(salt), 4096, hash)
    expect(Buffer.from(scramProof(salted, authMessage, hash)).toString('base64')).toBe(proof)
  })

  test('the server knows it by its keys, and signs', async () => {
    const keys = await deriveScramKeys(password, octets(salt), 4096, hash)
    expect(scramProofFits(keys, authMessage, octets(proof), hash)).toBe(true)
    expect(Buffer.from(scramServerSignature(keys.serverKey, authMessage, hash)).toString('base64')).toBe(
      signature,
    )
  })

  test('no other proof fits', async () => {
    const keys = await deriveScramKeys(password, octets(salt), 4096, hash)
    const good = octets(proof)
    for (let index = 0; index < good.length; index += 1) {
      const bad = Uint8Array.from(good, (octet, at) => (at === index ? octet ^ 1 : octet))
      expect(scramProofFits(keys, authMessage, bad, hash)).toBe(false)
    }
    expect(scramProofFits(keys, authMessage, good.subarray(1), hash)).toBe(false)
    expect(scramProofFits(keys, authMessage, new Uint8Array(), hash)).toBe(false)
    expect(scramProofFits(keys, `${authMessage}x`, good, hash)).toBe(false)
  })
})

describe('stored keys', () => {
  const stored =
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU='

  test('have the form that PostgreSQL writes, too', async () => {
    const keys = await deriveScramKeys(password, octets('W22ZaJ0SNY7soEsUEjb6gQ=='), 4096, 'SHA-256')
    expect(formatScramKeys(keys)).toBe(stored)
    const parsed = parseScramKeys(stored)
    expect(parsed && formatScramKeys(parsed)).toBe(stored)
    expect(parsed).toMatchObject({ hash: 'SHA-256', iterations: 4096 })
  })

  test.each([
    ['', 'nothing'],
    [stored.replace('SCRAM-SHA-256', 'SCRAM-SHA-512'), 'a hash that we do not offer'],
    [stored.replace('SCRAM-SHA-256', 'SCRAM-SHA-1'), 'keys too long for the hash'],
    [stored.replace('SCRAM', 'scram'), 'the scheme in lower case'],
    [stored.replace('4096', '0'), 'no iterations'],
    [stored.replace('4096', '04096'), 'a leading zero'],
    [stored.replace('4096', '99999999'), 'more iterations than anybody uses'],
    [stored.replace('4096', '-1'), 'a negative number'],
    [stored.replace('4096:', '4096$'), 'another separator'],
    [stored.replace('gQ==', 'gQ='), 'a padding cut off'],
    [stored.replace('gQ==', 'gR=='), 'stray bits in the padding'],
    [stored.replace('W22Za', 'W2_Za'), 'the alphabet of URLs'],
    [stored.replace(/:W.*==\$/, ':$'), 'no salt'],
    [stored.slice(0, -1), 'the end cut off'],
    [`${stored}\n`, 'a newline behind'],
    [` ${stored}`, 'a space before'],
  ])('%j is none: %s', text => {
    expect(parseScramKeys(text)).toBeUndefined()
  })
})
