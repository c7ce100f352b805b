// From what is configured to a source: by its protocol, with its password or token read before each login.
import { readFile } from 'node:fs/promises'
import {
  type Credentials,
  oauth2,
  type PasswordMechanism,
  password,
  type TlsPolicy,
} from '../../client/index.ts'
import type { OAuthOptions } from '../oauth/oauth-options.ts'
import { readSecret, type SecretOrigin, type SecretOwner, type SecretParts } from '../secrets/secret.ts'
import { SecretError } from '../secrets/secret-error.ts'
import type { Source } from '../source.ts'
import type { ImapSecret } from './imap/connection.ts'
import { imapSource } from './imap/imap.ts'
import { pop3Source } from './pop3.ts'

export type SourceSecret = SecretOrigin | { readonly kind: 'oauth'; readonly oauth: OAuthOptions }

export interface SourceOptions {
  readonly name: string
  readonly protocol: 'pop3' | 'imap'
  readonly host: string
  readonly port: number
  readonly user: string
  readonly tls: TlsPolicy
  readonly allowCleartext: boolean
  /** `sha256/<base64>`: with one of these keys the server is trusted, whoever vouches for it; `caFile` has to, if given. */
  readonly pins: readonly string[]
  readonly caFile: string | undefined
  readonly proxy: string | undefined
  /** Of IMAP. */
  readonly folders: readonly string[]
  /** Of POP3; undefined: the client's. */
  readonly mechanisms: readonly PasswordMechanism[] | undefined
  readonly secret: SourceSecret
}

export interface SourceParts extends SecretParts {
  /** Hands out the access token of a source; asked again with `isRetry` when it was refused. Throws `SecretError`. */
  readonly token?: (
    source: string,
    oauth: OAuthOptions,
    options: { readonly isRetry: boolean; readonly signal: AbortSignal },
  ) => Promise<string>
}

/** Connects to nothing, reads nothing yet. */
export function createSource(options: SourceOptions, parts: SourceParts): Source {
  return options.protocol === 'imap' ? imap(options, parts) : pop3(options, parts)
}

function pop3(options: SourceOptions, parts: SourceParts): Source {
  const { name, user, host, port, tls, pins, caFile, proxy } = options
  return pop3Source({
    name,
    user,
    credentials: signal => credentialsOf(options, parts, signal),
    connection: {
      host,
      port,
      tls,
      allowCleartextAuth: options.allowCleartext,
      ...(pins.length > 0 && { pin: pins, certificate: { verify: caFile !== undefined } }),
      ...(proxy !== undefined && { proxy }),
    },
    authority: caFile === undefined ? undefined : () => readAuthority(caFile),
  })
}

async function credentialsOf(
  options: SourceOptions,
  parts: SourceParts,
  signal: AbortSignal,
): Promise<Credentials> {
  const { user, mechanisms } = options
  if (options.secret.kind === 'oauth')
    return oauth2(user, isRetry => tokenOf(options, parts, { isRetry, signal }))
  const secret = await readSecret(options.secret, ownerOf(options), { ...parts, signal })
  return password(user, secret, mechanisms ? { mechanisms } : {})
}

function imap(options: SourceOptions, parts: SourceParts): Source {
  const { name, user, host, port, tls, pins, caFile, proxy, folders, allowCleartext } = options
  return imapSource({
    name,
    user,
    folders,
    secret: (signal, isRetry) => imapSecretOf(options, parts, { isRetry, signal }),
    connection: { host, port, tls, allowCleartextAuth: allowCleartext, pins, proxy },
    authority: caFile === undefined ? undefined : () => readAuthority(caFile),
  })
}

interface Asking {
  readonly isRetry: boolean
  readonly signal: AbortSignal
}

async function imapSecretOf(options: SourceOptions, parts: SourceParts, asking: Asking): Promise<ImapSecret> {
  if (options.secret.kind === 'oauth') return { token: await tokenOf(options, parts, asking) }
  return { password: await readSecret(options.secret, ownerOf(options), { ...parts, signal: asking.signal }) }
}

async function tokenOf(
  { name, secret }: SourceOptions,
  { token }: SourceParts,
  asking: Asking,
): Promise<string> {
  if (secret.kind !== 'oauth' || !token)
    throw new SecretError('configuration', 'there is no place for tokens here')
  return token(name, secret.oauth, asking)
}

function ownerOf({ host, user, protocol }: SourceOptions): SecretOwner {
  return { host, user, service: protocol }
}

const maxAuthorityOctets = 1 << 20

async function readAuthority(file: string): Promise<string> {
  const text = await readFile(file, 'latin1').catch((cause: unknown) => {
    const { code } = cause as NodeJS.ErrnoException
    throw new SecretError('configuration', `the certificate in ${file} cannot be read (${code})`, { cause })
  })
  if (text.length > maxAuthorityOctets || !text.includes('-----BEGIN CERTIFICATE-----'))
    throw new SecretError('configuration', `${file} holds no certificate in PEM`)
  return text
}
