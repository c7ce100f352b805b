// What the domain refuses. Each refusal has a stable code; the protocols turn codes into replies by table.
// Anything else that is thrown is a fault of ours.

export type RefusalCode =
  | 'maildrop-in-use' // another POP3 session holds the lease
  | 'lease-lost' // the lease expired or was broken: nothing may be deleted any more
  | 'message-gone' // the octets were freed meanwhile
  | 'over-quota'
  | 'message-too-large'
  | 'bare-newline'
  | 'store-full' // no room on the disk
  | 'store-busy' // locked by another process for too long
  | 'store-closed'
  | 'store-unusable' // damaged, not ours, or written by a newer version
  | 'folder-in-use' // another server serves this data folder
  | 'directory-unavailable' // accounts come from elsewhere, and elsewhere does not answer
  | 'no-such-account'
  | 'account-exists'
  | 'no-such-alias'
  | 'alias-exists'
  | 'no-such-app-password'
  | 'app-password-exists'
  | 'no-such-folder'
  | 'folder-exists'
  | 'folder-not-empty'
  | 'duplicate-uidl'
  | 'bad-uidl'
  | 'bad-name'
  | 'bad-password' // one that has no form to be compared in

/** A refusal: the request was understood and cannot be granted. `message` is a sentence for a person. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: RefusalCode

  constructor(code: RefusalCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** True for a refusal, of any code or of the one given. */
export function isRefusal(error: unknown, code?: RefusalCode): error is Refusal {
  return error instanceof Refusal && (code === undefined || error.code === code)
}
