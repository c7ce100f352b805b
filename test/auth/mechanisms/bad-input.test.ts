// What is not right at any step of any mechanism: always one failure of one shape, counted once, and nothing follows it.
import { describe, expect, it } from 'vitest'
import type { SaslFailure } from '../../../src/auth/sasl.ts'
import { saltPassword, scramProof } from '../../../src/auth/scram.ts'
import { type Line, mechanismNamed, replay } from './converse.ts'
import {
  exporterOctets,
  fakeVerifier,
  accountName as name,
  password,
  token,
  unboundChannel,
} from './fake-verifier.ts'

interface Row {
  readonly mechanism: string
  readonly lines: readonly Line[]
  readonly reason: SaslFailure
  readonly why: string
  readonly counted?: string
  readonly isUnbound?: true
}

const long = (octets: number) => 'x'.repeat(octets)
const notUtf8 = Buffer.from([0xc3, 0x28])
const behind = (text: string, octets: Uint8Array) => Buffer.concat([Buffer.from(text), octets])

const plainRows = (
  [
    ['', 'nothing'],
    [`\0${name}`, 'no second NUL'],
    [`${name}${password}`, 'no NUL at all'],
    [`\0${name}\0${password}\0`, 'a third NUL'],
    [`\0\0${password}`, 'no name'],
    [`\0${name}\0`, 'no password'],
    [`\0${long(256)}\0${password}`, 'a name too long'],
    [`\0${name}\0${long(1025)}`, 'a password too long'],
    [`${long(256)}\0${name}\0${password}`, 'an authorization identity too long'],
    [long(70_000), 'oversized'],
    [behind(`\0${name}\0`, notUtf8), 'a password that is not UTF-8'],
    [
      behind('\0', behind('a', Buffer.concat([notUtf8, Buffer.from(`\0${password}`)]))),
      'a name that is not UTF-8',
    ],
  ] as const
).flatMap(([line, why]): Row[] => [
  { mechanism: 'PLAIN', lines: [line], reason: 'malformed', why },
  { mechanism: 'PLAIN', lines: [undefined, line], reason: 'malformed', why: `${why}, as a response` },
])

const loginRows: readonly Row[] = [
  { lines: [''], why: 'no name' },
  { lines: [undefined, ''], why: 'no name, as a response' },
  { lines: [long(256)], why: 'a name too long' },
  { lines: ['a\0b'], why: 'NUL in the name' },
  { lines: [notUtf8], why: 'a name that is not UTF-8' },
  { lines: [name, ''], why: 'no password', counted: name },
  { lines: [name, long(1025)], why: 'a password too long', counted: name },
  { lines: [name, `${password}\0`], why: 'NUL in the password', counted: name },
  { lines: [name, notUtf8], why: 'a password that is not UTF-8', counted: name },
  { lines: [name, undefined], why: 'no response at all', counted: name },
].map(row => ({ mechanism: 'LOGIN', reason: 'malformed', ...row }))

const digest = '0123456789abcdef0123456789abcdef'
const cramRows: readonly Row[] = [
  { lines: [`${name} ${digest}`], why: 'an answer before the question', reason: 'malformed' as const },
  { lines: [''], why: 'an empty answer before the question', reason: 'malformed' as const },
  ...(
    [
      ['', 'nothing'],
      [digest, 'no name'],
      [` ${digest}`, 'an empty name'],
      [`${name} ${digest.slice(1)}`, 'a digest too short'],
      [`${name} ${digest}0`, 'a digest too long'],
      [`${name} ${digest.toUpperCase()}`, 'upper case'],
      [`${name}\0 ${digest}`, 'NUL'],
      [`${name} ${digest}\n`, 'a newline behind'],
      [behind('', Buffer.concat([notUtf8, Buffer.from(` ${digest}`)])), 'a name that is not UTF-8'],
      [`${long(256)} ${digest}`, 'a name too long'],
      [long(70_000), 'oversized'],
    ] as const
  ).map(([line, why]) => ({ lines: [undefined, line], why, reason: 'malformed' as const })),
  {
    lines: [undefined, `${name} ${digest}`],
    why: 'another digest',
    reason: 'refused',
    counted: name,
  } as const,
].map(row => ({ mechanism: 'CRAM-MD5', ...row }))

const externalRows: readonly Row[] = [
  { lines: ['a\0'], why: 'NUL', reason: 'malformed' as const },
  { lines: [notUtf8], why: 'not UTF-8', reason: 'malformed' as const },
  { lines: [undefined, long(256)], why: 'a name too long', reason: 'malformed' as const },
  {
    lines: ['bob'],
    why: 'another name than that of the certificate',
    reason: 'refused' as const,
    counted: 'bob',
  },
].map(row => ({ mechanism: 'EXTERNAL', ...row }))

const goodBearer = `n,a=${name},\x01host=h\x01port=995\x01auth=Bearer ${token}\x01\x01`
const oauthRows = (
  [
    ['', 'nothing'],
    ['\x01', 'the dummy response, before any error'],
    [goodBearer.slice(0, -1), 'the end missing'],
    [`${goodBearer}\x01`, 'too many ends'],
    [goodBearer.replace('n,', 'p=tls-exporter,'), 'a binding, which it has not'],
    [goodBearer.replace('n,', 'x,'), 'an unknown flag'],
    [goodBearer.replace('a=', 'b='), 'an unknown attribute in the header'],
    [goodBearer.replace(name, 'a=b'), 'an equals sign that stands for nothing'],
    [goodBearer.replace('Bearer', 'Basic'), 'another scheme'],
    [goodBearer.replace('auth', 'auto'), 'no token'],
    [goodBearer.replace(token, ''), 'an empty token'],
    [goodBearer.replace(token, 'to ken'), 'a space in the token'],
    [goodBearer.replace(token, 't\u00f6ken'), 'a token that is not ASCII'],
    [goodBearer.replace('host=h', 'auth=Bearer x'), 'a pair twice'],
    [goodBearer.replace('host=h', 'h0st=h'), 'a digit in a key'],
    [goodBearer.replace('host=h', 'host=\0'), 'NUL'],
    [goodBearer.replace(token, long(65_537)), 'a token too long'],
    [goodBearer.replace('host=h', `host=${long(70_000)}`), 'oversized'],
    [behind('n,,\x01host=', notUtf8), 'not UTF-8'],
    [`n,a=${name},auth=Bearer ${token}\x01\x01`, 'no separator behind the header'],
  ] as const
).map(([line, why]): Row => ({ mechanism: 'OAUTHBEARER', lines: [line], reason: 'malformed', why }))

const goodXoauth2 = `user=${name}\x01auth=Bearer ${token}\x01\x01`
const xoauth2Rows = (
  [
    ['', 'nothing'],
    [goodXoauth2.slice(0, -1), 'the end missing'],
    [`${goodXoauth2}\x01`, 'too many ends'],
    [goodXoauth2.replace(name, ''), 'no name'],
    [goodXoauth2.replace(name, long(256)), 'a name too long'],
    [goodXoauth2.replace('user', 'name'), 'another key'],
    [goodXoauth2.replace('Bearer ', ''), 'no scheme'],
    [goodXoauth2.replace(token, 'a\0b'), 'NUL'],
    [`auth=Bearer ${token}\x01user=${name}\x01\x01`, 'the other way round'],
    [goodXoauth2.replace(token, long(65_537)), 'a token too long'],
    [behind('user=', notUtf8), 'not UTF-8'],
  ] as const
).map(([line, why]): Row => ({ mechanism: 'XOAUTH2', lines: [line], reason: 'malformed', why }))

const tokenRows: readonly Row[] = [
  { mechanism: 'OAUTHBEARER', lines: [goodBearer.replace(token, 'stale'), '\x01'], why: 'a foreign token' },
  {
    mechanism: 'OAUTHBEARER',
    lines: [goodBearer.replace(token, 'stale'), goodBearer],
    why: 'a better one after the error',
  },
  { mechanism: 'XOAUTH2', lines: [goodXoauth2.replace(token, 'stale'), ''], why: 'a foreign token' },
  {
    mechanism: 'XOAUTH2',
    lines: [undefined, goodXoauth2.replace(token, 'stale'), goodXoauth2],
    why: 'a better one after the error',
  },
].map(row => ({ reason: 'refused', counted: name, ...row }))

const saslName = name.replaceAll('=', '=3D')
const first = `n,,n=${saslName},r=abcdef`
const scramFirstRows = (
  [
    ['', 'nothing'],
    ['n,,', 'only a header'],
    [first.slice(3), 'no header'],
    [`F,${first}`, 'a GS2 flag that SCRAM forbids'],
    [`n,${first.slice(3)}`, 'a comma missing in the header'],
    [first.replace('n,,', 'n,x=y,'), 'an unknown attribute in the header'],
    [first.replace('n,,', 'n,a=,'), 'an empty authorization identity'],
    [first.replace('n=', 'm=x,n='), 'a mandatory extension'],
    [`${first},m=x`, 'a mandatory extension behind'],
    [`${first},ext`, 'an extension without a value'],
    [`n,,r=abcdef,n=${saslName}`, 'attributes out of order'],
    ['n,,n=,r=abcdef', 'no name'],
    ['n,,n=a=b,r=abcdef', 'an equals sign that stands for nothing'],
    ['n,,n=a=2c,r=abcdef', 'an escape in lower case'],
    [`n,,n=${long(256)},r=abcdef`, 'a name too long'],
    [`n,,n=${saslName}`, 'no nonce'],
    [`n,,n=${saslName},r=`, 'an empty nonce'],
    [`n,,n=${saslName},r=abc def`, 'a space in the nonce'],
    [`n,,n=${saslName},r=abc\u00e9`, 'a nonce that is not ASCII'],
    [`n,,n=${saslName},r=${long(513)}`, 'a nonce too long'],
    [`n,,n=a\0b,r=abcdef`, 'NUL'],
    [behind('n,,n=', Buffer.concat([notUtf8, Buffer.from(',r=abcdef')])), 'not UTF-8'],
    [`${first},x=${long(70_000)}`, 'oversized'],
    [`${first}\n`, 'a newline behind'],
  ] as const
).flatMap(([line, why]): Row[] => [
  { mechanism: 'SCRAM-SHA-256', lines: [line], reason: 'malformed', why },
  { mechanism: 'SCRAM-SHA-1', lines: [undefined, line], reason: 'malformed', why: `${why}, as a response` },
])

const bindingRows: readonly Row[] = [
  { mechanism: 'SCRAM-SHA-256', lines: [first.replace('n,,', 'y,,')], why: 'a downgrade' },
  {
    mechanism: 'SCRAM-SHA-256',
    lines: [first.replace('n,,', 'p=tls-exporter,,')],
    why: 'bound without -PLUS',
  },
  { mechanism: 'SCRAM-SHA-256-PLUS', lines: [first], why: '-PLUS without a binding' },
  { mechanism: 'SCRAM-SHA-1-PLUS', lines: [first.replace('n,,', 'y,,')], why: '-PLUS, and not believed in' },
  {
    mechanism: 'SCRAM-SHA-256-PLUS',
    lines: [first.replace('n,,', 'p=tls-unique,,')],
    why: 'a type we do not know',
  },
  {
    mechanism: 'SCRAM-SHA-256-PLUS',
    lines: [first.replace('n,,', 'p=tls-exporter,,')],
    why: 'a channel without bindings',
    isUnbound: true as const,
  },
].map(row => ({ reason: 'binding', counted: name, ...row }))

/** The server's nonce out of its first message. */
const nonceOf = (challenge: string) => /^r=([^,]+),/.exec(challenge)?.[1] ?? ''
const proof = Buffer.alloc(32, 1).toString('base64')
const plusFirst = first.replace('n,,', 'p=tls-exporter,,')
const bind = (header: string, octets: Uint8Array = new Uint8Array(0)) =>
  Buffer.concat([Buffer.from(header), octets]).toString('base64')

const scramFinalRows: readonly Row[] = [
  ...(
    [
      [() => '', 'nothing'],
      [(c: string) => `c=biws,r=${nonceOf(c)}`, 'no proof'],
      [(c: string) => `c=biws,r=${nonceOf(c)},p=`, 'an empty proof'],
      [(c: string) => `c=biws,r=${nonceOf(c)},p=****`, 'a proof that is not base64'],
      [(c: string) => `c=biws,r=${nonceOf(c)},p=${proof},x=y`, 'something behind the proof'],
      [(c: string) => `c=biws,r=${nonceOf(c)},p=${proof},p=${proof}`, 'two proofs'],
      [(c: string) => `c=biws,r=${nonceOf(c)},m=x,p=${proof}`, 'a mandatory extension'],
      [(c: string) => `r=${nonceOf(c)},c=biws,p=${proof}`, 'attributes out of order'],
      [() => `c=biws,r=abcdef,p=${proof}`, 'only its own nonce'],
      [(c: string) => `c=biws,r=${nonceOf(c)}x,p=${proof}`, 'a longer nonce'],
      [(c: string) => `c=biws,r=${nonceOf(c).slice(0, -1)},p=${proof}`, 'a shorter nonce'],
      [() => `c=biws,r=abcdef3rfcNHYJY1ZVvWVs7jabcdef,p=${proof}`, 'a nonce of another exchange'],
      [(c: string) => `c=biws,r=${nonceOf(c)},p=${proof}\0`, 'NUL'],
      [(c: string) => `c=biws,r=${nonceOf(c)},x=${long(70_000)},p=${proof}`, 'oversized'],
      [() => undefined as unknown as string, 'no response at all'],
    ] as const
  ).map(([line, why]) => ({
    mechanism: 'SCRAM-SHA-256',
    lines: [first, line],
    why,
    reason: 'malformed' as const,
  })),
  ...(
    [
      [first, (c: string) => `c=${bind('y,,')},r=${nonceOf(c)},p=${proof}`, 'another header'],
      [
        first,
        (c: string) => `c=${bind('n,,', exporterOctets)},r=${nonceOf(c)},p=${proof}`,
        'octets where none belong',
      ],
      [first, (c: string) => `c=biw=,r=${nonceOf(c)},p=${proof}`, 'a binding that is another spelling'],
      [first, (c: string) => `c=****,r=${nonceOf(c)},p=${proof}`, 'a binding that is not base64'],
    ] as const
  ).map(([one, two, why]) => ({
    mechanism: 'SCRAM-SHA-256',
    lines: [one, two],
    why,
    reason: 'binding' as const,
  })),
  ...(
    [
      [(c: string) => `c=${bind('p=tls-exporter,,')},r=${nonceOf(c)},p=${proof}`, 'no octets'],
      [(c: string) => `c=${bind('n,,')},r=${nonceOf(c)},p=${proof}`, 'a binding denied in the end'],
      [
        (c: string) => `c=${bind('p=tls-server-end-point,,', exporterOctets)},r=${nonceOf(c)},p=${proof}`,
        'another type in the end',
      ],
    ] as const
  ).map(([two, why]) => ({
    mechanism: 'SCRAM-SHA-256-PLUS',
    lines: [plusFirst, two],
    why,
    reason: 'binding' as const,
  })),
  ...(
    [
      [(c: string) => `c=biws,r=${nonceOf(c)},p=${proof}`, 'a wrong proof'],
      [(c: string) => `c=biws,r=${nonceOf(c)},p=AAAA`, 'a proof too short'],
    ] as const
  ).map(([two, why]) => ({
    mechanism: 'SCRAM-SHA-256',
    lines: [first, two],
    why,
    reason: 'refused' as const,
  })),
].map(row => ({ counted: name, ...row }))

const rows = [
  ...plainRows,
  ...loginRows,
  ...cramRows,
  ...externalRows,
  ...oauthRows,
  ...xoauth2Rows,
  ...tokenRows,
  ...scramFirstRows,
  ...bindingRows,
  ...scramFinalRows,
]

describe('one failure, counted once', () => {
  it.each(rows)('$mechanism: $why', async ({ mechanism, lines, reason, counted, isUnbound }) => {
    const verifier = isUnbound ? fakeVerifier({ channel: unboundChannel }) : fakeVerifier()
    const exchange = mechanismNamed(mechanism).begin(verifier)
    const steps = await replay(exchange, lines)
    expect(steps.slice(0, -1).map(step => step.kind)).toEqual(lines.slice(1).map(() => 'challenge'))
    expect(steps.at(-1)).toEqual({ kind: 'failure', reason })
    expect(verifier).toMatchObject({ refusals: [counted], successes: 0 })

    expect(await exchange.next(Buffer.from(`\0${name}\0${password}`))).toEqual({
      kind: 'failure',
      reason: 'malformed',
    })
    expect(verifier).toMatchObject({ refusals: [counted], successes: 0 })
  })
})

describe('nothing can be said twice', () => {
  it('the last message of one SCRAM exchange is of no use in the next', async () => {
    const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
    const salted = await saltPassword(Buffer.from(password), salt, 4096, 'SHA-256')
    let sent = ''
    const answer = (challenge: string) => {
      const withoutProof = `c=biws,r=${nonceOf(challenge)}`
      const made = scramProof(salted, `${first.slice(3)},${challenge},${withoutProof}`, 'SHA-256')
      sent = `${withoutProof},p=${Buffer.from(made).toString('base64')}`
      return sent
    }
    const begin = () => mechanismNamed('SCRAM-SHA-256').begin(fakeVerifier())
    expect((await replay(begin(), [first, answer])).at(-1)).toMatchObject({ kind: 'success' })
    expect((await replay(begin(), [first, sent])).at(-1)).toEqual({ kind: 'failure', reason: 'malformed' })
  })

  it.each([
    ['CRAM-MD5', [undefined]],
    ['SCRAM-SHA-256', [first]],
  ])('%s never asks the same', async (mechanism, lines) => {
    const ask = async () => (await replay(mechanismNamed(mechanism).begin(fakeVerifier()), lines)).at(-1)
    const challenges = new Set<string>()
    for (let times = 0; times < 50; times += 1) challenges.add(JSON.stringify(await ask()))
    expect(challenges.size).toBe(50)
  })
})

describe('a verifier that cannot answer', () => {
  const unable = () => Promise.reject(new Error('down'))
  const broken = {
    ...fakeVerifier(),
    verifyPassword: unable,
    findScramKeys: unable,
    findSecret: unable,
    verifyToken: unable,
    verifyCertificate: unable,
  }

  it.each([
    ['PLAIN', [`\0${name}\0${password}`]],
    ['LOGIN', [name, password]],
    ['SCRAM-SHA-1', [first]],
    ['CRAM-MD5', [undefined, `${name} ${digest}`]],
    ['EXTERNAL', ['']],
    ['OAUTHBEARER', [goodBearer]],
    ['XOAUTH2', [goodXoauth2]],
  ])('%s passes that on, and is over', async (mechanism, lines) => {
    const exchange = mechanismNamed(mechanism).begin(broken)
    await expect(replay(exchange, lines)).rejects.toThrow('down')
    expect(await exchange.next(Buffer.from(goodBearer))).toEqual({ kind: 'failure', reason: 'malformed' })
  })
})

describe('the error that a token gets', () => {
  it.each([
    ['OAUTHBEARER', goodBearer, 'invalid_token'],
    ['XOAUTH2', goodXoauth2, '401'],
  ])('%s', async (mechanism, line, status) => {
    const [step] = await replay(mechanismNamed(mechanism).begin(fakeVerifier()), [
      line.replace(token, 'stale'),
    ])
    expect(step?.kind === 'challenge' && JSON.parse(Buffer.from(step.octets).toString())).toEqual({
      status,
      schemes: 'bearer',
      scope: 'mail',
      'openid-configuration': 'https://id.example/.well-known/openid-configuration',
    })
  })
})
