// mpop's UIDLS files: a line ` NUMBER HOST USER` begins a list, and so many lines follow with a UIDL each. UIDLs may begin
// with `#`; comments stand between lists only.
import { ForeignFileError, type ForeignKnown } from './foreign.ts'
import { KnownMessages } from './known-messages.ts'
import { linesOf } from './lines.ts'

const program = 'mpop'

interface List {
  readonly host: string
  readonly user: string
  readonly messages: KnownMessages
  /** Lines that are still to come. */
  rest: number
}

/** `text` in latin1. Throws `ForeignFileError`. */
export function parseMpopUidls(text: string, file: string): readonly ForeignKnown[] {
  const lists: List[] = []
  let number = 0
  for (const line of linesOf(text)) {
    number += 1
    const list = lists.at(-1)
    // A blank begins a list, since no UIDL has one: a number that is too large swallows no other list.
    if (line.startsWith(' ')) lists.push(openList(line, file, number))
    else if (list && list.rest > 0) {
      list.rest -= 1
      list.messages.add(line)
    } else if (line !== '' && !line.startsWith('#')) throw noList(file, number)
  }
  return lists.map(({ host, user, messages, rest }) => ({
    program,
    file,
    host,
    user,
    port: undefined,
    messages: messages.list(),
    remarks: [
      ...(rest > 0 ? [`${file}: the list of ${user} at ${host} ends ${rest} messages too early`] : []),
      ...messages.remarks(),
    ],
  }))
}

function openList(line: string, file: string, number: number): List {
  const [, count, host, user] = /^ (\d{1,9}) ([^ ]+) (.+)$/.exec(line) ?? []
  if (count === undefined || host === undefined || user === undefined) throw noList(file, number)
  return { host, user, messages: new KnownMessages(file), rest: Number(count) }
}

function noList(file: string, number: number): ForeignFileError {
  return new ForeignFileError(`${file}, line ${number}: this is no list of UIDLs as mpop writes them`)
}
