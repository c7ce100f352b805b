// A verifier over a table of names, that counts what it is asked: whoever fails must be counted as refused exactly once.
import { createHash } from 'node:crypto'
import type { Login, LoginOrigin, SecureChannel } from '../../../src/auth/login.ts'
import type { ScramHash, ScramKeys, TokenAdvice, Verifier } from '../../../src/auth/sasl.ts'
import { deriveScramKeys } from '../../../src/auth/scram.ts'

export const accountName = 'ann@example.net'
export const password = 'péncil, =x'
export const appPassword = 'fern fjord'
export const token = 'mF_9.B5f-4.1JqM~+/=='
const tokenAdvice: TokenAdvice = {
  scope: 'mail',
  openidConfiguration: 'https://id.example/.well-known/openid-configuration',
}
const iterations = 4096
const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')

export const exporterOctets = Uint8Array.from({ length: 32 }, (_, index) => index)
export const endPointOctets = Uint8Array.from({ length: 32 }, (_, index) => 255 - index)

/** A TLS 1.3 channel with both bindings, and a certificate. */
export const boundChannel: SecureChannel = {
  version: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  clientCertificate: { names: [accountName], fingerprint: '00:11' },
  binding: type => (type === 'tls-exporter' ? exporterOctets : endPointOctets),
}

/** TLS through something that can bind nothing. */
export const unboundChannel: SecureChannel = { ...boundChannel, binding: () => undefined }

function loginAs(name: string): Login {
  return {
    account: {
      id: `id-of-${name}`,
      name,
      passwordHash: undefined,
      scramKeys: [],
      sealedPassword: undefined,
      isDisabled: false,
      quotaOctets: 0,
      usedOctets: 0,
      usedMessages: 0,
      settings: {},
      inboxId: 'inbox',
      createdAt: new Date(0),
    },
    readOnly: false,
    appPassword: undefined,
  }
}

export interface FakeVerifier extends Verifier {
  readonly refusals: readonly (string | undefined)[]
  readonly successes: number
}

const derived = new Map<string, Promise<ScramKeys>>()

/** Dear, and asked for very often by random input. */
function keysOf(text: string, hash: ScramHash): Promise<ScramKeys> {
  const key = `${hash}:${text}`
  const keys = derived.get(key) ?? deriveScramKeys(Buffer.from(text), salt, iterations, hash)
  derived.set(key, keys)
  return keys
}

function isOneself(actAs: string): boolean {
  return actAs.toLowerCase() === accountName
}

export function fakeVerifier(
  { channel }: { readonly channel: LoginOrigin['channel'] } = { channel: boundChannel },
): FakeVerifier {
  const refusals: (string | undefined)[] = []
  let successes = 0
  const login = loginAs(accountName)

  function answer(isRight: boolean, name: string | undefined): Login | undefined {
    if (isRight) successes += 1
    else refusals.push(name)
    return isRight ? login : undefined
  }

  function once<T>(name: string, isRight: (value: T) => boolean): (value: T) => Promise<Login | undefined> {
    let isSettled = false
    return async value => {
      if (isSettled) throw new Error('settled twice')
      isSettled = true
      return answer(isRight(value), name)
    }
  }

  return {
    origin: { protocol: 'pop3', peer: '192.0.2.1', sessionId: 's1', channel },
    tokenAdvice,
    refusals,
    get successes() {
      return successes
    },
    async verifyPassword(name, given, actAs = name) {
      const isRight = name === accountName && Buffer.from(password).equals(given)
      return answer(isRight && isOneself(actAs), name)
    },
    async findScramKeys(name, hash, actAs = name) {
      const isKnown = name === accountName
      const madeUp = createHash('sha512').update(name).digest('hex')
      const passwords = isKnown ? [password, appPassword] : [madeUp]
      return {
        salt,
        iterations,
        keys: await Promise.all(passwords.map(text => keysOf(text, hash))),
        settle: once(name, matched => isKnown && matched !== undefined && isOneself(actAs)),
      }
    },
    async findSecret(name) {
      const secret = Buffer.from(name === accountName ? password : 'made up')
      return { secret, settle: once(name, matches => matches && name === accountName) }
    },
    async verifyToken(given, name) {
      return answer(given === token && (name === undefined || name === accountName), name)
    },
    async verifyCertificate(name) {
      return answer(channel?.clientCertificate !== undefined && (name ?? accountName) === accountName, name)
    },
    async refuse(name) {
      refusals.push(name)
      return undefined
    },
  }
}
