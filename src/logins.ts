// What logins of the office are checked with: the directory of accounts, the key of sealed passwords, the verifier of
// tokens, the authenticator over all of them.
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import {
  type Apop,
  createAuthenticator,
  type LoginLoad,
  type OfficeAuthenticator,
} from './auth/authenticator.ts'
import { isVerifiable, scramKeysOf } from './auth/crypt-scheme.ts'
import type { Sasl } from './auth/sasl.ts'
import { createSecretBox, secretKeyOctets } from './auth/sealed-secret.ts'
import { ensureSecretKey } from './auth/secret-key.ts'
import type { TokenVerifier, TokenVerifierOptions } from './auth/tokens/token-verifier.ts'
import type { AccountSource, Config } from './config.ts'
import type { AccountDirectory } from './mail/account-directory.ts'
import type { AccountRegistry } from './mail/account-registry.ts'
import type { Store } from './mail/store.ts'
import type { Log } from './net/log.ts'
import type { DirectorySource, OpenDirectory } from './store/directory/open-directory.ts'
import { storeDirectory } from './store/directory/sources.ts'

export interface Logins {
  /** Who has an account, wherever accounts come from. */
  readonly directory: AccountDirectory
  /** Follows the configuration: what is inside is exchanged. */
  readonly authenticator: Pick<
    OfficeAuthenticator,
    'authenticate' | 'nameOf' | 'reputationOf' | 'sasl' | 'apop'
  >
  /** Of the authenticator that is there now: its counts begin anew when the configuration exchanges it. */
  readonly load: LoginLoad
  use(config: Config): void
  close(): Promise<void>
}

/** How long exchanges that began may still ask an authenticator that was exchanged. */
const lastQuestionsMs = 60_000

/**
 * Rejects with a `Refusal` or an `Error` that says which source, key or token service cannot be used. `isKept` says
 * whether the store outlives the process; only then has it a key file.
 */
export async function openLogins(
  config: Config,
  store: Store,
  { log, isKept }: { readonly log: Log; readonly isKept: boolean },
): Promise<Logins> {
  const key = isKept ? await keyOf(config, store, log) : randomBytes(secretKeyOctets)
  const tokens = await tokenVerifierOf(config)
  const opened = await openSources(config, store, log)
  const { directory } = opened

  const create = (config: Config) => {
    const { auth, domains, delivery, maildrop, throttle } = config
    return createAuthenticator(directory, {
      localDomains: domains,
      cost: auth.argon2,
      scramIterations: auth.scramIterations,
      appPasswords: store,
      ...(key && { box: createSecretBox(key), decoyKey: key }),
      ...scramOffer(config),
      ...(auth.mechanisms && { mechanisms: auth.mechanisms }),
      cache: { ttlMs: auth.rememberMs },
      views: { separator: delivery.subaddress, hosts: maildrop.hosts, folders: store },
      concurrency: auth.concurrency,
      maxWaiting: auth.maxWaiting,
      throttle,
      log,
      registry: store,
      ...(tokens && { tokens, tokenAdvice: tokenAdviceOf(config) }),
    })
  }
  let current = create(config)
  let facts = loginFacts(config)

  const sasl: Sasl = {
    mechanisms: channel => current.sasl.mechanisms(channel),
    begin: (name, origin) => current.sasl.begin(name, origin),
  }
  const apop: Apop = {
    get isOffered() {
      return current.apop?.isOffered ?? false
    },
    authenticate: async (...login) => current.apop?.authenticate(...login),
  }
  return {
    directory,
    authenticator: {
      authenticate: (...login) => current.authenticate(...login),
      nameOf: name => current.nameOf(name),
      reputationOf: peer => current.reputationOf(peer),
      sasl,
      apop,
    },
    get load() {
      return current.load
    },
    use(next) {
      // What was learnt of passwords and peers is worth keeping where nothing changed.
      if (loginFacts(next) === facts) return
      const old = current
      current = create({ ...next, auth: { ...next.auth, sources: config.auth.sources } })
      facts = loginFacts(next)
      setTimeout(() => void old.close(), lastQuestionsMs).unref()
    },
    async close() {
      await current.close()
      await opened.close()
    },
  }
}

async function openSources(config: Config, store: Store, log: Log): Promise<OpenDirectory> {
  const { sources } = config.auth
  if (sources.every(source => source === 'store')) {
    return { directory: storeDirectory(store), close: async () => {} }
  }
  return openAccountSources(sources, config, store, log)
}

/**
 * Accounts of these sources alone; what is learnt of them is written to `registry`. Rejects with a `Refusal` or an `Error`
 * that says which cannot be used; servers may be down, they are asked later.
 */
export async function openAccountSources(
  sources: readonly AccountSource[],
  config: Config,
  registry: AccountRegistry,
  log: Log,
): Promise<OpenDirectory> {
  // What asks elsewhere takes memory that most offices need not spend.
  const { openDirectory } = await import('./store/directory/open-directory.ts')
  return openDirectory(
    registry,
    sources.map(source => sourceOf(source, config)),
    { log, schemes: { isVerifiable, scramKeysOf } },
  )
}

/** A new key opens nothing that another one sealed: where something is sealed, none is made. */
async function keyOf({ auth: { keyFile } }: Config, store: Store, log: Log): Promise<Uint8Array | undefined> {
  const { someAreSealed } = await store.surveyPasswords()
  if (existsSync(keyFile) || !someAreSealed) return ensureSecretKey(keyFile)
  log.error({ keyFile }, 'the key of sealed passwords is gone: no CRAM-MD5 and no APOP until it is back')
  return undefined
}

/**
 * Whether SCRAM is offered: when its mechanisms are named; otherwise by what the store knows of its accounts, and not where
 * others have the passwords, for a client that prefers SCRAM would find itself locked out.
 */
function scramOffer({ auth: { mechanisms, sources } }: Config): { readonly scram?: boolean } {
  if (mechanisms) return { scram: true }
  return sources.every(source => source === 'store') ? {} : { scram: false }
}

/** What an authenticator is made of, to see whether it changed. */
function loginFacts({ auth, domains, throttle }: Config): string {
  return JSON.stringify([auth, domains, throttle])
}

async function tokenVerifierOf({ oauth }: Config): Promise<TokenVerifier | undefined> {
  const options = tokenOptionsOf(oauth)
  if (!options) return undefined
  // Few offices take tokens, and what verifies them takes memory.
  const { createTokenVerifier } = await import('./auth/tokens/token-verifier.ts')
  return createTokenVerifier(options)
}

function tokenOptionsOf(oauth: Config['oauth']): TokenVerifierOptions | undefined {
  const { issuer, audience, introspection, scope, user_claim: nameClaim } = oauth
  const rules = {
    nameClaim,
    ...(scope !== undefined && { scope }),
    ...(audience !== undefined && { audience }),
  }
  if (introspection !== undefined) {
    return {
      kind: 'introspection',
      url: introspection,
      clientId: oauth.client_id ?? '',
      clientSecret: oauth.client_secret === undefined ? '' : secretIn(oauth.client_secret),
      ...(issuer !== undefined && { issuer }),
      ...rules,
    }
  }
  if (issuer === undefined || audience === undefined) return undefined
  return {
    kind: 'jwt',
    issuer,
    ...(oauth.jwks !== undefined && { jwksUrl: oauth.jwks }),
    ...rules,
    audience,
  }
}

/** What a client is told that came with a token that is not good. RFC 7628 section 3.2.2. */
function tokenAdviceOf({ oauth: { scope, issuer } }: Config) {
  return {
    ...(scope !== undefined && { scope }),
    ...(issuer !== undefined && {
      openidConfiguration: `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    }),
  }
}

function sourceOf(source: AccountSource, { passwdFile, sql, ldap }: Config): DirectorySource {
  switch (source) {
    case 'store':
      return { kind: 'store' }
    case 'passwd-file':
      return { kind: 'passwd-file', file: required(passwdFile.file) }
    case 'sql':
      return {
        kind: 'sql',
        url: withPassword(required(sql.url), sql.password_file),
        query: required(sql.query),
      }
    case 'ldap':
      return {
        kind: 'ldap',
        url: required(ldap.url),
        startTls: ldap.start_tls,
        base: required(ldap.base),
        filter: ldap.filter,
        mode: ldap.mode,
        passwordAttribute: ldap.password_attribute,
        ...defined({
          ca: ldap.ca,
          bindDn: ldap.bind_dn,
          bindPassword: ldap.password_file && secretIn(ldap.password_file),
          nameAttribute: ldap.name_attribute,
          quotaAttribute: ldap.quota_attribute,
          disabledAttribute: ldap.disabled_attribute,
        }),
      }
  }
}

/** The configuration was checked for what its sources need. */
function required(value: string | undefined): string {
  if (value === undefined) throw new TypeError('the configuration lacks what its source of accounts needs')
  return value
}

/** Without the keys that have no value. */
function defined<K extends string>(
  values: Readonly<Record<K, string | undefined>>,
): Partial<Record<K, string>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<
    Record<K, string>
  >
}

function withPassword(url: string, passwordFile: string | undefined): string {
  if (passwordFile === undefined) return url
  const complete = new URL(url)
  complete.password = encodeURIComponent(secretIn(passwordFile))
  return complete.href
}

/** The first line of a file: editors end it. */
function secretIn(file: string): string {
  return readFileSync(file, 'utf8').split(/\r?\n/, 1)[0] ?? ''
}
