// Words that one-time codes stand near, by language. `ending` ends a word, so that `Bestätigungscode` is found as well, and
// may have a short ending of its own; `whole` is a word by itself. Scripts without spaces have `ending` too.

interface CodeWords {
  readonly whole?: readonly string[]
  readonly ending?: readonly string[]
}

export const codeWords: Readonly<Record<string, CodeWords>> = {
  en: {
    whole: ['pin', 'otp', 'verification', 'verify', 'one-time', '2fa', 'mfa'],
    ending: ['code', 'passcode', 'password'],
  },
  de: { whole: ['tan'], ending: ['passwort', 'kennwort', 'freischaltcode'] },
  fr: { ending: ['mot de passe', 'vérification'] },
  es: { whole: ['clave', 'código', 'codigo'], ending: ['contraseña'] },
  pt: { whole: ['senha', 'código'] },
  it: { whole: ['codice'], ending: ['verifica'] },
  nl: { ending: ['wachtwoord'] },
  sv: { whole: ['kod'], ending: ['koden', 'engångskod', 'verifieringskod', 'säkerhetskod'] },
  da: { ending: ['kode'] },
  fi: { ending: ['koodi'] },
  pl: { whole: ['kod', 'hasło'] },
  cs: { whole: ['kód', 'heslo'] },
  hu: { ending: ['kód'] },
  ro: { whole: ['cod', 'codul'] },
  tr: { whole: ['kod', 'kodu', 'kodunuz', 'şifre', 'şifreniz'] },
  id: { whole: ['kode', 'sandi'] },
  vi: { whole: ['mã'] },
  el: { ending: ['κωδικός', 'κωδικό'] },
  ru: { ending: ['код', 'пароль'] },
  uk: { ending: ['код', 'пароль'] },
  he: { ending: ['קוד', 'סיסמה'] },
  ar: { ending: ['رمز', 'كود'] },
  hi: { whole: ['कोड', 'ओटीपी'] },
  th: { ending: ['รหัส'] },
  zh: { ending: ['验证码', '校验码', '动态码', '驗證碼', '安全码', '密码', '密碼'] },
  ja: { ending: ['コード', '暗証番号', '認証番号', 'パスワード'] },
  ko: { ending: ['인증번호', '코드', '비밀번호', '인증'] },
}

/** What makes another thing of the word behind it. */
export const otherCodes: readonly string[] = [
  'zip',
  'post',
  'postal',
  'bar',
  'qr',
  'promo',
  'discount',
  'coupon',
  'voucher',
  'country',
  'area',
  'error',
  'status',
  'exit',
  'source',
  'dress',
]

/** Behind a number they say what it counts. */
export const units: readonly string[] = [
  'seconds?',
  'sec',
  'minutes?',
  'mins?',
  'hours?',
  'days?',
  'sekunden',
  'minuten',
  'stunden',
  'tagen?',
  'secondes?',
  'heures?',
  'jours?',
  'segundos?',
  'minutos?',
  'horas?',
  'días?',
  'минут\\p{L}*',
  'час\\p{L}*',
  '分钟',
  '分',
  '분',
]
