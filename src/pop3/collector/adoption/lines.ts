// Lines of a file that anybody may have written: without their ends, and no longer than anything that is looked for in one.

const maxLine = 2_200

/** A longer line is cut; what it names is then too long for everyone who reads it. */
export function* linesOf(text: string): Generator<string> {
  let at = 0
  while (at < text.length) {
    const newline = text.indexOf('\n', at)
    const next = newline < 0 ? text.length : newline
    const end = text[next - 1] === '\r' && next > at ? next - 1 : next
    yield text.slice(at, Math.min(end, at + maxLine))
    at = next + 1
  }
}
