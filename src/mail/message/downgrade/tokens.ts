// The lexical tokens of structured header fields, RFC 5322 section 3.2, with UTF-8 wherever RFC 6532 section 3.2 lets it be.
// Joined again, tokens are the text they came from.
import { isAsciiText } from './encoded-words.ts'

export interface Token {
  /** A dot is a character of atoms here, so that a domain is one token. */
  readonly kind: 'space' | 'atom' | 'quoted' | 'comment' | 'literal' | 'special'
  readonly text: string
}

const patterns: readonly (readonly [Token['kind'], RegExp])[] = [
  ['space', /[ \t\r\n]+/y],
  ['quoted', /"(?:[^"\\]|\\[^])*"/y],
  ['literal', /\[(?:[^[\]\\]|\\[^])*\]/y],
  ['special', /[,:;<>@]/y],
  ['atom', /[^ \t\r\n"(),:;<>@[\]\\]+/y],
]

/** The tokens of a field's value; undefined for a text that has none, such as an open quote or comment. */
export function tokensOf(text: string): Token[] | undefined {
  const tokens: Token[] = []
  for (let at = 0; at < text.length; ) {
    const token = text[at] === '(' ? commentAt(text, at) : tokenAt(text, at)
    if (!token) return undefined
    tokens.push(token)
    at += token.text.length
  }
  return tokens
}

function tokenAt(text: string, at: number): Token | undefined {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found) return { kind, text: found[0] }
  }
  return undefined
}

/** Comments nest; however deep, they are counted and not recursed into. */
function commentAt(text: string, start: number): Token | undefined {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const character = text[at]
    if (character === '\\') at += 1
    else if (character === '(') depth += 1
    else if (character === ')') depth -= 1
    if (depth === 0) return { kind: 'comment', text: text.slice(start, at + 1) }
  }
  return undefined
}

export function textOf(tokens: readonly Token[]): string {
  return tokens.map(({ text }) => text).join('')
}

export function areAscii(tokens: readonly Token[]): boolean {
  return tokens.every(({ text }) => isAsciiText(text))
}

export function isSpecial(token: Token | undefined, text: string): boolean {
  return token?.kind === 'special' && token.text === text
}

/** What stands between the quotes or brackets, quoted pairs resolved. */
export function contentOf({ text }: Token): string {
  return text.slice(1, -1).replace(/\\([^])/g, '$1')
}

/** Without the blanks at both ends. */
export function trimmed(tokens: readonly Token[]): readonly Token[] {
  let from = 0
  let to = tokens.length
  while (tokens[from]?.kind === 'space') from += 1
  while (to > from && tokens[to - 1]?.kind === 'space') to -= 1
  return tokens.slice(from, to)
}
