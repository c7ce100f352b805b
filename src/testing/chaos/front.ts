// Where clients of the office connect: each is led to the server, past the rules of chaos.
import type { Connection } from '../../net/connection.ts'
import { type ListenAddress, listen } from '../../net/listener.ts'
import { ChaosSession, type ChaosSessionParts } from './session.ts'
import type { UpstreamAddress } from './upstream.ts'

export interface ChaosFrontOptions extends ChaosSessionParts {
  readonly listen: readonly ListenAddress[]
  readonly server: UpstreamAddress
}

export interface ChaosFront {
  readonly addresses: readonly ListenAddress[]
  /** Cuts all connections. Resolves when none is left. */
  close(): Promise<void>
}

const maxConnections = 10_000

/** Rejects, naming address and reason, when it cannot be bound. Where the server has TLS from the first octet on, it has too. */
export async function startChaosFront({
  listen: addresses,
  server,
  ...parts
}: ChaosFrontOptions): Promise<ChaosFront> {
  const running = new Map<Connection, Promise<void>>()
  const listener = await listen({
    addresses,
    limits: { total: maxConnections, perAddress: maxConnections, countLoopback: false },
    refusal: parts.dialect.refusal,
    ...(server.hasImplicitTls === true && { tls: parts.tls }),
    onConnection: connection => {
      // What ends a session is the client's to see; there is nobody else to be told.
      const session = new ChaosSession(connection, parts).run(server).catch(() => undefined)
      running.set(
        connection,
        session.finally(() => running.delete(connection)),
      )
    },
  })
  return {
    addresses: listener.addresses,
    async close() {
      listener.close()
      for (const connection of running.keys()) connection.cut()
      await Promise.all(running.values())
    },
  }
}
