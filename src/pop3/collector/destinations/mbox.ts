// An mbox of the mboxrd kind, RFC 4155 with LF line ends: From_ line, delivery field, message. Exactly once: the key is
// looked for in the headers that are there, and what a kill has left torn is cut off before anything is appended. Under the
// dotlock that Debian's programs use. A program that writes without that lock may have mail of its own behind a torn entry:
// then nothing is cut off, the torn one stays as a damaged message, and the whole one is stored behind.
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { formatFromLine, quoteFromLines } from '../../../mail/message/from-line.ts'
import { toFileLineEnds } from '../../../mail/message/line-ends.ts'
import {
  type CopiesOptions,
  type Destination,
  DestinationError,
  type DestinationOptions,
  type StoreOutcome,
} from '../destination.ts'
import type { Letter } from '../letter.ts'
import { deliveryField, withoutDeliveryField } from './delivery-field.ts'
import { orDiskFault } from './disk-fault.ts'
import { lockMbox, removeLockLeftovers } from './dotlock.ts'
import { syncFolder, writeAll } from './file-octets.ts'
import { readMboxCopies } from './mbox-copies.ts'
import { fateOf, type MboxEntry, MboxJournal } from './mbox-journal.ts'
import { readMboxKeys } from './mbox-keys.ts'

const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK
const lockWaitMs = 60_000

export interface MboxOptions {
  /** How long another program may have the lock; default a minute. */
  readonly lockWaitMs?: number
}

/** The file is made when it is missing, for its owner alone. */
export function mboxDestination(name: string, path: string, options: MboxOptions = {}): Destination {
  const mbox = new Mbox(path, options.lockWaitMs ?? lockWaitMs)
  return {
    name,
    description: `mbox ${path}`,
    promise: 'exactly-once',
    store: (letter, { signal }) => orDiskFault(path, () => mbox.store(letter, signal)),
    copies: given => orDiskFault(path, () => mbox.copies(given)),
    close: () => Promise.resolve(),
  }
}

class Mbox {
  readonly #path: string
  readonly #lockWaitMs: number
  readonly #journal: MboxJournal
  #keys: Set<string> = new Set()
  /** What the file looked like when `#keys` was right. */
  #seen = ''
  #isOpened = false
  #last: Promise<unknown> = Promise.resolve()

  constructor(path: string, lockWaitMs: number) {
    this.#path = path
    this.#lockWaitMs = lockWaitMs
    this.#journal = new MboxJournal(path)
  }

  /** One after the other. */
  store(letter: Letter, signal: AbortSignal): Promise<StoreOutcome> {
    const turn = this.#last.then(() => this.#storeLocked(letter, signal))
    this.#last = turn.catch(() => undefined)
    return turn
  }

  /** A file that is not there has none: mail readers remove empty ones. */
  async copies(options: CopiesOptions): Promise<void> {
    const lock = await lockMbox(this.#path, { waitMs: this.#lockWaitMs, signal: options.signal })
    try {
      const file = await openExisting(this.#path)
      if (!file) return
      try {
        await this.#refuseOddFile(file)
        const entry = await this.#journal.read()
        const fate = entry && (await fateOf(entry, file, (await file.stat()).size))
        const isTorn = fate === 'torn' || fate === 'doubtful'
        const torn = isTorn ? withoutDeliveryField(entry?.head ?? '').deliveryKey : undefined
        await readMboxCopies(file, { ...options, torn })
      } finally {
        await file.close()
      }
    } finally {
      await lock.release()
    }
  }

  async #storeLocked(letter: Letter, signal: DestinationOptions['signal']): Promise<StoreOutcome> {
    signal.throwIfAborted()
    const lock = await lockMbox(this.#path, { waitMs: this.#lockWaitMs, signal })
    try {
      if (!this.#isOpened) await removeLockLeftovers(this.#path)
      this.#isOpened = true
      const file = await open(this.#path, flags, 0o600)
      try {
        return await this.#storeIn(file, letter, signal)
      } finally {
        await file.close()
      }
    } finally {
      await lock.release()
    }
  }

  async #storeIn(file: FileHandle, letter: Letter, signal: AbortSignal): Promise<StoreOutcome> {
    await this.#refuseOddFile(file)
    await this.#recover(file)
    if (this.#seen !== (await looksOf(file))) {
      this.#keys = await readMboxKeys(file, signal)
      this.#seen = await looksOf(file)
    }
    if (this.#keys.has(letter.deliveryKey)) {
      await file.sync()
      return 'known'
    }
    await this.#append(file, letter, signal)
    this.#keys.add(letter.deliveryKey)
    this.#seen = await looksOf(file)
    return 'stored'
  }

  /** A second name for the file is how others' files come to be written over in folders that everybody may write to. */
  async #refuseOddFile(file: FileHandle): Promise<void> {
    const found = await file.stat()
    if (!found.isFile()) throw new DestinationError('configuration', `${this.#path}: it is no file`)
    if (found.nlink > 1)
      throw new DestinationError(
        'configuration',
        `${this.#path}: the file has another name besides (a hard link)`,
      )
  }

  async #recover(file: FileHandle): Promise<void> {
    const entry = await this.#journal.read()
    if (!entry) return
    const { size } = await file.stat()
    const fate = await fateOf(entry, file, size)
    if (fate === 'torn') await file.truncate(entry.start)
    // The key of a message that is not whole must never be found.
    if (fate === 'doubtful') {
      const at = entry.start + entry.head.indexOf(`${deliveryField}: `) + deliveryField.length + 2
      await writeAll(file, [Buffer.from('torn'.padEnd(64, '-'))], { position: at, signal: never })
    }
    await file.sync()
    await this.#journal.clear()
  }

  async #append(file: FileHandle, letter: Letter, signal: AbortSignal): Promise<void> {
    const { size: start } = await file.stat()
    const head =
      (await separatorAt(file, start)) +
      formatFromLine(letter.reversePath, letter.receivedAt) +
      `${deliveryField}: ${letter.deliveryKey}\n`
    await this.#journal.write({ start, head, ...(await measured(entryOf(head, letter), signal)) })
    try {
      await writeAll(file, entryOf(head, letter), { position: start, signal })
      await file.sync()
      if (start === 0) await syncFolder(dirname(this.#path))
    } catch (error) {
      await this.#recover(file).catch(() => undefined)
      throw error
    }
    await this.#journal.clear()
  }
}

async function openExisting(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

const never = new AbortController().signal

/** Changes whenever somebody writes or puts another file in its place. */
async function looksOf(file: FileHandle): Promise<string> {
  const { dev, ino, size, mtimeNs } = await file.stat({ bigint: true })
  return `${dev} ${ino} ${size} ${mtimeNs}`
}

/** An empty line stands before each From_ line, whatever the mbox ends with. */
async function separatorAt(file: FileHandle, size: number): Promise<string> {
  if (size === 0) return ''
  const end = Buffer.alloc(Math.min(2, size))
  await file.read(end, 0, end.length, size - end.length)
  if (end.at(-1) !== 0x0a) return '\n\n'
  return end.length === 2 && end[0] !== 0x0a ? '\n' : ''
}

async function* entryOf(head: string, letter: Letter): AsyncGenerator<Uint8Array, void> {
  yield Buffer.from(head)
  yield* quoteFromLines(toFileLineEnds(letter.body()))
  yield Buffer.from('\n')
}

async function measured(
  entry: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<Pick<MboxEntry, 'octets' | 'digest'>> {
  const hash = createHash('sha256')
  let octets = 0
  for await (const piece of entry) {
    signal.throwIfAborted()
    hash.update(piece)
    octets += piece.length
  }
  return { octets, digest: hash.digest('hex') }
}
