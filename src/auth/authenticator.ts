// Who gets in: by name and password, by a SASL mechanism, by APOP. Wires the parts of a login together; each of them is a
// file of its own.
import { availableParallelism } from 'node:os'
import type { AccountName } from '../mail/account.ts'
import type { AccountDirectory } from '../mail/account-directory.ts'
import type { AccountRegistry } from '../mail/account-registry.ts'
import type { AppPasswords } from '../mail/app-passwords.ts'
import { AccountFinder, type LoginViewOptions } from './account-finder.ts'
import { apopDigestFits } from './apop.ts'
import { AppPasswordCheck } from './app-password-check.ts'
import { Decoys } from './decoys.ts'
import { DirectoryPace } from './directory-pace.ts'
import { KeptPasswords } from './kept-passwords.ts'
import type { Login, LoginOrigin } from './login.ts'
import { LoginAttempt, type LoginLog } from './login-attempts.ts'
import { mechanisms } from './mechanisms/mechanisms.ts'
import { defaultPasswordCost, type PasswordCost } from './password.ts'
import { PasswordCheck } from './password-check.ts'
import { PasswordThreads } from './password-threads.ts'
import { PasswordUpkeep } from './password-upkeep.ts'
import type { Sasl, TokenAdvice, Verifier } from './sasl.ts'
import { SaslService } from './sasl-service.ts'
import { defaultScramIterations } from './scram.ts'
import type { SecretBox } from './sealed-secret.ts'
import { createRest } from './suspects-rest.ts'
import { Throttle, type ThrottleLoad, type ThrottleOptions } from './throttle.ts'
import type { TokenVerifier } from './tokens/token-verifier.ts'
import { VerifiedCache, type VerifiedCacheOptions } from './verified-cache.ts'
import { createVerifier } from './verifier.ts'
import { WorkQueue } from './work-queue.ts'

export interface Authenticator {
  /**
   * A name and a password, as USER and PASS bring them. Undefined for every failure alike. Refuses with `store-busy` when
   * too many logins wait, with `directory-unavailable` when nobody can say whether the password is right.
   */
  authenticate(loginName: string, password: Uint8Array, origin: LoginOrigin): Promise<Login | undefined>

  /**
   * The account that a login name means, for logs alone: what was claimed is not logged, for it may be a password in the
   * wrong place.
   */
  nameOf(loginName: string): Promise<AccountName | undefined>

  /** For AUTH; without it there is no AUTH. */
  readonly sasl?: Sasl
  /** For APOP; without it there is no APOP. */
  readonly apop?: Apop
}

/** RFC 1939 section 7, APOP. */
export interface Apop {
  /** Whether any account may use it: only then has the greeting a timestamp. */
  readonly isOffered: boolean
  /** `digest` are 32 hexadecimal digits, the MD5 of the greeting's timestamp and the password. */
  authenticate(
    loginName: string,
    timestamp: string,
    digest: string,
    origin: LoginOrigin,
  ): Promise<Login | undefined>
}

export interface AuthenticatorOptions {
  /** The domains whose `name@domain` is accepted for an account called `name`. */
  readonly localDomains?: readonly string[]
  /** Of password hashes made anew, and of the work that an unknown name costs. */
  readonly cost?: PasswordCost
  /** Of SCRAM keys made anew. Default 4096. */
  readonly scramIterations?: number
  /** Where passwords are kept, to keep them up to date: the cost changed, or SCRAM keys are missing. */
  readonly registry?: AccountRegistry
  readonly appPasswords?: AppPasswords
  /** Opens the passwords of those who opted in to CRAM-MD5 and APOP; without it there is neither. */
  readonly box?: SecretBox
  /**
   * From it the SCRAM salts of names without an account are made; kept, they outlive a restart as real ones do. Default:
   * one that dies with the process.
   */
  readonly decoyKey?: Uint8Array
  /** For OAUTHBEARER and XOAUTH2; without it there is neither. */
  readonly tokens?: TokenVerifier
  readonly tokenAdvice?: TokenAdvice
  /**
   * Whether SCRAM is offered. Default: while every account of the registry that has a password has keys too, for clients
   * that prefer SCRAM would find the others locked.
   */
  readonly scram?: boolean
  /** Names of the mechanisms that may be offered, `APOP` among them; default all that work. */
  readonly mechanisms?: readonly string[]
  readonly cache?: VerifiedCacheOptions
  /** Threads that check passwords; default one less than there are processors. Each takes the memory of `cost`. */
  readonly concurrency?: number
  /** Verifications that may wait; the next, or one that ranks lower, is refused. Default 1,000. */
  readonly maxWaiting?: number
  readonly throttle?: ThrottleOptions
  /** How login names may ask for a part of an account, such as one folder; without it they may not. */
  readonly views?: LoginViewOptions
  /** Each login, and each failed one, is one line. Default: nowhere. */
  readonly log?: LoginLog
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/** What logins wait for, at this moment; for whoever watches over the office. */
export interface LoginLoad {
  readonly throttle: ThrottleLoad
  /** Passwords that are being checked in threads, and those that wait for it. */
  readonly checking: number
  readonly waiting: number
}

/** An authenticator with threads of its own. */
export interface OfficeAuthenticator extends Authenticator {
  readonly sasl: Sasl
  readonly load: LoginLoad
  /** Of an address, before it says who it is. */
  reputationOf(peer: string): 'known' | 'stranger' | 'suspect'
  /** Ends the threads and all waiting; for the end of the process. */
  close(): Promise<void>
}

const silentLog: LoginLog = { info() {}, warn() {}, error() {} }
/** Questions to a directory that checks passwords itself, at the same time. */
const directoryConcurrency = 16

/** Checks logins against the accounts of a directory. */
export function createAuthenticator(
  directory: AccountDirectory,
  options: AuthenticatorOptions = {},
): OfficeAuthenticator {
  const { log = silentLog, now = Date.now, registry, box } = options
  const finder = new AccountFinder(directory, options.localDomains, options.views)
  const throttle = new Throttle(options.throttle ?? {}, now)
  const threads = new PasswordThreads(options.concurrency ?? Math.max(availableParallelism() - 1, 1))
  const { passwords, hashQueue, verifierParts } = createParts(directory, options, {
    finder,
    threads,
    log,
    now,
  })
  const allowed = options.mechanisms && new Set(options.mechanisms.map(name => name.toUpperCase()))
  const kept = registry && new KeptPasswords(registry, now)
  const someAreSealed = () => box !== undefined && kept?.survey.someAreSealed === true
  // Who names CRAM-MD5 wants it, whoever else may stumble over it.
  const offersCramMd5 = () =>
    someAreSealed() && (allowed?.has('CRAM-MD5') || kept?.survey.someAreNotSealed === false)
  const attemptParts = { throttle, finder, log }
  const verifierFor = (mechanism: string, origin: LoginOrigin): Verifier =>
    createVerifier(verifierParts, origin, (claimed, actAs) =>
      LoginAttempt.begin(attemptParts, { origin, mechanism, claimed, actAs }),
    )

  return {
    async authenticate(loginName, password, origin) {
      const claim = { origin, mechanism: 'password', claimed: loginName }
      return passwords.logIn(await LoginAttempt.begin(attemptParts, claim), loginName, password)
    },
    async nameOf(loginName) {
      return (await finder.find(loginName))?.name
    },
    sasl: new SaslService({
      mechanisms,
      allowed,
      offersScram: () => options.scram ?? kept?.survey.someLackScramKeys === false,
      offersTokens: options.tokens !== undefined,
      hasSharedSecrets: offersCramMd5,
      verifierFor,
    }),
    ...(kept && box && (allowed?.has('APOP') ?? true) && { apop: createApop(someAreSealed, verifierFor) }),
    get load() {
      return { throttle: throttle.load, checking: hashQueue.running, waiting: hashQueue.waiting }
    },
    reputationOf: peer => throttle.reputationOf(peer),
    async close() {
      throttle.close()
      await threads.close()
    },
  }
}

interface OuterParts {
  readonly finder: AccountFinder
  readonly threads: PasswordThreads
  readonly log: LoginLog
  readonly now: () => number
}

function createParts(
  directory: AccountDirectory,
  options: AuthenticatorOptions,
  { finder, threads, log, now }: OuterParts,
) {
  const { cost = defaultPasswordCost, scramIterations = defaultScramIterations } = options
  const maxWaiting = options.maxWaiting ?? 1000
  const decoys = new Decoys(cost, options.decoyKey)
  const appPasswords = new AppPasswordCheck(options.appPasswords, log, now)
  const upkeepParts = { registry: options.registry, appPasswords: options.appPasswords }
  const hashQueue = new WorkQueue({ concurrency: threads.count, maxWaiting, restMs: createRest() })
  const passwords = new PasswordCheck({
    directory,
    appPasswords,
    cache: new VerifiedCache(options.cache),
    threads,
    hashQueue,
    directoryQueue: new WorkQueue({ concurrency: directoryConcurrency, maxWaiting }),
    pace: new DirectoryPace(now),
    decoys,
    upkeep: new PasswordUpkeep({ ...upkeepParts, cost, scramIterations, log }),
    cost,
  })
  const { box, tokens, tokenAdvice } = options
  const verifierParts = {
    finder,
    passwords,
    appPasswords,
    decoys,
    box,
    tokens,
    tokenAdvice,
    scramIterations,
    now,
  }
  return { passwords, hashQueue, verifierParts }
}

function createApop(
  isOffered: () => boolean,
  verifierFor: (mechanism: string, origin: LoginOrigin) => Verifier,
): Apop {
  return {
    get isOffered() {
      return isOffered()
    },
    async authenticate(loginName, timestamp, digest, origin) {
      const candidate = await verifierFor('APOP', origin).findSecret(loginName)
      return candidate.settle(apopDigestFits(digest, timestamp, candidate.secret))
    },
  }
}
