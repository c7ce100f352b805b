// SASL, RFC 4422, without a protocol around it: a mechanism is a row of data with an exchange of octets in it. How a
// protocol writes challenges down (base64, `+ `) is its own business.
import type { Login, LoginOrigin } from './login.ts'

/** What the server does next. */
export type SaslStep =
  | { readonly kind: 'challenge'; readonly octets: Uint8Array }
  /**
   * `octets` are the mechanism's last words: sent with the success where a protocol can, otherwise as a challenge that
   * the client answers with an empty response. RFC 4422 section 3.6.
   */
  | { readonly kind: 'success'; readonly login: Login; readonly octets?: Uint8Array }
  /** The peer is told nothing but that it failed; `reason` is for the log, and holds nothing of the peer's. */
  | { readonly kind: 'failure'; readonly reason: SaslFailure }

export type SaslFailure =
  | 'malformed' // not what the mechanism's grammar allows, or out of step
  | 'refused' // a name, password, proof or token that opens nothing here, or not for whom the client asks to act as
  | 'binding' // another channel than ours, or a binding denied that we offered

/** One exchange: a step for each response, until it ends in success or failure. */
export interface SaslExchange {
  /**
   * Takes the client's response; undefined starts an exchange without an initial response. Rejects with a `Refusal`
   * (`store-busy`, `directory-unavailable`) when nobody can say now whether the login is right.
   */
  next(response: Uint8Array | undefined): Promise<SaslStep>
  /**
   * Nothing comes any more: the client has cancelled, gone, or sent what is no response. Whoever was told something that
   * a proof should have followed has failed. To be called at any time; does nothing behind the end.
   */
  abandon?(): void
}

/** What a mechanism asks of the office, for one origin. Every refusal looks and lasts alike, and is counted there. */
export interface Verifier {
  readonly origin: LoginOrigin
  /** Whether a mechanism with channel binding is offered where the channel has one; default true. */
  readonly offersBinding?: boolean
  /** What a client is told when its token opens nothing, that it may get a better one. RFC 7628 section 3.2.2. */
  readonly tokenAdvice?: TokenAdvice
  /**
   * For mechanisms that bring the password itself. Here and below, `actAs` is whom the client asks to act as: nobody acts
   * for somebody else, RFC 4422 section 3.4.1, and only behind the right password the answer depends on it.
   */
  verifyPassword(name: string, password: Uint8Array, actAs?: string): Promise<Login | undefined>
  /** Keys for SCRAM; made up, but always the same, for a name that has none. */
  findScramKeys(name: string, hash: ScramHash, actAs?: string): Promise<ScramCandidates>
  /** The password itself, for CRAM-MD5 and APOP; made up for an account that did not opt in. */
  findSecret(name: string): Promise<SecretCandidate>
  /** A bearer token; `name` is what the client claims to be, if anything. */
  verifyToken(token: string, name: string | undefined): Promise<Login | undefined>
  /** The client certificate of the channel; `name` is what the client asks to act as, if anything. */
  verifyCertificate(name: string | undefined): Promise<Login | undefined>
  /** An exchange failed before anybody could be asked: counted against the origin, and as slow as any refusal. */
  refuse(name: string | undefined): Promise<undefined>
}

export interface TokenAdvice {
  readonly scope?: string
  /** The address of the discovery document of who gives tokens. */
  readonly openidConfiguration?: string
}

export type ScramHash = 'SHA-1' | 'SHA-256'

/** RFC 5802 section 3. */
export interface ScramKeys {
  readonly storedKey: Uint8Array
  readonly serverKey: Uint8Array
}

export interface ScramCandidates {
  /** One salt and one count for all keys of an account, its app passwords included. */
  readonly salt: Uint8Array
  readonly iterations: number
  readonly keys: readonly ScramKeys[]
  /** To be called once: with the index of the key that the proof fitted, or undefined. */
  settle(matched: number | undefined): Promise<Login | undefined>
}

export interface SecretCandidate {
  readonly secret: Uint8Array
  /** To be called once. */
  settle(matches: boolean): Promise<Login | undefined>
}

export interface Mechanism {
  /** As IANA registers it. */
  readonly name: string
  readonly source: string
  /** What a channel or an account must have for it to be offered. */
  readonly needs?: 'channel-binding' | 'client-certificate' | 'shared-secret' | 'tokens'
  begin(verifier: Verifier): SaslExchange
}

/** The mechanisms of an office, as a protocol sees them. */
export interface Sasl {
  /** Names that work on such a channel, the strongest first. */
  mechanisms(channel: LoginOrigin['channel']): readonly string[]
  /** Begins an exchange; undefined for a mechanism that is not offered there. `name` in any case. */
  begin(name: string, origin: LoginOrigin): SaslExchange | undefined
}
