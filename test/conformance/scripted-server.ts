// A server for tests of what watches servers: it does what its script says and nothing else.
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Pair } from '../net/tls-fixtures.ts'

export type Script = (socket: Socket) => void

export interface ScriptedServer {
  readonly port: number
  close(): Promise<void>
}

/** On a port of its own on loopback; with TLS from the first octet on when it has a certificate. */
export async function scriptedServer(script: Script, tls?: Pair): Promise<ScriptedServer> {
  const sockets = new Set<Socket>()
  const serve = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    script(socket)
  }
  const server: Server = tls ? createTlsServer({ ...tls }, serve) : createServer(serve)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise(resolve => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

/** Greets, and answers each line with what `answer` gives; undefined: nothing. */
export function answering(greeting: string, answer: (line: string) => string | undefined): Script {
  return socket => {
    socket.write(greeting)
    let text = ''
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      const lines = text.split('\r\n')
      text = lines.pop() ?? ''
      for (const line of lines) socket.write(answer(line) ?? '')
    })
  }
}

/** Stands before another server and changes what it says. */
export function altering(port: number, alter: (text: string) => string): Script {
  return socket => {
    const server = connect(port, '127.0.0.1')
    server.on('error', () => socket.destroy())
    socket.pipe(server)
    server.on('data', chunk => socket.write(alter(chunk.toString('latin1')), 'latin1'))
    server.on('end', () => socket.end()).on('close', () => socket.destroy())
    socket.on('close', () => server.destroy())
  }
}
