// Where a browser brings the authorization code to: a port of this machine, open for one login. RFC 8252 section 7.3.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { SecretError } from '../secrets/secret-error.ts'

export interface Loopback {
  /** As the provider is told. */
  readonly redirectUri: string
  /** The address that the browser was sent to. It never rejects, and may never come. */
  readonly arrival: Promise<URL>
  close(): void
}

const page = (text: string) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>Poplar</title><p>${text}</p></html>\n`

/** Throws `SecretError` where the port is taken. `port` 0: any. */
export async function openLoopback({
  host,
  port,
  state,
}: {
  readonly host: '127.0.0.1' | 'localhost'
  readonly port: number
  readonly state: string
}): Promise<Loopback> {
  let arrive: (url: URL) => void = () => undefined
  const arrival = new Promise<URL>(resolve => {
    arrive = resolve
  })
  const server = createServer({ maxHeaderSize: 65_536, requestTimeout: 10_000 }, (request, response) => {
    const base = `http://${host}:${portOf(server)}`
    const target = request.url ?? ''
    const url = URL.canParse(target, base) ? new URL(target, base) : undefined
    // Any page may make a browser ask here: only the answer to our question counts.
    const isOurs =
      request.method === 'GET' && url?.pathname === '/' && url.searchParams.get('state') === state
    response.writeHead(isOurs ? 200 : 400, {
      'content-type': 'text/html; charset=utf-8',
      connection: 'close',
    })
    response.end(page(isOurs ? 'This window can be closed now.' : 'This is no answer to what was asked.'))
    if (isOurs && url) arrive(url)
  })
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new SecretError('configuration', `port ${port} of this machine cannot be had for the redirection`, {
      cause,
    })
  }
  server.on('error', () => undefined)
  return {
    redirectUri: `http://${host}:${portOf(server)}/`,
    arrival,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}
