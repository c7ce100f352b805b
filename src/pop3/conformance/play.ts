// A run of a POP3 case.
import { Play, type PlayOptions } from '../../conformance/play.ts'
import type { Letter, LetterName } from './letters.ts'
import type { Survey } from './survey.ts'

export interface Credentials {
  readonly user: string
  readonly password: string
}

export interface Pop3PlayOptions extends PlayOptions {
  readonly credentials: Credentials
  readonly survey: Survey
  /** The letters in the maildrop, in order, when the case began; undefined when it asked for none. */
  readonly letters: readonly Letter[]
  /** Delivers one more and resolves when a new session would see it; undefined where there is no way to. */
  readonly deliver: ((name: LetterName) => Promise<void>) | undefined
}

export class Pop3Play extends Play {
  readonly credentials: Credentials
  readonly survey: Survey
  readonly letters: readonly Letter[]
  readonly deliver: Pop3PlayOptions['deliver']

  constructor(options: Pop3PlayOptions) {
    super(options)
    this.credentials = options.credentials
    this.survey = options.survey
    this.letters = options.letters
    this.deliver = options.deliver
  }
}
