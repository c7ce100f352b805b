// A message of a gigabyte, made as it is sent and compared as it comes: neither we nor the server may hold it.
import { createHash } from 'node:crypto'
import type { Wire } from '../../conformance/wire.ts'
import { letter } from './letters.ts'
import { eachBodyLine } from './replies.ts'

const pieceOctets = 1024 * 1024
const defaultPieces = 1024

/** What a message came to; `digest` is that of the letter's octets, from its first line on. */
export interface Gauge {
  /** Of the whole message. */
  readonly octets: number
  readonly letterOctets: number
  readonly digest: string
}

/** The pieces of it; each is of whole lines. */
export function* hugePieces(seed: string, count = defaultPieces): Generator<Buffer, void> {
  yield letter('plain', seed).octets
  for (let piece = 0; piece < count; piece++) yield block
}

/** Lines of 800 octets; some begin with a dot, and they fill a piece to the octet. */
const block = Buffer.from(
  Array.from({ length: Math.ceil(pieceOctets / 800) }, (_, n) => {
    const octets = Math.min(800, pieceOctets - n * 800)
    return `${n % 7 === 0 ? '.' : 'h'}${'u'.repeat(octets - 3)}\r\n`
  }).join(''),
  'latin1',
)

/** What it should come to, `octets` being those of the letter alone. */
export function gaugeOf(pieces: Iterable<Buffer>): Gauge {
  const hash = createHash('sha256')
  let octets = 0
  for (const piece of pieces) {
    hash.update(piece)
    octets += piece.length
  }
  return { octets, letterOctets: octets, digest: hash.digest('hex') }
}

/** Reads a multi-line answer and keeps none of it. The letter begins with its own first line, behind what was put in front. */
export async function gaugeBody(wire: Wire, firstLine: Buffer): Promise<Gauge> {
  const hash = createHash('sha256')
  let octets = 0
  let letterOctets = 0
  await eachBodyLine(wire, line => {
    octets += line.length
    if (letterOctets === 0 && !line.equals(firstLine)) return
    hash.update(line)
    letterOctets += line.length
  })
  return { octets, letterOctets, digest: hash.digest('hex') }
}
