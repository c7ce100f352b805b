// Who logs in to the maildrop under test.

/** Octets as latin1. */
export interface Credentials {
  readonly user: string
  readonly password: string
}
