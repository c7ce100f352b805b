// The example of RFC 1939 section 7, and what is no digest.
import { describe, expect, test } from 'vitest'
import { apopDigest, apopDigestFits } from '../../src/auth/apop.ts'

const timestamp = '<1896.697170952@dbc.mtview.ca.us>'
const secret = Buffer.from('tanstaaf')
const digest = 'c4c9334bac560ecc979e58001b3e22fb'

describe('APOP', () => {
  test('makes the digest of the RFC, and knows it', () => {
    expect(apopDigest(timestamp, secret)).toBe(digest)
    expect(apopDigestFits(digest, timestamp, secret)).toBe(true)
  })

  test.each([
    [digest.toUpperCase(), 'upper case'],
    [digest.slice(1), 'too short'],
    [`${digest}0`, 'too long'],
    ['', 'empty'],
    [digest.replace('c', 'd'), 'another digit'],
    [digest.replace('c', 'g'), 'not hexadecimal'],
    [digest.replace('c', 'ţ'), 'a character whose low octet is none of ours'],
    [`${digest}\n`, 'a newline behind'],
  ])('%j does not fit: %s', text => {
    expect(apopDigestFits(text, timestamp, secret)).toBe(false)
  })

  test('another timestamp or secret does not fit', () => {
    expect(apopDigestFits(digest, '<1896.697170953@dbc.mtview.ca.us>', secret)).toBe(false)
    expect(apopDigestFits(digest, timestamp, Buffer.from('tanstaaF'))).toBe(false)
  })
})
