// The server for tls-alpn-01, as strangers meet it.
import { createHash, type X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectInClear, type Socket } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import {
  type ChallengeServer,
  challengeTimeoutMs,
  maxChallengeConnections,
} from '../../../src/net/acme/challenge.ts'
import { serveTlsAlpn01 } from '../../../src/net/acme/tls-alpn-01.ts'

const keyAuthorization = 'token.thumb'
let server: ChallengeServer | undefined

/** Well before the server's own time for a connection is over, which would close it too. */
const soonMs = challengeTimeoutMs / 2

/** Once closed, in whatever way. */
function closing(socket: Socket): Promise<void> {
  return new Promise(resolve => socket.once('close', () => resolve()))
}

afterEach(() => {
  server?.close()
  server = undefined
})

async function serve(): Promise<number> {
  server = await serveTlsAlpn01([{ host: '127.0.0.1', port: 0 }])
  for (const domain of ['mail.example', 'pop.example']) {
    await server.answer({ domain, token: 'token', keyAuthorization })
  }
  return server.addresses[0]!.port
}

function begin(port: number, options: ConnectionOptions): TLSSocket {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  socket.on('error', () => undefined)
  return socket
}

const oldTls = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const

describe('tls-alpn-01', () => {
  it.each([
    ['mail.example', 'mail.example'],
    ['pop.example', 'pop.example'],
    ['MAIL.example', 'mail.example'],
  ])('shows for %s what proves it, and closes', async (servername, domain) => {
    const socket = begin(await serve(), { servername, ALPNProtocols: ['acme-tls/1'] })
    const closed = closing(socket)
    await once(socket, 'secureConnect')
    expect(socket.alpnProtocol).toBe('acme-tls/1')
    const shown = socket.getPeerX509Certificate() as X509Certificate
    expect(shown.subjectAltName).toBe(`DNS:${domain}`)
    // RFC 8737 section 3: the critical extension 1.3.6.1.5.5.7.1.31 with the digest of the key authorization.
    const digest = createHash('sha256').update(keyAuthorization).digest()
    const extension = Buffer.concat([Buffer.from('06082b0601050507011f0101ff04220420', 'hex'), digest])
    expect(shown.raw.includes(extension)).toBe(true)
    await closed
  })

  it.each([
    ['another protocol', { servername: 'mail.example', ALPNProtocols: ['http/1.1', 'pop3'] }],
    ['another name', { servername: 'other.example', ALPNProtocols: ['acme-tls/1'] }],
    ['no name', { ALPNProtocols: ['acme-tls/1'] }],
    ['TLS 1.1', { servername: 'mail.example', ALPNProtocols: ['acme-tls/1'], ...oldTls }],
  ] satisfies [string, ConnectionOptions][])('lets nobody finish with %s', async (_reason, options) => {
    const socket = begin(await serve(), options)
    let secure = false
    socket.on('secureConnect', () => (secure = true))
    await closing(socket)
    expect(secure).toBe(false)
  })

  it('says nothing to those who name no protocol', async () => {
    const socket = begin(await serve(), { servername: 'mail.example' })
    let received = 0
    socket.on('data', (chunk: Buffer) => (received += chunk.length))
    await closing(socket)
    expect(received).toBe(0)
  })

  it('closes on text in clear, and everyone who is still there at the end', { timeout: soonMs }, async () => {
    const port = await serve()
    const clear = connectInClear(port, '127.0.0.1')
    clear.on('error', () => undefined)
    clear.write('CAPA\r\n')
    await closing(clear.resume())
    const silent = connectInClear(port, '127.0.0.1')
    silent.on('error', () => undefined)
    await once(silent, 'connect')
    // Its connection is known to the server for certain when a later one is closed.
    await closing(begin(port, { ALPNProtocols: ['acme-tls/1'] }))
    const closed = closing(silent.resume())
    server?.close()
    await closed
  })

  it('holds no more than a few connections', { timeout: soonMs }, async () => {
    const port = await serve()
    const sockets = Array.from({ length: maxChallengeConnections + 1 }, () =>
      connectInClear(port, '127.0.0.1').resume(),
    )
    for (const socket of sockets) socket.on('error', () => undefined)
    await Promise.race(sockets.map(socket => closing(socket)))
    for (const socket of sockets) socket.destroy()
  })
})
