// The listener for who watches over the office: a few pages by HTTP/1.1 (RFC 9112), to GET and HEAD, for addresses that are
// let in. It is no web server: small requests, few connections, nothing that depends on what was sent but the path.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createId } from '../mail/id.ts'
import { type Network, networkContains } from '../mail/network.ts'
import { isLoopbackAddress } from '../net/limits.ts'
import { bind, boundAddress, type ListenAddress } from '../net/listener.ts'
import type { Log } from '../net/log.ts'

export interface Page {
  readonly status: number
  /** Default: plain text. */
  readonly contentType?: string
  readonly text: string
}

export interface MonitorServerOptions {
  readonly listen: readonly ListenAddress[]
  /** Who is let in besides this machine itself. */
  readonly networks: readonly Network[]
  /** By path. */
  readonly pages: Readonly<Record<string, () => Promise<Page> | Page>>
  readonly log: Log
}

export interface MonitorServer {
  /** With the ports the system chose. */
  readonly addresses: readonly ListenAddress[]
  /** Cuts what is open. */
  close(): Promise<void>
}

/** Who scrapes, who probes, and somebody who looks. */
const maxConnections = 16
const maxHeaderOctets = 4 * 1024
const headersTimeoutMs = 5_000
const requestTimeoutMs = 10_000
/** Also for a reader that takes nothing. */
const idleTimeoutMs = 30_000
const plainText = 'text/plain; charset=utf-8'

/** Rejects, naming address and reason, when one of the addresses cannot be bound; then none is. */
export async function startMonitorServer(options: MonitorServerOptions): Promise<MonitorServer> {
  const servers: Server[] = []
  const close = async () => {
    await Promise.all(servers.map(closeServer))
  }
  try {
    for (const address of options.listen) {
      const server = createMonitor(options)
      await bind(server, address)
      servers.push(server)
    }
  } catch (error) {
    await close()
    throw error
  }
  return { addresses: servers.map(boundAddress), close }
}

function createMonitor({ networks, pages, log }: MonitorServerOptions): Server {
  const server = createServer(
    {
      maxHeaderSize: maxHeaderOctets,
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: idleTimeoutMs,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => void answer(request, response, pages, log),
  )
  server.maxConnections = maxConnections
  server.setTimeout(idleTimeoutMs)
  server.on('connection', socket => {
    const peer = (socket.remoteAddress ?? '').replace(/^::ffff:/i, '')
    const isLetIn = isLoopbackAddress(peer) || networks.some(network => networkContains(network, peer))
    if (isLetIn) return
    socket.destroy()
    log.debug({ peer }, 'monitoring connection from an address that is not let in')
  })
  return server
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  pages: MonitorServerOptions['pages'],
  log: Log,
): Promise<void> {
  const page = await pageFor(request, pages, log)
  const { status, contentType = plainText, text } = page
  const body = Buffer.from(text)
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': body.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 405 && { allow: 'GET, HEAD' }),
    // Nobody reads what else it sends.
    ...(hasBody(request) && { connection: 'close' }),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

async function pageFor(
  { method, url = '' }: IncomingMessage,
  pages: MonitorServerOptions['pages'],
  log: Log,
): Promise<Page> {
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, text: 'only GET and HEAD are answered\n' }
  const [path = ''] = url.split('?', 1)
  if (!Object.hasOwn(pages, path)) {
    return { status: 404, text: `there is nothing here but ${Object.keys(pages).join(', ')}\n` }
  }
  try {
    return (await pages[path]?.()) ?? { status: 404, text: '' }
  } catch (error) {
    const fault = createId()
    log.error({ fault, err: error, page: path }, 'monitoring page failed')
    return { status: 500, text: `internal fault ${fault}\n` }
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
}

function closeServer(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
