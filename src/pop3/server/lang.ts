// LANG and UTF8, RFC 6856: which language replies are in, and whether messages come with UTF-8 in their headers.
import type { CommandOf } from '../wire/command.ts'
import { multiLine } from '../wire/reply.ts'
import type { Answer } from './answer.ts'
import { languageFor, languages } from './languages/languages.ts'
import type { SessionContext } from './state.ts'

/** RFC 6856 section 3: the new language answers already; after a refusal the old one stays. */
export function lang(session: SessionContext, _state: unknown, { range }: CommandOf<'LANG'>): Answer {
  if (range === undefined) return languageListing(session)
  const language = range === '*' ? session.services.preferredLanguage : languageFor(range)
  if (!language) return session.language.answers.noSuchLanguage
  session.language = language
  return { text: language.ok(`${language.tag} ${language.texts.languageChosen}`) }
}

/** Names are in their own language, and in UTF-8 for everybody. */
function languageListing({ language }: SessionContext): Answer {
  const lines = languages.map(({ tag, name }) => `${tag} ${name}`)
  return { text: Buffer.from(multiLine(language.texts.languagesFollow, lines)) }
}

/** RFC 6856 section 2: for the rest of the session, or until STLS. Asked twice, it is on all the same. */
export function utf8(session: SessionContext): Answer {
  session.form = 'utf8'
  return session.language.answers.utf8Enabled
}
