// The clients: the examples of the RFCs, and servers that say too little, too much or the wrong thing.
import { describe, expect, it } from 'vitest'
import { oauthbearerClient, xoauth2Client } from '../../../src/auth/mechanisms/bearer-clients.ts'
import { cramMd5Client } from '../../../src/auth/mechanisms/cram-md5-client.ts'
import { externalClient } from '../../../src/auth/mechanisms/external-client.ts'
import { loginClient } from '../../../src/auth/mechanisms/login-client.ts'
import { plainClient } from '../../../src/auth/mechanisms/plain-client.ts'
import { type ScramClientOptions, scramClient } from '../../../src/auth/mechanisms/scram-client.ts'
import type { SaslClient, SaslClientErrorCode } from '../../../src/auth/sasl-client.ts'
import { exporterOctets } from './fake-verifier.ts'

type Said = readonly [challenge: string | undefined, response: string | undefined, isComplete: boolean]

const utf8 = (octets: Uint8Array | undefined) => octets && Buffer.from(octets).toString('utf8')
const octets = (text: string | undefined) => (text === undefined ? undefined : Buffer.from(text))
const sha256: ScramClientOptions = { hash: 'SHA-256', nonce: 'rOprNGfwEbeRWgbNEkqO' }
const pencil = { name: 'user', password: 'pencil' }

/** Challenges and responses of examples. */
const examples: readonly (readonly [title: string, client: () => SaslClient, said: readonly Said[]])[] = [
  [
    'RFC 4616 section 4',
    () => plainClient({ name: 'tim', password: 'tanstaaftanstaaf' }),
    [[undefined, '\0tim\0tanstaaftanstaaf', true]],
  ],
  [
    'RFC 4616 section 4, acting as another',
    () => plainClient({ name: 'Kurt', password: 'xipj3plmq', actAs: 'Ursel' }),
    [[undefined, 'Ursel\0Kurt\0xipj3plmq', true]],
  ],
  [
    'RFC 2195 section 2',
    () => cramMd5Client({ name: 'tim', password: 'tanstaaftanstaaf' }),
    [
      [undefined, undefined, false],
      ['<1896.697170952@postoffice.reston.mci.net>', 'tim b913a602c7eda7a495b4e6e7334d3890', true],
    ],
  ],
  [
    'RFC 5802 section 5',
    () => scramClient(pencil, { hash: 'SHA-1', nonce: 'fyko+d2lbbFgONRv9qkxdawL' }),
    [
      [undefined, 'n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL', false],
      [
        'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
        'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
        false,
      ],
      ['v=rmF9pqV8S7suAoZWja4dJRkFsKQ=', '', true],
    ],
  ],
  [
    'RFC 7677 section 3',
    () => scramClient(pencil, sha256),
    [
      [undefined, 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO', false],
      [
        'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
        'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
        false,
      ],
      ['v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=', '', true],
    ],
  ],
  [
    'RFC 7628 section 4.1',
    () =>
      oauthbearerClient({
        name: 'user@example.com',
        token: 'vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==',
        host: 'server.example.com',
        port: 143,
      }),
    [
      [
        undefined,
        'n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01',
        true,
      ],
      ['{"status":"invalid_token"}', '\x01', false],
    ],
  ],
  [
    'XOAUTH2 as Google shows it',
    () =>
      xoauth2Client({ name: 'someuser@example.com', token: 'ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg' }),
    [
      [
        undefined,
        'user=someuser@example.com\x01auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\x01\x01',
        true,
      ],
      ['{"status":"401","schemes":"bearer"}', '', false],
    ],
  ],
  ['EXTERNAL', () => externalClient(), [['', '', true]]],
  ['EXTERNAL as somebody', () => externalClient({ actAs: 'ann' }), [[undefined, 'ann', true]]],
  [
    'LOGIN, whatever the prompts',
    () => loginClient({ name: 'ann', password: 'secret' }),
    [
      ['User Name\0', 'ann', false],
      ['Password\0', 'secret', true],
    ],
  ],
]

describe('examples', () => {
  it.each(examples)('%s', async (_, make, said) => {
    const client = make()
    expect(client.isComplete).toBe(false)
    for (const [challenge, response, isComplete] of said) {
      expect(utf8(await client.next(octets(challenge)))).toBe(response)
      expect(client.isComplete).toBe(isComplete)
    }
  })

  it.each(examples)('%s: nothing is left to say', async (_, make, said) => {
    const client = make()
    for (const [challenge] of said) await client.next(octets(challenge))
    const isBearer = client.name.includes('OAUTH')
    if (isBearer && said.length === 1) return
    await expect(client.next(octets('more'))).rejects.toMatchObject({ code: 'unexpected-challenge' })
    expect(client.isComplete).toBe(false)
  })
})

const serverFirst = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'

describe('a server of SCRAM that is none', () => {
  it.each<readonly [string, SaslClientErrorCode, string]>([
    ['', 'malformed-challenge', 'nothing'],
    [serverFirst.replace('r=r', 'r=R'), 'malformed-challenge', 'another nonce than ours'],
    ['r=rOprNGfwEbeRWgbNEkqO,s=W22Z,i=4096', 'malformed-challenge', 'our nonce alone'],
    [serverFirst.replace('4096', '4095'), 'weak-server', 'too few iterations'],
    [serverFirst.replace('4096', '10000001'), 'weak-server', 'more than we are willing to compute'],
    [serverFirst.replace('4096', '9999999999'), 'malformed-challenge', 'a number beyond all numbers'],
    [serverFirst.replace('4096', '4096x'), 'malformed-challenge', 'no number'],
    [serverFirst.replace('W22Z', '*'), 'malformed-challenge', 'a salt that is no base64'],
    [`m=x,${serverFirst}`, 'malformed-challenge', 'a mandatory extension'],
    ['e=other-error', 'malformed-challenge', 'an error too early'],
    [serverFirst.replace('W22Z', 'A'.repeat(400)), 'malformed-challenge', 'a salt too long'],
  ])('first message %j: %s, %s', async (challenge, code) => {
    const client = scramClient(pencil, sha256)
    await client.next(undefined)
    await expect(client.next(octets(challenge))).rejects.toMatchObject({ code })
    expect(client.isComplete).toBe(false)
  })

  it.each<readonly [string, SaslClientErrorCode, string]>([
    ['v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=', 'malformed-challenge', 'stray bits'],
    ['v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=', 'server-proof', 'another signature'],
    ['v=6rri', 'server-proof', 'a signature too short'],
    ['v=', 'malformed-challenge', 'no signature'],
    ['', 'malformed-challenge', 'nothing'],
    ['e=unknown-user', 'server-error', 'an error'],
    ['e=bad\x1b[2J', 'malformed-challenge', 'an error that would paint the terminal'],
  ])('last message %j: %s, %s', async (challenge, code) => {
    const client = scramClient(pencil, sha256)
    await client.next(undefined)
    await client.next(octets(serverFirst))
    await expect(client.next(octets(challenge))).rejects.toMatchObject({ code })
    expect(client.isComplete).toBe(false)
  })

  it('takes fewer iterations when told to', async () => {
    const client = scramClient(pencil, { ...sha256, minIterations: 1 })
    await client.next(undefined)
    expect(await client.next(octets(serverFirst.replace('4096', '1')))).toBeDefined()
  })
})

describe('what SCRAM sends', () => {
  it.each<readonly [string, Parameters<typeof scramClient>[0], Partial<ScramClientOptions>, string]>([
    ['escapes', { name: 'a,b=c', password: 'x', actAs: 'd,=' }, {}, 'n,a=d=2C=3D,n=a=2Cb=3Dc,'],
    ['NFKC', { name: '\u2168', password: 'x' }, {}, 'n,,n=IX,'],
    [
      'what it is told to prepare with',
      { name: 'IX', password: 'x' },
      { prepare: () => 'other' },
      'n,,n=other,',
    ],
    ['an offer that it misses', pencil, { isBindingMissed: true }, 'y,,n=user,'],
    [
      'the type of its binding',
      pencil,
      { binding: { type: 'tls-exporter', octets: exporterOctets } },
      'p=tls-exporter,,n=user,',
    ],
  ])('%s', async (_, credentials, options, begin) => {
    const client = scramClient(credentials, { ...sha256, ...options })
    expect(utf8(await client.next(undefined))).toBe(`${begin}r=rOprNGfwEbeRWgbNEkqO`)
  })

  it('is new each time', async () => {
    const first = async () => utf8(await scramClient(pencil, { hash: 'SHA-256' }).next(undefined))
    expect(await first()).not.toBe(await first())
  })
})

describe('what no client sends', () => {
  it.each([
    ['an empty name', () => plainClient({ name: '', password: 'x' })],
    ['an empty password', () => plainClient({ name: 'x', password: '' })],
    ['NUL in a name', () => plainClient({ name: 'x\0y', password: 'x' })],
    ['NUL in whom to act as', () => plainClient({ name: 'x', password: 'x', actAs: '\0' })],
    ['half a surrogate pair', () => loginClient({ name: 'x', password: '\ud800' })],
    ['an empty secret', () => cramMd5Client({ name: 'x', password: '' })],
    ['a control character', () => scramClient({ name: 'x', password: 'a\x07' }, sha256)],
    ['NUL in a token', () => xoauth2Client({ name: 'x', token: '\0' })],
    ['an empty token', () => oauthbearerClient({ name: 'x', token: '' })],
  ])('%s', async (_, make) => {
    await expect(make().next(undefined)).rejects.toMatchObject({ code: 'bad-credentials' })
  })

  it.each([
    ['PLAIN', () => plainClient(pencil)],
    ['SCRAM', () => scramClient(pencil, sha256)],
    ['EXTERNAL', () => externalClient()],
    ['XOAUTH2', () => xoauth2Client({ name: 'x', token: 'x' })],
  ])('%s: anything where the server has already spoken', async (_, make) => {
    await expect(make().next(octets('hello'))).rejects.toMatchObject({ code: 'malformed-challenge' })
  })
})

describe('what a token server says', () => {
  it.each([
    '',
    '{',
    '[]',
    'null',
    '{"status":7}',
    '{"status":"\\u001b"}',
    'x'.repeat(5000),
  ])('an error that says nothing: %j', async error => {
    const client = xoauth2Client({ name: 'x', token: 'x' })
    await client.next(undefined)
    await client.next(octets(error))
    expect(client.refusedStatus).toBe('unknown')
  })
})
