// What an mbox has no place for goes into fields before the header when we write one, and is taken away again when we
// read it: X-UIDL and Status, which other programs understand, behind one that says the fields are ours.
import type { StoredMessage } from '../../mail/archive-store.ts'
import type { Flag } from '../../mail/flags.ts'
import { isUidl } from './archive.ts'
import type { HeaderFields } from './header-fields.ts'

/** The first of the added fields; its value is the internal date. */
const markerField = 'X-Poplar-Export'

/** Letters of the Status and X-Status fields, as mbox programs use them. */
const statusLetters: Record<string, Flag> = { R: 'seen' }
const extraStatusLetters: Record<string, Flag> = { A: 'answered', F: 'flagged', T: 'draft', D: 'deleted' }

/** LF line ends. */
export function formatExportFields({ internalDate, uidl, flags }: StoredMessage): string {
  const letters = (table: Record<string, Flag>) =>
    Object.keys(table)
      .filter(letter => flags.some(flag => flag === table[letter]))
      .join('')
  const status = `${letters(statusLetters)}O`
  const fields = [
    [markerField, internalDate.toISOString()],
    ['X-UIDL', uidl],
    ['Status', status],
    ['X-Status', letters(extraStatusLetters)],
  ] as const
  return fields.map(([name, value]) => `${name}: ${value}\n`).join('')
}

/** Octets of the fields we added in front of this header; 0 in mail that another program wrote. */
export function exportFieldsOctets(header: Uint8Array): number {
  const text = Buffer.from(header.buffer, header.byteOffset, Math.min(header.byteLength, 1024)).toString(
    'latin1',
  )
  // Another program may have rewritten or moved a Status field since.
  return /^X-Poplar-Export:.*\n(?:X-UIDL:.*\n)?(?:Status:.*\n)?(?:X-Status:.*\n)?/.exec(text)?.[0].length ?? 0
}

export interface MboxFacts {
  /** The fields in front are ours. */
  readonly isOurs: boolean
  readonly internalDate?: Date
  readonly uidl?: string
  /** As Dovecot and UW-IMAP number messages. */
  readonly uid?: number
  /** Stands in the first message of an mbox, for all of them. */
  readonly uidValidity?: number
  readonly flags: readonly Flag[]
}

/** What the fields of a message in an mbox say, ours or another program's. */
export function readMboxFacts(fields: HeaderFields): MboxFacts {
  const flags = (name: string, table: Record<string, Flag>) =>
    [...new Set(fields.get(name) ?? '')].flatMap(letter => table[letter] ?? [])
  const marker = fields.get(markerField.toLowerCase())
  const date = new Date(marker ?? Number.NaN)
  const uidl = fields.get('x-uidl')
  const uid = /^[1-9]\d{0,9}$/.exec(fields.get('x-uid') ?? '')?.[0]
  const uidValidity = /^\d{1,10}(?= )/.exec(fields.get('x-imapbase') ?? fields.get('x-imap') ?? '')?.[0]
  return {
    isOurs: marker !== undefined,
    flags: [...flags('status', statusLetters), ...flags('x-status', extraStatusLetters)],
    ...(!Number.isNaN(date.getTime()) && { internalDate: date }),
    ...(uidl !== undefined && isUidl(uidl) && { uidl }),
    ...(uid !== undefined && { uid: Number(uid) }),
    ...(uidValidity !== undefined && { uidValidity: Number(uidValidity) }),
  }
}
