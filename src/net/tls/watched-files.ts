// A value made of files, and made anew when they change: written over, renamed into place, or a symbolic link turned to
// others. What cannot be read leaves the old value standing.
import { type Stats, statSync } from 'node:fs'
import { stat } from 'node:fs/promises'

export class WatchedFiles<T> {
  readonly files: readonly string[]
  readonly #read: () => T
  #current: T
  /** How the files looked when the value was made. */
  #madeFrom: string
  /** How they looked when that failed, and whether it was told. */
  #failedAt: string | undefined
  #isTold = false

  /** Throws what `read` throws. */
  constructor(files: readonly string[], read: () => T) {
    this.files = files
    this.#read = read
    // Here and below looked at before reading: what changes meanwhile is seen next time.
    this.#madeFrom = files.map(lookAtOnce).join('\n')
    this.#current = read()
  }

  get current(): T {
    return this.#current
  }

  /**
   * Looks at the files; true when there is a new value. A failure is told by `onFailure` at the second look that finds the
   * same files, because certificate and key are written one behind the other, and then not again until they change.
   */
  async check(onFailure: (error: Error) => void): Promise<boolean> {
    const look = (await Promise.all(this.files.map(lookAt))).join('\n')
    if (look === this.#madeFrom) this.#failedAt = undefined
    if (look === this.#madeFrom || (look === this.#failedAt && this.#isTold)) return false
    try {
      this.#current = this.#read()
      this.#madeFrom = look
      this.#failedAt = undefined
      return true
    } catch (error) {
      this.#isTold = look === this.#failedAt
      this.#failedAt = look
      if (this.#isTold) onFailure(error as Error)
      return false
    }
  }
}

function lookAtOnce(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false })
  return stats ? appearance(stats) : 'ENOENT'
}

async function lookAt(file: string): Promise<string> {
  return stat(file).then(appearance, codeOf)
}

function appearance({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${dev} ${ino} ${size} ${mtimeMs} ${ctimeMs}`
}

function codeOf(error: NodeJS.ErrnoException): string {
  return error.code ?? 'unknown'
}
