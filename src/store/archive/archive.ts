// What every archive format gives when it is opened for reading: its messages in order, and how far the reading is.
import type { Flag } from '../../mail/flags.ts'
import type { Octets } from '../../mail/octets.ts'

/** One message as another program kept it. */
export interface ArchivedMessage {
  /** As in the file, line ends untouched; to be read before the next message is asked for. Throws `ArchiveError`. */
  readonly octets: Octets
  readonly internalDate: Date
  readonly flags: readonly Flag[]
  /** The unique-id the old server gave out: 1 to 70 characters 0x21-0x7E, not checked to be unique. */
  readonly uidl?: string
  /** File, and message where a file holds several; for reports. */
  readonly source: string
}

export interface Archive {
  readonly messages: AsyncIterable<ArchivedMessage>
  /** What there is to read, in `unit`. */
  readonly total: number
  readonly unit: 'messages' | 'octets'
  /** How much of `total` was read. */
  position(): number
  /** Where the UIDLs come from, or undefined where the archive has none. */
  readonly uidlSource?: string
  /** Sentences on what would make clients fetch again (a broken line of a UIDL list); empty when all is well. */
  readonly faults: readonly string[]
}

/** The archive cannot be read or written; `message` is a sentence that names the file. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError'
}

/** RFC 1939 section 7. */
export function isUidl(text: string): boolean {
  return /^[!-~]{1,70}$/.test(text)
}

/** `ENOENT` and the like as an `ArchiveError` that names the file; other errors as they are. */
export function archiveError(path: string, error: unknown): unknown {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  if (code === undefined) return error
  return new ArchiveError(`${path}: ${reasons[code] ?? code}`, { cause: error })
}

const reasons: Record<string, string> = {
  EACCES: 'not readable or writable for this user',
  EPERM: 'not permitted for this user',
  ENOENT: 'no such file or folder',
  ENOTDIR: 'not a folder',
  EISDIR: 'a folder, not a file',
  ELOOP: 'a symbolic link, which is not followed',
  ENOSPC: 'no room on the disk',
  EROFS: 'the disk is read-only',
  EIO: 'the disk cannot read it',
}
