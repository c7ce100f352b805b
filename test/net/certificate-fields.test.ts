import { X509Certificate } from 'node:crypto'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endPointHash, peerNames, subjectNames } from '../../src/net/tls/certificate-fields.ts'
import { readDer, readOid } from '../../src/net/tls/der.ts'
import { makeCertificate } from './tls-fixtures.ts'

const octets = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))

describe('DER', () => {
  it.each([
    ['30 00', [[0x30, '']], 'an empty sequence'],
    [
      '02 01 05 05 00',
      [
        [0x02, '05'],
        [0x05, ''],
      ],
      'one behind the other',
    ],
    ['04 81 02 aa bb', [[0x04, 'aabb']], 'a length in the long form'],
    ['', [], 'nothing'],
  ])('%s: %s', (hex, expected) => {
    expect(
      readDer(octets(hex)).map(({ tag, content }) => [tag, Buffer.from(content).toString('hex')]),
    ).toEqual(expected)
  })

  it.each([
    ['30', 'no length'],
    ['30 05 00', 'longer than what there is'],
    ['30 80 00 00', 'an indefinite length is BER'],
    ['30 85 01 01 01 01 01', 'a length of five octets'],
    ['30 84 ff ff ff ff', 'four gigabytes'],
    ['30 82 01', 'half a length'],
    ['1f 01 00', 'a tag of several octets'],
  ])('%s is none: %s', hex => {
    expect(() => readDer(octets(hex))).toThrow('not DER')
  })

  it.each([
    ['06 03 55 1d 11', '2.5.29.17'],
    ['06 09 2a 86 48 86 f7 0d 01 01 0b', '1.2.840.113549.1.1.11'],
    ['06 01 27', '0.39'],
    ['06 02 88 37', '2.999'],
    ['06 06 2a 8f ff ff ff 7f', '1.2.4294967295'],
    ['06 06 2a 90 80 80 80 00', ''],
    ['06 14 69 83 f8 a9 c8 d5 d6 ef a3 a5 b9 ea c9 93 a5 9d 9c d5 8f 36', ''],
  ])('%s is the object identifier %s', (hex, dotted) => {
    expect(readOid(readDer(octets(hex))[0])).toBe(dotted)
  })
})

describe('the names of a certificate', () => {
  it('are those of its fields, whatever is in them', async () => {
    const { cert } = await makeCertificate({
      names: ['A.example', '*.b.example', 'with space.example'],
      mails: ['a@example.org', 'x, email:root@example.org'],
      subject: [{ CN: ['Ä, x=y'] }, { E: ['s@example.org'] }, { CN: ['two'] }],
    })
    expect(subjectNames(new X509Certificate(cert).raw)).toEqual({
      hasAlternativeNames: true,
      dns: ['a.example', '*.b.example'],
      addresses: [],
      mail: ['a@example.org'],
      subjectMail: ['s@example.org'],
      common: ['Ä, x=y', 'two'],
    })
  })

  it('are none where a peer’s certificate cannot be read', () => {
    expect(peerNames(octets('30 05 1f 81 01 05 00'))).toEqual({
      hasAlternativeNames: false,
      dns: [],
      addresses: [],
      mail: [],
      subjectMail: [],
      common: [],
    })
  })

  it('are read from damaged octets, or not, but never wrongly', async () => {
    const { raw } = new X509Certificate(
      (await makeCertificate({ names: ['a.example'], mails: ['a@example.org'] })).cert,
    )
    fc.assert(
      fc.property(fc.nat(raw.length - 1), fc.nat(255), fc.nat(raw.length), (at, octet, length) => {
        const damaged = Buffer.from(raw)
        damaged[at] = octet
        for (const input of [damaged, damaged.subarray(0, length)]) {
          try {
            subjectNames(input)
            endPointHash(input)
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError)
          }
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('the hash of the end point', () => {
  it('is none for a signature nobody knows', async () => {
    const { raw } = new X509Certificate((await makeCertificate()).cert)
    const ecdsaWithSha256 = Buffer.from('2a8648ce3d040302', 'hex')
    expect(endPointHash(raw)).toBe('sha256')
    const other = Buffer.from(raw)
    other[other.lastIndexOf(ecdsaWithSha256) + 7] = 99
    expect(endPointHash(other)).toBeUndefined()
  })
})
