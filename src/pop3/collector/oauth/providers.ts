// Authorization servers of mail providers, as data: where they are, what they call the right to read mail, and what they want
// otherwise than RFC 6749 has it. None has a client identifier here: that is its user's, who has registered with the provider.
// As their documentation has it; no test can reach them.

export interface OAuthProvider {
  readonly issuer: string
  readonly authorization: string
  readonly token: string
  /** RFC 8628; undefined where there is none for mail. */
  readonly device: string | undefined
  readonly scope: string
  /** Besides those of RFC 6749. */
  readonly authorizationParameters: Readonly<Record<string, string>>
  /** How the redirection names this machine: some know `localhost` only. RFC 8252 section 7.3. */
  readonly redirectHost: '127.0.0.1' | 'localhost'
}

export const providers: Readonly<Record<string, OAuthProvider>> = {
  gmail: {
    issuer: 'https://accounts.google.com',
    authorization: 'https://accounts.google.com/o/oauth2/v2/auth',
    token: 'https://oauth2.googleapis.com/token',
    // Google has a device flow, but not for the scope of mail.
    device: undefined,
    scope: 'https://mail.google.com/',
    authorizationParameters: { access_type: 'offline', prompt: 'consent' },
    redirectHost: '127.0.0.1',
  },
  outlook: {
    issuer: 'https://login.microsoftonline.com/common/v2.0',
    authorization: 'https://login.microsoftonline.com/common/oauth2/v2.0/authorize',
    token: 'https://login.microsoftonline.com/common/oauth2/v2.0/token',
    device: 'https://login.microsoftonline.com/common/oauth2/v2.0/devicecode',
    scope:
      'https://outlook.office.com/POP.AccessAsUser.All https://outlook.office.com/IMAP.AccessAsUser.All offline_access',
    authorizationParameters: {},
    redirectHost: 'localhost',
  },
  yahoo: {
    issuer: 'https://api.login.yahoo.com',
    authorization: 'https://api.login.yahoo.com/oauth2/request_auth',
    token: 'https://api.login.yahoo.com/oauth2/get_token',
    device: undefined,
    scope: 'mail-r',
    authorizationParameters: {},
    redirectHost: 'localhost',
  },
  'mail.ru': {
    issuer: 'https://oauth.mail.ru',
    authorization: 'https://oauth.mail.ru/login',
    token: 'https://oauth.mail.ru/token',
    device: undefined,
    scope: 'userinfo mail.imap',
    authorizationParameters: { prompt_force: '1' },
    redirectHost: 'localhost',
  },
  yandex: {
    issuer: 'https://oauth.yandex.ru',
    authorization: 'https://oauth.yandex.ru/authorize',
    token: 'https://oauth.yandex.ru/token',
    // Its device flow is older than RFC 8628, and another.
    device: undefined,
    scope: 'mail:imap_full',
    authorizationParameters: {},
    redirectHost: 'localhost',
  },
}

/** Of an issuer of OpenID that is known by nothing but its URL. */
export const openIdDefaults = {
  scope: 'openid offline_access',
  // OpenID Connect has a refresh token handed out only where somebody has agreed to that.
  authorizationParameters: { prompt: 'consent' },
  redirectHost: '127.0.0.1',
} as const satisfies Partial<OAuthProvider>
