// Where clients of the office's POP3 connect: each is led to the server, past the rules of chaos.

import type { Connection } from '../../net/connection.ts'
import { type ListenAddress, listen } from '../../net/listener.ts'
import type { Chaos } from './chaos.ts'
import { ChaosSession } from './session.ts'

export interface ChaosFrontOptions {
  readonly listen: readonly ListenAddress[]
  readonly server: ListenAddress
  readonly chaos: Chaos
}

export interface ChaosFront {
  readonly addresses: readonly ListenAddress[]
  /** Cuts all connections. Resolves when none is left. */
  close(): Promise<void>
}

const maxConnections = 10_000

/** Rejects, naming address and reason, when it cannot be bound. */
export async function startChaosFront({
  listen: addresses,
  server,
  chaos,
}: ChaosFrontOptions): Promise<ChaosFront> {
  const running = new Map<Connection, Promise<void>>()
  const listener = await listen({
    addresses,
    limits: { total: maxConnections, perAddress: maxConnections, countLoopback: false },
    refusal: '-ERR [SYS/TEMP] too many connections\r\n',
    onConnection: connection => {
      // What ends a session is the client's to see; there is nobody else to be told.
      const session = new ChaosSession(connection, chaos).run(server).catch(() => undefined)
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
