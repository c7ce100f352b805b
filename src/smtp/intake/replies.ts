// What the intake answers when it grants or refuses: one table, from the domain's words to reply code, enhanced status
// code (RFC 3463) and text. The library's own replies to syntax and sequence are not in it.
import type { ResolveRefusal } from '../../mail/delivery/deliver.ts'
import { Refusal, type RefusalCode } from '../../mail/errors.ts'

export interface Reply {
  readonly code: number
  /** With the enhanced status code in front. */
  readonly text: string
}

export type ReplyName =
  | ResolveRefusal
  | Extract<
      RefusalCode,
      | 'message-too-large'
      | 'bare-newline'
      | 'store-full'
      | 'store-busy'
      | 'store-closed'
      | 'directory-unavailable'
      | 'no-such-account'
    >
  | 'fault'
  | 'too-many-recipients'
  | 'unknown-parameter'
  | 'needs-smtputf8'
  | 'no-arguments'
  | 'no-recipients'
  | 'line-too-long'
  | 'injection'
  | 'tls-in-clear'
  | 'proxy-header'
  | 'no-expansion'
  | 'logged-in'
  | 'login-refused'
  | 'login-required'
  | 'login-unavailable'
  | 'auth-cancelled'
  | 'auth-in-clear'
  | 'auth-out-of-order'
  | 'bad-auth'
  | 'bad-base64'
  | 'no-such-mechanism'
  | 'draining'
  | 'killed'
  | 'too-slow'
  | 'too-many-errors'
  | 'too-many-connections'

export const replies: Readonly<Record<ReplyName, Reply>> = {
  'unknown-user': { code: 550, text: '5.1.1 nobody of that name receives mail here' },
  'no-such-account': { code: 550, text: '5.1.1 nobody of that name receives mail here any more' },
  'bad-address': { code: 553, text: '5.1.3 that is no address' },
  'not-local': { code: 550, text: '5.7.1 that domain is not served here, and nothing is relayed' },
  'over-quota': { code: 452, text: '4.2.2 the mailbox is full; try again later' },
  'too-many-recipients': {
    code: 452,
    text: '4.5.3 too many recipients; send the message again for the others',
  },
  'message-too-large': { code: 552, text: '5.3.4 the message is larger than what is accepted here' },
  'bare-newline': { code: 554, text: '5.6.0 a line of the message ends with a bare LF' },
  'store-full': { code: 452, text: '4.3.1 no room left; try again later' },
  'store-busy': { code: 452, text: '4.3.1 the store is busy; try again later' },
  'store-closed': { code: 451, text: '4.3.0 the store is closed; try again later' },
  'directory-unavailable': { code: 451, text: '4.3.0 addresses cannot be looked up now; try again later' },
  fault: { code: 451, text: '4.3.0 something went wrong here; try again later' },
  'unknown-parameter': { code: 555, text: '5.5.4 a parameter that was not offered' },
  'needs-smtputf8': { code: 553, text: '5.6.7 an address that is not ASCII needs SMTPUTF8' },
  'no-arguments': { code: 501, text: '5.5.4 no arguments are allowed' },
  'no-recipients': { code: 503, text: '5.5.1 no recipient was accepted' },
  'line-too-long': { code: 421, text: '5.5.2 line too long; closing' },
  'tls-in-clear': { code: 421, text: '5.5.1 TLS begins with STARTTLS here; closing' },
  'proxy-header': { code: 421, text: '5.7.1 no header of the PROXY protocol is believed from you; closing' },
  injection: { code: 421, text: '5.5.1 nothing may stand behind STARTTLS; closing' },
  'no-expansion': { code: 502, text: '5.5.1 lists are not shown here' },
  'logged-in': { code: 235, text: '2.7.0 logged in' },
  'login-refused': { code: 535, text: '5.7.8 wrong name, password or token' },
  'login-required': { code: 530, text: '5.7.0 log in first' },
  'login-unavailable': { code: 454, text: '4.7.0 nobody can say now whether that is right; try again later' },
  'auth-cancelled': { code: 501, text: '5.7.0 cancelled' },
  'auth-in-clear': { code: 538, text: '5.7.11 not without TLS' },
  'auth-out-of-order': { code: 503, text: '5.5.1 not now: once in a session, and not in a transaction' },
  'bad-auth': { code: 501, text: '5.5.4 AUTH has a mechanism, and at most one response' },
  'bad-base64': { code: 501, text: '5.5.2 that is no base64' },
  'no-such-mechanism': { code: 504, text: '5.5.4 no such mechanism here' },
  draining: { code: 421, text: '4.3.2 closing down; try again later' },
  killed: { code: 421, text: '4.3.2 the session was ended by an operator; try again later' },
  'too-slow': { code: 421, text: '4.4.2 too slow; closing' },
  'too-many-errors': { code: 421, text: '4.7.0 too many errors; closing' },
  'too-many-connections': { code: 421, text: '4.7.0 too many connections; try again later' },
}

/** The reply to what a delivery threw; `fault` for everything that is no refusal of the table. */
export function replyNameOf(error: unknown): ReplyName {
  return error instanceof Refusal && Object.hasOwn(replies, error.code) ? (error.code as ReplyName) : 'fault'
}

/** The reply once the message is durable. */
export function acceptance(deliveryId: string): Reply {
  return { code: 250, text: `2.6.0 stored, id ${deliveryId}` }
}

/** The form in which the library's callbacks take a refusal. */
export function asLibraryError(name: ReplyName): Error & { responseCode: number } {
  const { code, text } = replies[name]
  return Object.assign(new Error(text), { responseCode: code })
}
