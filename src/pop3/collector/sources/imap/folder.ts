// What a folder of an IMAP server holds: UIDs, sizes and dates, without touching a flag.
import type { ImapFlow as Connection } from 'imapflow'
import { SourceError, type SourceMessage } from '../../source.ts'

export interface Folder {
  readonly path: string
  /** UIDs mean the same messages as long as it is the same, RFC 9051 section 2.3.1.1. */
  readonly uidValidity: bigint
}

/** Where a message is. */
export interface Place {
  readonly folder: Folder
  readonly uid: number
}

/** Far beyond what one listing can be of use for. */
const maxMessages = 2_000_000

/** By UID, which is the order in which they came. */
export async function listFolder(
  connection: Connection,
  path: string,
): Promise<readonly (readonly [SourceMessage, Place])[]> {
  const { uidValidity, exists } = await examine(connection, path)
  const folder: Folder = { path, uidValidity }
  const found = new Map<number, readonly [SourceMessage, Place]>()
  if (exists === 0) return []
  const query = { uid: true, size: true, internalDate: true } as const
  for await (const { uid, size, internalDate } of connection.fetch('1:*', query)) {
    if (!isUid(uid)) continue
    if (found.size >= maxMessages)
      throw new SourceError('configuration', `the folder ${path} has more than ${maxMessages} messages`)
    const receivedAt =
      internalDate instanceof Date && !Number.isNaN(internalDate.getTime()) ? internalDate : undefined
    found.set(uid, [
      { key: `${path}/${uidValidity}/${uid}`, octets: size, receivedAt },
      { folder, uid },
    ])
  }
  return [...found].sort(([one], [other]) => one - other).map(([, entry]) => entry)
}

/** Opens the folder for reading; not again when it is open. Throws where it is another one under the same name. */
export async function openFolder(connection: Connection, folder: Folder): Promise<void> {
  const { mailbox } = connection
  if (mailbox && mailbox.path === folder.path && mailbox.readOnly) return
  const { uidValidity } = await examine(connection, folder.path)
  if (uidValidity !== folder.uidValidity) throw otherFolder(folder)
}

export function otherFolder({ path }: Folder): SourceError {
  return new SourceError(
    'unavailable',
    `the folder ${path} was made anew meanwhile; the next run looks again`,
  )
}

async function examine(connection: Connection, path: string) {
  try {
    return await connection.mailboxOpen(path, { readOnly: true })
  } catch (error) {
    const { mailboxMissing } = error as { readonly mailboxMissing?: boolean }
    if (!mailboxMissing) throw error
    throw new SourceError('configuration', `the server has no folder ${JSON.stringify(path)}`, {
      cause: error,
    })
  }
}

/** RFC 9051 section 9: 32 bits, and not 0. */
function isUid(uid: number): boolean {
  return Number.isInteger(uid) && uid > 0 && uid <= 0xffff_ffff
}
