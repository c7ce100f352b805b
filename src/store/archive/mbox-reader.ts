// Reads an mbox, mboxrd or mboxo: messages begin at From_ lines, `>` before quoted ones is taken away, Content-Length is
// not believed. Dates from our own field, the From_ line or the header; UIDLs from X-UIDL; flags from Status.
import { lstat } from 'node:fs/promises'
import { type Archive, type ArchivedMessage, archiveError } from './archive.ts'
import { readArchiveFile } from './archive-file.ts'
import { unquoteFromLines } from './from-line.ts'
import { dateOfHeader, readHeaderFields } from './header-fields.ts'
import { parseFromLineDate } from './mail-date.ts'
import { exportFieldsOctets, readMboxFacts } from './mbox-export-fields.ts'
import { type MboxPart, splitMbox } from './mbox-splitter.ts'

/** A longer header is read as far as this for dates and unique-ids. */
const maxHeaderOctets = 256 * 1024

/** Throws `ArchiveError` when the file cannot be read; `messages` throws it when the file is no mbox. */
export async function openMbox(path: string): Promise<Archive> {
  const stat = await lstat(path).catch((error: unknown) => {
    throw archiveError(path, error)
  })
  let position = 0
  async function* counted() {
    for await (const chunk of readArchiveFile(path)) {
      position += chunk.length
      yield chunk
    }
  }
  return {
    messages: readMessages(splitMbox(counted(), path), path, stat.mtime),
    total: stat.size,
    unit: 'octets',
    position: () => position,
    uidlSource: 'X-UIDL fields, where there are any',
    faults: [],
  }
}

async function* readMessages(
  parts: AsyncGenerator<MboxPart>,
  path: string,
  modified: Date,
): AsyncGenerator<ArchivedMessage> {
  const cursor = new PartCursor(parts)
  for (let number = 1; ; number++) {
    const fromLine = await cursor.nextFromLine()
    if (fromLine === undefined) return
    const header = await cursor.readHeader()
    const facts = readMboxFacts(readHeaderFields(header))
    yield {
      octets: unquoteFromLines(withoutBeginning(header, exportFieldsOctets(header), cursor)),
      internalDate:
        facts.internalDate ??
        parseFromLineDate(fromLine) ??
        dateOfHeader(readHeaderFields(header)) ??
        modified,
      flags: facts.flags,
      source: `${path}, message ${number}`,
      ...(facts.uidl !== undefined && { uidl: facts.uidl }),
    }
  }
}

async function* withoutBeginning(
  header: Uint8Array,
  from: number,
  rest: PartCursor,
): AsyncGenerator<Uint8Array> {
  yield header.subarray(from)
  yield* rest.body()
}

/** Walks over the parts of an mbox, message by message. */
class PartCursor {
  readonly #parts: AsyncGenerator<MboxPart>
  #fromLine: string | undefined

  constructor(parts: AsyncGenerator<MboxPart>) {
    this.#parts = parts
  }

  /** Passes over what is unread of this message, and over the next From_ line; undefined at the end. */
  async nextFromLine(): Promise<string | undefined> {
    while (this.#fromLine === undefined && (await this.#nextOctets()) !== undefined);
    const fromLine = this.#fromLine
    this.#fromLine = undefined
    return fromLine
  }

  /** The message's first octets: its header at least, unless that is too long. */
  async readHeader(): Promise<Uint8Array> {
    let header = Buffer.alloc(0)
    while (header.length < maxHeaderOctets && !/\n\r?\n/.test(header.toString('latin1'))) {
      const octets = await this.#nextOctets()
      if (!octets) break
      header = Buffer.concat([header, octets])
    }
    return header
  }

  /** What follows of this message. */
  async *body(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const octets = await this.#nextOctets()
      if (!octets) return
      yield octets
    }
  }

  /** Undefined at the end of the message. */
  async #nextOctets(): Promise<Uint8Array | undefined> {
    if (this.#fromLine !== undefined) return undefined
    const { done, value } = await this.#parts.next()
    if (done) return undefined
    if ('octets' in value) return value.octets
    this.#fromLine = value.fromLine
    return undefined
  }
}
