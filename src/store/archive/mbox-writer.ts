// Writes an mbox in the mboxrd form, LF line ends: readable by everything that reads mboxes, and octet for octet the way
// back. UIDL, date and flags stand in fields that `mbox-export-fields.ts` adds, and the reader takes away.
import { open, rm } from 'node:fs/promises'
import type { StoredMessage } from '../../mail/archive-store.ts'
import { formatFromLine, quoteFromLines } from '../../mail/message/from-line.ts'
import { toFileLineEnds } from '../../mail/message/line-ends.ts'
import { ArchiveError, archiveError } from './archive.ts'
import { writeOctets } from './archive-file.ts'
import { readHeaderFields } from './header-fields.ts'
import { formatExportFields } from './mbox-export-fields.ts'

/**
 * Writes `messages` into a new file at `path`, which is on disk when the promise resolves. `written` is called after
 * each message. Returns how many there are. Throws `ArchiveError`; a file that could not be finished is removed.
 */
export async function writeMbox(
  path: string,
  messages: AsyncIterable<StoredMessage>,
  written: (message: StoredMessage) => void = () => {},
): Promise<number> {
  const file = await open(path, 'wx', 0o600).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw archiveError(path, error)
    throw new ArchiveError(`${path}: exists, and nothing is written over`, { cause: error })
  })
  try {
    let count = 0
    for await (const message of messages) {
      await writeOctets(file, mboxEntry(message))
      count++
      written(message)
    }
    await file.sync()
    return count
  } catch (error) {
    await rm(path, { force: true })
    throw archiveError(path, error)
  } finally {
    await file.close()
  }
}

async function* mboxEntry(message: StoredMessage): AsyncGenerator<Uint8Array> {
  let isFirst = true
  for await (const chunk of quoteFromLines(toFileLineEnds(message.body))) {
    if (isFirst) yield entryHead(message, chunk)
    isFirst = false
    yield chunk
  }
  if (isFirst) yield entryHead(message, new Uint8Array(0))
  yield Buffer.from('\n')
}

/** The From_ line names the reverse-path, which stands in the first lines of what was delivered here. */
function entryHead(message: StoredMessage, beginning: Uint8Array): Uint8Array {
  const returnPath = readHeaderFields(beginning).get('return-path') ?? ''
  const sender = returnPath.replace(/^<(.*)>$/, '$1')
  return Buffer.from(formatFromLine(sender, message.internalDate) + formatExportFields(message))
}
