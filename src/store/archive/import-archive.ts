// Brings the messages of an archive into an account, in order, UIDLs kept. Several commits are under way at once, so that
// the store can make them durable together; a message that fails is reported and the others go on.
import { createHash } from 'node:crypto'
import type { Account } from '../../mail/account.ts'
import { writeContent } from '../../mail/delivery/pipeline.ts'
import type { CopyOutcome, DeliveryTarget } from '../../mail/delivery-target.ts'
import { isRefusal } from '../../mail/errors.ts'
import { WireForm } from '../../mail/message/wire-form.ts'
import type { Octets } from '../../mail/octets.ts'
import { type Archive, type ArchivedMessage, ArchiveError } from './archive.ts'

export interface ImportOptions {
  readonly target: DeliveryTarget
  readonly account: Account
  /** Default INBOX. */
  readonly folder?: string
  /**
   * What becomes of UIDLs. `keep`: those of the archive stay, other messages get new ones. `once`: as well, but the new
   * ones are made of the messages' octets, so that a second import finds them. `new`: every message gets a new one.
   */
  readonly uidls?: 'keep' | 'once' | 'new'
  /** UIDL -> octets of what the account has: a UIDL that stands for something else there is a failure, not a repetition. */
  readonly present?: ReadonlyMap<string, number>
  readonly signal?: AbortSignal
  /** Called for each message whose fate is known, in order. */
  readonly settled?: (fate: ImportFate) => void
}

export type ImportFate =
  | { readonly fate: 'imported' | 'skipped'; readonly source: string; readonly uidl: string }
  | { readonly fate: 'failed'; readonly source: string; readonly reason: string }

export interface ImportReport {
  readonly imported: number
  /** The account has, or had, a message of this UIDL. */
  readonly skipped: number
  readonly failed: number
  /** Imported under another UIDL, because a message before it in the archive has the same. */
  readonly renamed: number
  /** Why the import ended early; messages behind were not looked at. */
  readonly stopped?: string
}

/** So many messages wait for one fsync; their octets are with the store already. */
const maxCommitsUnderWay = 64

/** Failures after which the next message would fail too. */
const stopping = ['store-full', 'store-busy', 'store-closed'] as const

const refusals = {
  'over-quota': 'the account has no room for it: over quota',
  'no-such-account': 'the account was removed meanwhile',
  'already-collected': 'a collector brought it already',
} as const

const nothing = new Uint8Array(0)

interface CommitUnderWay {
  readonly source: string
  readonly outcome: Promise<CopyOutcome | undefined>
  readonly uidl: string | undefined
  readonly octets: number
  readonly isTwin: boolean
}

/** Throws `ArchiveError` when the archive cannot be read on, after all that was begun is settled. */
export async function importArchive(archive: Archive, options: ImportOptions): Promise<ImportReport> {
  const work = new Import(options)
  try {
    for await (const message of archive.messages) {
      if (options.signal?.aborted) work.stop('interrupted')
      else await work.take(message)
      if (work.isStopped) break
    }
  } finally {
    await work.settleAll()
  }
  return work.report()
}

class Import {
  readonly #options: ImportOptions
  readonly #uidlsSeen = new Set<string>()
  /** Digest of a message's octets -> how often it came. */
  readonly #timesSeen = new Map<string, number>()
  readonly #underWay: CommitUnderWay[] = []
  readonly #counts = { imported: 0, skipped: 0, failed: 0, renamed: 0 }
  #usedOctets: number
  #stopped: string | undefined

  constructor(options: ImportOptions) {
    this.#options = options
    this.#usedOctets = options.account.usedOctets
  }

  get isStopped(): boolean {
    return this.#stopped !== undefined
  }

  stop(reason: string): void {
    this.#stopped ??= reason
  }

  report(): ImportReport {
    return { ...this.#counts, ...(this.#stopped !== undefined && { stopped: this.#stopped }) }
  }

  /** Writes the message's octets and begins its commit. */
  async take(message: ArchivedMessage): Promise<void> {
    try {
      await this.#begin(message)
    } catch (error) {
      // Those before it first, so that reports come in order.
      await this.settleAll()
      this.#fail(message.source, error)
    }
    if (this.#underWay.length >= maxCommitsUnderWay) await this.#settleOldest()
  }

  async #begin(message: ArchivedMessage): Promise<void> {
    const { account, folder, target, uidls = 'keep' } = this.#options
    const { source, internalDate, flags } = message
    const kept = uidls === 'new' ? undefined : message.uidl
    const isTwin = kept !== undefined && this.#uidlsSeen.has(kept)
    if (kept !== undefined) this.#uidlsSeen.add(kept)
    const digest = isTwin || (uidls === 'once' && kept === undefined) ? new Digest() : undefined
    const content = await writeContent(target, digest ? digest.over(message.octets) : message.octets, {})
    const uidl = digest ? this.#uidlOf(digest) : kept
    this.#refuseOther(uidl, content.octets)
    const isTight = account.quotaOctets > 0 && this.#usedOctets + content.octets > account.quotaOctets
    // No later, smaller message shall slip in where this one has no room.
    if (isTight) await this.settleAll()
    if (this.isStopped) return
    this.#usedOctets += content.octets
    const copy = {
      account,
      trace: nothing,
      internalDate,
      flags,
      ...(uidl !== undefined && { uidl }),
      ...(folder !== undefined && { folder }),
    }
    const outcome = content.commit([copy], 'all').then(([only]) => only)
    // Whoever settles it sees the error; until then nobody waits for it.
    outcome.catch(() => {})
    this.#underWay.push({ source, outcome, uidl, octets: content.octets, isTwin })
    if (isTight) await this.settleAll()
  }

  /** A UIDL that the account gave to a message of another size is no repetition: skipping would lose this one. */
  #refuseOther(uidl: string | undefined, octets: number): void {
    const present = uidl === undefined ? undefined : this.#options.present?.get(uidl)
    if (present === undefined || present === octets) return
    throw new ArchiveError(`the account has another message with the UIDL ${uidl ?? ''}`)
  }

  async settleAll(): Promise<void> {
    while (this.#underWay.length > 0) await this.#settleOldest()
  }

  async #settleOldest(): Promise<void> {
    const oldest = this.#underWay.shift()
    if (!oldest) return
    const { source } = oldest
    try {
      const outcome = await oldest.outcome
      if (!outcome) throw new Error('the store gave no outcome')
      if (!outcome.delivered) this.#usedOctets -= oldest.octets
      if (outcome.delivered) {
        if (oldest.isTwin) this.#counts.renamed++
        this.#settle({ fate: 'imported', source, uidl: outcome.uidl })
      } else if (outcome.reason === 'duplicate-uidl') {
        this.#settle({ fate: 'skipped', source, uidl: oldest.uidl ?? '' })
      } else {
        const reason = refusals[outcome.reason]
        this.stop(reason)
        this.#settle({ fate: 'failed', source, reason })
      }
    } catch (error) {
      this.#fail(source, error)
    }
  }

  #settle(fate: ImportFate): void {
    this.#counts[fate.fate]++
    this.#options.settled?.(fate)
  }

  /** A message that cannot be read fails alone; what else goes wrong with a store is no message's fault. */
  #fail(source: string, error: unknown): void {
    if (!(error instanceof ArchiveError) && !isRefusal(error)) throw error
    if (stopping.some(code => isRefusal(error, code))) this.stop(error.message)
    this.#settle({ fate: 'failed', source, reason: error.message })
  }

  /** The nth message of the same octets is the same message whenever this archive is imported. */
  #uidlOf(digest: Digest): string {
    const text = digest.toString()
    const times = (this.#timesSeen.get(text) ?? 0) + 1
    this.#timesSeen.set(text, times)
    return times === 1 ? text : `${text}-${times}`
  }
}

/** SHA-256 of a message's wire form, so that line ends make no difference. */
class Digest {
  readonly #hash = createHash('sha256')

  async *over(octets: Octets): AsyncGenerator<Uint8Array> {
    const wireForm = new WireForm()
    for await (const chunk of octets) {
      this.#hash.update(wireForm.push(chunk))
      yield chunk
    }
    this.#hash.update(wireForm.end())
  }

  /** 43 characters, all fit for a UIDL. */
  toString(): string {
    return this.#hash.digest('base64url')
  }
}
