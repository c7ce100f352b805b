// How a source logs in by OAuth2, as it is configured.

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
