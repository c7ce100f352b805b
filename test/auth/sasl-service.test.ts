// Which mechanisms are offered where, and that no other works.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type AuthenticatorOptions, createAuthenticator } from '../../src/auth/authenticator.ts'
import type { SecureChannel } from '../../src/auth/login.ts'
import { mechanisms } from '../../src/auth/mechanisms/mechanisms.ts'
import { openOffice } from './office.ts'
import { channelWith, originFrom } from './origin.ts'

const closings: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closings.splice(0)) await close()
})

function openWith(options: AuthenticatorOptions) {
  const office = openOffice(options)
  closings.push(() => office.close())
  return office
}

const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-1']
const plus = ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-1-PLUS']
const unbound: SecureChannel = { ...channelWith(), binding: () => undefined }
const endPointOnly: SecureChannel = {
  ...channelWith(),
  binding: type => (type === 'tls-server-end-point' ? new Uint8Array(32) : undefined),
}
const tokens = { verify: async () => undefined }

describe('the mechanisms', () => {
  it.each<[why: string, options: AuthenticatorOptions, channel: SecureChannel | undefined, names: string[]]>([
    ['in clear', {}, undefined, [...scram, 'PLAIN', 'LOGIN']],
    ['TLS', {}, channelWith(), [...plus, ...scram, 'PLAIN', 'LOGIN']],
    ['TLS that binds one way', {}, endPointOnly, [...plus, ...scram, 'PLAIN', 'LOGIN']],
    ['TLS that binds nothing', {}, unbound, [...scram, 'PLAIN', 'LOGIN']],
    ['a certificate', {}, channelWith(['ann']), [...plus, ...scram, 'EXTERNAL', 'PLAIN', 'LOGIN']],
    ['tokens', { tokens }, undefined, [...scram, 'OAUTHBEARER', 'XOAUTH2', 'PLAIN', 'LOGIN']],
    ['accounts without SCRAM keys', { scram: false }, channelWith(), ['PLAIN', 'LOGIN']],
    [
      'a choice',
      { mechanisms: ['login', 'Scram-SHA-256', 'CRAM-MD5'] },
      undefined,
      ['SCRAM-SHA-256', 'LOGIN'],
    ],
    ['none', { mechanisms: [] }, channelWith(['ann']), []],
  ])('%s', (_why, options, channel, names) => {
    const { authenticator } = openWith(options)
    expect(authenticator.sasl.mechanisms(channel)).toEqual(names)
    const origin = originFrom('192.0.2.1', { channel })
    const working = mechanisms.filter(({ name }) => authenticator.sasl.begin(name.toLowerCase(), origin))
    expect(working.map(({ name }) => name)).toEqual(names)
    expect(authenticator.sasl.begin('NTLM', origin)).toBeUndefined()
  })

  it('include APOP, and CRAM-MD5 where it is named, from the moment somebody opted in', async () => {
    let now = 0
    const office = openWith({ now: () => now, mechanisms: ['PLAIN', 'CRAM-MD5', 'APOP'] })
    const { authenticator } = office
    const offered = () => [
      authenticator.sasl.mechanisms(undefined).includes('CRAM-MD5'),
      authenticator.apop?.isOffered,
    ]
    expect(offered()).toEqual([false, false])
    await office.addAccount('ann', 'secret')
    now += 1000
    offered()
    await Promise.resolve()
    expect(offered()).toEqual([false, false])
    await office.addAccount('eve', 'secret', { recoverable: true })
    now += 1000
    await vi.waitFor(() => expect(offered()).toEqual([true, true]))
  })

  it('include CRAM-MD5 unasked only once everybody has opted in: clients prefer it to PLAIN', async () => {
    let now = 0
    const office = openWith({ now: () => now })
    const isOffered = () => {
      now += 1000
      return office.authenticator.sasl.mechanisms(undefined).includes('CRAM-MD5')
    }
    await office.addAccount('eve', 'secret', { recoverable: true })
    await vi.waitFor(() => expect(isOffered()).toBe(true))
    await office.addAccount('ann', 'secret')
    await vi.waitFor(() => expect(isOffered()).toBe(false))
    expect(office.authenticator.apop?.isOffered).toBe(true)
  })

  it('include neither without the key that opens sealed passwords, nor APOP when it is not wanted', async () => {
    const { store } = openWith({})
    const keyless = createAuthenticator(store, { registry: store })
    closings.push(() => keyless.close())
    expect(keyless.apop).toBeUndefined()
    expect(openWith({ mechanisms: ['PLAIN'] }).authenticator.apop).toBeUndefined()
    expect(openWith({ mechanisms: ['apop'] }).authenticator.apop).toBeDefined()
  })

  it('include SCRAM while every password has keys', async () => {
    let now = 0
    const office = openOffice()
    const { store } = office
    const authenticator = createAuthenticator(store, { registry: store, now: () => now })
    closings.push(() => authenticator.close())
    const isOffered = () => {
      now += 1000
      return authenticator.sasl.mechanisms(undefined).includes('SCRAM-SHA-256')
    }
    expect(isOffered()).toBe(false)
    await vi.waitFor(() => expect(isOffered()).toBe(true))
    await store.addAccount({ name: 'old', passwordHash: '{PLAIN}secret' })
    await vi.waitFor(() => expect(isOffered()).toBe(false))
    await store.removeAccount('old')
    await office.addAccount('new', 'secret')
    await vi.waitFor(() => expect(isOffered()).toBe(true))
  })

  it('stay as they were while nobody can say who opted in', async () => {
    let now = 0
    const office = openWith({ now: () => now })
    const { authenticator, store } = office
    await office.addAccount('eve', 'secret', { recoverable: true })
    now += 1000
    await vi.waitFor(() => expect(authenticator.apop?.isOffered).toBe(true))
    const asked = vi.spyOn(store, 'surveyPasswords').mockRejectedValue(new Error('disk'))
    now += 1000
    expect(authenticator.apop?.isOffered).toBe(true)
    await vi.waitFor(() => expect(asked).toHaveBeenCalled())
    expect(authenticator.apop?.isOffered).toBe(true)
  })
})
