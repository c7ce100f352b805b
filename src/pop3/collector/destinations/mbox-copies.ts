// The copies that an mbox has: messages with our delivery field, their quoted lines taken back. Of what a kill has left torn at the
// end, nothing is believed. Read piece by piece, twice: first where messages begin.
import type { FileHandle } from 'node:fs/promises'
import { unquoteFromLines } from '../../../mail/message/from-line.ts'
import type { CopiesOptions } from '../destination.ts'
import { withoutReadersFields } from '../header-mark.ts'
import { readCopy, type Unmade } from '../kept-copy.ts'
import { withoutDeliveryField } from './delivery-field.ts'

const chunkOctets = 256 * 1024
const lineStart = '\nFrom '
/** A From_ line that is longer is none. */
const maxLineOctets = 4096

export interface MboxCopiesOptions extends CopiesOptions {
  /** The delivery key of an entry that may not be whole. */
  readonly torn: string | undefined
}

export async function readMboxCopies(
  file: FileHandle,
  { signal, onCopy, torn }: MboxCopiesOptions,
): Promise<void> {
  const { size } = await file.stat()
  const starts = await startsOf(file, signal)
  for (const [index, start] of starts.entries()) {
    signal.throwIfAborted()
    const next = starts[index + 1]
    const end = next === undefined ? await endOf(file, size) : next - 1
    const begin = await behindLine(file, start, end)
    if (begin === undefined) continue
    const copy = await readCopy(unquoteFromLines(range(file, begin, end)), unmake)
    if (copy && copy.deliveryKey !== torn) onCopy(copy)
  }
}

function unmake(header: string): Unmade | undefined {
  const { deliveryKey, header: own } = withoutDeliveryField(header)
  if (deliveryKey === undefined) return undefined
  return { deliveryKey, headers: [own, withoutReadersFields(own)] }
}

/** Where From_ lines begin. */
async function startsOf(file: FileHandle, signal: AbortSignal): Promise<readonly number[]> {
  const starts: number[] = []
  const chunk = Buffer.allocUnsafe(chunkOctets)
  let carried: Buffer = Buffer.from('\n')
  for (let position = 0; ; ) {
    signal.throwIfAborted()
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position)
    if (bytesRead === 0) return starts
    const text = Buffer.concat([carried, chunk.subarray(0, bytesRead)])
    const base = position - carried.length
    for (let at = text.indexOf(lineStart); at >= 0; at = text.indexOf(lineStart, at + 1))
      starts.push(base + at + 1)
    carried = text.subarray(Math.max(0, text.length - lineStart.length + 1))
    position += bytesRead
  }
}

/** Without the empty line that ends the last message. */
async function endOf(file: FileHandle, size: number): Promise<number> {
  if (size < 2) return size
  const last = Buffer.alloc(2)
  await file.read(last, 0, 2, size - 2)
  return last.toString('latin1') === '\n\n' ? size - 1 : size
}

async function behindLine(file: FileHandle, start: number, end: number): Promise<number | undefined> {
  const line = Buffer.alloc(Math.min(maxLineOctets, Math.max(0, end - start)))
  const { bytesRead } = await file.read(line, 0, line.length, start)
  const at = line.subarray(0, bytesRead).indexOf(0x0a)
  return at < 0 ? undefined : start + at + 1
}

async function* range(file: FileHandle, begin: number, end: number): AsyncGenerator<Uint8Array, void> {
  for (let at = begin; at < end; ) {
    const chunk = Buffer.allocUnsafe(Math.min(chunkOctets, end - at))
    const { bytesRead } = await file.read(chunk, 0, chunk.length, at)
    if (bytesRead === 0) return
    at += bytesRead
    yield chunk.subarray(0, bytesRead)
  }
}
