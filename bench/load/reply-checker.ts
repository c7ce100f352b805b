// Checks one POP3 reply whose length is known, however it is cut into chunks, without looking at each octet: the status
// line must begin as expected, and the body must end with its final dot's line exactly where it should.

export interface ExpectedReply {
  /** What the status line begins with. */
  readonly status: string
  /** Octets from behind the status line to the end of the final dot's line; absent for a single-line reply. */
  readonly bodyOctets?: number
  /** Counts as one message. */
  readonly isMessage?: boolean
}

const lineFeed = 0x0a
const finalOctets = Buffer.from('\r\n.\r\n')

export class ReplyChecker {
  #expected: ExpectedReply = { status: '' }
  /** The status line as far as it came. */
  #status = ''
  /** Octets of the body still to come; -1 while in the status line. */
  #remaining = -1
  /** The last octets before the chunk's beginning, kept only near the body's end. */
  #tail: Buffer = Buffer.alloc(0)

  expect(expected: ExpectedReply): void {
    this.#expected = expected
    this.#status = ''
    this.#remaining = -1
    this.#tail = Buffer.alloc(0)
  }

  /** The status line of the reply, without its line end, once it has come. */
  get status(): string {
    return this.#status.trimEnd()
  }

  /**
   * Takes octets from `offset` on. Gives the offset behind the reply when it is complete, undefined when more must
   * come, or a sentence about what is wrong.
   */
  feed(chunk: Buffer, offset: number): number | undefined | string {
    let at = offset
    if (this.#remaining === -1) {
      const end = chunk.indexOf(lineFeed, at)
      if (end === -1) {
        this.#status += chunk.toString('latin1', at)
        return undefined
      }
      const status = this.#status + chunk.toString('latin1', at, end)
      this.#status = status
      if (!isExpected(status, this.#expected.status)) return `the server answered ${JSON.stringify(status)}`
      if (this.#expected.bodyOctets === undefined) return end + 1
      this.#remaining = this.#expected.bodyOctets
      // The status line's own end counts as the CRLF before the dot of an empty body.
      this.#tail = finalOctets.subarray(0, 2)
      at = end + 1
    }
    return this.#feedBody(chunk, at)
  }

  #feedBody(chunk: Buffer, at: number): number | undefined | string {
    const here = chunk.length - at
    if (here < this.#remaining) {
      this.#remaining -= here
      if (this.#remaining < finalOctets.length && here > 0) {
        this.#tail = Buffer.concat([this.#tail, chunk.subarray(Math.max(at, chunk.length - 5))])
      }
      return undefined
    }
    const end = at + this.#remaining
    const last =
      this.#remaining >= finalOctets.length
        ? chunk.subarray(end - finalOctets.length, end)
        : Buffer.concat([this.#tail, chunk.subarray(at, end)]).subarray(-finalOctets.length)
    if (!last.equals(finalOctets)) return 'the final dot is not where it should be'
    return end
  }
}

/** The status begins with the words expected, and the last of them ends there. */
function isExpected(status: string, expected: string): boolean {
  if (!status.startsWith(expected)) return false
  const next = status.charCodeAt(expected.length)
  return !(next >= 0x30 && next <= 0x39)
}
