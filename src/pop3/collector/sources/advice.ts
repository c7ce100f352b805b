// What providers ask of who fetches mail from them, as data: a refused login there mostly has one of these reasons.

interface Provider {
  /** Of its servers, POP3 and IMAP. */
  readonly host: RegExp
  /** Goes on behind "the login was refused". */
  readonly advice: string
}

const providers: readonly Provider[] = [
  {
    host: /(?:^|\.)(?:gmail|googlemail)\.com$/,
    advice:
      'Gmail takes no account password: use OAuth2 (`oauth` with provider "gmail") or an app password, and see that POP or IMAP is enabled in its settings',
  },
  {
    host: /(?:^|\.)(?:outlook|office365|hotmail)\.com$/,
    advice:
      'Microsoft takes OAuth2 only (`oauth` with provider "outlook"); POP and IMAP have to be enabled in the settings of the mailbox',
  },
  {
    host: /(?:^|\.)(?:yahoo|aol)\.com$/,
    advice: 'Yahoo and AOL take an app password, made in the account security page, or OAuth2',
  },
  {
    host: /(?:^|\.)mail\.ru$/,
    advice: 'mail.ru takes a password for external applications, made in its security settings, or OAuth2',
  },
  {
    host: /(?:^|\.)yandex\.(?:ru|com|net)$/,
    advice:
      'Yandex takes an app password or OAuth2, and access by POP3 or IMAP has to be enabled in its settings',
  },
  {
    host: /(?:^|\.)(?:me|icloud)\.com$/,
    advice: 'iCloud takes app-specific passwords, and has IMAP only',
  },
  {
    host: /(?:^|\.)(?:gmx\.(?:net|de|com)|web\.de)$/,
    advice: 'GMX and WEB.DE want POP3 and IMAP enabled in their settings first',
  },
]

const general = 'check `user` and the password'

/** What to do about a login that was refused. */
export function loginAdvice(host: string): string {
  const name = host.toLowerCase()
  return providers.find(provider => provider.host.test(name))?.advice ?? general
}

/** What a server said, fit for a terminal and a log. */
export function shownText(text: string, maxShown = 200): string {
  const printable = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?').trim()
  return printable.length > maxShown ? `${printable.slice(0, maxShown)}...` : printable
}
