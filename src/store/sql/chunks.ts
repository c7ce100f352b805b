// Cutting a stream of octets into the chunks that are stored. Each chunk has memory of its own, so that it can be handed
// to another thread without a copy and keeps no network buffer alive.

/** Octets of one stored chunk; all but the last of a content have exactly this size. */
export const chunkOctets = 65_536

export class ChunkBuffer {
  #pieces: Uint8Array[] = []
  #octets = 0

  get octets(): number {
    return this.#octets
  }

  push(piece: Uint8Array): void {
    if (piece.length === 0) return
    this.#pieces.push(piece)
    this.#octets += piece.length
  }

  /** Takes out at most `maxChunks` chunks; an incomplete one only when `rest` is true. */
  take(maxChunks: number, rest: boolean): Uint8Array<ArrayBuffer>[] {
    const taken: Uint8Array<ArrayBuffer>[] = []
    while (taken.length < maxChunks && (this.#octets >= chunkOctets || (rest && this.#octets > 0))) {
      taken.push(this.#takeOne(Math.min(chunkOctets, this.#octets)))
    }
    return taken
  }

  #takeOne(octets: number): Uint8Array<ArrayBuffer> {
    const chunk = new Uint8Array(octets)
    let filled = 0
    let used = 0
    while (filled < octets) {
      const piece = this.#pieces[used]
      if (!piece) break
      const part = piece.subarray(0, octets - filled)
      chunk.set(part, filled)
      filled += part.length
      if (part.length === piece.length) used += 1
      else this.#pieces[used] = piece.subarray(part.length)
    }
    this.#pieces.splice(0, used)
    this.#octets -= octets
    return chunk
  }
}
