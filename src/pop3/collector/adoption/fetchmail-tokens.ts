// The tokens of fetchmail's run control file, as fetchmail 6.4 reads them: words, strings in either kind of quotes, `=`.
// Comments and the punctuation that it ignores are left out.
import { ForeignFileError } from './foreign.ts'

export interface Token {
  readonly text: string
  /** From 1 on. */
  readonly line: number
  /** Never a keyword. */
  readonly isQuoted: boolean
}

const maxTokens = 100_000
// Sticky, each beginning where the last ended; none can go back over more than it has read.
const ignored = /[ \t\r\n\f,;:]+|#[^\n]*/y
const piece = /"([^"]*)"|'([^']*)'|(=)|([^ \t\r\n\f,;:=]+)/y

/** Throws `ForeignFileError` for a string that does not end, and for more than anybody writes. */
export function fetchmailTokens(text: string, file: string): readonly Token[] {
  const tokens: Token[] = []
  let line = 1
  let at = 0
  const match = (expression: RegExp) => {
    expression.lastIndex = at
    const found = expression.exec(text)
    if (found) at = expression.lastIndex
    return found
  }
  while (at < text.length) {
    const blank = match(ignored)
    if (blank) {
      line += newlines(blank[0])
      continue
    }
    const found = match(piece)
    if (!found || (found[4] !== undefined && /^["']/.test(found[4])))
      throw new ForeignFileError(`${file}, line ${line}: the string that begins here does not end`)
    const quoted = found[1] ?? found[2]
    tokens.push({ text: unescape(quoted ?? found[0]), line, isQuoted: quoted !== undefined })
    line += newlines(found[0])
    if (tokens.length > maxTokens)
      throw new ForeignFileError(`${file}: this is too long for a run control file`)
  }
  return tokens
}

function newlines(text: string): number {
  return text.split('\n').length - 1
}

const named: Readonly<Record<string, string>> = { n: '\n', t: '\t', b: '\b', r: '\r', '\n': '' }

const escape = /\\(x[0-9a-fA-F]{1,2}|0[0-7]{0,2}|[1-9]\d{0,2}|[\s\S])/g

/** `\n \t \b \r`, `\xhh`, `\0oo` octal, `\nnn` decimal; a backslash before a line's end joins the lines. */
function unescape(text: string): string {
  return text.replace(escape, (_, what: string) => {
    if (/^x./.test(what)) return characterOf(what.slice(1), 16)
    if (/^\d/.test(what)) return characterOf(what, what.startsWith('0') ? 8 : 10)
    return named[what] ?? what
  })
}

function characterOf(digits: string, base: number): string {
  return String.fromCharCode(Number.parseInt(digits, base) & 0xff)
}
