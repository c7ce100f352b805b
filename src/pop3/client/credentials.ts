// Who logs in, and the ways in which that can be proved, best first: a session takes the first that the server has and that
// the channel allows.

import { oauthbearerClient, xoauth2Client } from '../../auth/mechanisms/bearer-clients.ts'
import { cramMd5Client } from '../../auth/mechanisms/cram-md5-client.ts'
import { externalClient } from '../../auth/mechanisms/external-client.ts'
import { loginClient } from '../../auth/mechanisms/login-client.ts'
import { plainClient } from '../../auth/mechanisms/plain-client.ts'
import { scramClient } from '../../auth/mechanisms/scram-client.ts'
import type { SaslClient } from '../../auth/sasl-client.ts'
import type { ClientBinding } from '../../net/tls/client-binding.ts'

/** What a mechanism is told of the channel. */
export interface SaslChannel {
  readonly binding: ClientBinding | undefined
  /** Names in upper case that the server offers. */
  readonly offered: readonly string[]
}

/** One way to log in. */
export type LoginWay =
  | {
      readonly kind: 'sasl'
      /** As IANA registers it. */
      readonly mechanism: string
      /** Whoever listens has what lets him in. */
      readonly revealsSecret: boolean
      /** Undefined where the channel does not allow it. `isRetry` asks for a new token. */
      create(channel: SaslChannel, isRetry: boolean): Promise<SaslClient | undefined> | SaslClient | undefined
      /** Whether a refusal is worth a second try. */
      readonly mayRetry: boolean
    }
  | { readonly kind: 'user-pass'; readonly user: string; readonly password: string }
  | { readonly kind: 'apop'; readonly user: string; readonly password: string }

export interface Credentials {
  readonly user: string
  readonly ways: readonly LoginWay[]
  /** Whether a text, such as an answer of the server, holds what nobody else may read. */
  holdsSecret(text: string): boolean
}

export interface PasswordOptions {
  /** Only these, in this order; `USER` stands for USER and PASS. Default: all but APOP and CRAM-MD5, the safest first. */
  readonly mechanisms?: readonly PasswordMechanism[]
}

const byDefault = [
  'SCRAM-SHA-256-PLUS',
  'SCRAM-SHA-1-PLUS',
  'SCRAM-SHA-256',
  'SCRAM-SHA-1',
  'USER',
  'PLAIN',
  'LOGIN',
] as const

export type PasswordMechanism = (typeof byDefault)[number] | 'APOP' | 'CRAM-MD5'

export function password(
  user: string,
  secret: string,
  { mechanisms = byDefault }: PasswordOptions = {},
): Credentials {
  return {
    user,
    ways: mechanisms.map(name => passwordWays[name]({ name: user, password: secret })),
    holdsSecret: text => text.includes(secret),
  }
}

interface NameAndPassword {
  readonly name: string
  readonly password: string
}

const passwordWays: Readonly<Record<PasswordMechanism, (of: NameAndPassword) => LoginWay>> = {
  'SCRAM-SHA-256-PLUS': of => scramWay(of, 'SHA-256', true),
  'SCRAM-SHA-1-PLUS': of => scramWay(of, 'SHA-1', true),
  'SCRAM-SHA-256': of => scramWay(of, 'SHA-256', false),
  'SCRAM-SHA-1': of => scramWay(of, 'SHA-1', false),
  'CRAM-MD5': of => saslWay('CRAM-MD5', false, () => cramMd5Client(of)),
  PLAIN: of => saslWay('PLAIN', true, () => plainClient(of)),
  LOGIN: of => saslWay('LOGIN', true, () => loginClient(of)),
  USER: ({ name, password: secret }) => ({ kind: 'user-pass', user: name, password: secret }),
  APOP: ({ name, password: secret }) => ({ kind: 'apop', user: name, password: secret }),
}

function scramWay(of: NameAndPassword, hash: 'SHA-1' | 'SHA-256', isPlus: boolean): LoginWay {
  return saslWay(`SCRAM-${hash}${isPlus ? '-PLUS' : ''}`, false, ({ binding, offered }) => {
    if (isPlus) return binding && scramClient(of, { hash, binding })
    const isBindingMissed = binding !== undefined && !offered.some(name => name.endsWith('-PLUS'))
    return scramClient(of, { hash, isBindingMissed })
  })
}

function saslWay(
  mechanism: string,
  revealsSecret: boolean,
  create: (channel: SaslChannel) => SaslClient | undefined,
): LoginWay {
  return { kind: 'sasl', mechanism, revealsSecret, create, mayRetry: false }
}

/** A token, or what fetches one; it is asked again, with `isRetry`, when the server did not take the first. */
export type TokenSource = string | ((isRetry: boolean) => string | Promise<string>)

export interface OAuth2Options {
  /** Default: XOAUTH2, which most servers have, then OAUTHBEARER. */
  readonly mechanisms?: readonly ('XOAUTH2' | 'OAUTHBEARER')[]
}

export function oauth2(
  user: string,
  token: TokenSource,
  { mechanisms = ['XOAUTH2', 'OAUTHBEARER'] }: OAuth2Options = {},
): Credentials {
  const clients = { XOAUTH2: xoauth2Client, OAUTHBEARER: oauthbearerClient } as const
  let current = ''
  const ways = mechanisms.map(
    (mechanism): LoginWay => ({
      kind: 'sasl',
      mechanism,
      revealsSecret: true,
      mayRetry: typeof token === 'function',
      async create(_channel, isRetry) {
        current = typeof token === 'function' ? await token(isRetry) : token
        return clients[mechanism]({ name: user, token: current })
      },
    }),
  )
  return { user, ways, holdsSecret: text => current !== '' && text.includes(current) }
}

/** The client's certificate says who it is. */
export function external(user = ''): Credentials {
  return {
    user,
    ways: [saslWay('EXTERNAL', false, () => externalClient({ actAs: user }))],
    holdsSecret: () => false,
  }
}
