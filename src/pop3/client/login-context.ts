// What a login is told of the session that it begins.
import type { Capabilities } from './capabilities.ts'
import type { Conversation } from './conversation.ts'
import type { LoginWay, SaslChannel } from './credentials.ts'
import type { Quirks } from './quirks.ts'

export interface LoginContext {
  readonly conversation: Conversation
  readonly capabilities: Capabilities
  readonly channel: Omit<SaslChannel, 'offered'>
  /** RFC 1939 section 7, from the greeting. */
  readonly apopTimestamp: string | undefined
  readonly isPrivate: boolean
  readonly allowCleartextAuth: boolean
  readonly quirks: Quirks
  /** The last token was not taken. */
  readonly isRetry: boolean
  readonly signal: AbortSignal | undefined
}

export type WayOf<K extends LoginWay['kind']> = Extract<LoginWay, { kind: K }>

/** Their tokens are mostly long, and servers disagree about where they are to stand. */
export const bearers = new Set(['XOAUTH2', 'OAUTHBEARER'])
