// The door `poplar-mail/pop3`: a POP3 server over any store that has the ports of a maildrop and a directory.
export {
  type Apop,
  type Authenticator,
  type AuthenticatorOptions,
  createAuthenticator,
} from '../auth/authenticator.ts'
export type {
  ChannelBindingType,
  ClientCertificate,
  Login,
  LoginOrigin,
  LoginProtocol,
  SecureChannel,
} from '../auth/login.ts'
export { defaultPasswordCost, hashPassword, type PasswordCost } from '../auth/password.ts'
export type { Sasl, SaslExchange, SaslFailure, SaslStep } from '../auth/sasl.ts'
export type { Account } from '../mail/account.ts'
export type { AccountDirectory } from '../mail/account-directory.ts'
export {
  AccountPolicy,
  type AccountPolicyOptions,
  type Announcement,
  type CommonAnnouncement,
  type PolicyRules,
} from '../mail/account-policy.ts'
export { Refusal, type RefusalCode } from '../mail/errors.ts'
export { LoginDelays } from '../mail/login-delays.ts'
export type {
  LeaseHolder,
  Maildrop,
  MaildropStore,
  MessageForm,
  MessageOctets,
  ScanListing,
} from '../mail/maildrop-store.ts'
export type { Octets } from '../mail/octets.ts'
export { formatListenAddress, type ListenAddress, parseListenAddress } from '../net/listener.ts'
export type { Log } from '../net/log.ts'
export type { TlsContexts } from '../net/tls.ts'
export type { Pop3Limits } from './server/limits.ts'
export { type Pop3Server, type Pop3ServerOptions, startPop3Server } from './server/server.ts'
