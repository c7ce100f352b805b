// How a letter is written down: what is special about it, and its octets, one to a character.

export interface LetterSource {
  /** Fits behind "a message with". */
  readonly about: string
  /** Header lines behind those that every letter has, each with its CRLF. */
  readonly header?: string
  /** In latin1. */
  readonly body: string
  /** Delivery systems change it, or refuse it, lawfully. */
  readonly isUnlawful?: true
  /** The header ends with the message: no empty line, no body. */
  readonly isHeaderOnly?: true
}
