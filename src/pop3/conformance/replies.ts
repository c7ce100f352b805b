// Replies as a client sees them, held to the form that RFC 1939 section 3 gives every one of them, whatever the case is
// about: CRLF at the end, `+OK` or `-ERR` in upper case at the beginning, 512 octets at most.
import { Failure } from '../../conformance/case.ts'
import { shown, type Wire } from '../../conformance/wire.ts'

export interface Reply {
  /** `continue` is a challenge of AUTH, RFC 5034 section 4. */
  readonly status: 'ok' | 'err' | 'continue'
  /** What follows `+OK `, `-ERR ` or `+ `, in latin1. */
  readonly text: string
  /** In brackets at the beginning of the text, in upper case: `IN-USE`. RFC 2449 section 8. */
  readonly code: string | undefined
}

const statusLineOctets = 512
const statusLine = /^(?:(\+OK|-ERR)(?: ([^\r\n]*))?|\+ ([^\r\n]*))\r\n$/
const responseCode = /^\[([^\]\r\n]+)\]/

/** Reads a status line. Throws a `Failure` when it is none. */
export async function readReply(wire: Wire, patienceMs?: number): Promise<Reply> {
  return parseReply(await wire.line(patienceMs))
}

/** Reads a line of octets as `readReply` does. */
export function parseReply(line: Buffer): Reply {
  const match = statusLine.exec(line.toString('latin1'))
  if (!match) throw new Failure(`${shown(line)} is no status line`)
  if (match[1] && line.length > statusLineOctets)
    throw new Failure(`a status line of ${line.length} octets; ${statusLineOctets} are allowed`)
  const [, word, text = '', challenge] = match
  if (word === undefined) return { status: 'continue', text: challenge ?? '', code: undefined }
  const code = responseCode.exec(text)?.[1]?.toUpperCase()
  return { status: word === '+OK' ? 'ok' : 'err', text, code }
}

/** Reads the lines behind a status line up to the final dot, without their CRLF and without stuffed dots. */
export async function readLines(wire: Wire): Promise<readonly string[]> {
  const body = await readBody(wire)
  const text = body.toString('latin1')
  if (text === '') return []
  return text.slice(0, -2).split('\r\n')
}

/** Reads a multi-line answer: its octets with dots unstuffed, each line with its CRLF, without the final one. */
export async function readBody(wire: Wire): Promise<Buffer> {
  const lines: Buffer[] = []
  await eachBodyLine(wire, line => lines.push(line))
  return Buffer.concat(lines)
}

/** The same for what is too large to be held: each line as it comes. What is only LF ends no line, but a piece of one. */
export async function eachBodyLine(wire: Wire, take: (line: Buffer) => void): Promise<void> {
  let isContinued = false
  for (;;) {
    const line = await wire.line()
    const isDotted = !isContinued && line[0] === dot
    isContinued = line.length < 2 || line[line.length - 2] !== cr
    if (isDotted && !isContinued && line.length === 3) return
    take(isDotted ? line.subarray(1) : line)
  }
}

const cr = 13
const dot = 0x2e
