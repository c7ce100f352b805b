// Who logs in, and the ways in which that can be proved, best first: a session takes the first that the server has and that
// the channel allows. Mechanisms are loaded when they are taken: a program knows one of them.
import type { SaslClient } from '../../auth/sasl-client.ts'
import { type PasswordMechanism, usualMechanisms } from '../../mail/password-mechanisms.ts'
import type { ClientBinding } from '../../net/tls/client-binding.ts'

/** What a mechanism is told of the channel. */
export interface SaslChannel {
  /** Whether the channel can be bound to. */
  readonly isTls: boolean
  /** What binds; undefined where there is nothing. */
  binding(): Promise<ClientBinding | undefined>
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
      create(channel: SaslChannel, isRetry: boolean): Promise<SaslClient | undefined>
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
  /** Of the token that was tried last. */
  readonly tokenOctets?: number | undefined
}

export interface PasswordOptions {
  /** Only these, in this order; `USER` stands for USER and PASS. Default: all but APOP and CRAM-MD5, the safest first. */
  readonly mechanisms?: readonly PasswordMechanism[]
}

export function password(
  user: string,
  secret: string,
  { mechanisms = usualMechanisms }: PasswordOptions = {},
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
  'CRAM-MD5': of =>
    saslWay('CRAM-MD5', false, async () =>
      (await import('../../auth/mechanisms/cram-md5-client.ts')).cramMd5Client(of),
    ),
  PLAIN: of =>
    saslWay('PLAIN', true, async () =>
      (await import('../../auth/mechanisms/plain-client.ts')).plainClient(of),
    ),
  LOGIN: of =>
    saslWay('LOGIN', true, async () =>
      (await import('../../auth/mechanisms/login-client.ts')).loginClient(of),
    ),
  USER: ({ name, password: secret }) => ({ kind: 'user-pass', user: name, password: secret }),
  APOP: ({ name, password: secret }) => ({ kind: 'apop', user: name, password: secret }),
}

function scramWay(of: NameAndPassword, hash: 'SHA-1' | 'SHA-256', isPlus: boolean): LoginWay {
  return saslWay(`SCRAM-${hash}${isPlus ? '-PLUS' : ''}`, false, async channel => {
    const { scramClient } = await import('../../auth/mechanisms/scram-client.ts')
    if (!channel.isTls) return isPlus ? undefined : scramClient(of, { hash })
    const binding = await channel.binding()
    if (isPlus) return binding && scramClient(of, { hash, binding })
    const isBindingMissed = binding !== undefined && !channel.offered.some(name => name.endsWith('-PLUS'))
    return scramClient(of, { hash, isBindingMissed })
  })
}

function saslWay(
  mechanism: string,
  revealsSecret: boolean,
  create: (channel: SaslChannel) => Promise<SaslClient | undefined>,
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
  let current = ''
  const ways = mechanisms.map(
    (mechanism): LoginWay => ({
      kind: 'sasl',
      mechanism,
      revealsSecret: true,
      mayRetry: typeof token === 'function',
      async create(_channel, isRetry) {
        const { oauthbearerClient, xoauth2Client } = await import('../../auth/mechanisms/bearer-clients.ts')
        current = typeof token === 'function' ? await token(isRetry) : token
        return { XOAUTH2: xoauth2Client, OAUTHBEARER: oauthbearerClient }[mechanism]({
          name: user,
          token: current,
        })
      },
    }),
  )
  return {
    user,
    ways,
    holdsSecret: text => current !== '' && text.includes(current),
    get tokenOctets() {
      return Buffer.byteLength(current)
    },
  }
}

/** The client's certificate (`certificate.identity`) says who it is; `user` is whom to act as, if somebody else. */
export function external(user = ''): Credentials {
  const way = saslWay('EXTERNAL', false, async () =>
    (await import('../../auth/mechanisms/external-client.ts')).externalClient({ actAs: user }),
  )
  return { user, ways: [way], holdsSecret: () => false }
}
