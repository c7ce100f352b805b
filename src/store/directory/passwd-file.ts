// Accounts from a passwd-style file, kept in memory and read again within two seconds of a change. A file that cannot be
// read, or has a bad line, changes nothing: what was read before stays, and the log says which line. Reading goes piece
// by piece, so that a hundred thousand lines hold nobody up.
import { type FileHandle, open, stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { TextDecoder } from 'node:util'
import { Refusal } from '../../mail/errors.ts'
import { type PasswdEntry, parsePasswdLine } from './passwd-line.ts'
import type { AccountSource, DirectoryLog } from './source.ts'

const maxFileOctets = 128 * 2 ** 20
const maxLineLength = 8192
const pieceOctets = 32 * 2 ** 10
/** A file is read when it looked the same twice, so that a half-written one is seldom met: within two of these. */
const lookEveryMs = 250

type Table = ReadonlyMap<string, PasswdEntry>

export class PasswdFile implements AccountSource {
  readonly label: string
  readonly #file: string
  readonly #log: DirectoryLog
  readonly #closing = new AbortController()
  readonly #watching: Promise<void>
  #table: Table
  /** How the file looked when it was last read, or tried. */
  #seen: string

  private constructor(file: string, log: DirectoryLog, table: Table, seen: string) {
    this.label = `passwd-file ${file}`
    this.#file = file
    this.#log = log
    this.#table = table
    this.#seen = seen
    this.#watching = this.#watch()
  }

  /** Refuses with `directory-unavailable` when the file cannot be read or has a bad line, saying which. */
  static async open(file: string, log: DirectoryLog): Promise<PasswdFile> {
    try {
      const seen = await lookOf(file)
      return new PasswdFile(file, log, await readTable(file, log), seen)
    } catch (error) {
      throw new Refusal('directory-unavailable', `the passwd-file ${file} ${sentenceOf(error)}`, {
        cause: error,
      })
    }
  }

  async find(name: string): Promise<PasswdEntry | undefined> {
    return this.#table.get(name)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#watching
  }

  async #watch(): Promise<void> {
    const { signal } = this.#closing
    let previous = this.#seen
    while (!signal.aborted) {
      await sleep(lookEveryMs, undefined, { signal, ref: false }).catch(() => {})
      if (signal.aborted) return
      const look = await lookOf(this.#file).catch((error: unknown) => sentenceOf(error))
      if (look === previous && look !== this.#seen) await this.#reread(look)
      previous = look
    }
  }

  async #reread(look: string): Promise<void> {
    try {
      this.#table = await readTable(this.#file, this.#log)
      this.#log.info({ file: this.#file, accounts: this.#table.size }, 'the passwd-file was read again')
    } catch (error) {
      this.#log.error(
        { file: this.#file, reason: sentenceOf(error) },
        'the passwd-file cannot be used: what was read before stays',
      )
    }
    // If it changed meanwhile, it looks otherwise now and is read again.
    this.#seen = look
  }
}

/** Changes whenever the file does. */
async function lookOf(file: string): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true })
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
}

class BadFile extends Error {}

function sentenceOf(error: unknown): string {
  if (error instanceof BadFile) return error.message
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  return `cannot be read (${code})`
}

async function readTable(file: string, log: DirectoryLog): Promise<Table> {
  const table = new Map<string, PasswdEntry>()
  let number = 0
  let limited = 0
  for await (const lines of linesOf(file)) {
    for (const line of lines) {
      number += 1
      const entry = parsePasswdLine(line)
      if (entry === undefined) continue
      if (typeof entry === 'string') throw new BadFile(`has a bad line ${number}: ${entry}`)
      if (table.has(entry.name))
        throw new BadFile(`has a bad line ${number}: the name stands in a line before, too`)
      if (entry.isLimitedElsehow) limited += 1
      table.set(entry.name, entry)
    }
  }
  if (limited > 0) log.warn({ file, accounts: limited }, 'allow_nets of the passwd-file is not heeded')
  return table
}

async function* linesOf(file: string): AsyncGenerator<readonly string[]> {
  const handle = await open(file)
  try {
    yield* linesIn(handle)
  } finally {
    await handle.close()
  }
}

/** Each piece is waited for, so that others have their turn between. */
async function* linesIn(handle: FileHandle): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const piece = new Uint8Array(pieceOctets)
  let [rest, octets] = ['', 0]
  for (;;) {
    const { bytesRead } = await handle.read(piece, 0, piece.length)
    octets += bytesRead
    if (octets > maxFileOctets) throw new BadFile(`has more than ${maxFileOctets} octets`)
    const lines = (rest + decoded(decoder, piece.subarray(0, bytesRead))).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > maxLineLength || lines.some(line => line.length > maxLineLength))
      throw new BadFile(`has a line of more than ${maxLineLength} characters`)
    yield lines.map(line => (line.endsWith('\r') ? line.slice(0, -1) : line))
    if (bytesRead === 0) break
  }
  yield [rest]
}

function decoded(decoder: TextDecoder, octets: Uint8Array): string {
  try {
    return decoder.decode(octets, { stream: octets.length > 0 })
  } catch {
    throw new BadFile('is not UTF-8')
  }
}
