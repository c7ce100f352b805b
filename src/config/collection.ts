// What the tables of the collector come to: sources, destinations and secrets with every key at its value.
import { join } from 'node:path'
import type { HeaderRule } from '../mail/delivery/header-rule.ts'
import type { LoginOrigin } from '../mail/secret-origin.ts'
import { isLoopbackAddress } from '../net/limits.ts'
import type { ParsedConfig } from './schema.ts'

export interface DestinationConfig {
  /** As written, paths of Maildir and mbox made absolute. */
  readonly text: string
  readonly user: string | undefined
  /** Undefined: none is named. */
  readonly secret: LoginOrigin | undefined
  readonly caFile: string | undefined
  readonly pins: readonly string[]
}

export interface CollectConfig {
  readonly name: string
  readonly protocol: 'pop3' | 'imap'
  readonly host: string
  readonly port: number
  readonly user: string
  readonly tls: 'implicit' | 'stls' | 'opportunistic' | 'none'
  readonly allowCleartext: boolean
  readonly pins: readonly string[]
  readonly caFile: string | undefined
  /** Paths: the certificate that is shown to the server, and its key; they may be one file. */
  readonly identity: { readonly certFile: string; readonly keyFile: string } | undefined
  readonly proxy: string | undefined
  /** Of IMAP. */
  readonly folders: readonly string[]
  /** Of POP3; undefined: the client's. */
  readonly mechanisms: ParsedConfig['collect'][number]['mechanisms']
  /** Of POP3: names. */
  readonly quirks: readonly string[]
  readonly secret: LoginOrigin
  readonly to: readonly DestinationConfig[]
  /** 0: by hand only. */
  readonly everyMs: number
  /** As the collector has it. */
  readonly policy: {
    readonly keep: 'all' | 'none' | { readonly days: number }
    readonly maxOctets: number | undefined
    readonly tellsOfLarge: boolean
    readonly batch: number | undefined
    readonly commitEvery: number
    readonly since: Date | undefined
    readonly newest: number | undefined
    readonly skips: readonly HeaderRule[]
  }
}

export interface CollectorConfig {
  readonly atOnce: number
  /** Folders; both may not be there yet. */
  readonly spool: string
  readonly tokens: string
  readonly notifyUrl: string | undefined
  readonly notifyCommand: readonly string[] | undefined
}

/** Makes a path of the file absolute. */
type At = (path: string) => string
type Source = ParsedConfig['collect'][number]

export function completeCollector(
  { collector }: Pick<ParsedConfig, 'collector'>,
  data: string,
  at: At,
): CollectorConfig {
  return {
    atOnce: collector.at_once,
    spool: collector.spool === undefined ? join(data, 'spool') : at(collector.spool),
    tokens: collector.tokens === undefined ? join(data, 'tokens') : at(collector.tokens),
    notifyUrl: collector.notify_url,
    notifyCommand: collector.notify_command,
  }
}

export function completeCollect(
  { collect }: Pick<ParsedConfig, 'collect'>,
  at: At,
): readonly CollectConfig[] {
  return collect.map(source => {
    const { protocol, host, port, isImplicit, user } = source.server
    const isHere = isThisMachine(host)
    return {
      name: source.name,
      protocol,
      host,
      port,
      user: source.user ?? user ?? '',
      tls: isImplicit ? 'implicit' : (source.tls ?? (isHere ? 'opportunistic' : 'stls')),
      allowCleartext: source.allow_cleartext ?? isHere,
      pins: source.pin ?? [],
      caFile: source.ca && at(source.ca),
      identity: identityOf(source, at),
      proxy: source.proxy,
      folders: source.folders ?? ['INBOX'],
      mechanisms: source.mechanisms,
      quirks: source.quirks ?? [],
      secret: secretOf(source, at) ?? { kind: 'prompt' },
      to: source.to.map(to => completeDestination(to, at)),
      everyMs: source.every,
      policy: policyOf(source),
    }
  })
}

/** Nobody else is on the way there. */
export function isThisMachine(host: string): boolean {
  return host === 'localhost' || isLoopbackAddress(host)
}

function identityOf({ cert, key = cert }: Source, at: At): CollectConfig['identity'] {
  return cert === undefined || key === undefined ? undefined : { certFile: at(cert), keyFile: at(key) }
}

function policyOf(source: Source): CollectConfig['policy'] {
  return {
    keep: source.keep,
    maxOctets: source.max_size,
    tellsOfLarge: source.large === 'tell',
    batch: source.batch,
    commitEvery: source.commit_every,
    since: source.since,
    newest: source.newest,
    skips: source.filters.map(({ header }) => header),
  }
}

type Secrets = Pick<
  Source,
  'password_file' | 'password_env' | 'password_command' | 'netrc' | 'keyring' | 'oauth'
>

/** The keys that say where a password comes from; of these there may be one. */
export const secretNames = [
  'password_file',
  'password_env',
  'password_command',
  'netrc',
  'keyring',
  'oauth',
] as const satisfies readonly (keyof Secrets)[]

function secretOf(of: Secrets, at: At): LoginOrigin | undefined {
  const { password_file, password_env: variable, password_command: command, netrc, keyring, oauth } = of
  if (password_file !== undefined) return { kind: 'file', file: at(password_file) }
  if (variable !== undefined) return { kind: 'environment', variable }
  if (command !== undefined) return { kind: 'command', command }
  if (netrc !== undefined) return { kind: 'netrc', file: netrc === true ? undefined : at(netrc) }
  if (keyring !== undefined) return { kind: 'keyring', attributes: keyring === true ? undefined : keyring }
  if (oauth === undefined) return undefined
  const { provider, client_id: clientId, client_secret, flow, scope, redirect_port: redirectPort } = oauth
  const clientSecretFile = client_secret && at(client_secret)
  return { kind: 'oauth', oauth: { provider, clientId, clientSecretFile, flow, scope, redirectPort } }
}

function completeDestination(to: Source['to'][number], at: At): DestinationConfig {
  const table: Exclude<typeof to, string> = typeof to === 'string' ? { to } : to
  return {
    text: withAbsolutePath(table.to, at),
    user: table.user,
    secret: secretOf(table, at),
    caFile: table.ca && at(table.ca),
    pins: table.pin ?? [],
  }
}

function withAbsolutePath(text: string, at: At): string {
  const [, kind, path] = /^(maildir|mbox):([^\0]+)$/.exec(text) ?? []
  return kind !== undefined && path !== undefined ? `${kind}:${at(path)}` : text
}
