// A socket on which the server's side of a TLS handshake was done, for owners that take sockets as they are.
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { TlsFailure, type TlsServerOptions } from '../tls.ts'
import { Handshake, serverSide, tlsFailure } from './handshake.ts'

/** Rejects with a `TlsFailure`; the socket is destroyed then. */
export async function securedSocket(plain: Socket, options: TlsServerOptions): Promise<TLSSocket> {
  if (plain.destroyed) throw new TlsFailure('gone')
  const secured = serverSide(plain, options)
  const handshake = new Handshake(options.handshakeTimeoutMs, () => secured.destroy())
  const closed = () => handshake.closed()
  const failed = (error: NodeJS.ErrnoException) => {
    handshake.fail(tlsFailure(error))
    secured.destroy()
  }
  secured
    .on('error', failed)
    .on('_tlsError', failed)
    .once('close', closed)
    .once('secure', () => handshake.succeed())
  await handshake.done
  secured.off('error', failed).off('_tlsError', failed).off('close', closed)
  // Whoever takes the socket next listens only from the next turn on.
  secured.on('error', () => undefined)
  return secured
}
