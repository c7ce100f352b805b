// The certificates of a server: chosen by name (SNI, RFC 6066 section 3), exchanged while it runs when their files change,
// without a session noticing. TLS 1.2 and up, with forward secrecy only (RFC 9325); apart from that, a view for old devices.
import { randomBytes } from 'node:crypto'
import type { Log } from './log.ts'
import {
  type CertificateFiles,
  type CertificatePair,
  readAuthorities,
  readCertificatePair,
} from './tls/certificate-pair.ts'
import { ContextSet } from './tls/context-set.ts'
import { WatchedFiles } from './tls/watched-files.ts'
import type { TlsContexts } from './tls.ts'

export type { CertificateFiles } from './tls/certificate-pair.ts'

export interface CertificatesOptions {
  /** At least one; the first is for clients that ask for no name, or for an unknown one. */
  readonly files: readonly CertificateFiles[]
  /** PEM: who signs clients' certificates. With it clients are asked for one. */
  readonly clientCaFile?: string
  readonly log: Log
  /** How often the files are looked at, in milliseconds. Default 1000. */
  readonly checkEveryMs?: number
}

export interface CertificateSummary {
  readonly file: string
  readonly names: readonly string[]
  readonly notAfter: Date
}

export interface Certificates extends TlsContexts {
  /** The same certificates with TLS 1.0 and weak ciphers allowed: for listeners that old devices need, and no others. Asks for no certificate. */
  readonly legacy: TlsContexts
  readonly summaries: readonly CertificateSummary[]
  /** Exchanges the list of files, and reads all of them; throws an Error that names file and reason, and keeps the old. */
  use(files: readonly CertificateFiles[]): void
  /** Stops looking at the files. Listeners go on with what there is. */
  close(): void
}

const defaultCheckEveryMs = 1_000
/** Tickets are only as secret as their key: who steals it can read all that was resumed under it. */
const ticketKeyLifetimeMs = 12 * 3_600_000
const ticketKeyOctets = 48

/** Reads the files, and throws an Error that names file and reason when one cannot be used. */
export function createCertificates(options: CertificatesOptions): Certificates {
  return new FileCertificates(options)
}

/** What a set of contexts is made of. */
interface Material {
  readonly pairs: readonly CertificatePair[]
  readonly ticketKeys: Buffer
  /** PEM. */
  readonly authorities: string | undefined
}

class FileCertificates implements Certificates {
  readonly asksForCertificate: boolean
  readonly legacy: TlsContexts
  readonly #log: Log
  readonly #authorities: WatchedFiles<string> | undefined
  readonly #checkEveryMs: number
  #pairs: readonly WatchedFiles<CertificatePair>[]
  #ticketKeysSinceMs = performance.now()
  /** No certificate was exchanged under these ticket keys: a resumed session has seen the one that is there now. */
  #isSettled = true
  /** What is served, which is not what was read last where OpenSSL would not take that. */
  #material: Material
  #modern: ContextSet
  /** Made when it is needed. */
  #old: ContextSet | undefined
  #timer: NodeJS.Timeout | undefined

  constructor({ files, clientCaFile, log, checkEveryMs = defaultCheckEveryMs }: CertificatesOptions) {
    this.#log = log
    this.#checkEveryMs = checkEveryMs
    this.#pairs = watch(files)
    this.#authorities =
      clientCaFile === undefined
        ? undefined
        : new WatchedFiles([clientCaFile], () => readAuthorities(clientCaFile))
    this.asksForCertificate = this.#authorities !== undefined
    this.legacy = { asksForCertificate: false, contextFor: name => this.#legacySet().contextFor(name) }
    this.#material = this.#read(this.#pairs, randomBytes(ticketKeyOctets))
    this.#modern = createSet(this.#material, 'modern')
    this.#warnOfDates()
    this.#checkLater()
  }

  get summaries(): readonly CertificateSummary[] {
    return this.#material.pairs.map(({ certFile, names, notAfter }) => ({ file: certFile, names, notAfter }))
  }

  contextFor(serverName: string | undefined) {
    return this.#modern.contextFor(serverName)
  }

  resumableCertificate(serverName: string | undefined): Uint8Array | undefined {
    return this.#isSettled ? this.#modern.certificateFor(serverName) : undefined
  }

  use(files: readonly CertificateFiles[]): void {
    const pairs = watch(files)
    this.#exchange(pairs)
    this.#pairs = pairs
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #checkLater(): void {
    this.#timer = setTimeout(() => void this.#check(), this.#checkEveryMs).unref()
  }

  async #check(): Promise<void> {
    const timer = this.#timer
    try {
      await this.#lookAgain()
    } catch (error) {
      this.#complain(error as Error)
    } finally {
      // Closed meanwhile.
      if (timer === this.#timer) this.#checkLater()
    }
  }

  async #lookAgain(): Promise<void> {
    if (performance.now() - this.#ticketKeysSinceMs > ticketKeyLifetimeMs) this.#renewTicketKeys()
    let isNew = false
    const pairs = this.#pairs
    for (const pair of pairs) isNew = (await pair.check(error => this.#complain(error))) || isNew
    const hasNewAuthorities = await this.#authorities?.check(error => this.#complain(error))
    // Who was let in by an authority that is gone shall not come back with a ticket.
    if (hasNewAuthorities) this.#renewTicketKeys()
    if (isNew && pairs === this.#pairs) this.#exchange(pairs)
  }

  #exchange(pairs: readonly WatchedFiles<CertificatePair>[]): void {
    const before = this.#modern
    this.#remake(this.#read(pairs, this.#material.ticketKeys))
    if (!this.#modern.hasSameCertificates(before)) this.#isSettled = false
    this.#log.info({ certificates: pairs.map(pair => pair.files[0]) }, 'certificates read')
    this.#warnOfDates()
  }

  #renewTicketKeys(): void {
    // First, so that what fails is not tried at every look.
    this.#ticketKeysSinceMs = performance.now()
    this.#remake(this.#read(this.#pairs, randomBytes(ticketKeyOctets)))
    this.#isSettled = true
  }

  /** Throws what OpenSSL says, and changes nothing then. */
  #remake(material: Material): void {
    this.#modern = createSet(material, 'modern')
    this.#material = material
    this.#old = undefined
  }

  #legacySet(): ContextSet {
    this.#old ??= createSet(this.#material, 'legacy')
    return this.#old
  }

  #read(watched: readonly WatchedFiles<CertificatePair>[], ticketKeys: Buffer): Material {
    return { pairs: watched.map(pair => pair.current), ticketKeys, authorities: this.#authorities?.current }
  }

  #complain(error: Error): void {
    this.#log.error({ reason: error.message }, 'certificate unusable, the old one stays')
  }

  #warnOfDates(): void {
    const now = new Date()
    for (const { certFile, notBefore, notAfter } of this.#material.pairs) {
      const file = certFile
      if (notAfter < now)
        this.#log.warn({ file, notAfter }, 'certificate has expired: clients will refuse it')
      if (notBefore > now)
        this.#log.warn({ file, notBefore }, 'certificate is not valid yet: clients will refuse it')
    }
  }
}

function createSet({ pairs, ticketKeys, authorities }: Material, policy: 'modern' | 'legacy'): ContextSet {
  return new ContextSet(pairs, policy, ticketKeys, authorities)
}

function watch(files: readonly CertificateFiles[]): WatchedFiles<CertificatePair>[] {
  if (files.length === 0) throw new Error('there is no certificate')
  return files.map(each => new WatchedFiles([each.certFile, each.keyFile], () => readCertificatePair(each)))
}
