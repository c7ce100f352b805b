// Who is there: finds out which protocol a port speaks when it is not the one that was expected.
import { type DialAddress, type DialTls, dial } from '../net/dialer.ts'

/** What is known by its first octets, in latin1. */
const voices: readonly (readonly [pattern: RegExp, protocol: string])[] = [
  [/^\+OK\b/, 'POP3'],
  [/^-ERR\b/, 'POP3, which refuses'],
  [/^\* (?:OK|PREAUTH|BYE)\b/i, 'IMAP'],
  [/^220[ -][^\r\n]*\bftp\b/i, 'FTP'],
  [/^220[ -][^\r\n]*\blmtp\b/i, 'LMTP'],
  [/^[245]\d\d[ -]/, 'SMTP'],
  [/^HTTP\/|^<(?:!doctype|html)/i, 'HTTP'],
  [/^SSH-/, 'SSH'],
  [/^[\x14-\x17]\x03[\x00-\x04]/, 'TLS'],
  [/^(?:OK|NO|BYE)\b|^"IMPLEMENTATION"/, 'ManageSieve'],
  [/^20[01] /, 'NNTP'],
]

/** The name of the protocol that begins with these octets (latin1); undefined where we know none. */
export function protocolOf(octets: string): string | undefined {
  return voices.find(([pattern]) => pattern.test(octets))?.[1]
}

const nothing = ''
const maxOctets = 512

/**
 * The first octets that come from the port, in latin1: unasked, or for two lines that no protocol takes. Empty when nothing
 * comes; undefined when nobody listens, or has no TLS where that is asked for. Takes at most twice `patienceMs` beyond the connection.
 */
export async function knock(
  address: DialAddress,
  patienceMs: number,
  tls?: DialTls,
): Promise<string | undefined> {
  const socket = await dial({ ...address, tls, timeoutMs: patienceMs }).catch(() => undefined)
  if (!socket) return undefined
  socket.on('error', () => {})
  try {
    const first = () =>
      new Promise<string>(resolve => {
        const timer = setTimeout(resolve, patienceMs, nothing)
        const settle = (octets: string) => {
          clearTimeout(timer)
          resolve(octets)
        }
        socket.once('data', (octets: Buffer) => settle(octets.subarray(0, maxOctets).toString('latin1')))
        socket.once('close', () => settle(nothing))
        socket.once('end', () => settle(nothing))
      })
    const unasked = await first()
    if (unasked !== nothing || socket.destroyed || socket.readableEnded) return unasked
    const answer = first()
    socket.write('CAPA\r\n\r\n')
    return await answer
  } finally {
    socket.destroy()
  }
}
