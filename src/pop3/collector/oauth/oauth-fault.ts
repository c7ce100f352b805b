// From what goes wrong with an authorization server to what somebody can do about it: the error codes of RFC 6749 section 5.2 and
// RFC 8628 section 3.5. No token is ever in it.
import { SecretError, type SecretFault } from '../secrets/secret-error.ts'
import { shownText } from '../sources/advice.ts'

const byCode: Readonly<Record<string, readonly [fault: SecretFault, sentence: string]>> = {
  invalid_grant: ['credentials', 'what was granted counts no more'],
  access_denied: ['credentials', 'access was denied'],
  expired_token: ['credentials', 'nobody has answered in time'],
  login_required: ['credentials', 'somebody has to log in'],
  interaction_required: ['credentials', 'somebody has to log in'],
  consent_required: ['credentials', 'somebody has to agree'],
  invalid_client: ['configuration', 'it does not know the client: check `client_id` and `client_secret`'],
  unauthorized_client: ['configuration', 'the client may not do that: see how it is registered there'],
  invalid_scope: ['configuration', 'the client may not have that scope: see how it is registered there'],
  unsupported_grant_type: ['configuration', 'it does not have this way to log in: set another `flow`'],
  invalid_request: ['configuration', 'it does not understand the request'],
  redirect_uri_mismatch: ['configuration', 'the redirection to this machine is not registered there'],
  temporarily_unavailable: ['unavailable', 'it has trouble'],
  server_error: ['unavailable', 'it has trouble'],
  slow_down: ['unavailable', 'it wants to be asked less'],
}

interface Failure {
  readonly message: string
  readonly code?: unknown
  readonly error?: unknown
  readonly error_description?: unknown
  readonly status?: unknown
  readonly cause?: unknown
}

interface Context {
  /** What was done: goes on with "did not succeed". */
  readonly what: string
  readonly signal: AbortSignal
}

/** `secrets` are not repeated, whatever the server says. */
export function oauthFault(
  error: unknown,
  { what, signal }: Context,
  secrets: readonly string[] = [],
): SecretError {
  if (error instanceof SecretError) return error
  if (signal.aborted) return new SecretError('aborted', 'stopped')
  const failure = error as Failure
  const code = typeof failure.error === 'string' ? failure.error : undefined
  const isTrouble = typeof failure.status === 'number' && (failure.status >= 500 || failure.status === 429)
  const known = code !== undefined && Object.hasOwn(byCode, code) ? byCode[code] : undefined
  const [fault, sentence] = known ?? (code !== undefined && !isTrouble ? refused(code) : unreachable(failure))
  const said = typeof failure.error_description === 'string' ? failure.error_description : ''
  const isSecret = secrets.some(secret => secret !== '' && said.includes(secret))
  const words = said === '' || isSecret ? '' : ` (${shownText(said)})`
  return new SecretError(fault, `${what} did not succeed: ${sentence}${words}`)
}

function refused(code: string): readonly [SecretFault, string] {
  return ['credentials', `it says ${shownText(code, 60)}`]
}

/** The library wraps what the system says. */
function unreachable({ message, cause }: Failure): readonly [SecretFault, string] {
  const inner = cause instanceof Error ? cause : undefined
  const innermost = inner?.cause instanceof Error ? inner.cause : inner
  return ['unavailable', shownText(innermost?.message ?? message)]
}
