// Deleting messages from a folder of an IMAP server: those, and no others that somebody else has marked meanwhile.
import type { ImapFlow as Connection } from 'imapflow'
import { type Folder, otherFolder } from './folder.ts'

/** UIDs in one command; a line has its limits. */
const atOnce = 500

/**
 * The UIDs that are still there. With UIDPLUS (RFC 4315 section 2.1) only those that are named can go. Without, EXPUNGE takes
 * all that are marked: it is said only when no others are; else ours stay marked, and are told as left.
 */
export async function expungeIn(
  connection: Connection,
  folder: Folder,
  uids: readonly number[],
): Promise<readonly number[]> {
  const { uidValidity } = await connection.mailboxOpen(folder.path)
  if (uidValidity !== folder.uidValidity) throw otherFolder(folder)
  const hasUidPlus = connection.capabilities.has('UIDPLUS') || connection.capabilities.has('IMAP4rev2')
  if (!hasUidPlus) return expungeAll(connection, uids)
  for (const range of rangesOf(uids)) await connection.messageDelete(range, { uid: true })
  return stillThere(connection, uids)
}

async function expungeAll(connection: Connection, uids: readonly number[]): Promise<readonly number[]> {
  for (const range of rangesOf(uids)) await connection.messageFlagsAdd(range, ['\\Deleted'], { uid: true })
  const marked = (await connection.search({ deleted: true }, { uid: true })) || []
  const ours = new Set(uids)
  const [last] = uids
  if (last !== undefined && marked.every(uid => ours.has(uid)))
    await connection.messageDelete(String(last), { uid: true })
  return stillThere(connection, uids)
}

async function stillThere(connection: Connection, uids: readonly number[]): Promise<readonly number[]> {
  const left: number[] = []
  for (const range of rangesOf(uids)) {
    const found = await connection.search({ uid: range }, { uid: true })
    if (!found) throw new Error('the server does not say what is left')
    left.push(...found)
  }
  const ours = new Set(uids)
  return left.filter(uid => ours.has(uid))
}

function rangesOf(uids: readonly number[]): readonly string[] {
  const ranges: string[] = []
  for (let from = 0; from < uids.length; from += atOnce)
    ranges.push(uids.slice(from, from + atOnce).join(','))
  return ranges
}
