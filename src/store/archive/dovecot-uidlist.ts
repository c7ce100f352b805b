// `dovecot-uidlist`, the file in which Dovecot keeps the UIDs of a Maildir and, after migrations, POP3 UIDLs. Version 1
// (`uid name`, also Courier's courierimapuiddb) and 3 (`uid [Kvalue ...] :name`) are read, version 3 is written.
import { baseNameOf } from './maildir-name.ts'

export interface UidListEntry {
  readonly uid: number
  /** The name without its flags. */
  readonly baseName: string
  /** A UIDL that overrides the server's format; empty means the file's name. */
  readonly uidl?: string
  /** Place in the POP3 listing; messages without one follow those that have it. */
  readonly order?: number
  readonly guid?: string
}

export interface UidList {
  readonly uidValidity: number
  readonly entries: ReadonlyMap<string, UidListEntry>
  /** Sentences that begin with the line's number. */
  readonly faults: readonly string[]
}

/** Never throws: a list without a sound header has no entries, and says so in its faults. */
export function parseUidList(text: string): UidList {
  const faults: string[] = []
  const entries = new Map<string, UidListEntry>()
  const [headerLine = '', ...lines] = text.split('\n')
  const header = parseHeader(headerLine)
  if (!header) return { uidValidity: 0, entries, faults: ['line 1: not a header of version 1 or 3'] }
  const parseEntry = header.version === 1 ? parseEntry1 : parseEntry3
  for (const [index, line] of lines.entries()) {
    const entry = parseEntry(line)
    // The last line has its end too; what stands behind it was cut off, and may be half of a name.
    const cut = index === lines.length - 1
    if (entry && !cut) entries.set(entry.baseName, entry)
    else if (line !== '') faults.push(`line ${index + 2}: ${cut ? 'cut off' : 'not an entry'}`)
  }
  if (lines.length === 0) faults.push('line 1: cut off')
  return { uidValidity: header.uidValidity, entries, faults }
}

/** A list of version 3. `entries` in the order of their uids, which rise. */
export function formatUidList(
  uidValidity: number,
  entries: readonly Required<Omit<UidListEntry, 'order' | 'guid'>>[],
) {
  const nextUid = (entries.at(-1)?.uid ?? 0) + 1
  const lines = entries.map(({ uid, uidl, baseName }) => `${uid} P${uidl} :${baseName}\n`)
  return `3 V${uidValidity} N${nextUid}\n${lines.join('')}`
}

function parseHeader(line: string): { version: 1 | 3; uidValidity: number } | undefined {
  const old = /^1 (\d{1,10}) \d{1,10}$/.exec(line)
  if (old) return { version: 1, uidValidity: Number(old[1]) }
  const validity = /^3(?: [A-Z]\S*)*? V(\d{1,10})(?: |$)/.exec(line)
  return validity ? { version: 3, uidValidity: Number(validity[1]) } : undefined
}

function parseEntry1(line: string): UidListEntry | undefined {
  const match = /^([1-9]\d{0,9}) +([^/]+)$/.exec(line)
  return match ? { uid: Number(match[1]), baseName: baseNameOf(match[2] ?? '') } : undefined
}

function parseEntry3(line: string): UidListEntry | undefined {
  const match = /^([1-9]\d{0,9}) +((?:[A-Z][^ ]* +)*):([^/]+)$/.exec(line)
  if (!match) return undefined
  const values = new Map((match[2] ?? '').split(/ +/).map(field => [field.slice(0, 1), field.slice(1)]))
  const [uidl, order, guid] = [values.get('P'), values.get('O'), values.get('G')]
  return {
    uid: Number(match[1]),
    baseName: baseNameOf(match[3] ?? ''),
    ...(uidl !== undefined && { uidl }),
    ...(order !== undefined && /^\d{1,10}$/.test(order) && { order: Number(order) }),
    ...(guid !== undefined && { guid }),
  }
}
