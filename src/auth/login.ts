// A login, successful or tried: who, from where, over what channel. The words that protocols, mechanisms and the
// authenticator share.
import type { Account } from '../mail/account.ts'
import type { MaildropSettings } from '../mail/maildrop-settings.ts'

/** What a session speaks; app passwords may be limited to some. */
export type LoginProtocol = 'pop3' | 'imap' | 'smtp'

/** `tls-exporter` is RFC 9266, `tls-server-end-point` RFC 5929 section 4. */
export type ChannelBindingType = 'tls-exporter' | 'tls-server-end-point'

/** A client's certificate that an authority of ours has signed. */
export interface ClientCertificate {
  /** Mail addresses of the subject's alternative names; without any, those of the subject, then its common name. */
  readonly names: readonly string[]
  /** SHA-256 in hexadecimal with colons. */
  readonly fingerprint: string
}

/** TLS as logins see it; a connection of net/ fits. */
export interface SecureChannel {
  /** `TLSv1.3`, `TLSv1.2`; of a listener for old devices also less. */
  readonly version: string
  readonly cipher: string
  readonly clientCertificate: ClientCertificate | undefined
  /** Octets that exist only on this channel; undefined where it has none of that type. */
  binding(type: ChannelBindingType): Uint8Array | undefined
}

/**
 * Tells that nobody waits for an outcome any more. An `AbortSignal` is one; making it costs more than all else that a login
 * asks of it, so that a protocol may bring something smaller.
 */
export interface Abandonment {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** Who asks to be let in. */
export interface LoginOrigin {
  readonly protocol: LoginProtocol
  /** The peer's address. */
  readonly peer: string
  readonly sessionId: string
  /** Undefined in clear. */
  readonly channel: SecureChannel | undefined
  /** Aborted when nobody waits for the outcome any more: what waits in its name is given up. */
  readonly signal?: Abandonment
}

/** What a successful login gives. */
export interface Login {
  readonly account: Account
  /** Nothing may be deleted: the app password says so. */
  readonly readOnly: boolean
  /** The name of the app password that was used, if it was one. */
  readonly appPassword: string | undefined
  /** Its settings. */
  readonly appSettings?: MaildropSettings | undefined
  /** The name as it was claimed: it may ask for a part of the account. */
  readonly loginName?: string | undefined
}
