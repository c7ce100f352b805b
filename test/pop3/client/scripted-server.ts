// A POP3 server that says what a test has written down, and nothing else: for what real servers do wrong.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

/** What is sent when a line like the pattern comes; `undefined` sends nothing, `end` closes, `cut` resets. */
export type Answer = readonly [
  pattern: RegExp,
  answer: string | undefined | (() => string),
  then?: 'end' | 'cut' | undefined,
]

export interface ScriptedServer {
  readonly port: number
  /** Lines that came, in order. */
  readonly lines: readonly string[]
  /** How many connections there were. */
  readonly connections: number
  close(): Promise<void>
}

const usual: readonly Answer[] = [
  [/^CAPA$/, '+OK\r\nUSER\r\nUIDL\r\nTOP\r\nPIPELINING\r\n.\r\n'],
  [/^USER /, '+OK\r\n'],
  [/^PASS /, '+OK\r\n'],
  [/^LIST$/, '+OK\r\n1 10\r\n2 20\r\n.\r\n'],
  [/^UIDL$/, '+OK\r\n1 a\r\n2 b\r\n.\r\n'],
  [/^TOP /, '+OK\r\nA: b\r\n\r\n.\r\n'],
  [/^RETR /, '+OK\r\nA: b\r\n\r\nc\r\n.\r\n'],
  [/^DELE /, '+OK\r\n'],
  [/^NOOP$/, '+OK\r\n'],
  [/^QUIT$/, '+OK\r\n', 'end'],
]

/** The first answer that fits is given; behind those given come the usual ones. */
export async function scriptedServer(
  answers: readonly Answer[],
  greeting = '+OK ready\r\n',
): Promise<ScriptedServer> {
  const lines: string[] = []
  let connections = 0
  const sockets = new Set<Socket>()
  const server: Server = createServer(socket => {
    sockets.add(socket)
    connections += 1
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    socket.write(greeting, 'latin1')
    let pending = ''
    socket.on('data', chunk => {
      pending += chunk.toString('latin1')
      for (let end = pending.indexOf('\r\n'); end >= 0; end = pending.indexOf('\r\n')) {
        answer(socket, pending.slice(0, end))
        pending = pending.slice(end + 2)
      }
    })
  })
  const answer = (socket: Socket, line: string) => {
    lines.push(line)
    const found = [...answers, ...usual].find(([pattern]) => pattern.test(line))
    if (!found) return socket.write('-ERR what?\r\n')
    const [, text, then] = found
    if (text !== undefined) socket.write(typeof text === 'string' ? text : text(), 'latin1')
    if (then === 'end') socket.end()
    if (then === 'cut') socket.resetAndDestroy()
    return undefined
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    lines,
    get connections() {
      return connections
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
