// The door `poplar-mail/pop3/client`: a POP3 client without runtime dependencies.
export type { PasswordMechanism } from '../../mail/password-mechanisms.ts'
export type { Capabilities, CapabilitySource } from './capabilities.ts'
export { connect } from './connect.ts'
export {
  type Credentials,
  external,
  type OAuth2Options,
  oauth2,
  type PasswordOptions,
  password,
  type TokenSource,
} from './credentials.ts'
export type { CommandEvent, ConnectEvent, EndEvent, MessageEvent } from './diagnostics.ts'
export { type Phase, Pop3Error, type Pop3ErrorCode, type Retry } from './errors.ts'
export type { CommitOutcome, HeadersOptions, Message, OperationOptions, RetrieveOptions } from './message.ts'
export type { MessageBody } from './message-body.ts'
export type { Listing, ListingAnomaly, MessageRef } from './message-ref.ts'
export type { ConnectOptions, Limits, Timeouts, TlsPolicy, Transport } from './options.ts'
export { type Profile, profiles, type Quirks } from './quirks.ts'
export { type Learned, ServerMemory } from './server-memory.ts'
export type { Session } from './session.ts'
export type { WireFrame, WireTap } from './tap.ts'
