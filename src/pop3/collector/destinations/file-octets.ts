// Writing octets to disk for certain: all of a piece, whatever the system takes at once, and names as well as contents.
import { type FileHandle, open } from 'node:fs/promises'
import type { Octets } from '../../../mail/octets.ts'

/** Pieces are gathered to this size: a write is a trip to another thread. */
const writeOctets = 128 * 1024

/** Writes all pieces from `position` on. Returns how many octets they had. The signal is looked at between pieces. */
export async function writeAll(
  file: FileHandle,
  octets: Octets,
  { position, signal }: { readonly position: number; readonly signal: AbortSignal },
): Promise<number> {
  let pieces: Uint8Array[] = []
  let waiting = 0
  let written = 0
  const flush = async () => {
    const piece = Buffer.concat(pieces)
    pieces = []
    waiting = 0
    for (let at = 0; at < piece.length; ) {
      const { bytesWritten } = await file.write(piece, at, piece.length - at, position + written)
      at += bytesWritten
      written += bytesWritten
    }
  }
  for await (const piece of octets) {
    signal.throwIfAborted()
    pieces.push(piece)
    waiting += piece.length
    if (waiting >= writeOctets) await flush()
  }
  await flush()
  return written
}

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
