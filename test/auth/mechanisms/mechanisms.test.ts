// Every mechanism, client against server: who has the right words gets in, with and without initial response.
import { describe, expect, it } from 'vitest'
import { oauthbearerClient, xoauth2Client } from '../../../src/auth/mechanisms/bearer-clients.ts'
import { cramMd5Client } from '../../../src/auth/mechanisms/cram-md5-client.ts'
import { externalClient } from '../../../src/auth/mechanisms/external-client.ts'
import { loginClient } from '../../../src/auth/mechanisms/login-client.ts'
import { mechanisms } from '../../../src/auth/mechanisms/mechanisms.ts'
import { plainClient } from '../../../src/auth/mechanisms/plain-client.ts'
import { type ScramClientOptions, scramClient } from '../../../src/auth/mechanisms/scram-client.ts'
import type { SaslClient } from '../../../src/auth/sasl-client.ts'
import { converse } from './converse.ts'
import {
  appPassword,
  endPointOctets,
  exporterOctets,
  fakeVerifier,
  accountName as name,
  password,
  token,
  unboundChannel,
} from './fake-verifier.ts'

const exporter = { type: 'tls-exporter', octets: exporterOctets } as const
const endPoint = { type: 'tls-server-end-point', octets: endPointOctets } as const

interface Words {
  readonly name?: string
  readonly password?: string
  readonly token?: string
  readonly actAs?: string
}
type MakeClient = (words: Words) => SaslClient

const scramWith =
  (options: ScramClientOptions): MakeClient =>
  words =>
    scramClient({ name, password, ...words }, options)

/** Mechanism, and a client with the right words unless it is given others. */
const clients: readonly (readonly [title: string, make: MakeClient])[] = [
  ['SCRAM-SHA-256-PLUS', scramWith({ hash: 'SHA-256', binding: exporter })],
  ['SCRAM-SHA-256-PLUS by end point', scramWith({ hash: 'SHA-256', binding: endPoint })],
  ['SCRAM-SHA-1-PLUS', scramWith({ hash: 'SHA-1', binding: exporter })],
  ['SCRAM-SHA-256', scramWith({ hash: 'SHA-256' })],
  ['SCRAM-SHA-1', scramWith({ hash: 'SHA-1' })],
  ['EXTERNAL', words => externalClient(words.name === undefined ? words : { actAs: words.name })],
  ['OAUTHBEARER', words => oauthbearerClient({ name, token, host: 'mail.example.net', port: 995, ...words })],
  ['XOAUTH2', words => xoauth2Client({ name, token, ...words })],
  ['CRAM-MD5', words => cramMd5Client({ name, password, ...words })],
  ['PLAIN', words => plainClient({ name, password, ...words })],
  ['LOGIN', words => loginClient({ name, password, ...words })],
]
const withPassword = clients.filter(([title]) => !['EXTERNAL', 'OAUTHBEARER', 'XOAUTH2'].includes(title))

describe('the table', () => {
  it('has every mechanism of the clients, once, the strongest first', () => {
    expect(mechanisms.map(mechanism => mechanism.name)).toEqual(
      clients.map(([title]) => title).filter(title => !title.includes(' ')),
    )
  })
})

describe.each([true, false])('with initial response: %s', initial => {
  it.each(clients)('%s lets in', async (_, make) => {
    const verifier = fakeVerifier()
    const client = make({})
    const end = await converse(client, verifier, { initial })
    expect(end).toMatchObject({ kind: 'success', login: { account: { name } } })
    expect(client.isComplete).toBe(true)
    expect(verifier).toMatchObject({ refusals: [], successes: 1 })
  })

  it.each(clients)('%s refuses an unknown name', async (_, make) => {
    const verifier = fakeVerifier()
    const client = make({ name: 'nobody' })
    expect(await converse(client, verifier, { initial })).toEqual({ kind: 'failure', reason: 'refused' })
    expect(verifier).toMatchObject({ refusals: ['nobody'], successes: 0 })
  })

  it.each(withPassword)('%s refuses a wrong password', async (_, make) => {
    const verifier = fakeVerifier()
    const end = await converse(make({ password: `${password}.` }), verifier, { initial })
    expect(end).toEqual({ kind: 'failure', reason: 'refused' })
    expect(verifier).toMatchObject({ refusals: [name], successes: 0 })
  })

  it.each(
    clients.filter(([title]) => title.includes('OAUTH')),
  )('%s refuses a wrong token', async (_, make) => {
    const verifier = fakeVerifier()
    const client = make({ token: 'expired' })
    expect(await converse(client, verifier, { initial })).toEqual({ kind: 'failure', reason: 'refused' })
    expect(client.isComplete).toBe(false)
    expect(client).toHaveProperty('refusedStatus', client.name === 'XOAUTH2' ? '401' : 'invalid_token')
    expect(verifier.refusals).toEqual([name])
  })
})

describe('acting as', () => {
  const able = clients.filter(([title]) => title === 'PLAIN' || title.startsWith('SCRAM'))

  it.each(able)('%s: oneself, in any spelling', async (_, make) => {
    for (const actAs of [name, 'Ann@EXAMPLE.net'])
      expect(await converse(make({ actAs }), fakeVerifier(), { initial: true })).toMatchObject({
        kind: 'success',
      })
  })

  it.each(able)('%s: somebody else is refused, and counted once', async (_, make) => {
    const verifier = fakeVerifier()
    const end = await converse(make({ actAs: 'bob' }), verifier, { initial: true })
    expect(end).toEqual({ kind: 'failure', reason: 'refused' })
    expect(verifier.refusals).toEqual([name])
  })

  it.each(able)('%s: with a wrong password nothing tells who there is', async (_, make) => {
    const end = await converse(make({ actAs: 'bob', password: 'x' }), fakeVerifier(), { initial: true })
    expect(end).toEqual({ kind: 'failure', reason: 'refused' })
  })
})

describe('SCRAM', () => {
  it('takes any key of the account', async () => {
    const client = scramClient({ name, password: appPassword }, { hash: 'SHA-256' })
    expect(await converse(client, fakeVerifier(), { initial: true })).toMatchObject({ kind: 'success' })
  })

  it.each([
    ['TLS that binds nothing', unboundChannel],
    ['clear', undefined],
  ])('lets in who believes that we cannot bind, where we cannot: %s', async (_, channel) => {
    const client = scramClient({ name, password }, { hash: 'SHA-256', isBindingMissed: true })
    const verifier = fakeVerifier({ channel })
    expect(await converse(client, verifier, { initial: true })).toMatchObject({ kind: 'success' })
  })

  it('lets in who believes so where we can, but do not offer to', async () => {
    const client = scramClient({ name, password }, { hash: 'SHA-256', isBindingMissed: true })
    const verifier = { ...fakeVerifier(), offersBinding: false }
    expect(await converse(client, verifier, { initial: true })).toMatchObject({ kind: 'success' })
  })

  it('refuses who was made to believe so where we can', async () => {
    const verifier = fakeVerifier()
    const client = scramClient({ name, password }, { hash: 'SHA-256', isBindingMissed: true })
    expect(await converse(client, verifier, { initial: true })).toEqual({
      kind: 'failure',
      reason: 'binding',
    })
    expect(verifier.refusals).toEqual([name])
  })

  it.each([
    ['other octets of that type', { type: 'tls-exporter', octets: endPointOctets }],
    ['fewer octets', { type: 'tls-exporter', octets: exporterOctets.subarray(1) }],
    ['no octets', { type: 'tls-exporter', octets: new Uint8Array(0) }],
  ] as const)('refuses a binding to another channel: %s', async (_, binding) => {
    const verifier = fakeVerifier()
    const client = scramClient({ name, password }, { hash: 'SHA-256', binding })
    expect(await converse(client, verifier, { initial: true })).toEqual({
      kind: 'failure',
      reason: 'binding',
    })
    expect(verifier.refusals).toEqual([name])
  })

  it('refuses to bind to a channel that has no such binding', async () => {
    const client = scramClient({ name, password }, { hash: 'SHA-256', binding: exporter })
    const end = await converse(client, fakeVerifier({ channel: unboundChannel }), { initial: true })
    expect(end).toEqual({ kind: 'failure', reason: 'binding' })
  })
})
