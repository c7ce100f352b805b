// Certificates obtained and renewed by the office itself, RFC 8555. One loop looks from time to time whether there is
// something to do; it never ends by a failure, never runs twice at a time, and asks the CA less often the more often it
// fails.
import { setTimeout as sleepFor } from 'node:timers/promises'
import type { ListenAddress } from '../listener.ts'
import type { Log } from '../log.ts'
import type { CertificateFiles } from '../tls/certificate-pair.ts'
import { openAccountKey } from './account-key.ts'
import { backOffMs } from './back-off.ts'
import { type ExternalAccount, withCaClient } from './ca-client.ts'
import {
  type CertificateFacts,
  certificateFiles,
  factsOf,
  type KeyAndChain,
  readCertificate,
  writeCertificate,
} from './certificate-files.ts'
import type { ChallengeServer, ChallengeType } from './challenge.ts'
import { checkDomains } from './domains.ts'
import { alarmBeforeMs, hasNames, renewalTime } from './due.ts'
import { AcmeFailure } from './failure.ts'
import { serveHttp01 } from './http-01.ts'
import { createKey } from './key.ts'
import { obtainChain } from './order.ts'
import { makeSecretFolder, writeBeside } from './secret-file.ts'
import { serveTlsAlpn01 } from './tls-alpn-01.ts'

export interface AcmeOptions {
  /** The names of the certificate; the first also names its files. */
  readonly domains: readonly string[]
  /** Where the CA may write to, such as `mailto:postmaster@example.net`. */
  readonly contact?: string | undefined
  /** Let's Encrypt when not given. */
  readonly directoryUrl?: string | undefined
  /** The owner has read the CA's terms and agrees. */
  readonly agreeTerms: boolean
  /** For the account key, the certificate and its key; made when it is not there. */
  readonly folder: string
  readonly challenge: ChallengeType
  /** Where the challenge is answered: what the CA reaches as port 80 (http-01) or 443 (tls-alpn-01). */
  readonly listen: readonly ListenAddress[]
  readonly caFile?: string | undefined
  readonly eab?: ExternalAccount | undefined
  /** When a third of its life is left, when not given. */
  readonly renewBeforeDays?: number | undefined
  /** How often it is looked whether the certificate has to be renewed; 1 h when not given. */
  readonly checkEveryMs?: number | undefined
  /** There is a new certificate; the files are complete. */
  readonly onRenewed: (files: CertificateFiles) => void
  readonly log: Log
  readonly clock?: AcmeClock | undefined
}

export interface AcmeClock {
  /** Milliseconds since 1970. */
  now(): number
  /** Rejects when the signal ends it. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export interface Acme {
  /** Undefined until there is a certificate. */
  readonly files: CertificateFiles | undefined
  /** Whether the CA is being asked. */
  readonly renewing: boolean
  /** Ends what is under way, and waits for its end. */
  close(): Promise<void>
}

const letsEncrypt = 'https://acme-v02.api.letsencrypt.org/directory'
const requestTimeoutMs = 30_000
const defaultCheckEveryMs = 3_600_000
const longestCheckEveryMs = 86_400_000

const systemClock: AcmeClock = {
  now: () => Date.now(),
  // Waiting for the next look must not keep a process up that has nothing else to do.
  sleep: (ms, signal) => sleepFor(ms, undefined, { signal, ref: false }),
}

const challengeServers = {
  'http-01': serveHttp01,
  'tls-alpn-01': serveTlsAlpn01,
} satisfies Record<ChallengeType, (addresses: readonly ListenAddress[]) => Promise<ChallengeServer>>

/**
 * Uses the certificate that is there, and obtains or renews it in the background, now and later. Rejects only when the
 * options cannot be right, with an error that says which.
 */
export async function startAcme(options: AcmeOptions): Promise<Acme> {
  const renewal = new Renewal(options)
  await renewal.start()
  return renewal
}

class Renewal implements Acme {
  readonly #options: AcmeOptions
  readonly #domains: readonly string[]
  readonly #paths: CertificateFiles
  readonly #directoryUrl: string
  readonly #clock: AcmeClock
  readonly #stopped = new AbortController()
  #files: CertificateFiles | undefined
  #isHandedOver = true
  #renewing = false
  #failures = 0
  /** Obtained, but not on disk yet: the CA is not asked again because the disk was full. */
  #unsaved: KeyAndChain | undefined
  #loop: Promise<void> = Promise.resolve()

  constructor(options: AcmeOptions) {
    const domains = checkDomains(options.domains)
    this.#options = options
    this.#domains = domains
    this.#paths = certificateFiles(options.folder, domains[0])
    this.#directoryUrl = options.directoryUrl ?? letsEncrypt
    this.#clock = options.clock ?? systemClock
    if (!URL.canParse(this.#directoryUrl) || new URL(this.#directoryUrl).protocol !== 'https:') {
      throw new Error('the ACME directory must be an https URL')
    }
    if (options.listen.length === 0) throw new Error(`${options.challenge} needs an address to listen on`)
    if (options.contact !== undefined && !/^mailto:[^\s,?]+@[^\s,?]+$/.test(options.contact)) {
      throw new Error('the ACME contact must be of the form mailto:name@domain')
    }
  }

  get files(): CertificateFiles | undefined {
    return this.#files
  }

  get renewing(): boolean {
    return this.#renewing
  }

  async start(): Promise<void> {
    // Even a disk that cannot be read is no reason not to start: the loop meets it again, and says so.
    const facts = await readCertificate(this.#paths).catch(() => undefined)
    if (facts && facts.notAfter > this.#clock.now()) this.#files = this.#paths
    this.#loop = this.#run()
  }

  async close(): Promise<void> {
    this.#stopped.abort()
    await this.#loop
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      const waitMs = await this.#look()
      await this.#clock.sleep(waitMs, signal).catch(() => undefined)
    }
  }

  /** Renews if it is time; gives the milliseconds until the next look. Never rejects. */
  async #look(): Promise<number> {
    let facts: CertificateFacts | undefined
    try {
      await makeSecretFolder(this.#options.folder)
      facts = await readCertificate(this.#paths)
      if (!facts || this.#isDue(facts)) await this.#renew()
      if (!this.#isHandedOver) this.#handOver()
      this.#failures = 0
      const everyMs = Math.min(this.#options.checkEveryMs ?? defaultCheckEveryMs, longestCheckEveryMs)
      return everyMs * (0.9 + Math.random() / 5)
    } catch (error) {
      return this.#failed(error, facts)
    }
  }

  #isDue(facts: CertificateFacts): boolean {
    if (!hasNames(facts, this.#domains)) return true
    return this.#clock.now() >= renewalTime(facts, this.#options.renewBeforeDays)
  }

  async #renew(): Promise<void> {
    this.#renewing = true
    try {
      this.#unsaved ??= await this.#obtain()
      await writeCertificate(this.#paths, this.#unsaved)
      const facts = factsOf(this.#unsaved)
      this.#unsaved = undefined
      this.#files = this.#paths
      this.#isHandedOver = false
      const until = facts ? new Date(facts.notAfter).toISOString() : undefined
      this.#options.log.info({ domains: this.#domains, until, ...this.#paths }, 'certificate obtained')
    } finally {
      this.#renewing = false
    }
  }

  /** What the office cannot use now, such as for another file that is broken, it is offered again at the next look. */
  #handOver(): void {
    try {
      this.#options.onRenewed(this.#paths)
      this.#isHandedOver = true
    } catch (error) {
      const reason = reasonOf(error)
      this.#options.log.error({ reason, ...this.#paths }, 'the new certificate could not be put to use')
    }
  }

  /** Everything here that can fail for reasons of our own comes before the CA is asked: it counts what it gives away. */
  async #obtain(): Promise<KeyAndChain> {
    const { folder, listen, caFile, eab, contact, agreeTerms, challenge } = this.#options
    const { signal } = this.#stopped
    const accountKey = await openAccountKey(folder, this.#directoryUrl)
    const key = await createKey()
    await writeBeside(this.#paths.keyFile, key)
    const challenges = await challengeServers[challenge](listen)
    try {
      const access = { directoryUrl: this.#directoryUrl, accountKey, caFile, eab, signal, requestTimeoutMs }
      const chain = await withCaClient(access, ca =>
        obtainChain(ca, {
          domains: this.#domains,
          contact,
          agreeTerms,
          challengeType: challenge,
          challenges,
          key,
          now: () => this.#clock.now(),
          sleep: ms => this.#clock.sleep(ms, signal),
        }),
      )
      return { key, chain }
    } finally {
      challenges.close()
    }
  }

  #failed(error: unknown, facts: CertificateFacts | undefined): number {
    if (this.#stopped.signal.aborted) return 0
    this.#failures += 1
    const failure = error instanceof AcmeFailure ? error : new AcmeFailure(reasonOf(error))
    const waitMs = backOffMs(this.#failures, failure, Math.random())
    const now = this.#clock.now()
    const fields = {
      domains: this.#domains,
      ...(failure.problem === undefined ? {} : { problem: failure.problem }),
      reason: failure.message,
      ...(facts ? { expires: new Date(facts.notAfter).toISOString() } : {}),
      nextAttempt: new Date(now + waitMs).toISOString(),
    }
    if (facts && facts.notAfter - now < alarmBeforeMs) {
      this.#options.log.error(fields, 'certificate not renewed, and about to expire')
    } else {
      this.#options.log.warn(fields, 'certificate not obtained')
    }
    return waitMs
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown'
}
