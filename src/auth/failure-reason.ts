// Why somebody is not let in, for the log: an account that is not there or disabled says more than what was wrong.
import type { Account } from '../mail/account.ts'
import type { LoginFailure } from './login-attempts.ts'

export function reasonFor(found: Account | undefined, otherwise: LoginFailure): LoginFailure {
  if (!found) return 'unknown-user'
  return found.isDisabled ? 'disabled' : otherwise
}
