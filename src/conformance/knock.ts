// Who is there: finds out which protocol a port speaks when it is not the one that was expected.
import { type DialAddress, type DialedSocket, type DialTls, dial } from '../net/dialer.ts'

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

const lf = 10
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
    const unasked = await heard(socket, patienceMs)
    if (unasked !== '' || socket.destroyed || socket.readableEnded) return unasked
    socket.write('CAPA\r\n\r\n')
    return await heard(socket, patienceMs)
  } finally {
    socket.destroy()
  }
}

/** A line, or what has come of one in the time. */
function heard(socket: DialedSocket, patienceMs: number): Promise<string> {
  return new Promise(resolve => {
    let octets = Buffer.alloc(0)
    const settle = () => {
      clearTimeout(timer)
      socket.off('data', take).off('close', settle).off('end', settle)
      resolve(octets.toString('latin1'))
    }
    const take = (chunk: Buffer) => {
      octets = Buffer.concat([octets, chunk.subarray(0, maxOctets)])
      if (octets.length >= maxOctets || octets.includes(lf)) settle()
    }
    const timer = setTimeout(settle, patienceMs)
    socket.on('data', take).on('close', settle).on('end', settle)
  })
}

/** Whether the port begins TLS with a client that does, whatever its certificate. */
export async function hasTls(address: DialAddress, patienceMs: number): Promise<boolean> {
  const options = { ...address, tls: { verify: false }, timeoutMs: patienceMs }
  const socket = await dial(options).catch(() => undefined)
  socket?.destroy()
  return socket !== undefined
}
