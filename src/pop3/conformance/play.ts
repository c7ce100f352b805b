// A run of a POP3 case.
import { Play, type PlayOptions } from '../../conformance/play.ts'
import type { Credentials } from './credentials.ts'
import type { Letter, LetterName } from './letters.ts'
import type { Survey } from './survey.ts'

export type { Credentials }

export interface Pop3PlayOptions extends PlayOptions {
  readonly credentials: Credentials
  readonly survey: Survey
  /** The letters in the maildrop, in order, when the case began; undefined when it asked for none. */
  readonly letters: readonly Letter[]
  /**
   * Delivers one more; undefined where there is no way to. Resolves when a new session would see it; where a session has
   * the maildrop `open` as soon as it is handed over, and nobody looks.
   */
  readonly deliver: ((name: LetterName, maildrop?: 'open') => Promise<void>) | undefined
  /** Delivers what is too large to be held. */
  readonly deliverInPieces?: ((pieces: Iterable<Buffer>) => Promise<void>) | undefined
  /** Expunges the first message by another way than POP3, whoever has the maildrop open. */
  readonly expungeFirst?: (() => Promise<void>) | undefined
}

export class Pop3Play extends Play {
  readonly credentials: Credentials
  readonly survey: Survey
  readonly letters: readonly Letter[]
  readonly deliver: Pop3PlayOptions['deliver']
  readonly deliverInPieces: Pop3PlayOptions['deliverInPieces']
  readonly expungeFirst: Pop3PlayOptions['expungeFirst']

  constructor(options: Pop3PlayOptions) {
    super(options)
    this.credentials = options.credentials
    this.survey = options.survey
    this.letters = options.letters
    this.deliver = options.deliver
    this.deliverInPieces = options.deliverInPieces
    this.expungeFirst = options.expungeFirst
  }
}
