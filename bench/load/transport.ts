// One connection of a load session, in clear or under TLS: octets both ways, as cheaply as Node can carry them. All read
// into one buffer, so that what is taken must be used at once.
import { connect, type Socket } from 'node:net'
import type { Ticket } from './tls/hello.ts'
import { TlsClient } from './tls/tls-client.ts'

export interface Transport {
  write(text: string): void
  destroy(): void
}

export interface TransportEvents {
  /** The chunk may be used again afterwards. Throws what is wrong with it. */
  readonly take: (chunk: Buffer) => void
  /** The server closed, and all it sent was taken. */
  readonly closed: () => void
  readonly failed: (error: Error) => void
}

/** What one TLS client keeps from connection to connection, and how it fared. */
export interface TlsMemory {
  /** The newest ticket; stays empty where each connection shall shake hands in full. */
  ticket: Ticket | undefined
  readonly keepsTickets: boolean
  /** Counts each handshake that is done. */
  readonly countHandshake: (isResumed: boolean) => void
}

const readBuffer = Buffer.allocUnsafeSlow(256 * 1024)

/** With `tls`, the handshake begins at once. `localAddress` is where the connection comes from. */
export function openTransport(
  { port, tls, localAddress }: { port: number; tls?: TlsMemory | undefined; localAddress?: string },
  events: TransportEvents,
): Transport {
  let take = events.take
  const onread = {
    buffer: readBuffer,
    callback: (octets: number) => {
      try {
        take(readBuffer.subarray(0, octets))
      } catch (error) {
        events.failed(error instanceof Error ? error : new Error(String(error)))
        return false
      }
      return true
    },
  }
  const socket = connect({ port, host: '127.0.0.1', onread, ...(localAddress && { localAddress }) })
  socket.on('error', events.failed)
  socket.on('close', events.closed)
  const destroy = () => void socket.destroy()
  if (!tls) return { write: text => void socket.write(text, 'latin1'), destroy }
  const client = openTls(socket, tls, events)
  take = chunk => client.feed(chunk)
  return { write: text => client.write(Buffer.from(text, 'latin1')), destroy }
}

function openTls(socket: Socket, memory: TlsMemory, events: TransportEvents): TlsClient {
  return new TlsClient(memory.ticket, {
    send: octets => void socket.write(octets),
    take: events.take,
    opened: memory.countHandshake,
    ticket: ticket => {
      if (memory.keepsTickets) memory.ticket = ticket
    },
  })
}
