// Reads a Maildir: its INBOX, which is the folder itself in a Maildir++ too. In the order in which the old server
// listed the messages, as far as a UIDL list tells it, otherwise by the delivery time in the names.
import { type Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Archive, type ArchivedMessage, ArchiveError, archiveError } from './archive.ts'
import { readArchiveFile } from './archive-file.ts'
import { baseNameOf, compareNames, flagsOf } from './maildir-name.ts'
import { type MaildirUidls, readMaildirUidls } from './maildir-uidls.ts'

/** `uidlFormat`: the old Dovecot's `pop3_uidl_format`. Throws `ArchiveError` when this is no Maildir. */
export async function openMaildir(
  path: string,
  { uidlFormat }: { uidlFormat?: string } = {},
): Promise<Archive> {
  const files = [...(await filesOf(path, 'cur')), ...(await filesOf(path, 'new'))]
  const listed = await readMaildirUidls(path, uidlFormat)
  files.sort(inOrderOf(listed))
  let position = 0
  async function* messages(): AsyncGenerator<ArchivedMessage> {
    for (const file of files) {
      yield await toMessage(file, listed.uidls)
      position++
    }
  }
  return {
    messages: messages(),
    total: files.length,
    unit: 'messages',
    position: () => position,
    faults: listed.faults,
    ...(listed.source !== undefined && { uidlSource: listed.source }),
  }
}

interface MaildirFile {
  readonly name: string
  readonly path: string
}

async function filesOf(maildir: string, folder: 'cur' | 'new'): Promise<MaildirFile[]> {
  const path = join(maildir, folder)
  let entries: Dirent[]
  try {
    entries = await readdir(path, { withFileTypes: true })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw archiveError(path, error)
    throw new ArchiveError(`${maildir}: not a Maildir: there is no folder ${folder} in it`, { cause: error })
  }
  return entries
    .filter(entry => !entry.name.startsWith('.') && !entry.isDirectory())
    .map(({ name }) => ({ name, path: join(path, name) }))
}

function inOrderOf({ places }: MaildirUidls): (a: MaildirFile, b: MaildirFile) => number {
  const placeOf = ({ name }: MaildirFile) => places.get(baseNameOf(name)) ?? Number.POSITIVE_INFINITY
  return (a, b) => {
    const [placeA, placeB] = [placeOf(a), placeOf(b)]
    return placeA === placeB ? compareNames(a.name, b.name) : placeA - placeB
  }
}

async function toMessage(file: MaildirFile, uidls: ReadonlyMap<string, string>): Promise<ArchivedMessage> {
  const uidl = uidls.get(baseNameOf(file.name))
  const modified = await lstat(file.path).then(
    stat => stat.mtimeMs,
    () => 0,
  )
  return {
    // A file that is gone meanwhile fails here, by name, as one that cannot be read does.
    octets: readArchiveFile(file.path),
    internalDate: new Date(Math.round(modified)),
    flags: flagsOf(file.name),
    source: file.path,
    ...(uidl !== undefined && { uidl }),
  }
}
