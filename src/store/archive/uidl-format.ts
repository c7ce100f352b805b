// Dovecot's `pop3_uidl_format`: how a Dovecot server makes the unique-id it sends from what it knows of a file in a
// Maildir. `%[0][offset.][width][modifiers]variable`, as Dovecot 2.3 expands it; what was tried there stands in the test.
import { createHash } from 'node:crypto'
import { ArchiveError } from './archive.ts'

export interface UidlFacts {
  readonly uid: number
  readonly uidValidity: number
  /** The file's name without its flags. */
  readonly baseName: string
  readonly guid: string
}

export type UidlFormat = (facts: UidlFacts) => string

/** What Dovecot uses unless it is told otherwise: uid and uidvalidity, eight hexadecimal digits each. */
export const defaultUidlFormat = '%08Xu%08Xv'

const variables: Record<string, (facts: UidlFacts) => string> = {
  u: facts => String(facts.uid),
  v: facts => String(facts.uidValidity),
  f: facts => facts.baseName,
  g: facts => facts.guid,
}

const modifiers: Record<string, (value: string) => string> = {
  L: value => value.toLowerCase(),
  U: value => value.toUpperCase(),
  M: value => createHash('md5').update(value, 'latin1').digest('hex'),
  X: value => Number(value).toString(16),
}

const item = /%(?:(%)|(0?)(?:(\d*)\.)?(\d*)([LUMX]*)([a-z]))/g

/** Compiles a format. Throws `ArchiveError` for one that cannot be worked out from a Maildir. */
export function parseUidlFormat(format: string): UidlFormat {
  const parts: ((facts: UidlFacts) => string)[] = []
  let end = 0
  for (const match of format.matchAll(item)) {
    parts.push(literal(format.slice(end, match.index), format), expansion(match, format))
    end = match.index + match[0].length
  }
  parts.push(literal(format.slice(end), format))
  if (!/%[^%]/.test(format.replaceAll('%%', ''))) throw unknownFormat(format)
  return facts => parts.map(part => part(facts)).join('')
}

function literal(text: string, format: string) {
  if (text.includes('%')) throw unknownFormat(format)
  return () => text
}

function expansion(match: RegExpExecArray, format: string): (facts: UidlFacts) => string {
  const [, percent, zero, offsetText = '0', widthText = '', modifierLetters = '', letter = ''] = match
  if (percent) return () => '%'
  const variable = variables[letter]
  const numeric = letter === 'u' || letter === 'v'
  if (!variable || (modifierLetters.includes('X') && !(numeric && modifierLetters === 'X')))
    throw unknownFormat(format)
  const steps = [...modifierLetters].flatMap(name => modifiers[name] ?? [])
  const [offset, width] = [Number(offsetText), Number(widthText)]
  return facts => {
    const value = steps.reduce((text, step) => step(text), variable(facts)).slice(offset)
    // Zeros fill up and never cut; a width without zero cuts and never fills up.
    if (width === 0) return value
    return zero ? value.padStart(width, '0') : value.slice(0, width)
  }
}

function unknownFormat(format: string): ArchiveError {
  return new ArchiveError(
    `UIDL format ${JSON.stringify(format)}: known are %u (uid), %v (uidvalidity), %f (file name) and %g (GUID), ` +
      'with a width such as %08Xu and the modifiers L, U, M (MD5) and X (hexadecimal, for %u and %v)',
  )
}
