// The door `poplar-mail/pop3/client`: a POP3 client without runtime dependencies.
export { Capabilities, type CapabilitySource } from './capabilities.ts'
export { connect } from './connect.ts'
export {
  type Credentials,
  external,
  type OAuth2Options,
  oauth2,
  type PasswordMechanism,
  type PasswordOptions,
  password,
  type TokenSource,
} from './credentials.ts'
export { type Phase, Pop3Error, type Pop3ErrorCode, type Retry } from './errors.ts'
export type { MessageBody } from './message-body.ts'
export type { Listing, ListingAnomaly, MessageRef } from './message-ref.ts'
export type { ConnectOptions, Limits, Timeouts, TlsPolicy } from './options.ts'
export type { CommitOutcome, Message, OperationOptions, RetrieveOptions, Session } from './session.ts'
