// Whether a message that came is the letter that was sent. Servers and delivery systems put header lines in front, and some
// among the others; the lines of the letter's own header must be there in their order, and the body to the octet.
import { shown } from './wire.ts'

const headerEnd = '\r\n\r\n'

/** A sentence on how they differ; undefined when they do not. */
export function differenceFrom(
  { octets: sent }: { readonly octets: Buffer },
  came: Buffer,
): string | undefined {
  if (came.subarray(-sent.length).equals(sent)) return undefined
  const [letter, message] = [parted(sent), parted(came)]
  return firstMissing(letter.header, message.header) ?? differenceOf(letter.body, message.body)
}

/** The message with CRLF for each of its line ends, and one at its end: what a delivery system may make of it. */
export function mended(octets: Buffer): Buffer {
  const text = octets.toString('latin1').replace(/\r?\n/g, '\r\n')
  return Buffer.from(text.endsWith('\r\n') ? text : `${text}\r\n`, 'latin1')
}

interface Parted {
  readonly header: string
  readonly body: Buffer
}

function parted(message: Buffer): Parted {
  const at = message.indexOf(headerEnd)
  if (at < 0) return { header: message.toString('latin1'), body: Buffer.alloc(0) }
  return {
    header: message.toString('latin1', 0, at + 2),
    body: message.subarray(at + headerEnd.length),
  }
}

function firstMissing(sent: string, came: string): string | undefined {
  const lines = came.split('\r\n')
  let from = 0
  for (const line of sent.split('\r\n').slice(0, -1)) {
    const at = lines.indexOf(line, from)
    if (at < 0) return `the header lacks the line ${shown(Buffer.from(line, 'latin1'))}, or has it elsewhere`
    from = at + 1
  }
  return undefined
}

const shownOctets = 30

function differenceOf(sent: Buffer, came: Buffer): string | undefined {
  if (came.equals(sent)) return undefined
  let at = 0
  while (at < sent.length && sent[at] === came[at]) at++
  const piece = (octets: Buffer) =>
    at < octets.length ? shown(octets.subarray(at, at + shownOctets)) : 'nothing more'
  return `octet ${at + 1} of the body: ${piece(sent)} was sent, ${piece(came)} came`
}
