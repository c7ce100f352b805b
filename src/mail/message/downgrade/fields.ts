// One header field without UTF-8, by its name: RFC 6857 section 3.2. What has no form in ASCII goes into a field of another
// name, `Downgraded-...`, so that nothing is taken for what it is not. Stored sizes depend on the result: for a field that
// is changed today, it must stay what it is.
import {
  downgradedAddressList,
  downgradedComment,
  downgradedDomain,
  downgradedPath,
  downgradedPhrases,
} from './addresses.ts'
import { encodedText, isAsciiText } from './encoded-words.ts'
import { downgradedParameters } from './parameters.ts'
import { areAscii, isSpecial, type Token, tokensOf } from './tokens.ts'

/** A value in ASCII; undefined when the field has to be encapsulated. */
type Method = (tokens: readonly Token[]) => string | undefined

const methods: readonly (readonly [Method, readonly string[]])[] = [
  [
    downgradedAddressList,
    [
      'from',
      'sender',
      'to',
      'cc',
      'bcc',
      'reply-to',
      'resent-from',
      'resent-sender',
      'resent-to',
      'resent-cc',
      'resent-bcc',
      'resent-reply-to',
      'disposition-notification-to',
    ],
  ],
  [path, ['return-path', 'delivered-to']],
  [received, ['received']],
  [downgradedParameters, ['content-type', 'content-disposition']],
  [downgradedPhrases, ['keywords']],
  [
    onlyComments,
    [
      'date',
      'resent-date',
      'mime-version',
      'content-id',
      'content-transfer-encoding',
      'content-language',
      'accept-language',
      'auto-submitted',
      'message-id',
      'resent-message-id',
      'in-reply-to',
      'references',
      'original-recipient',
      'final-recipient',
    ],
  ],
]
const methodOf = new Map(methods.flatMap(([method, names]) => names.map(name => [name, method] as const)))

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const fieldForm = /^([!-9;-~]+)[ \t]*:([^]*)\r\n$/

/** The field, its line ends included; the very same octets for what is no field, or no UTF-8. */
export function downgradedField(octets: Uint8Array): Uint8Array {
  const text = decoded(octets)
  const [, name, folded] = (text !== undefined && fieldForm.exec(text)) || []
  if (name === undefined || folded === undefined) return octets
  const value = withoutEnds(folded.replace(/\r\n(?=[ \t])/g, ''))
  const method = methodOf.get(name.toLowerCase())
  if (!method) return foldedField(name, encodedText(value))
  const tokens = tokensOf(value)
  const result = tokens && method(tokens)
  if (result !== undefined && isAsciiText(result)) return foldedField(name, result)
  return foldedField(`Downgraded-${name}`, encodedText(value))
}

function decoded(octets: Uint8Array): string | undefined {
  try {
    return utf8.decode(octets)
  } catch {
    return undefined
  }
}

/** Without the blanks at both ends; other scripts have blanks of their own, which are text. */
function withoutEnds(text: string): string {
  let from = 0
  let to = text.length
  while (isBlank(text[from])) from += 1
  while (to > from && isBlank(text[to - 1])) to -= 1
  return text.slice(from, to)
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t'
}

/** RFC 2047 section 2: lines with encoded words have at most 76 characters. */
const lineOctets = 76

/** Folds at blanks, where the next word would go beyond the line. */
function foldedField(name: string, value: string): Uint8Array {
  let text = `${name}:`
  let column = text.length
  for (const [piece] of ` ${withoutEnds(value)}`.matchAll(/[ \t]+[^ \t]+/g)) {
    if (column + piece.length > lineOctets) {
      text += '\r\n'
      column = 0
    }
    text += piece
    column += piece.length
  }
  return Buffer.from(`${text}\r\n`, 'latin1')
}

function onlyComments(tokens: readonly Token[]): string {
  return tokens.map(downgradedComment).join('')
}

/** One address, with angle brackets or without. */
function path(tokens: readonly Token[]): string | undefined {
  const address = tokens.filter(({ kind }) => kind !== 'space')
  const inAngles = isSpecial(address[0], '<') && isSpecial(address.at(-1), '>')
  const ascii = downgradedPath(inAngles ? address.slice(1, -1) : address)
  return ascii !== undefined && inAngles ? `<${ascii}>` : ascii
}

/** Domains in A-labels, comments encoded, and a `for` clause left out that has no form in ASCII. */
function received(tokens: readonly Token[]): string {
  const at = tokens.findIndex(({ kind, text }) => kind === 'atom' && text.toLowerCase() === 'for')
  const ends = tokens.findIndex((token, index) => index > at + 1 && endsClause(token))
  const end = ends === -1 ? tokens.length : ends
  const address = at === -1 ? [] : tokens.slice(at + 1, end)
  if (areAscii(address)) return tokens.map(receivedToken).join('')
  const ascii = path(address)
  const clause = ascii === undefined ? '' : `for ${ascii}`
  return [
    tokens.slice(0, at).map(receivedToken).join(''),
    clause,
    tokens.slice(end).map(receivedToken).join(''),
  ]
    .filter(part => part !== '')
    .join('')
}

function endsClause(token: Token): boolean {
  return token.kind === 'space' || token.kind === 'comment' || isSpecial(token, ';')
}

function receivedToken(token: Token): string {
  return token.kind === 'atom' ? (downgradedDomain(token.text) ?? token.text) : downgradedComment(token)
}
