// From what imapflow throws to a fault of the destination: response codes of RFC 5530, RFC 9208 and RFC 7889.
import { isTlsCode } from '../../../net/tls/trust.ts'
import { DestinationError, type DestinationFault } from '../destination.ts'
import { shownText } from '../sources/advice.ts'
import { UnsafeChannel } from '../sources/imap/connection.ts'

interface ImapFailure {
  readonly message: string
  readonly code?: string
  readonly serverResponseCode?: string
  readonly responseStatus?: string
  readonly responseText?: string
  readonly authenticationFailed?: boolean
}

const ofResponseCodes: Readonly<Record<string, DestinationFault>> = {
  OVERQUOTA: 'full',
  LIMIT: 'full',
  APPENDLIMIT: 'message',
  TOOBIG: 'message',
  'BAD-EVENT': 'message',
  UNAVAILABLE: 'unavailable',
  INUSE: 'unavailable',
  SERVERBUG: 'unavailable',
  EXPUNGEISSUED: 'unavailable',
  AUTHENTICATIONFAILED: 'configuration',
  AUTHORIZATIONFAILED: 'configuration',
  PRIVACYREQUIRED: 'configuration',
  CONTACTADMIN: 'configuration',
  EXPIRED: 'configuration',
  NOPERM: 'configuration',
  TRYCREATE: 'configuration',
  NONEXISTENT: 'configuration',
  CANNOT: 'configuration',
}

/** Of a login. */
const forAWhile: ReadonlySet<string> = new Set(['UNAVAILABLE', 'INUSE', 'SERVERBUG', 'LIMIT'])

/** `where` names the server. */
export function imapFault(error: unknown, where: string): DestinationError {
  if (error instanceof DestinationError) return error
  if (error instanceof UnsafeChannel)
    return new DestinationError('configuration', `${where}: ${error.message}`, { cause: error })
  const { message, code = '', ...said } = error as ImapFailure
  const responseCode = said.serverResponseCode?.toUpperCase() ?? ''
  // Without its cause and without the server's words: both could repeat the password.
  if (said.authenticationFailed) {
    const fault = forAWhile.has(responseCode) ? 'unavailable' : 'configuration'
    return new DestinationError(
      fault,
      `${where} refuses the login (${shownText(responseCode || 'no code', 40)})`,
    )
  }
  if (said.responseStatus === undefined && said.serverResponseCode === undefined) {
    const fault = isTlsCode(code) ? 'configuration' : 'unavailable'
    return new DestinationError(fault, `${where}: ${shownText(message)}`, { cause: error })
  }
  const fault = ofResponseCodes[responseCode] ?? 'message'
  return new DestinationError(fault, `${where} says: ${shownText(said.responseText ?? message)}`, {
    cause: error,
  })
}
