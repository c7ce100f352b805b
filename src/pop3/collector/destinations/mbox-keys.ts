// Which delivery keys an mbox has: the fields in the headers of its messages, wherever in the header a reader has left them.
// Read piece by piece; what lies in bodies does not count.
import type { FileHandle } from 'node:fs/promises'
import { deliveryField } from './delivery-field.ts'

const chunkOctets = 1024 * 1024
/** A header that is longer is not looked into any further. */
const maxHeaderOctets = 256 * 1024
const lineStart = '\nFrom '
const field = new RegExp(`\\n${deliveryField}: ([0-9a-f]{64})\\r?(?=\\n)`)

/** The signal is looked at between pieces. */
export async function readMboxKeys(file: FileHandle, signal: AbortSignal): Promise<Set<string>> {
  const keys = new Set<string>()
  const chunk = Buffer.allocUnsafe(chunkOctets)
  let text: Buffer = Buffer.from('\n')
  let isInHeader = false
  for (let position = 0; ; ) {
    signal.throwIfAborted()
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position)
    position += bytesRead
    text = Buffer.concat([text, chunk.subarray(0, bytesRead)])
    let at = 0
    for (;;) {
      if (isInHeader) {
        const found = text.indexOf('\n\n', at)
        const isCut = found < 0 && bytesRead > 0 && text.length - at < maxHeaderOctets
        if (isCut) break
        const end = found < 0 ? Math.min(text.length, at + maxHeaderOctets) : found + 1
        const key = field.exec(text.toString('latin1', at, end))?.[1]
        if (key !== undefined) keys.add(key)
        isInHeader = false
        at = end
        // The empty line's end may begin a From_ line.
        if (found >= 0) at = found + 1
      }
      const begin = text.indexOf(lineStart, at)
      if (begin < 0) {
        at = Math.max(at, text.length - lineStart.length + 1)
        break
      }
      at = begin + 1
      isInHeader = true
    }
    text = text.subarray(at)
    if (bytesRead === 0) return keys
  }
}
