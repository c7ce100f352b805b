// `courierpop3dsizelist`, the file in which Courier's POP3 server keeps sizes and UIDLs of a Maildir. Header
// `/version next-uid uidvalidity`, lines `name size uid[:uidvalidity[:utf8]]`; versions 1 to 3 differ in the last part.
import { baseNameOf } from './maildir-name.ts'

export interface SizeList {
  /** Name without flags -> the UIDL that Courier sends. */
  readonly uidls: ReadonlyMap<string, string>
  /** Sentences that begin with the line's number. */
  readonly faults: readonly string[]
}

/** Never throws: a list without a sound header has no entries, and says so in its faults. */
export function parseSizeList(text: string): SizeList {
  const faults: string[] = []
  const uidls = new Map<string, string>()
  const [header = '', ...lines] = text.split('\n')
  if (!/^\/[123] \d+(?: \d+)?$/.test(header))
    return { uidls, faults: ['line 1: not a header of version 1, 2 or 3'] }
  for (const [index, line] of lines.entries()) {
    const match = /^(\S[^/]*?) \d+ (\d+)(?::(\d+))?(?::\d+)?$/.exec(line)
    const cut = index === lines.length - 1
    if (match && !cut) {
      const baseName = baseNameOf(match[1] ?? '')
      uidls.set(baseName, courierUidl(baseName, match[2], match[3]))
    } else if (line !== '') faults.push(`line ${index + 2}: ${cut ? 'cut off' : 'not an entry'}`)
  }
  if (lines.length === 0) faults.push('line 1: cut off')
  return { uidls, faults }
}

/** Messages that Courier knew before it had numbers (uid 0) go by their names, unusual characters as `+XX`. */
function courierUidl(baseName: string, uid = '0', uidValidity = '0'): string {
  if (Number(uid) !== 0) return Number(uidValidity) === 0 ? `UID${uid}` : `UID${uid}-${uidValidity}`
  return baseName.replace(/[^!-~]|['"+]/g, character => {
    return `+${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
  })
}
