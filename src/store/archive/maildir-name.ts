// What a file's name in a Maildir says: `time.unique.host,S=octets,W=octets:2,FLAGS`. The flags' letters are Maildir's.
import type { Flag } from '../../mail/flags.ts'

const flagLetters: Record<string, Flag> = { D: 'draft', F: 'flagged', R: 'answered', S: 'seen', T: 'deleted' }

/** The name up to its flags: `:2,S`, and the `;2,S` and `!2,S` of systems that allow no colon. */
export function baseNameOf(fileName: string): string {
  const end = fileName.search(/[;!]2,|:/)
  return end < 0 ? fileName : fileName.slice(0, end)
}

/** The flags in the name; letters that mean nothing here are passed over. */
export function flagsOf(fileName: string): Flag[] {
  const info = fileName.slice(baseNameOf(fileName).length)
  const flags = /^[:;!]2,([^,]*)/.exec(info)?.[1] ?? ''
  return [...new Set(flags)].flatMap(letter => flagLetters[letter] ?? [])
}

/** `:2,` and the letters in order. */
export function flagSuffix(flags: readonly Flag[]): string {
  const letters = Object.keys(flagLetters).filter(letter => flags.some(flag => flag === flagLetters[letter]))
  return `:2,${letters.join('')}`
}

/** Orders names by the delivery time they begin with, then octet by octet up to the flags. */
export function compareNames(a: string, b: string): number {
  const difference = deliveryTimeOf(a) - deliveryTimeOf(b)
  if (difference !== 0) return difference
  const [baseA, baseB] = [baseNameOf(a), baseNameOf(b)]
  return baseA < baseB ? -1 : baseA > baseB ? 1 : 0
}

function deliveryTimeOf(name: string): number {
  return Number(/^\d{1,15}/.exec(name)?.[0] ?? 0)
}
