// The languages of the server, and which of them a client means. RFC 6856 section 3; ranges are looked up as in RFC 4647
// section 3.4: `ru-RU` finds `ru`.
import { en } from './en.ts'
import { type Language, languageOf } from './language.ts'
import { ru } from './ru.ts'
import { zh } from './zh.ts'

/** Spoken until a client asks for another, and after STLS again. RFC 2277 section 4.5 */
export const defaultLanguage = languageOf('i-default', 'English, for everybody', en, true)

export const languages: readonly Language[] = [
  defaultLanguage,
  languageOf('en', 'English', en, true),
  languageOf('ru', 'Русский', ru),
  languageOf('zh', '中文', zh),
]

const byTag = new Map(languages.map(language => [language.tag, language]))

/** Undefined when there is none; the asterisk is not for here. */
export function languageFor(range: string): Language | undefined {
  const subtags = range.toLowerCase().split('-')
  for (; subtags.length > 0; subtags.pop()) {
    const found = byTag.get(subtags.join('-'))
    if (found) return found
  }
  return undefined
}
