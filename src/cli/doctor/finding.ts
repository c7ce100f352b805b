// What an examination found.

export interface Finding {
  /** What was examined. */
  readonly what: string
  /** `note`: nothing is wrong, yet it should be known. */
  readonly state: 'well' | 'note' | 'wrong'
  /** One sentence; where something is wrong, with what to do. */
  readonly finding: string
}
