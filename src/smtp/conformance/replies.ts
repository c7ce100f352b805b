// Replies as a client sees them, held to the form that RFC 5321 section 4.2 gives every one of them, whatever the case is
// about: three digits, the same ones on each line, CRLF at the end, and 512 octets to a line (section 4.5.3.1.5).
import { Failure } from '../../conformance/case.ts'
import { octetsOf } from '../../conformance/steps.ts'
import { shown, type Wire } from '../../conformance/wire.ts'

export interface Reply {
  readonly code: number
  /** What follows the code on each line, in latin1; one at least. */
  readonly lines: readonly string[]
  /** The enhanced status code in front of the first line, RFC 3463 section 2: `5.1.1`. */
  readonly status: string | undefined
}

const replyLine = /^([2-5][0-9][0-9])(?:([ -])([^\r\n]*))?\r\n$/
const lineOctets = 512
/** More than any server has to say. */
const maxLines = 1_000
const enhancedStatus = /^([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: |$)/

/** Reads a reply of one or more lines. Throws a `Failure` when it is none. */
export async function readReply(wire: Wire, patienceMs?: number): Promise<Reply> {
  const lines: string[] = []
  let first: string | undefined
  while (lines.length < maxLines) {
    const line = await wire.line(patienceMs)
    const [, code, mark, text = ''] = replyLine.exec(line.toString('latin1')) ?? []
    if (code === undefined) throw new Failure(`${shown(line)} is no reply`)
    if (line.length > lineOctets)
      throw new Failure(`a line of a reply has ${line.length} octets; ${lineOctets} are allowed`)
    first ??= code
    if (code !== first) throw new Failure(`a reply began with ${first}, and goes on with ${shown(line)}`)
    lines.push(text)
    if (mark !== '-') return { code: Number(code), lines, status: enhancedStatus.exec(lines[0] ?? '')?.[1] }
  }
  throw new Failure(`a reply has more than ${maxLines} lines`)
}

/** Reads a reply; undefined where the connection ends instead. */
export async function readReplyOrEnd(wire: Wire): Promise<Reply | undefined> {
  try {
    return await readReply(wire)
  } catch (error) {
    // A line without its end is no reply, whoever ended it.
    const isEnd =
      error instanceof Failure && wire.ending !== undefined && /before a line came$/.test(error.message)
    if (isEnd) return undefined
    throw error
  }
}

/** For a sentence, in backquotes. */
export function shownReply({ code, lines }: Reply): string {
  return shown(octetsOf(`${code} ${lines[0] ?? ''}`))
}

export function isAcceptance({ code }: Reply): boolean {
  return code >= 200 && code < 300
}

export function isRefusal({ code }: Reply): boolean {
  return code >= 400
}
