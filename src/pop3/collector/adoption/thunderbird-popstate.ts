// Thunderbird's `popstate.dat`: a line `*host user`, then a line `status UIDL seconds` for each message that is left on the
// server. `k`: it has it. `d`: it has it, and will delete it there. `b`: it has its beginning only. `f`: it was to fetch it whole.
import type { ForeignKnown } from './foreign.ts'
import { KnownMessages } from './known-messages.ts'
import { linesOf } from './lines.ts'

const program = 'Thunderbird'
const isFetched: Readonly<Record<string, boolean>> = { k: true, d: true, b: false, f: false }

interface Box {
  readonly host: string
  readonly user: string
  readonly messages: KnownMessages
  partial: number
  toDelete: number
}

/** `text` in latin1. */
export function parsePopstate(text: string, file: string): readonly ForeignKnown[] {
  const boxes: Box[] = []
  let box: Box | undefined
  for (const line of linesOf(text)) {
    if (line === '' || line.startsWith('#')) continue
    if (line.startsWith('*')) {
      box = openBox(line, file)
      if (box) boxes.push(box)
    } else if (box) readLine(line, box)
  }
  return boxes.map(box => ({
    program,
    file,
    host: box.host,
    user: box.user,
    port: undefined,
    messages: box.messages.list(),
    remarks: remarksOf(box),
  }))
}

/** The host has no blanks, the user may. */
function openBox(line: string, file: string): Box | undefined {
  const [, host, user] = /^\*([^ \t]+)[ \t]+([^ \t].*)$/.exec(line.trimEnd()) ?? []
  if (host === undefined || user === undefined) return undefined
  return { host, user, messages: new KnownMessages(file), partial: 0, toDelete: 0 }
}

function readLine(line: string, box: Box): void {
  const [status = '', uidl = '', seconds = ''] = line.split(/[ \t]+/, 3)
  const fetched = status.length === 1 ? isFetched[status] : undefined
  if (fetched === undefined) box.messages.odd += 1
  else if (!fetched) box.partial += 1
  else {
    if (status === 'd') box.toDelete += 1
    box.messages.add(uidl, /^\d{1,12}$/.test(seconds) ? Number(seconds) : undefined)
  }
}

function remarksOf({ partial, toDelete, messages }: Box): string[] {
  return [
    ...(partial > 0
      ? [`Thunderbird has only the beginning of ${partial} large messages: they are fetched`]
      : []),
    ...(toDelete > 0
      ? [`Thunderbird was about to delete ${toDelete} messages on the server: here \`keep\` decides`]
      : []),
    ...messages.remarks(),
  ]
}
