// Reads an mbox, mboxrd or mboxo: messages begin at From_ lines, `>` before quoted ones is taken away, Content-Length is
// not believed. Dates from our own field, the From_ line or the header; flags from Status. UIDLs from X-UIDL, or, where
// Dovecot kept its UIDs in the file (X-UID, X-IMAPbase), as Dovecot makes them of those.
import { lstat } from 'node:fs/promises'
import { unquoteFromLines } from '../../mail/message/from-line.ts'
import { type Archive, type ArchivedMessage, archiveError, isUidl } from './archive.ts'
import { readArchiveFile } from './archive-file.ts'
import { dateOfHeader, readHeaderFields } from './header-fields.ts'
import { parseFromLineDate } from './mail-date.ts'
import { exportFieldsOctets, type MboxFacts, readMboxFacts } from './mbox-export-fields.ts'
import { type MboxPart, splitMbox } from './mbox-splitter.ts'
import { defaultUidlFormat, parseUidlFormat, type UidlFormat } from './uidl-format.ts'

/** A longer header is read as far as this for dates and unique-ids. */
const maxHeaderOctets = 256 * 1024

/** For servers that send what X-UIDL says, UIDs or not: Dovecot's `pop3_reuse_xuidl`. */
const xUidlFormat = 'x-uidl'

/**
 * `uidlFormat`: the old Dovecot's `pop3_uidl_format`, or `x-uidl`. Throws `ArchiveError` when the file cannot be read;
 * `messages` throws it when the file is no mbox.
 */
export async function openMbox(
  path: string,
  { uidlFormat = defaultUidlFormat }: { uidlFormat?: string } = {},
): Promise<Archive> {
  const format = uidlFormat === xUidlFormat ? undefined : parseUidlFormat(uidlFormat)
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
    messages: readMessages(splitMbox(counted(), path), { path, modified: stat.mtime, format }),
    total: stat.size,
    unit: 'octets',
    position: () => position,
    uidlSource: 'the header fields X-UIDL and X-UID, where there are any',
    faults: [],
  }
}

interface Mbox {
  readonly path: string
  readonly modified: Date
  readonly format: UidlFormat | undefined
}

async function* readMessages(parts: AsyncGenerator<MboxPart>, mbox: Mbox): AsyncGenerator<ArchivedMessage> {
  const cursor = new PartCursor(parts)
  let uidValidity: number | undefined
  for (let number = 1; ; number++) {
    const fromLine = await cursor.nextFromLine()
    if (fromLine === undefined) return
    const header = await cursor.readHeader()
    const ours = exportFieldsOctets(header)
    // A message may begin with what looks like a continuation of our last field.
    const facts = readMboxFacts(readHeaderFields(ours > 0 ? header.subarray(0, ours) : header))
    if (number === 1) uidValidity = facts.uidValidity
    const uidl = uidlOf(facts, uidValidity, mbox.format)
    yield {
      octets: unquoteFromLines(withoutBeginning(header, ours, cursor)),
      internalDate:
        facts.internalDate ??
        parseFromLineDate(fromLine) ??
        dateOfHeader(readHeaderFields(header)) ??
        mbox.modified,
      flags: facts.flags,
      source: `${mbox.path}, message ${number}`,
      ...(uidl !== undefined && { uidl }),
    }
  }
}

/** Where there are UIDs, an X-UIDL that is not ours may be anybody's: senders write such fields too. */
function uidlOf(
  { isOurs, uidl, uid }: MboxFacts,
  uidValidity: number | undefined,
  format: UidlFormat | undefined,
) {
  if (isOurs || format === undefined || uid === undefined || uidValidity === undefined) return uidl
  const made = format({ uid, uidValidity, baseName: '', guid: '' })
  return isUidl(made) ? made : uidl
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
    const result = await this.#parts.next()
    if (result.done) return undefined
    const part = result.value
    if ('octets' in part) return part.octets
    this.#fromLine = part.fromLine
    return undefined
  }
}
