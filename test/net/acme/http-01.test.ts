// The server for http-01, as strangers meet it: port 80 is where everyone knocks.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { ChallengeServer } from '../../../src/net/acme/challenge.ts'
import { challengeTimeoutMs, maxChallengeConnections } from '../../../src/net/acme/challenge.ts'
import { serveHttp01 } from '../../../src/net/acme/http-01.ts'
import { freePorts } from './pebble.ts'

const path = '/.well-known/acme-challenge/'
const token = 'evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA'
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
  server = await serveHttp01([{ host: '127.0.0.1', port: 0 }])
  await server.answer({ domain: 'mail.example', token, keyAuthorization: `${token}.thumb` })
  return server.addresses[0]!.port
}

/** All that comes back for these octets, until the server closes. */
async function exchange(port: number, sent: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  let received = ''
  socket.setEncoding('latin1').on('data', (text: string) => (received += text))
  socket.write(sent)
  await closing(socket)
  return received
}

describe('http-01', () => {
  it('answers a live token, and closes', async () => {
    const answer = await exchange(await serve(), `GET ${path}${token} HTTP/1.1\r\nHost: mail.example\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    expect(answer).toMatch(/\r\nconnection: close\r\n/i)
    expect(answer.endsWith(`${token}.thumb`)).toBe(true)
  })

  it.each([
    ['another token', `GET ${path}other HTTP/1.1`, 404],
    ['no token', `GET ${path} HTTP/1.1`, 404],
    ['a query', `GET ${path}${token}?a HTTP/1.1`, 404],
    ['a way around', `GET ${path}../acme-challenge/${token} HTTP/1.1`, 404],
    ['an encoded token', `GET ${path}%65vaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA HTTP/1.1`, 404],
    ['a proxy request', `GET http://mail.example${path}${token} HTTP/1.1`, 404],
    ['a property of every object', `GET constructor HTTP/1.1`, 400],
    ['the root', 'GET / HTTP/1.1', 404],
    ['another method', `POST ${path}${token} HTTP/1.1`, 404],
    ['HEAD', `HEAD ${path}${token} HTTP/1.1`, 404],
    ['a header too large', `GET / HTTP/1.1\r\nX: ${'x'.repeat(10_000)}`, 431],
    ['something else than HTTP', 'USER ann', 400],
    ['a TLS handshake', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
  ])('refuses %s', async (_reason, line, status) => {
    const port = await serve()
    const answer = await exchange(port, `${line}\r\nHost: mail.example\r\n\r\n`)
    expect(Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])).toBe(status)
    expect(answer).not.toContain('thumb')
  })

  it('closes everyone who is still there at the end', { timeout: soonMs }, async () => {
    const port = await serve()
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    socket.write(`GET ${path}`)
    const closed = closing(socket)
    server?.close()
    await closed
    await expect(exchange(port, '')).resolves.toBe('')
  })

  it('holds no more than a few connections', { timeout: soonMs }, async () => {
    const port = await serve()
    const sockets = Array.from({ length: maxChallengeConnections + 1 }, () => connect(port, '127.0.0.1'))
    for (const socket of sockets) socket.on('error', () => undefined)
    await Promise.race(sockets.map(socket => closing(socket)))
    for (const socket of sockets) socket.destroy()
  })

  it('binds all addresses or none', async () => {
    const [free, taken] = await freePorts(2)
    const addresses = [free!, taken!].map(port => ({ host: '127.0.0.1', port }))
    const blocker = await serveHttp01(addresses.slice(1))
    await expect(serveHttp01(addresses)).rejects.toThrow(`127.0.0.1:${taken}: the address is already in use`)
    const again = await serveHttp01(addresses.slice(0, 1))
    again.close()
    blocker.close()
  })
})
