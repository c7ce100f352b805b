// The server for the challenge tls-alpn-01, RFC 8737: it speaks `acme-tls/1` only, shows for a name the certificate that
// proves it, and closes the connection when the handshake is done.
import type { Socket } from 'node:net'
import { createSecureContext, createServer, type SecureContext, type Server } from 'node:tls'
import { bind, boundAddress, type ListenAddress } from '../listener.ts'
import { type ChallengeServer, challengeTimeoutMs, maxChallengeConnections } from './challenge.ts'
import { createKey } from './key.ts'

const protocol = 'acme-tls/1'

/** Binds every address or none; rejects with an error that names the address and the reason. */
export async function serveTlsAlpn01(addresses: readonly ListenAddress[]): Promise<ChallengeServer> {
  const { crypto } = await import('acme-client')
  const contexts = new Map<string, SecureContext>()
  const sockets = new Set<Socket>()
  const servers = addresses.map(() => createServerFor(contexts, sockets))
  const close = () => {
    for (const server of servers) server.close()
    for (const socket of sockets) socket.destroy()
  }
  try {
    for (const [index, address] of addresses.entries()) await bind(servers[index] as Server, address)
  } catch (error) {
    close()
    throw error
  }
  return {
    addresses: servers.map(boundAddress),
    answer: async ({ domain, keyAuthorization }) => {
      const authorization = { identifier: { type: 'dns', value: domain } }
      const [key, cert] = await crypto.createAlpnCertificate(
        authorization as Parameters<typeof crypto.createAlpnCertificate>[0],
        keyAuthorization,
        await createKey(),
      )
      contexts.set(domain, createSecureContext({ key, cert }))
    },
    close,
  }
}

function createServerFor(contexts: ReadonlyMap<string, SecureContext>, sockets: Set<Socket>): Server {
  const server = createServer({
    ALPNProtocols: [protocol],
    handshakeTimeout: challengeTimeoutMs,
    minVersion: 'TLSv1.2',
    // There is no certificate but those: whoever names none of these domains cannot finish the handshake.
    SNICallback: (name, done) => done(null, contexts.get(name.toLowerCase())),
  })
  server.maxConnections = maxChallengeConnections
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    socket.setTimeout(challengeTimeoutMs, () => socket.destroy())
  })
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  server.on('secureConnection', socket => {
    socket.on('error', () => undefined)
    if (socket.alpnProtocol === protocol) socket.end()
    else socket.destroy()
  })
  return server
}
