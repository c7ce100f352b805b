// What is about to be appended to an mbox, on disk before the first octet of it: after a kill it tells a whole entry from a
// torn one. A file `.NAME.poplar` beside the mbox, there only while an entry is being written.
import { createHash } from 'node:crypto'
import { type FileHandle, open, readFile, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { syncFolder } from './file-octets.ts'

const entrySchema = z.object({
  /** Octets of the mbox before the entry. */
  start: z.int().nonnegative(),
  /** Of the entry. */
  octets: z.int().nonnegative(),
  /** The first octets of the entry: From_ line and delivery field. */
  head: z.string().max(2000),
  /** SHA-256 of the entry, hexadecimal. */
  digest: z.string().max(64),
})

export type MboxEntry = z.infer<typeof entrySchema>

export class MboxJournal {
  readonly #path: string

  constructor(mbox: string) {
    this.#path = join(dirname(mbox), `.${basename(mbox)}.poplar`)
  }

  /** On disk when the promise resolves. */
  async write(entry: MboxEntry): Promise<void> {
    await rm(this.#path, { force: true })
    const file = await open(this.#path, 'wx', 0o600)
    try {
      await file.writeFile(JSON.stringify(entry))
      await file.sync()
    } finally {
      await file.close()
    }
    await syncFolder(dirname(this.#path))
  }

  async clear(): Promise<void> {
    await rm(this.#path, { force: true })
  }

  /** Undefined when nothing was being written, or the journal itself was not: then the mbox was not touched. */
  async read(): Promise<MboxEntry | undefined> {
    try {
      return entrySchema.safeParse(JSON.parse(await readFile(this.#path, 'utf8'))).data
    } catch (error) {
      if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }
}

/** What became of the entry of a journal. */
export type MboxFate =
  | 'whole'
  /** Begun, and nothing else behind it: to be cut off. */
  | 'torn'
  /** Begun, and somebody has appended behind it or has changed it: nothing may be cut off. */
  | 'doubtful'
  /** Not begun, or gone since. */
  | 'none'

export async function fateOf(entry: MboxEntry, file: FileHandle, size: number): Promise<MboxFate> {
  const { start, octets, digest } = entry
  const head = Buffer.from(entry.head)
  const present = Math.min(size - start, octets)
  if (present <= 0) return 'none'
  const begin = Buffer.alloc(Math.min(present, head.length))
  await file.read(begin, 0, begin.length, start)
  // After a power cut, the size may be on disk before the octets are.
  if (begin.every(octet => octet === 0)) return size > start + octets ? 'none' : 'torn'
  if (!begin.equals(head.subarray(0, begin.length))) return 'none'
  const facts = await factsOf(file, start, present)
  if (present === octets && facts.digest === digest) return 'whole'
  return size > start + octets || facts.fromLines > 1 ? 'doubtful' : 'torn'
}

/** In an entry of ours, one line alone begins with `From `. */
async function factsOf(file: FileHandle, start: number, octets: number) {
  const hash = createHash('sha256')
  const chunk = Buffer.allocUnsafe(128 * 1024)
  let fromLines = 0
  let carried: Buffer = Buffer.from('\n')
  for (let at = 0; at < octets; ) {
    const { bytesRead } = await file.read(chunk, 0, Math.min(chunk.length, octets - at), start + at)
    if (bytesRead === 0) break
    const piece = chunk.subarray(0, bytesRead)
    hash.update(piece)
    const text = Buffer.concat([carried, piece])
    for (let found = text.indexOf('\nFrom '); found >= 0; found = text.indexOf('\nFrom ', found + 1))
      fromLines++
    carried = text.subarray(Math.max(0, text.length - 5))
    at += bytesRead
  }
  return { digest: hash.digest('hex'), fromLines }
}
