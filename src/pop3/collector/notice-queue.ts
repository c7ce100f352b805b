// Notices on one way to whoever is to be told, in their order. One that cannot be told is tried again, later each time, and those
// behind it wait; what can never be told, or waits too long, is lost and said so. Nothing of it outlives the process.
import { backOffMs } from './back-off.ts'

/** What is sent, as JSON. */
export interface Notice {
  /** `paused`: nobody tries any more; `failing`: the third run in a row has failed; `parked`: messages wait for a person. */
  readonly kind: 'paused' | 'failing' | 'parked' | 'well-again'
  readonly source: string
  /** A sentence for a person. */
  readonly text: string
  readonly at: Date
}

export interface NoticeQueueOptions {
  /** Rejects with `Refused` for what is not to be tried again. */
  readonly send: (notice: Notice) => Promise<void>
  /** Told of each attempt that came to nothing. */
  readonly onFault: (error: unknown, source: string) => void
  /** Told of what nobody will be told. */
  readonly onLost: (notice: Notice) => void
}

/** The other side does not take this notice, now or later. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

/** Of which the oldest is given up for a new one. */
const mostWaiting = 100
/** Some seven hours, as they follow one another. */
const mostAttempts = 12

export class NoticeQueue {
  readonly #options: NoticeQueueOptions
  readonly #waiting: Notice[] = []
  /** Of the first that waits. */
  #attempts = 0
  #timer: NodeJS.Timeout | undefined
  #telling: Promise<void> | undefined
  #isClosed = false

  constructor(options: NoticeQueueOptions) {
    this.#options = options
  }

  /** Resolves when nothing is told any more for now. Never rejects. */
  async add(notice: Notice): Promise<void> {
    if (this.#isClosed) return this.#options.onLost(notice)
    if (this.#waiting.length >= mostWaiting) this.#lose(this.#telling ? 1 : 0)
    this.#waiting.push(notice)
    if (!this.#timer) await this.#tell()
  }

  /** Gives what is not waiting for another attempt its one chance; what then is left is lost. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#telling
    while (this.#waiting.length > 0) this.#lose(0)
  }

  #tell(): Promise<void> {
    this.#telling ??= this.#tellAll().finally(() => {
      this.#telling = undefined
    })
    return this.#telling
  }

  async #tellAll(): Promise<void> {
    for (let notice = this.#waiting[0]; notice; notice = this.#waiting[0]) {
      try {
        await this.#options.send(notice)
        this.#done()
      } catch (error) {
        this.#options.onFault(error, notice.source)
        this.#attempts += 1
        if (error instanceof Refused || this.#attempts >= mostAttempts) this.#lose(0)
        else return this.#tryLater()
      }
    }
  }

  #tryLater(): void {
    if (this.#isClosed) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      void this.#tell()
    }, backOffMs(this.#attempts)).unref()
  }

  #done(): void {
    this.#waiting.shift()
    this.#attempts = 0
  }

  #lose(index: number): void {
    const [lost] = this.#waiting.splice(index, 1)
    if (index === 0) this.#attempts = 0
    if (lost) this.#options.onLost(lost)
  }
}
