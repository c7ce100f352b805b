// TOP, RFC 1939 section 7: the header, the empty line, and the first lines of the body. Reads no further than it must.
import type { MessageOctets } from '../../mail/maildrop-store.ts'
import type { MessageBody } from '../../net/transmission.ts'

const lineFeed = 10

/** The top of a message, `lines` of its body included. */
export function topOf(message: MessageOctets, lines: number): MessageBody {
  const cut = new TopCut(message.headerOctets, lines)
  const { body } = message
  return {
    dotLines: message.dotLines,
    octets: undefined,
    body: Symbol.asyncIterator in body ? cutAsync(body, cut) : cutSync(body, cut),
  }
}

class TopCut {
  #headerLeft: number
  #linesLeft: number

  constructor(headerOctets: number, lines: number) {
    this.#headerLeft = headerOctets
    this.#linesLeft = lines
  }

  get isDone(): boolean {
    return this.#headerLeft === 0 && this.#linesLeft === 0
  }

  /** What of the next chunk belongs to the top. */
  take(chunk: Uint8Array): Uint8Array {
    if (this.#headerLeft > chunk.length) {
      this.#headerLeft -= chunk.length
      return chunk
    }
    let end = this.#headerLeft
    this.#headerLeft = 0
    while (this.#linesLeft > 0) {
      const lineEnd = chunk.indexOf(lineFeed, end)
      if (lineEnd < 0) return chunk
      end = lineEnd + 1
      this.#linesLeft -= 1
    }
    return chunk.subarray(0, end)
  }
}

function* cutSync(body: Iterable<Uint8Array>, cut: TopCut): Generator<Uint8Array, void> {
  for (const chunk of body) {
    yield cut.take(chunk)
    if (cut.isDone) return
  }
}

async function* cutAsync(body: AsyncIterable<Uint8Array>, cut: TopCut): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of body) {
    yield cut.take(chunk)
    if (cut.isDone) return
  }
}
