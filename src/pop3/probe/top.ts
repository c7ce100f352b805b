// What a server makes of `TOP n 0`, RFC 1939 section 7: the header and the blank line behind it, or something else.
import { note, type Verdict, well, wrong } from './finding.ts'
import type { Sampled } from './notes.ts'

const blankLine = '\r\n\r\n'

/** `given` is the answer; `message` the same message by RETR, its beginning at least. */
export function topVerdict(given: Sampled['facts'], message: Sampled['facts']): Verdict {
  const whole = message.beginning.toString('latin1')
  const top = given.beginning.toString('latin1')
  const end = whole.startsWith('\r\n') ? 2 : whole.indexOf(blankLine) + blankLine.length
  if (end < blankLine.length && end !== 2)
    return note('works; the header that RETR gives has no end to compare with')
  const header = whole.slice(0, end)
  if (/^\+OK(?:[ \t][^:\n]*)?\r?\n/.test(top)) return wrong('`+OK` is said twice')
  if (top === header) return well('gives the header and the blank line, no more')
  if (top === header.slice(0, -2)) return wrong('gives the header without the blank line')
  if (!top.startsWith(header)) return note('gives a header that is not the one of RETR')
  if (given.octets === message.octets) return wrong('gives the whole message for no lines of the body')
  const lines = top.slice(end).split('\n').length - 1
  return wrong(`gives ${lines} lines of the body where none was asked for`)
}
