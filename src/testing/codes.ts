// One-time codes in a message: 4 to 8 digits, or groups of letters and digits, near a word that says so. A guess, made to be
// right for mail that people can read: what stands next to the word comes first.
import { codeWords, otherCodes, units } from './code-words.ts'
import { withoutUrls } from './links.ts'

/** Characters between a word and its code, the code behind or before it. */
const maxBehind = 120
const maxBefore = 60
/** Beyond it nothing is looked for. */
const maxLength = 256 * 1024
const maxCodes = 20

const rows = Object.values(codeWords)
const wholeWords = rows.flatMap(({ whole = [] }) => whole).join('|')
const endings = rows.flatMap(({ ending = [] }) => ending).join('|')
const word = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:${wholeWords})(?![\\p{L}\\p{N}])` +
    `|(?<!(?:${otherCodes.join('|')})[ -]?)(?:${endings})(?:\\p{L}\\p{M}*){0,2}(?!\\p{L})` +
    // Scripts without spaces go on behind the word.
    '|(?:验证码|校验码|动态码|驗證碼|安全码|密码|密碼|コード|暗証番号|認証番号|パスワード|인증번호|코드|비밀번호|รหัส)',
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
const candidate = new RegExp(
  // Not a part of a longer number, a price, an amount, a telephone number, a date, an address.
  `(?<![\\p{L}\\p{N}+$€£¥#№@©/._]|\\d[ :,-]|[+(]\\d{0,3}[ )-]|© ?)(?:[A-Z]-)?(${groups.join('|')})` +
    `(?![\\p{Script=Latin}\\p{N}@/_%€$£]|[-.,:]\\d|[ -]\\d{2}|[- ]?(?:${units.join('|')})(?!\\p{L}))`,
  'gu',
)

/** Each once, the likeliest first. */
export function codesOf(subject: string, text: string): readonly string[] {
  const searched = `${subject}\n${withoutUrls(text)}`.slice(0, maxLength)
  const words = [...searched.matchAll(word)].map(({ 0: found, index }) => ({
    start: index,
    end: index + found.length,
  }))
  const found = [...searched.matchAll(candidate)].flatMap(({ 0: whole, 1: code = '', index }) => {
    const end = index + whole.length
    const distances = words.flatMap(each => {
      if (each.end <= index) return index - each.end <= maxBehind ? [index - each.end] : []
      return each.start >= end && each.start - end <= maxBefore ? [each.start - end] : []
    })
    return distances.length === 0 ? [] : [{ code: joined(code), distance: Math.min(...distances) }]
  })
  found.sort((one, other) => one.distance - other.distance)
  return [...new Set(found.map(({ code }) => code))].filter(code => /\d/.test(code)).slice(0, maxCodes)
}

/** As it is typed: digits in one piece; letters keep their hyphens. */
function joined(code: string): string {
  return /[A-Za-z]/.test(code) ? code : code.replace(/\D/g, '')
}
