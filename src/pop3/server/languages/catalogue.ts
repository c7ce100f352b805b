// What there is to say in replies, for each language to say in its words: a file that lacks a text, has one too many, or takes
// other numbers does not compile. Texts stand behind `+OK`, `-ERR` and response codes, which are the same in all.
import type { RefusalCode } from '../../../mail/errors.ts'
import type { ProblemName } from '../../wire/command.ts'

/** Refusals that have a reply of their own; all others share one. */
export type ToldRefusal = Extract<
  RefusalCode,
  | 'maildrop-in-use'
  | 'lease-lost'
  | 'message-gone'
  | 'store-full'
  | 'store-busy'
  | 'store-closed'
  | 'directory-unavailable'
  | 'no-such-account'
>

export interface Catalogue {
  // Before login
  readonly sendPass: string
  readonly needsUser: string
  readonly noApop: string
  readonly noAuth: string
  readonly noSuchMechanism: string
  readonly mechanismsFollow: string
  readonly loginRefused: string
  /** The last login was too short a while ago. */
  readonly tooSoon: string
  readonly needsTls: string
  readonly beginTls: string
  readonly tlsActive: string
  readonly noTls: string
  readonly utf8Enabled: string
  /** QUIT before login. */
  readonly goodbye: string

  // In any state
  readonly capabilitiesFollow: string
  /** The verbs, blanks between them. */
  readonly help: (verbs: string) => string
  readonly languagesFollow: string
  /** Behind the tag of the language that is spoken from now on: this one. */
  readonly languageChosen: string
  readonly noSuchLanguage: string
  readonly notInThisState: string
  readonly lineTooLong: string
  readonly shuttingDown: string
  readonly endedByOperator: string
  readonly problems: Readonly<Record<ProblemName, string>>

  // In the maildrop
  /** What the maildrop has, behind a login and LIST. */
  readonly contents: (messages: number, octets: number) => string
  readonly unmarked: (messages: number, octets: number) => string
  readonly octets: (octets: number) => string
  readonly topFollows: string
  readonly uniqueIdsFollow: string
  readonly deleted: (message: number) => string
  readonly alreadyDeleted: (message: number) => string
  readonly noSuchMessage: (messages: number) => string
  readonly mayOnlyRead: string
  readonly signingOff: (messagesLeft: number) => string

  // What failed; the outcome, where there is one, stands behind a semicolon
  readonly refusals: Readonly<Record<ToldRefusal | 'other', string>>
  readonly fault: (id: string) => string
  readonly nothingRemoved: (messages: number) => string
  readonly removalUncertain: string
}
