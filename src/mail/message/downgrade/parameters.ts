// Parameters of Content-Type and Content-Disposition without UTF-8: extended values and their continuations, RFC 2231
// sections 3 and 4.
import { downgradedComment } from './addresses.ts'
import { isAsciiText } from './encoded-words.ts'
import { contentOf, type Token } from './tokens.ts'

/** Characters of one extended value; longer ones are continued, so that every line can be short. */
const valueCharacters = 54
/** RFC 2231 section 7: what may stand in an extended value as it is. */
const plain = /^[A-Za-z0-9!#$&+.^_`{|}~-]$/

/** The value, `name=value` exchanged for `name*=UTF-8''value` where the value is not ASCII. */
export function downgradedParameters(tokens: readonly Token[]): string {
  const pieces: string[] = []
  for (const [index, token] of tokens.entries()) {
    const before = tokens[index - 1]
    if (token.kind === 'quoted' && !isAsciiText(token.text) && before?.text.endsWith('=')) {
      // The piece before holds the name as it was written for a plain value.
      pieces.pop()
      pieces.push(extended(before.text.slice(0, -1), contentOf(token)))
    } else pieces.push(token.kind === 'atom' ? downgradedAtom(token.text) : downgradedComment(token))
  }
  return pieces.join('')
}

function downgradedAtom(text: string): string {
  const equals = text.indexOf('=')
  if (isAsciiText(text) || equals < 1) return text
  return extended(text.slice(0, equals), text.slice(equals + 1))
}

function extended(name: string, value: string): string {
  const segments: string[] = []
  let segment = ''
  for (const character of value) {
    const piece = plain.test(character) ? character : percentEncoded(character)
    if (segment.length + piece.length > valueCharacters) {
      segments.push(segment)
      segment = ''
    }
    segment += piece
  }
  segments.push(segment)
  if (segments.length === 1) return `${name}*=UTF-8''${segment}`
  return segments.map((text, index) => `${name}*${index}*=${index === 0 ? "UTF-8''" : ''}${text}`).join('; ')
}

function percentEncoded(character: string): string {
  return Buffer.from(character).toString('hex').toUpperCase().replace(/../g, '%$&')
}
