// The configuration: read from TOML, checked against one schema, every mistake reported at once with its line.
import { isUtf8 } from 'node:buffer'
import { readFileSync, statSync } from 'node:fs'
import { availableParallelism, hostname as machineName } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parse, TomlError } from 'smol-toml'
import type { PasswordCost } from './auth/password.ts'
import {
  type CollectConfig,
  type CollectorConfig,
  completeCollect,
  completeCollector,
} from './config/collection.ts'
import { contradictions, hasCertificate, type ServiceName } from './config/contradictions.ts'
import { KeyLines } from './config/key-lines.ts'
import type { accountSources, loginMechanisms } from './config/login-tables.ts'
import { datesIn, keyName, type Mistake, mistakesOf } from './config/mistakes.ts'
import { configSchema, type ParsedConfig } from './config/schema.ts'
import { domainFault } from './mail/account-name.ts'
import type { FolderDelivery, MailDeliveryOptions } from './mail/delivery/deliver.ts'
import type { HeaderRule } from './mail/delivery/header-rule.ts'
import { foldDomain, foldName } from './mail/fold.ts'
import { junkName } from './mail/folder-name.ts'
import type { ViewRules } from './mail/login-view.ts'
import type { DeletePolicy } from './mail/maildrop-settings.ts'
import type { RetentionRule } from './mail/retention.ts'
import type { View } from './mail/view.ts'
import type { ListenAddress } from './net/listener.ts'

export type { CollectConfig, CollectorConfig, DestinationConfig } from './config/collection.ts'
export { isLoopback, type ServiceName, serviceNames } from './config/contradictions.ts'
export { describedTables, exampleConfig } from './config/example.ts'
export { parseMilliseconds, parseOctets } from './config/quantities.ts'
export { sharedMailboxes } from './config/shared-mailboxes.ts'
export type { Mistake }

/** A configuration that was checked: every key has a value, quantities are numbers, paths are absolute. */
export interface Config {
  /** The file it came from; undefined where there is none. */
  readonly file: string | undefined
  /** The data folder. */
  readonly data: string
  readonly hostname: string
  /** In the form of `foldDomain`. */
  readonly domains: readonly string[]
  readonly listen: Readonly<Record<ServiceName, readonly ListenAddress[]>>
  readonly pop3: {
    readonly autologoutMs: number
    readonly loginTimeoutMs: number
    readonly writeTimeoutMs: number
    readonly maxSessions: number
    readonly maxSessionsPerAddress: number
    /** 0: none. */
    readonly loginDelayMs: number
    readonly implementation: string
    readonly language: string
  }
  readonly smtp: {
    readonly maxOctets: number
    readonly bareNewline: 'normalize' | 'reject'
    readonly maxRecipients: number
    readonly maxSessions: number
    readonly maxSessionsPerAddress: number
    readonly timeoutMs: number
  }
  /** What peers may do; 0 is without limit. The networks are as the file has them. */
  readonly limits: {
    readonly perMinute: number
    readonly perSecond: number
    readonly maxLagMs: number
    readonly ipv4Prefix: number
    readonly ipv6Prefix: number
    readonly exempt: readonly string[]
    readonly minOctetsPerSecond: number
    readonly lineTimeoutMs: number
  }
  /** An empty `subaddress` turns sub-addressing off; a quota of 0 is without limit. */
  readonly delivery: {
    readonly subaddress: string
    readonly quotaOctets: number
    readonly toFolder: FolderDelivery
    readonly junkHeaders: readonly HeaderRule[]
  }
  readonly maildrop: {
    readonly view: View
    readonly onDelete: DeletePolicy
    readonly junkMark: string
    /** In the form of `foldAddress`. */
    readonly hosts: readonly string[]
  }
  readonly store: { readonly undeleteMs: number; readonly cacheOctets: number; readonly auditMs: number }
  readonly retention: readonly RetentionRule[]
  /** The Unix socket for operators; `isNamed` when the file says where it is. */
  readonly control: { readonly socket: string; readonly isNamed: boolean }
  readonly tls: {
    /** The first serves clients that ask for no name, or an unknown one. */
    readonly files: readonly { readonly certFile: string; readonly keyFile: string }[]
    /** Undefined: for everybody but this machine itself. */
    readonly required: boolean | undefined
    readonly clientCaFile: string | undefined
    readonly handshakeTimeoutMs: number
  }
  /** Undefined when no certificate is to be asked for. */
  readonly acme: AcmeConfig | undefined
  /** For old devices. */
  readonly legacy: {
    readonly pop3: readonly ListenAddress[]
    readonly pop3s: readonly ListenAddress[]
    readonly networks: readonly string[]
    readonly tls: 'none' | 'TLSv1'
  }
  readonly proxy: {
    /** Ranges of addresses. */
    readonly networks: readonly string[]
    readonly services: readonly ServiceName[]
    readonly xclient: readonly string[]
  }
  readonly auth: {
    readonly sources: readonly AccountSource[]
    /** Undefined: all that are of use. */
    readonly mechanisms: readonly LoginMechanism[] | undefined
    readonly keyFile: string
    readonly scramIterations: number
    readonly rememberMs: number
    readonly concurrency: number
    readonly maxWaiting: number
    readonly argon2: PasswordCost
  }
  /** How failed logins are slowed down. */
  readonly throttle: {
    readonly freeFailures: number
    readonly firstDelayMs: number
    readonly maxDelayMs: number
    readonly failuresBeforeCheck: number
    readonly halfLifeMs: number
  }
  /** As the file has them, with absolute paths: what they must have depends on what is used. */
  readonly oauth: ParsedConfig['oauth']
  readonly passwdFile: ParsedConfig['passwd_file']
  readonly sql: ParsedConfig['sql']
  readonly ldap: ParsedConfig['ldap']
  /** Without an address nothing is served. */
  readonly metrics: { readonly listen: readonly ListenAddress[]; readonly networks: readonly string[] }
  /** Undefined: what the environment says. */
  readonly tracing: { readonly endpoint: string | undefined }
  readonly log: {
    readonly level: 'debug' | 'info' | 'warn' | 'error'
    readonly format: 'auto' | 'json' | 'pretty'
  }
  readonly collector: CollectorConfig
  /** In the order of the file; no two have the same name. */
  readonly collect: readonly CollectConfig[]
}

export type AccountSource = (typeof accountSources)[number]
/** `APOP` among them, though it is none of AUTH's. */
export type LoginMechanism = (typeof loginMechanisms)[number]

export interface AcmeConfig {
  readonly domains: readonly string[]
  readonly agreeTerms: boolean
  readonly contact: string | undefined
  /** Undefined: Let's Encrypt. */
  readonly server: string | undefined
  readonly challenge: 'http-01' | 'tls-alpn-01'
  readonly listen: readonly ListenAddress[]
  readonly caFile: string | undefined
  readonly eab: { readonly kid: string; readonly keyFile: string } | undefined
}

/** A configuration that cannot be used; `message` has a line for each mistake. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly mistakes: readonly Mistake[]

  constructor(file: string, mistakes: readonly Mistake[]) {
    super(mistakes.map(({ line, text }) => `${file}${line ? ` line ${line}` : ''}: ${text}`).join('\n'))
    this.mistakes = mistakes
  }
}

/** How mail is delivered: what a delivery agent needs besides a directory and a target. */
export function deliveryRules({ hostname, domains, smtp, delivery }: Config) {
  return {
    hostname,
    localDomains: domains,
    subaddressSeparator: delivery.subaddress,
    maxOctets: smtp.maxOctets,
    bareNewline: smtp.bareNewline,
    toFolder: delivery.toFolder,
    junkHeaders: delivery.junkHeaders,
  } satisfies Omit<MailDeliveryOptions, 'directory' | 'target'>
}

/** What sessions see of their accounts. */
export function viewRules({ domains, delivery, maildrop }: Config): ViewRules {
  const { view, onDelete, junkMark, hosts } = maildrop
  return {
    separator: delivery.subaddress,
    localDomains: new Set(domains),
    hosts: new Set(hosts),
    view,
    onDelete,
    junkMark: { text: junkMark, folder: junkName },
  }
}

/** The file that is read when none is named. */
const defaultFile = 'poplar.toml'
const maxFileOctets = 1024 * 1024

/**
 * Reads the named file; without a name `./poplar.toml`, or the defaults if there is none.
 * Throws `ConfigError`.
 */
export function loadConfig(file?: string): Config {
  const path = resolve(file ?? defaultFile)
  try {
    if (statSync(path).size > maxFileOctets)
      throw new ConfigError(path, [{ line: undefined, text: 'too large for a configuration' }])
    return parseConfig(readText(path), { file: path })
  } catch (error) {
    if (error instanceof ConfigError) throw error
    if (file === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return parseConfig('')
    throw new ConfigError(path, [{ line: undefined, text: reasonOf(error) }])
  }
}

/** TOML is UTF-8, and nothing else: a file in another encoding would come to mean something else. */
function readText(path: string): string {
  const octets = readFileSync(path)
  if (isUtf8(octets)) return octets.toString()
  const lines = octets.toString('latin1').split('\n')
  const line = 1 + lines.findIndex(text => !isUtf8(Buffer.from(text, 'latin1')))
  throw new ConfigError(path, [{ line, text: 'is not UTF-8; save the file in that encoding' }])
}

/** Checks the text of a configuration. `file` is named in messages, and relative paths start at its folder. */
export function parseConfig(toml: string, { file }: { readonly file?: string } = {}): Config {
  const nameOfFile = file ?? 'configuration'
  const document = parseToml(toml, nameOfFile)
  const lines = new KeyLines(toml)
  const dates = datesIn(document)
  if (dates.length > 0) {
    const mistakes = dates.map(path => ({ line: lines.lineOf(path), text: `${keyName(path)} takes no date` }))
    throw new ConfigError(nameOfFile, mistakes)
  }
  const { data: parsed, error } = configSchema.safeParse(document)
  const mistakes = error ? mistakesOf(error.issues, document, lines) : contradictions(parsed, lines)
  if (!parsed || mistakes.length > 0) throw new ConfigError(nameOfFile, mistakes)
  return complete(parsed, file)
}

function parseToml(toml: string, file: string): unknown {
  try {
    return parse(toml, { unsafeKeyBehaviour: 'throw', maxDepth: 50 })
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    // The parser's message goes on with the lines around the place.
    const [reason = ''] = error.message.split('\n')
    throw new ConfigError(file, [{ line: error.line, text: `column ${error.column}: ${reason}` }])
  }
}

const defaultListen: Config['listen'] = {
  pop3: [{ host: '127.0.0.1', port: 1110 }],
  pop3s: [],
  pop2: [],
  smtp: [{ host: '127.0.0.1', port: 1025 }],
  lmtp: [{ host: '127.0.0.1', port: 1024 }],
}

/** Where POP3 over TLS is served when there is a certificate, and no [listen] that says otherwise. */
export const defaultPop3s: ListenAddress = { host: '127.0.0.1', port: 1995 }

function complete({ hostname, domains, listen, ...parsed }: ParsedConfig, file: string | undefined): Config {
  const name = hostname ?? ownHostname()
  const { pop3, smtp } = parsed
  const at = (path: string) => resolve(file ? dirname(file) : '.', path)
  const data = at(parsed.data)
  return {
    file,
    data,
    hostname: name,
    domains: [...new Set((domains ?? [name, 'localhost']).map(foldDomain))],
    listen: listen ?? { ...defaultListen, pop3s: hasCertificate(parsed) ? [defaultPop3s] : [] },
    pop3: {
      autologoutMs: pop3.autologout,
      loginTimeoutMs: pop3.login_timeout,
      writeTimeoutMs: pop3.write_timeout,
      maxSessions: pop3.max_sessions,
      maxSessionsPerAddress: pop3.max_sessions_per_address,
      loginDelayMs: pop3.login_delay,
      implementation: pop3.implementation,
      language: pop3.language,
    },
    smtp: {
      maxOctets: smtp.size,
      bareNewline: smtp.bare_newline,
      maxRecipients: smtp.max_recipients,
      maxSessions: smtp.max_sessions,
      maxSessionsPerAddress: smtp.max_sessions_per_address,
      timeoutMs: smtp.timeout,
    },
    limits: completeLimits(parsed),
    delivery: {
      subaddress: parsed.delivery.subaddress,
      quotaOctets: parsed.delivery.quota,
      toFolder: parsed.delivery.to_folder,
      junkHeaders: parsed.delivery.junk_headers,
    },
    maildrop: {
      view: parsed.maildrop.view,
      onDelete: parsed.maildrop.on_delete,
      junkMark: parsed.maildrop.junk_mark,
      hosts: parsed.maildrop.hosts,
    },
    store: {
      undeleteMs: parsed.store.undelete,
      cacheOctets: parsed.store.cache,
      auditMs: parsed.store.audit,
    },
    retention: retentionRules(parsed),
    control: {
      socket: parsed.control.socket ? at(parsed.control.socket) : join(data, 'control.sock'),
      isNamed: parsed.control.socket !== undefined,
    },
    tls: completeTls(parsed, at),
    acme: completeAcme(parsed, at),
    legacy: parsed.legacy,
    proxy: parsed.proxy,
    auth: completeAuth(parsed, data, at),
    throttle: completeThrottle(parsed),
    oauth: withPaths(parsed.oauth, ['client_secret'], at),
    passwdFile: withPaths(parsed.passwd_file, ['file'], at),
    sql: withPaths(parsed.sql, ['password_file'], at),
    ldap: withPaths(parsed.ldap, ['ca', 'password_file'], at),
    metrics: parsed.metrics,
    tracing: { endpoint: parsed.tracing.endpoint },
    log: parsed.log,
    collector: completeCollector(parsed, data, at),
    collect: completeCollect(parsed, at),
  }
}

function completeAuth({ auth }: Incomplete, data: string, at: At): Config['auth'] {
  return {
    sources: auth.sources,
    mechanisms: auth.mechanisms,
    keyFile: auth.key_file ? at(auth.key_file) : join(data, 'secret.key'),
    scramIterations: auth.scram_iterations,
    rememberMs: auth.remember,
    concurrency: auth.concurrency ?? Math.max(1, availableParallelism() - 1),
    maxWaiting: auth.max_waiting,
    argon2: {
      memoryKiB: Math.floor(auth.argon2_memory / 1024),
      passes: auth.argon2_passes,
      lanes: auth.argon2_lanes,
    },
  }
}

function completeThrottle({ throttle }: Incomplete): Config['throttle'] {
  return {
    freeFailures: throttle.free_failures,
    firstDelayMs: throttle.first_delay,
    maxDelayMs: throttle.max_delay,
    failuresBeforeCheck: throttle.failures_before_check,
    halfLifeMs: throttle.half_life,
  }
}

function retentionRules({ retention }: Incomplete): readonly RetentionRule[] {
  return retention.map(({ folder, older_than, after_fetch, larger_than, max_messages, max_octets }) => ({
    folder,
    ...(older_than !== undefined && { olderThanMs: older_than }),
    ...(after_fetch !== undefined && { afterFetchMs: after_fetch }),
    ...(larger_than !== undefined && { largerThanOctets: larger_than }),
    ...(max_messages !== undefined && { maxMessages: max_messages }),
    ...(max_octets !== undefined && { maxOctets: max_octets }),
  }))
}

type Incomplete = Omit<ParsedConfig, 'hostname' | 'domains' | 'listen'>
/** Makes a path of the file absolute. */
type At = (path: string) => string

function completeLimits({ limits }: Incomplete): Config['limits'] {
  return {
    perMinute: limits.connections_per_minute,
    perSecond: limits.connections_per_second,
    maxLagMs: limits.max_lag,
    ipv4Prefix: limits.ipv4_prefix,
    ipv6Prefix: limits.ipv6_prefix,
    exempt: limits.exempt,
    minOctetsPerSecond: limits.min_rate,
    lineTimeoutMs: limits.line_timeout,
  }
}

function completeTls({ tls }: Incomplete, at: At): Config['tls'] {
  const { cert, key, certificate } = tls
  const pairs = [...(cert && key ? [{ cert, key }] : []), ...certificate]
  return {
    files: pairs.map(pair => ({ certFile: at(pair.cert), keyFile: at(pair.key) })),
    required: tls.required,
    clientCaFile: tls.client_ca && at(tls.client_ca),
    handshakeTimeoutMs: tls.handshake_timeout,
  }
}

const challengePorts = { 'http-01': 80, 'tls-alpn-01': 443 }

function completeAcme({ acme }: Incomplete, at: At): AcmeConfig | undefined {
  const { domains, challenge, eab_kid: kid, eab_key } = acme
  if (domains.length === 0) return undefined
  return {
    domains,
    agreeTerms: acme.agree_terms,
    contact: acme.contact,
    server: acme.server,
    challenge,
    listen: acme.listen ?? [{ host: '0.0.0.0', port: challengePorts[challenge] }],
    caFile: acme.ca && at(acme.ca),
    eab: kid && eab_key ? { kid, keyFile: at(eab_key) } : undefined,
  }
}

/** The table with these keys as absolute paths. */
function withPaths<T extends Readonly<Record<string, unknown>>>(
  table: T,
  keys: readonly (keyof T & string)[],
  at: At,
): T {
  const paths = keys.flatMap(key => {
    const value = table[key]
    return typeof value === 'string' ? [[key, at(value)] as const] : []
  })
  return { ...table, ...(Object.fromEntries(paths) as Partial<T>) }
}

/** The machine's name if it can stand in a greeting. */
function ownHostname(): string {
  const name = foldName(machineName())
  return domainFault(name) ? 'localhost' : name
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES') return 'may not be read by this user'
  if (code === 'EISDIR') return 'is a folder, not a file'
  return message
}
