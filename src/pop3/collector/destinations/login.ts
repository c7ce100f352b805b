// How a destination learns who it is on a server.

import { DestinationError, type DestinationFault } from '../destination.ts'
import { SecretError } from '../secrets/secret-error.ts'

export type DestinationSecret =
  | { readonly kind: 'password'; readonly password: string }
  /** OAuth2, RFC 6750. */
  | { readonly kind: 'token'; readonly token: string }

export interface DestinationLogin {
  readonly user: string
  /** Asked before each login. Throws `SecretError`. */
  readonly secret: (signal: AbortSignal) => Promise<DestinationSecret>
}

const faults: Readonly<Record<SecretError['fault'], DestinationFault>> = {
  credentials: 'configuration',
  configuration: 'configuration',
  unavailable: 'unavailable',
  aborted: 'unavailable',
}

/** Throws `DestinationError`. */
export async function secretOf(login: DestinationLogin, signal: AbortSignal): Promise<DestinationSecret> {
  try {
    return await login.secret(signal)
  } catch (error) {
    if (error instanceof SecretError)
      throw new DestinationError(faults[error.fault], error.message, { cause: error })
    throw error
  }
}
