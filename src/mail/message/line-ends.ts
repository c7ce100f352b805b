// From the wire form to the line ends of files, such that the way back gives the same octets: CRLF becomes LF, except
// behind a CR, where CR LF would be read as one line end and the first CR be lost.
import type { Octets } from '../octets.ts'

const cr = 0x0d
const lf = 0x0a

/** The same message with LF line ends. What is not a line end (a lone CR, NUL) passes as it is. */
export async function* toFileLineEnds(octets: Octets): AsyncGenerator<Uint8Array> {
  let previous = 0
  let isCrHeld = false
  for await (const chunk of octets) {
    if (chunk.length === 0) continue
    const input: Uint8Array = isCrHeld ? Buffer.concat([Uint8Array.of(cr), chunk]) : chunk
    // A CR that ends the piece waits for what follows it.
    isCrHeld = input.at(-1) === cr
    const end = isCrHeld ? input.length - 1 : input.length
    const output = new Uint8Array(end)
    let length = 0
    for (let i = 0; i < end; i++) {
      const octet = input[i] ?? 0
      const isLineEnd = octet === cr && input[i + 1] === lf && previous !== cr
      if (!isLineEnd) output[length++] = octet
      previous = octet
    }
    if (length > 0) yield output.subarray(0, length)
  }
  if (isCrHeld) yield Uint8Array.of(cr)
}
