// Faults of UTF8 and LANG.
import type { Fault } from '../fault.ts'

const lang = 'pop3/server/lang.js'
const languages = 'pop3/server/languages/languages.js'
const session = 'pop3/server/session.js'

export const languageFaults: readonly Fault[] = [
  {
    id: 'utf8-behind-login',
    file: 'pop3/server/commands.js',
    find: 'authorization: utf8 }',
    replace: 'authorization: utf8, transaction: utf8 }',
    caughtBy: ['utf8-behind-login'],
  },
  {
    id: 'utf8-does-nothing',
    file: lang,
    find: "session.form = 'utf8';",
    replace: '',
    caughtBy: ['utf8-header-as-sent', 'utf8-again'],
  },
  {
    id: 'utf8-unasked',
    file: session,
    find: "language = defaultLanguage;\n    form = 'ascii';",
    replace: "language = defaultLanguage;\n    form = 'utf8';",
    caughtBy: ['utf8-header-downgraded'],
  },
  {
    id: 'utf8-toggles',
    file: lang,
    find: "session.form = 'utf8';",
    replace: "session.form = session.form === 'utf8' ? 'ascii' : 'utf8';",
    caughtBy: ['utf8-again'],
  },
  {
    id: 'utf8-stays-on',
    file: session,
    find: "    form = 'ascii';\n    startedAtMs",
    replace:
      "    static form = 'ascii'; get form() { return Session.form; } set form(form) { Session.form = form; }\n    startedAtMs",
    caughtBy: ['utf8-ends-with-session'],
  },
  {
    id: 'utf8-sizes-of-the-other-form',
    file: 'mail/session-maildrop.js',
    find: "form === 'ascii' ? (listing.ascii ?? listing) : listing",
    replace: "form === 'ascii' ? listing : (listing.ascii ?? listing)",
    caughtBy: ['utf8-sizes-with', 'utf8-sizes-without'],
  },
  {
    id: 'lang-answer-without-tag',
    file: lang,
    find: '`${language.tag} ${language.texts.languageChosen}`',
    replace: 'language.texts.languageChosen',
    caughtBy: ['lang-each'],
  },
  {
    id: 'lang-of-whatever',
    file: lang,
    find: ': languageFor(range);',
    replace: ': (languageFor(range) ?? languages[0]);',
    caughtBy: ['lang-unknown'],
  },
  {
    id: 'lang-unknown-changes',
    file: lang,
    find: 'if (!language)\n        return session.language.answers.noSuchLanguage;',
    replace:
      'if (!language) {\n        session.language = languages[2];\n        return { text: "-ERR no such language\\r\\n" };\n    }',
    caughtBy: ['lang-unknown'],
  },
  {
    id: 'lang-no-star',
    file: lang,
    find: "range === '*' ? session.services.preferredLanguage : languageFor(range)",
    replace: 'languageFor(range)',
    caughtBy: ['lang-star'],
  },
  {
    id: 'lang-no-default',
    file: languages,
    find: 'export const languages = [\n    defaultLanguage,',
    replace: 'export const languages = [',
    caughtBy: ['lang-i-default'],
  },
  {
    id: 'lang-lower-case-only',
    file: languages,
    find: 'range.toLowerCase()',
    replace: 'range',
    caughtBy: ['lang-any-case'],
  },
  {
    id: 'lang-of-all-sessions',
    file: session,
    find: '    language = defaultLanguage;\n    form',
    replace:
      '    static language = defaultLanguage; get language() { return Session.language; } set language(language) { Session.language = language; }\n    form',
    caughtBy: ['lang-of-one-session'],
  },
  {
    id: 'lang-names-in-latin1',
    file: lang,
    find: 'Buffer.from(multiLine(language.texts.languagesFollow, lines))',
    replace: 'Buffer.from(multiLine(language.texts.languagesFollow, lines), "latin1")',
    caughtBy: ['lang-list-utf8'],
  },
  {
    id: 'lang-without-tags',
    file: lang,
    find: '`${tag} ${name}`',
    replace: 'name',
    caughtBy: ['lang-list-form'],
  },
  {
    id: 'lang-translates-err',
    file: 'pop3/server/languages/language.js',
    find: 'err: (text, code) => Buffer.from(err(text, code))',
    replace: "err: (text, code) => Buffer.from(err(text, code).replace('-ERR', '-ОШИБКА'))",
    caughtBy: ['lang-each-refuses'],
  },
]
