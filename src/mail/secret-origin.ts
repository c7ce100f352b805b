// Where the password or the token of a mailbox elsewhere comes from. No variant holds one.

export type SecretOrigin =
  /** Asked of whoever sits at the terminal. */
  | { readonly kind: 'prompt' }
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'environment'; readonly variable: string }
  /** A program and its arguments; there is no shell but the one that is named here. */
  | { readonly kind: 'command'; readonly command: readonly string[] }
  /** `file` undefined: `.netrc` of the home folder. */
  | { readonly kind: 'netrc'; readonly file: string | undefined }
  /** Attribute, value, attribute, value. Undefined: host, service and user, as mpop and msmtp have them. */
  | { readonly kind: 'keyring'; readonly attributes: readonly string[] | undefined }

/** How a source logs in by OAuth2. */
export interface OAuthOptions {
  /** `gmail`, `outlook` and others that are known by name, or the URL of an OpenID issuer. */
  readonly provider: string
  /** As the owner of this office has registered it with the provider. */
  readonly clientId: string
  readonly clientSecretFile: string | undefined
  /** Undefined: by device where the provider has that. */
  readonly flow: 'device' | 'browser' | undefined
  /** Undefined: what the provider asks for mail. */
  readonly scope: string | undefined
  /** Of the redirection to this machine; undefined: any that is free. */
  readonly redirectPort?: number | undefined
}

export type LoginOrigin = SecretOrigin | { readonly kind: 'oauth'; readonly oauth: OAuthOptions }
