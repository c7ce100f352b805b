// The line that begins a message in an mbox, `From sender date`, and the `>` that keeps other lines from looking like one.
// Quoting is mboxrd's: every line that is `From ` behind any number of `>` gets one more, so that it can be taken back.
import type { Octets } from '../octets.ts'

const lf = 0x0a
const arrow = 0x3e
const from = Buffer.from('From ')
const arrows = Buffer.alloc(4096, arrow)
const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const dayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** `sender` is the reverse-path; an empty one, or one that cannot stand there, becomes MAILER-DAEMON. */
export function formatFromLine(sender: string, date: Date): string {
  return `From ${/^[!-~]+$/.test(sender) ? sender : 'MAILER-DAEMON'} ${formatFromLineDate(date)}\n`
}

/** `Thu Nov 20 19:17:00 2026`, UTC. */
function formatFromLineDate(date: Date): string {
  const two = (value: number, fill = '0') => String(value).padStart(2, fill)
  const day = `${dayNames[date.getUTCDay()] ?? ''} ${monthNames[date.getUTCMonth()] ?? ''} ${two(date.getUTCDate(), ' ')}`
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`
  return `${day} ${time} ${String(date.getUTCFullYear()).padStart(4, '0')}`
}

/** The octets with one `>` more before each From_ line. */
export function quoteFromLines(octets: Octets): AsyncGenerator<Uint8Array> {
  return requote(octets, 1)
}

/** The octets with one `>` less before each From_ line that has one. */
export function unquoteFromLines(octets: Octets): AsyncGenerator<Uint8Array> {
  return requote(octets, -1)
}

/**
 * A line's beginning is not kept but counted, so that a beginning cut anywhere, or of a million `>`, takes no memory.
 * Only where that beginning was in an earlier piece, or changes, is it made anew.
 */
async function* requote(octets: Octets, change: 1 | -1): AsyncGenerator<Uint8Array> {
  let isInBeginning = true
  let arrowCount = 0
  let matched = 0
  for await (const piece of octets) {
    const chunk: Buffer = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
    let unsent = 0
    let at = 0
    /** Whether the line's beginning is not, or not whole, in this piece. */
    let wasCut: boolean = isInBeginning && arrowCount + matched > 0
    while (at < chunk.length) {
      if (!isInBeginning) {
        const end = chunk.indexOf(lf, at)
        if (end < 0) break
        at = end + 1
        ;[isInBeginning, arrowCount, matched, wasCut] = [true, 0, 0, false]
        continue
      }
      const octet = chunk[at]
      if (octet === arrow && matched === 0) arrowCount++
      else if (octet === from[matched]) matched++
      else isInBeginning = false
      if (isInBeginning) at++
      if (isInBeginning && matched < from.length) continue
      const isFromLine = isInBeginning && (change === 1 || arrowCount > 0)
      isInBeginning = false
      if (!isFromLine && !wasCut) continue
      const lineStart = wasCut ? 0 : at - arrowCount - matched
      if (lineStart > unsent) yield chunk.subarray(unsent, lineStart)
      yield* beginning(arrowCount + (isFromLine ? change : 0), matched)
      unsent = at
    }
    // A beginning that goes on in the next piece is made anew there.
    const end = isInBeginning ? (wasCut ? 0 : chunk.length - arrowCount - matched) : chunk.length
    if (end > unsent) yield chunk.subarray(unsent, end)
  }
  if (isInBeginning) yield* beginning(arrowCount, matched)
}

function* beginning(arrowCount: number, matched: number): Generator<Uint8Array> {
  for (let rest = arrowCount; rest > 0; rest -= arrows.length) yield arrows.subarray(0, rest)
  if (matched > 0) yield from.subarray(0, matched)
}
