// fetchmail's `.fetchids`, as of 6.4: a line `user@host UIDL` for each message that was seen and not deleted. Users may have
// blanks and `@`, UIDLs may have `@`: the host ends at the first blank behind the first `@`.
import type { ForeignKnown } from './foreign.ts'
import { KnownMessages } from './known-messages.ts'
import { linesOf } from './lines.ts'

const program = 'fetchmail'

/** `text` in latin1. One entry for each user and host, in the order in which they come. */
export function parseFetchids(text: string, file: string): readonly ForeignKnown[] {
  const boxes = new Map<string, { user: string; host: string; messages: KnownMessages }>()
  let odd = 0
  for (const line of linesOf(text)) {
    if (line.trim() === '') continue
    const found = parseLine(line)
    if (!found) {
      odd += 1
      continue
    }
    const { user, host, uidl } = found
    // fetchmail itself compares both without case; users are told apart here as they are written.
    const name = `${user}@${host.toLowerCase()}`
    const box = boxes.get(name) ?? { user, host, messages: new KnownMessages(file) }
    boxes.set(name, box)
    box.messages.add(uidl)
  }
  const remarks = odd === 0 ? [] : [`${file}: ${odd} lines are no \`user@host UIDL\` and counted for nothing`]
  return [...boxes.values()].map(({ user, host, messages }) => ({
    program,
    file,
    host,
    user,
    port: undefined,
    messages: messages.list(),
    remarks: [...remarks, ...messages.remarks()],
  }))
}

function parseLine(line: string): { user: string; host: string; uidl: string } | undefined {
  const text = line.trim()
  const firstAt = text.indexOf('@')
  const blank = firstAt < 0 ? -1 : text.indexOf(' ', firstAt)
  if (blank < 0) return undefined
  const mailbox = text.slice(0, blank)
  const at = mailbox.lastIndexOf('@')
  const [user, host] = [mailbox.slice(0, at), mailbox.slice(at + 1)]
  return user === '' || host === '' ? undefined : { user, host, uidl: text.slice(blank).trim() }
}
