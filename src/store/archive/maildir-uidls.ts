// The UIDLs an old server gave to the messages of a Maildir, out of the lists it left there: Dovecot's, then Courier's.
import { join } from 'node:path'
import { isUidl } from './archive.ts'
import { readListFile } from './archive-file.ts'
import { parseSizeList } from './courier-sizelist.ts'
import { parseUidList, type UidListEntry } from './dovecot-uidlist.ts'
import { defaultUidlFormat, parseUidlFormat, type UidlFormat } from './uidl-format.ts'

export interface MaildirUidls {
  /** Base name -> UIDL. */
  readonly uidls: ReadonlyMap<string, string>
  /** Base name -> place in the old server's POP3 listing, where that is not the order of the names. */
  readonly places: ReadonlyMap<string, number>
  readonly source?: string
  readonly faults: readonly string[]
}

const dovecotList = 'dovecot-uidlist'
const courierList = 'courierpop3dsizelist'

/** Reads the lists that lie in the Maildir at `path`; `uidlFormat` is the old Dovecot's `pop3_uidl_format`. */
export async function readMaildirUidls(path: string, uidlFormat = defaultUidlFormat): Promise<MaildirUidls> {
  const format = parseUidlFormat(uidlFormat)
  const [dovecot, courier] = await Promise.all(
    [dovecotList, courierList].map(name => readListFile(join(path, name))),
  )
  const faults: string[] = []
  const uidls = new Map<string, string>()
  const places = new Map<string, number>()
  const name = (list: string) => (fault: string) => `${join(path, list)} ${fault}`
  if (courier !== undefined) {
    const list = parseSizeList(courier)
    faults.push(...list.faults.map(name(courierList)))
    for (const [baseName, uidl] of list.uidls) uidls.set(baseName, uidl)
  }
  if (dovecot !== undefined) {
    const list = parseUidList(dovecot)
    faults.push(...list.faults.map(name(dovecotList)))
    const listed = inPop3Order(list.entries.values())
    for (const [place, entry] of listed.entries()) {
      places.set(entry.baseName, place)
      uidls.set(entry.baseName, dovecotUidl(entry, list.uidValidity, format))
    }
  }
  for (const [baseName, uidl] of uidls) {
    if (isUidl(uidl)) continue
    uidls.delete(baseName)
    faults.push(
      `${join(path, baseName)}: its UIDL is not 1 to 70 printable characters: ${JSON.stringify(uidl)}`,
    )
  }
  const source = dovecot !== undefined ? dovecotList : courier !== undefined ? courierList : undefined
  return { uidls, places, faults, ...(source !== undefined && { source }) }
}

function dovecotUidl(entry: UidListEntry, uidValidity: number, format: UidlFormat): string {
  if (entry.uidl === '') return entry.baseName
  return entry.uidl ?? format({ ...entry, uidValidity, guid: entry.guid ?? entry.baseName })
}

/** Messages that have an order come first, in that order; the others follow in the order of their uids. */
function inPop3Order(entries: Iterable<UidListEntry>): UidListEntry[] {
  const order = (entry: UidListEntry) => entry.order ?? Number.POSITIVE_INFINITY
  return [...entries].sort((a, b) => (order(a) === order(b) ? a.uid - b.uid : order(a) - order(b)))
}
