// Plays a transcript again: what was sent is sent, packet by packet, each as soon as so many octets have come on its
// connection as had come then, or a time limit has passed; connections are opened, secured and cut where they were.
import type { DialAddress, DialTls } from '../net/dialer.ts'
import { Unable } from './case.ts'
import { Transcript, type TranscriptEntry } from './transcript.ts'
import type { RecordedEntry } from './transcript-file.ts'
import { Wire } from './wire.ts'

export interface ReplayOptions {
  readonly address: DialAddress
  readonly tls: DialTls
  /** How long what had come then may take now, in milliseconds. */
  readonly patienceMs: number
  /** Does again what was done beside the connections, and noted. */
  readonly beside?: ((note: string) => Promise<void>) | undefined
  readonly signal?: AbortSignal | undefined
}

/** The longest pause between two packets that is kept: what a server does by its clock takes longer, and is not waited for. */
const maxPauseMs = 3_000

export interface Replayed {
  /** What went over the wires now. */
  readonly entries: readonly TranscriptEntry[]
  /** So many of the recorded entries were played; the next one answers a challenge of that time and cannot be sent again. */
  readonly played: number
}

/** Throws `Unable` when there is no connection, or when it is stopped. */
export async function replay(entries: readonly RecordedEntry[], options: ReplayOptions): Promise<Replayed> {
  const run = new Replay(options)
  try {
    let played = 0
    for (const entry of entries) {
      if (options.signal?.aborted) throw new Unable('it was stopped')
      if (entry.isIncomplete && entry.direction === 'sent') break
      await run.do(entry)
      played++
    }
    await run.settle()
    return { entries: run.entries, played }
  } finally {
    run.close()
  }
}

class Replay {
  readonly #options: ReplayOptions
  readonly #transcript = new Transcript()
  readonly #wires = new Map<string, Wire>()
  /** How many octets had come then, by connection, of those that are not yet waited for. */
  readonly #due = new Map<string, number>()
  #doneAtMs = 0

  constructor(options: ReplayOptions) {
    this.#options = options
  }

  get entries(): readonly TranscriptEntry[] {
    return this.#transcript.entries
  }

  async do(entry: RecordedEntry): Promise<void> {
    const { wire: name, direction, octets, omitted = 0 } = entry
    if (direction === 'received') {
      this.#due.set(name, (this.#due.get(name) ?? 0) + octets.length + omitted)
      return
    }
    await this.settle()
    await this.#pause(entry.atMs)
    if (direction === 'note') return this.#note(name, Buffer.from(octets).toString())
    await this.#wires.get(name)?.send(octets)
  }

  /** Waits for what had come before the next packet was sent. */
  async settle(): Promise<void> {
    for (const [name, count] of this.#due) {
      const wire = this.#wires.get(name)
      // What does not come is seen when the two are compared.
      if (count > 0) await wire?.octets(count).catch(() => wire.within(0))
    }
    this.#due.clear()
  }

  close(): void {
    for (const wire of this.#wires.values()) wire.drop()
  }

  async #pause(atMs: number): Promise<void> {
    const pauseMs = Math.min(atMs - this.#doneAtMs, maxPauseMs)
    this.#doneAtMs = atMs
    if (pauseMs > 0) await new Promise(resolve => setTimeout(resolve, pauseMs))
  }

  async #note(name: string, note: string): Promise<void> {
    const { address, tls, patienceMs, beside } = this.#options
    const wire = this.#wires.get(name)
    if (note === 'connected' || note === 'connected, with TLS') {
      const isSecured = note !== 'connected'
      const options = { ...address, name, transcript: this.#transcript, patienceMs }
      this.#wires.set(name, await Wire.open({ ...options, tls: isSecured ? tls : undefined }))
    } else if (note === 'TLS') await wire?.startTls(tls)
    else if (note.startsWith('no TLS')) await wire?.startTls(tls).catch(() => undefined)
    else if (note === 'our side closed') wire?.endWriting()
    else if (note === 'cut by us') wire?.drop()
    else if (note.startsWith('ended by the server')) await wire?.rest().catch(() => undefined)
    else await beside?.(note)
  }
}
