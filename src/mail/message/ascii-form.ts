// A stored message in its downgraded form: how long it will be, and its octets, the header changed on its way out. Trace and
// content are downgraded apart, as they are measured.
import type { ContentFacts } from '../delivery-target.ts'
import type { MessageOctets } from '../maildrop-store.ts'
import { downgradedHeader, HeaderDowngrade } from './downgrade.ts'

/** Octets of the message in this form, its trace included; undefined when it has no form but the one. */
export function asciiOctetsOf(
  trace: Uint8Array,
  contentOctets: number,
  { headerOctets, asciiHeaderOctets }: ContentFacts,
): number | undefined {
  const asciiTrace = downgradedHeader(trace)
  if (asciiTrace === trace && asciiHeaderOctets === undefined) return undefined
  return asciiTrace.length + contentOctets - headerOctets + (asciiHeaderOctets ?? headerOctets)
}

/**
 * The message in this form, `asciiOctets` in all as `asciiOctetsOf` has it. No line of the header begins with a dot that
 * did not before, so `dotLines` still says whether there are any.
 */
export function asciiForm(message: MessageOctets, traceOctets: number, asciiOctets: number): MessageOctets {
  const { body, headerOctets, octets, dotLines } = message
  const downgrade = new MessageDowngrade(traceOctets, headerOctets - traceOctets)
  return {
    octets: asciiOctets,
    headerOctets: headerOctets + asciiOctets - octets,
    dotLines,
    body: Symbol.asyncIterator in body ? throughAsync(body, downgrade) : through(body, downgrade),
  }
}

class MessageDowngrade {
  #traceLeft: number
  #headerLeft: number
  #pieces: Uint8Array[] = []
  #header = new HeaderDowngrade(piece => this.#pieces.push(piece))

  constructor(traceOctets: number, headerOctets: number) {
    this.#traceLeft = traceOctets
    this.#headerLeft = headerOctets
  }

  /** What becomes of the next chunk: the fields that end in it, and all of the body. */
  take(chunk: Uint8Array): readonly Uint8Array[] {
    if (this.#headerLeft === 0 && this.#traceLeft === 0) return [chunk]
    this.#pieces = []
    const trace = chunk.subarray(0, this.#traceLeft)
    this.#traceLeft -= trace.length
    this.#header.push(trace)
    if (trace.length > 0 && this.#traceLeft === 0) this.#restart()
    const header = chunk.subarray(trace.length, trace.length + this.#headerLeft)
    this.#headerLeft -= header.length
    this.#header.push(header)
    if (this.#headerLeft === 0 && this.#traceLeft === 0) this.#header.end()
    const rest = chunk.subarray(trace.length + header.length)
    if (rest.length > 0) this.#pieces.push(rest)
    return this.#pieces
  }

  #restart(): void {
    this.#header.end()
    this.#header = new HeaderDowngrade(piece => this.#pieces.push(piece))
  }
}

function* through(body: Iterable<Uint8Array>, downgrade: MessageDowngrade): Generator<Uint8Array, void> {
  for (const chunk of body) yield* downgrade.take(chunk)
}

async function* throughAsync(
  body: AsyncIterable<Uint8Array>,
  downgrade: MessageDowngrade,
): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of body) yield* downgrade.take(chunk)
}
