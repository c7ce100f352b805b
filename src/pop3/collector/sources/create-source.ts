// From what is configured to a source: by its protocol, with its password or token read before each login.
import type { PasswordMechanism } from '../../../mail/password-mechanisms.ts'
import type { LoginOrigin, OAuthOptions } from '../../../mail/secret-origin.ts'
import { quirksNamed } from '../../../mail/server-quirks.ts'
import { type Credentials, external, oauth2, password, type TlsPolicy } from '../../client/index.ts'
import { readSecret, type SecretOwner, type SecretParts } from '../secrets/secret.ts'
import { SecretError } from '../secrets/secret-error.ts'
import type { Source } from '../source.ts'
import { type IdentityFiles, readCertificates, readIdentity } from './certificate-files.ts'
import type { ImapSecret } from './imap/connection.ts'
import { imapSource } from './imap/imap.ts'
import { pop3Source } from './pop3.ts'

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
  /** Shown to a server that asks who the client is. */
  readonly identity: IdentityFiles | undefined
  readonly proxy: string | undefined
  /** Of IMAP. */
  readonly folders: readonly string[]
  /** Of POP3; undefined: the client's. With EXTERNAL it is `identity` that lets in, and there is no secret. */
  readonly mechanisms: readonly (PasswordMechanism | 'EXTERNAL')[] | undefined
  /** Of POP3: names that `quirksNamed` knows, besides what is known of the server. */
  readonly quirks: readonly string[]
  readonly secret: LoginOrigin
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
  const { name, user, host, port, tls, pins, caFile, proxy, quirks } = options
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
      ...(quirks.length > 0 && { quirks: quirksNamed(quirks) }),
    },
    ...certificatesOf(options),
  })
}

/** Read before each connection. */
function certificatesOf({ caFile, identity }: SourceOptions) {
  return {
    authority: caFile === undefined ? undefined : () => readCertificates(caFile),
    identity: identity && (() => readIdentity(identity)),
  }
}

async function credentialsOf(
  options: SourceOptions,
  parts: SourceParts,
  signal: AbortSignal,
): Promise<Credentials> {
  const { user, mechanisms } = options
  // Named, so that a server that would take somebody else for the owner of the certificate refuses.
  if (mechanisms?.includes('EXTERNAL')) return external(user)
  if (options.secret.kind === 'oauth')
    return oauth2(user, isRetry => tokenOf(options, parts, { isRetry, signal }))
  const secret = await readSecret(options.secret, ownerOf(options), { ...parts, signal })
  return password(user, secret, mechanisms ? { mechanisms: mechanisms.filter(isOfPassword) } : {})
}

function isOfPassword(mechanism: PasswordMechanism | 'EXTERNAL'): mechanism is PasswordMechanism {
  return mechanism !== 'EXTERNAL'
}

function imap(options: SourceOptions, parts: SourceParts): Source {
  const { name, user, host, port, tls, pins, proxy, folders, allowCleartext } = options
  return imapSource({
    name,
    user,
    folders,
    secret: (signal, isRetry) => imapSecretOf(options, parts, { isRetry, signal }),
    connection: { host, port, tls, allowCleartextAuth: allowCleartext, pins, proxy },
    ...certificatesOf(options),
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
