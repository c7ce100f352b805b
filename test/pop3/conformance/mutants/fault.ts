// A deliberate fault of a server, as data: a change of text in one file of dist/.

/** In memory there is neither APOP nor CRAM-MD5. */
export type StoreKind = 'memory' | 'SQLite'

export interface Fault {
  /** Words with hyphens. */
  readonly id: string
  /** Below dist/. */
  readonly file: string
  /** It is in the file exactly once. */
  readonly find: string
  readonly replace: string
  /** Cases that are meant for it: each of them fails. */
  readonly caughtBy: readonly string[]
  /** How the suite connects. Default `clear`. */
  readonly security?: 'starttls' | 'tls'
  /** Default `memory`. */
  readonly store?: StoreKind
}
