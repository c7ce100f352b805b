// What the office is busy with besides its sessions: logins that wait, the store, housekeeping, certificates. Read from
// totals that its parts keep anyway, at the moment when somebody asks.
import { Gauge, type Registry } from 'prom-client'
import type { StoreLoad } from '../mail/store-load.ts'
import type { CertificateSummary } from '../net/certificates.ts'
import { type Count, CountFamily, DurationFamily } from './tally.ts'

/** What is looked at; each is asked anew every time. */
export interface OfficeParts {
  readonly version: string
  readonly logins: () => {
    readonly throttle: { readonly waiting: number; readonly delays: number; readonly delayedMs: number }
    readonly checking: number
    readonly waiting: number
  }
  /** Undefined where the store tells nothing. */
  readonly store: StoreLoad | undefined
  readonly certificates: () => readonly CertificateSummary[]
}

export interface Freed {
  readonly messages: number
  readonly contents: number
}

export class OfficeMetrics {
  readonly #registry: Registry
  readonly #freedMessages: Count
  readonly #freedContents: Count

  constructor(registry: Registry, parts: OfficeParts) {
    this.#registry = registry
    new Gauge({
      name: 'poplar_build_info',
      help: 'Always 1; the version is in the label.',
      labelNames: ['version'],
      registers: [registry],
    }).set({ version: parts.version }, 1)
    this.#watchLogins(parts.logins)
    if (parts.store) this.#watchStore(parts.store)
    this.#watchCertificates(parts.certificates)
    const freed = new CountFamily({
      name: 'poplar_housekeeping_freed_total',
      help: 'What housekeeping has freed for good: messages, and contents that no message had any more.',
      labelNames: ['kind'],
    }).registerIn(registry)
    this.#freedMessages = freed.of('messages')
    this.#freedContents = freed.of('contents')
  }

  freed({ messages, contents }: Freed): void {
    this.#freedMessages.value += messages
    this.#freedContents.value += contents
  }

  #watchLogins(load: OfficeParts['logins']): void {
    const checks = new Gauge({
      name: 'poplar_password_checks',
      help: 'Password hashes that are being checked (`running`), and those that wait for a thread (`waiting`).',
      labelNames: ['state'],
      registers: [this.#registry],
      collect() {
        const { checking, waiting } = load()
        checks.set({ state: 'running' }, checking)
        checks.set({ state: 'waiting' }, waiting)
      },
    })
    this.#gauge('logins_delayed', 'Logins that wait because there were many failures.', () => {
      return load().throttle.waiting
    })
    this.#total(
      'login_delays_total',
      'Logins that were made to wait because there were many failures.',
      () => {
        return load().throttle.delays
      },
    )
    this.#total('login_delay_seconds_total', 'How long they waited, in all.', () => {
      return load().throttle.delayedMs / 1000
    })
  }

  #watchStore(store: StoreLoad): void {
    this.#gauge('maildrop_locks', 'Locks on maildrops that are held.', () => store.heldLocks)
    this.#gauge(
      'store_waiting_writes',
      'Changes that wait to become durable, those that are being written included.',
      () => store.waitingWrites,
    )
    this.#gauge('store_file_bytes', 'Size of the mail file and its log on the disk.', () => store.fileOctets)
    this.#gauge('store_cache_bytes', 'Octets of messages in memory.', () => store.cacheOctets)
    const reads = new CountFamily({
      name: 'poplar_store_cache_reads_total',
      help: 'Pieces of messages that were in memory (`hit`), or had to be read (`miss`).',
      labelNames: ['result'],
      collect: () => {
        reads.of('hit').value = store.cacheHits
        reads.of('miss').value = store.cacheMisses
      },
    }).registerIn(this.#registry)
    const commits = new DurationFamily({
      name: 'poplar_store_commit_duration_seconds',
      help: 'How long a transaction took until it was on disk.',
      labelNames: [],
    }).registerIn(this.#registry)
    const changes = new CountFamily({
      name: 'poplar_store_changes_total',
      help: 'Changes that were written; those that waited together share a transaction.',
      labelNames: [],
    }).registerIn(this.#registry)
    const durations = commits.of()
    const count = changes.of()
    store.onCommit = (durationMs, written) => {
      durations.observe(durationMs)
      count.value += written
    }
  }

  #watchCertificates(certificates: OfficeParts['certificates']): void {
    const gauge = new Gauge({
      name: 'poplar_certificate_expiry_timestamp_seconds',
      help: 'When a certificate expires, in seconds since 1970; `name` is the first of its names.',
      labelNames: ['name'],
      registers: [this.#registry],
      collect() {
        gauge.reset()
        for (const { names, file, notAfter } of certificates())
          gauge.set({ name: names[0] ?? file }, notAfter.getTime() / 1000)
      },
    })
  }

  #gauge(name: string, help: string, value: () => number): void {
    const gauge = new Gauge({
      name: `poplar_${name}`,
      help,
      registers: [this.#registry],
      collect() {
        gauge.set(value())
      },
    })
  }

  #total(name: string, help: string, value: () => number): void {
    const family = new CountFamily({
      name: `poplar_${name}`,
      help,
      labelNames: [],
      collect: () => {
        family.of().value = value()
      },
    }).registerIn(this.#registry)
  }
}
