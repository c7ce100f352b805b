// Why there is no password or token. Never has either in it.

/**
 * `credentials`: what there was is worth nothing any more, a person has to log in again; `configuration`: a person has to
 * mend something; `unavailable`: for a while; `aborted`: by us.
 */
export type SecretFault = 'credentials' | 'configuration' | 'unavailable' | 'aborted'

export class SecretError extends Error {
  override readonly name = 'SecretError'
  readonly fault: SecretFault

  /** `message` is a sentence for a person. */
  constructor(fault: SecretFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.fault = fault
  }
}
