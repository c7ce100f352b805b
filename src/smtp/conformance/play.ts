// A run of a case about SMTP or LMTP.
import type { Collect } from '../../conformance/collection.ts'
import { Play, type PlayOptions } from '../../conformance/play.ts'
import type { Survey } from './survey.ts'

export interface SmtpPlayOptions extends PlayOptions {
  readonly survey: Survey
  /** In the header of every message of this run. */
  readonly mark: string
  /** Undefined where there is no way to see what arrived. */
  readonly collect: Collect | undefined
}

export class SmtpPlay extends Play {
  readonly survey: Survey
  readonly mark: string
  readonly collect: Collect | undefined

  constructor(options: SmtpPlayOptions) {
    super(options)
    this.survey = options.survey
    this.mark = options.mark
    this.collect = options.collect
  }
}
