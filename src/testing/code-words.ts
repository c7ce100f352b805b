// Words that one-time codes stand near, by language. `whole` is a word by itself; `ending` ends a word, so that
// `Bestätigungscode` is found by `code`; `inner` is found wherever it stands, in scripts that part no words.

interface CodeWords {
  readonly whole?: readonly string[]
  readonly ending?: readonly string[]
  readonly inner?: readonly string[]
}

export const codeWords: Readonly<Record<string, CodeWords>> = {
  en: {
    whole: ['pin', 'otp', 'verification', 'verify', 'one-time', '2fa', 'mfa'],
    ending: ['code', 'codes', 'password'],
  },
  de: { whole: ['tan'], ending: ['passwort', 'kennwort'] },
  fr: { whole: ['mot de passe', 'vérification'] },
  es: { whole: ['clave', 'código', 'codigo', 'contraseña'] },
  pt: { whole: ['senha'] },
  it: { whole: ['codice', 'verifica'] },
  nl: { ending: ['wachtwoord'] },
  sv: { ending: ['kod', 'koden'] },
  da: { ending: ['kode', 'koden'] },
  fi: { ending: ['koodi', 'koodisi'] },
  pl: { whole: ['kodu', 'hasło'] },
  cs: { whole: ['kód', 'heslo'] },
  hu: { ending: ['kód', 'kódja'] },
  ro: { whole: ['cod', 'codul'] },
  tr: { whole: ['kodunuz', 'şifre', 'şifreniz'] },
  id: { whole: ['sandi'] },
  vi: { whole: ['mã'] },
  el: { whole: ['κωδικός', 'κωδικό'] },
  ru: { ending: ['код', 'кода', 'кодом', 'пароль', 'пароля'] },
  he: { whole: ['קוד', 'הקוד', 'סיסמה'] },
  ar: { whole: ['رمز', 'الرمز', 'كود'] },
  hi: { whole: ['कोड', 'ओटीपी'] },
  th: { inner: ['รหัส'] },
  zh: { inner: ['验证码', '校验码', '动态码', '驗證碼', '安全码', '密码', '密碼'] },
  ja: { inner: ['コード', '暗証番号', '認証番号', 'パスワード'] },
  ko: { inner: ['인증번호', '코드', '비밀번호'] },
}

/** What makes another thing of a `code` behind it. */
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
]

/** Beginnings of words that only look like it. */
export const noCodes: readonly string[] = ['en', 'de', 'uni', 'trans']

/** Behind a number they say what it counts. */
export const units: readonly string[] = [
  'sec',
  'seconds?',
  'mins?',
  'minutes?',
  'hours?',
  'days?',
  'sekunden?',
  'minuten?',
  'stunden?',
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
  '分钟?',
  '分',
  '분',
]
