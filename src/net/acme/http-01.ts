// The server for the challenge http-01, RFC 8555 section 8.3: it answers GET for the tokens it was given, and 404 to all
// else. A request is bounded in size and time, and has a connection of its own.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { bind, boundAddress, type ListenAddress } from '../listener.ts'
import { type ChallengeServer, challengeTimeoutMs, maxChallengeConnections } from './challenge.ts'

const prefix = '/.well-known/acme-challenge/'

/** Binds every address or none; rejects with an error that names the address and the reason. */
export async function serveHttp01(addresses: readonly ListenAddress[]): Promise<ChallengeServer> {
  const authorizations = new Map<string, string>()
  const servers = addresses.map(() => createServerFor(authorizations))
  const close = () => {
    for (const server of servers) {
      server.close()
      server.closeAllConnections()
    }
  }
  try {
    for (const [index, address] of addresses.entries()) await bind(servers[index] as Server, address)
  } catch (error) {
    close()
    throw error
  }
  return {
    addresses: servers.map(boundAddress),
    answer: async ({ token, keyAuthorization }) => {
      authorizations.set(prefix + token, keyAuthorization)
    },
    close,
  }
}

function createServerFor(authorizations: ReadonlyMap<string, string>): Server {
  const server = createServer(
    {
      maxHeaderSize: 8_192,
      headersTimeout: challengeTimeoutMs,
      requestTimeout: challengeTimeoutMs,
      connectionsCheckingInterval: 1_000,
      noDelay: true,
    },
    (request, response) => answer(authorizations, request, response),
  )
  server.maxConnections = maxChallengeConnections
  // A peer that reads slowly, or sends nothing at all, is not waited for either.
  server.setTimeout(challengeTimeoutMs)
  return server
}

function answer(
  authorizations: ReadonlyMap<string, string>,
  { method, url }: IncomingMessage,
  response: ServerResponse,
): void {
  const found = method === 'GET' ? authorizations.get(url ?? '') : undefined
  const body = found ?? ''
  response.writeHead(found === undefined ? 404 : 200, {
    'content-type': 'application/octet-stream',
    'content-length': body.length,
    connection: 'close',
  })
  response.end(body)
}
