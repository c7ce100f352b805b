// One-time codes in a message: 4 to 8 digits, or groups of letters and digits, near a word that says so. A guess, made to be
// right for mail that people can read: what stands next to the word comes first.
import { codeWords, noCodes, otherCodes, units } from './code-words.ts'
import { withoutUrls } from './links.ts'

/** Characters between a word and its code, the code behind or before it. */
const maxBehind = 120
const maxBefore = 60
/** Beyond it nothing is looked for. */
const maxLength = 256 * 1024
const maxCodes = 20

const rows = Object.values(codeWords)
const wordsOf = (kind: 'whole' | 'ending' | 'inner') => rows.flatMap(row => row[kind] ?? []).join('|')
const other = `(?<![\\p{L}])(?:(?:${otherCodes.join('|')})[ -]?|${noCodes.join('|')})`
const word = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:${wordsOf('whole')})(?![\\p{L}\\p{N}])` +
    `|(?<!${other})(?:${wordsOf('ending')})(?!\\p{L})|(?:${wordsOf('inner')})`,
  'giu',
)
const groups = [
  '\\d{3}[ \\u00a0-]\\d{3}', // 123 456
  '\\d{4}[ \\u00a0-]\\d{4}',
  '(?:\\d[ \\u00a0]){3,7}\\d', // 1 2 3 4
  '\\d{4,8}',
  '[A-Z0-9]{3,5}(?:-[A-Z0-9]{3,5}){1,3}', // ABCD-1234
  '(?=[A-Z]*\\d)[A-Z0-9]{4,8}',
  '(?=[a-z0-9]*\\d[a-z]*\\d)(?=\\d*[a-z])[a-z0-9]{6,8}',
]
const letters = '\\p{Script=Latin}\\p{Script=Cyrillic}\\p{Script=Greek}'
const candidate = new RegExp(
  // Not a part of a longer number, a price, an amount, a telephone number, a date, an address.
  `(?<![${letters}\\p{N}+$€£¥#№@©/._]|\\d[ :,-]|[+(]\\d{0,3}[ )-]|© ?)(?:[A-Z]-)?(${groups.join('|')})` +
    `(?![${letters}\\p{N}@/_%€$£]|[-.,:]\\d|[ -]\\d{2})`,
  'gu',
)
const unit = new RegExp(`^[- ]?(?:${units.join('|')})(?!\\p{L})`, 'iu')
const maxUnitLength = 16

/** Each once, the likeliest first. */
export function codesOf(subject: string, text: string): readonly string[] {
  const searched = withoutUrls(`${subject}\n${text}`.slice(0, maxLength))
  const words = [...searched.matchAll(word)]
  let next = 0
  const found = [...searched.matchAll(candidate)].flatMap(({ 0: whole, 1: code = '', index }) => {
    const end = index + whole.length
    while ((words[next]?.index ?? end) < index) next += 1
    if (!/\d/.test(code) || unit.test(searched.slice(end, end + maxUnitLength))) return []
    const before = words[next - 1]
    const behind = words[next]
    const distances = [
      ...(before ? [{ distance: index - before.index - before[0].length, max: maxBehind }] : []),
      ...(behind ? [{ distance: behind.index - end, max: maxBefore }] : []),
    ].filter(({ distance, max }) => distance >= 0 && distance <= max)
    if (distances.length === 0) return []
    return [{ code: joined(code), distance: Math.min(...distances.map(({ distance }) => distance)) }]
  })
  found.sort((one, other) => one.distance - other.distance)
  return [...new Set(found.map(({ code }) => code))].slice(0, maxCodes)
}

/** As it is typed: digits in one piece; letters keep their hyphens. */
function joined(code: string): string {
  return /[A-Za-z]/.test(code) ? code : code.replace(/\D/g, '')
}
