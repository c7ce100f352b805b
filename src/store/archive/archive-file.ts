// Reading one file of an archive piece by piece. Whoever owns the archive may be someone else than who imports it:
// symbolic links are not followed, and only regular files are read.
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { Octets } from '../../mail/octets.ts'
import { ArchiveError, archiveError } from './archive.ts'

const chunkOctets = 256 * 1024
/** A list has about 100 octets for a message. */
const maxListOctets = 256 * 1024 * 1024
/** However small pieces are, so many of them are gathered at most. */
const maxPieces = 8192

/** The octets of a regular file. Throws `ArchiveError`, at the beginning or in the middle. */
export async function* readArchiveFile(path: string): AsyncGenerator<Uint8Array> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const stat = await file.stat()
      if (!stat.isFile()) throw new ArchiveError(`${path}: not a regular file`)
      // One octet more than the file has, so that a small file's end is met by the first read.
      const pieceOctets = Math.min(stat.size + 1, chunkOctets)
      for (;;) {
        const { bytesRead, buffer } = await file.read(new Uint8Array(pieceOctets))
        if (bytesRead > 0) yield buffer.subarray(0, bytesRead)
        if (bytesRead < pieceOctets) return
      }
    } finally {
      await file.close()
    }
  } catch (error) {
    throw archiveError(path, error)
  }
}

/** The file's first octets, at most `limitOctets`. Throws `ArchiveError`. */
export async function readBeginning(path: string, limitOctets: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let octets = 0
  for await (const piece of readArchiveFile(path)) {
    pieces.push(piece)
    octets += piece.length
    if (octets >= limitOctets) break
  }
  return Buffer.concat(pieces).subarray(0, limitOctets)
}

/** A small text file (a UIDL list) as Latin-1, or undefined where there is none. Throws `ArchiveError`. */
export async function readListFile(path: string): Promise<string | undefined> {
  const pieces: Uint8Array[] = []
  let octets = 0
  try {
    for await (const piece of readArchiveFile(path)) {
      pieces.push(piece)
      octets += piece.length
      if (octets > maxListOctets) throw new ArchiveError(`${path}: too large for a list of UIDLs`)
    }
  } catch (error) {
    const cause =
      error instanceof ArchiveError ? (error.cause as NodeJS.ErrnoException | undefined) : undefined
    if (cause?.code === 'ENOENT') return undefined
    throw error
  }
  return Buffer.concat(pieces).toString('latin1')
}

/** Writes the octets where the file stands, small pieces gathered to large ones. Returns how many they are. */
export async function writeOctets(file: FileHandle, octets: Octets): Promise<number> {
  let pieces: Uint8Array[] = []
  let waitingOctets = 0
  let written = 0
  const flush = async () => {
    if (pieces.length > 0) await file.writeFile(Buffer.concat(pieces))
    written += waitingOctets
    pieces = []
    waitingOctets = 0
  }
  for await (const piece of octets) {
    pieces.push(piece)
    waitingOctets += piece.length
    if (waitingOctets >= chunkOctets || pieces.length >= maxPieces) await flush()
  }
  await flush()
  return written
}
