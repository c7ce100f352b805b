// Where `poplar get` puts messages: a folder of .eml files, an mbox or a Maildir, the last two those of the collector. Each says
// of a message that it is there only when it is on disk.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MessageRef } from '../../pop3/client/index.ts'
import type { Destination } from '../../pop3/collector/destination.ts'
import { maildirDestination } from '../../pop3/collector/destinations/maildir.ts'
import { mboxDestination } from '../../pop3/collector/destinations/mbox.ts'
import { spool } from '../../pop3/collector/spool.ts'
import { EmlFolder, type SaveOutcome } from './eml-folder.ts'

export const saveFormats = ['eml', 'mbox', 'maildir'] as const
export type SaveFormat = (typeof saveFormats)[number]

export interface Saver {
  /** Reads the body to its end; resolves when the message is on disk. */
  save(ref: MessageRef, body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<SaveOutcome>
  close(): Promise<void>
}

/** `source` says whose messages they are: with it and its key, a message that is saved again is known again. */
export function createSaver(format: SaveFormat, path: string, source: string): Saver {
  if (format !== 'eml') {
    const create = format === 'mbox' ? mboxDestination : maildirDestination
    return new DestinationSaver(create('get', path), source)
  }
  const folder = new EmlFolder(path)
  return { save: ({ key }, body) => folder.save(body, key), close: () => Promise.resolve() }
}

class DestinationSaver implements Saver {
  readonly #destination: Destination
  readonly #source: string
  #folder: string | undefined

  constructor(destination: Destination, source: string) {
    this.#destination = destination
    this.#source = source
  }

  async save(ref: MessageRef, body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<SaveOutcome> {
    this.#folder ??= await mkdtemp(join(tmpdir(), 'poplar-get-'))
    const { octets } = ref
    // A server without UIDL has nothing that stays: the content alone tells messages apart then.
    const key = ref.key ?? 'without-key'
    const source = this.#source
    const now = new Date()
    await using letter = await spool(body, {
      source,
      key,
      message: { key, octets },
      folder: this.#folder,
      now,
    })
    const { digest } = letter
    const outcome = await this.#destination.store(letter, {
      signal,
      record: {
        source,
        key,
        digest,
        octets: letter.octets,
        state: 'stored',
        destinations: [this.#destination.name],
        storedAt: now,
        failures: 0,
        reason: undefined,
        retryAt: undefined,
        absentSince: undefined,
        absentSessions: 0,
      },
    })
    return outcome === 'known' ? 'known' : 'stored'
  }

  async close(): Promise<void> {
    await this.#destination.close()
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true })
  }
}
