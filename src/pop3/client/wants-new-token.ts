// Between the login that failed and the connection that is to be made anew.

/** A new token would be worth a second try, but on another connection: the server has closed this one. */
export class WantsNewToken extends Error {
  override readonly name = 'WantsNewToken'
}
