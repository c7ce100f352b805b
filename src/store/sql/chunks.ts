// Cutting a stream of octets into the chunks that are stored. Chunks are copied out of the pieces they came in, so that
// none of them keeps a network buffer alive and each can be handed to another thread.

/** Octets of one stored chunk; all but the last of a content have exactly this size. */
export const chunkOctets = 65_536

export class ChunkBuffer {
  readonly #pieces: Uint8Array[] = []
  #octets = 0

  get octets(): number {
    return this.#octets
  }

  push(piece: Uint8Array): void {
    if (piece.length === 0) return
    this.#pieces.push(piece)
    this.#octets += piece.length
  }

  /** Takes out all that is left, in chunks with memory of their own. */
  takeAll(): Uint8Array<ArrayBuffer>[] {
    const chunks: Uint8Array<ArrayBuffer>[] = []
    while (this.#octets > 0) {
      const chunk = new Uint8Array(Math.min(chunkOctets, this.#octets))
      this.fill(chunk)
      chunks.push(chunk)
    }
    return chunks
  }

  /** Takes out as many octets as `target` is long; there must be so many. */
  fill(target: Uint8Array): void {
    let filled = 0
    let used = 0
    for (const piece of this.#pieces) {
      if (filled === target.length) break
      const part = piece.subarray(0, target.length - filled)
      target.set(part, filled)
      filled += part.length
      if (part.length === piece.length) used += 1
      else this.#pieces[used] = piece.subarray(part.length)
    }
    this.#pieces.splice(0, used)
    this.#octets -= filled
  }
}
