// The listener for who watches over the office, and what it does with those who are no such thing.
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { parseNetwork } from '../../src/mail/network.ts'
import { type MonitorServer, type Page, startMonitorServer } from '../../src/metrics/monitor-server.ts'
import type { Log } from '../../src/net/log.ts'

let server: MonitorServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

const faults: object[] = []
const log: Log = { debug() {}, info() {}, warn() {}, error: fields => void faults.push(fields) }
const pages: Record<string, () => Page | Promise<Page>> = {
  '/page': () => ({ status: 200, text: 'text\n' }),
  '/broken': () => Promise.reject(new Error('secret detail')),
  '/not-ready': () => ({ status: 503, text: 'no\n' }),
}

async function start(listen = [{ host: '127.0.0.1', port: 0 }], networks: readonly string[] = []) {
  server = await startMonitorServer({
    listen,
    networks: networks.flatMap(text => parseNetwork(text) ?? []),
    pages,
    log,
  })
  return server.addresses[0]?.port ?? 0
}

/** Sends octets as they are, and gives all that comes back until the end. */
async function exchange(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let reply = ''
  socket.setEncoding('latin1').on('data', (text: string) => {
    reply += text
  })
  socket.on('error', () => undefined)
  socket.write(request, 'latin1')
  // Not `once`: it takes a reset for a failure.
  await new Promise(resolve => socket.on('close', resolve))
  return reply
}

const end = 'Host: x\r\nConnection: close\r\n\r\n'

describe('the monitoring listener', () => {
  it.each([
    [`GET /page HTTP/1.1\r\n${end}`, '200', 'a page'],
    [`GET /page?x=1 HTTP/1.1\r\n${end}`, '200', 'a query makes no difference'],
    [`HEAD /page HTTP/1.1\r\n${end}`, '200', 'its header alone'],
    [`GET /not-ready HTTP/1.1\r\n${end}`, '503', 'the status is the page’s'],
    [`GET / HTTP/1.1\r\n${end}`, '404', 'no such page'],
    [`GET /constructor HTTP/1.1\r\n${end}`, '404', 'nothing is inherited'],
    [`GET /__proto__ HTTP/1.1\r\n${end}`, '404', 'nothing is inherited'],
    [`POST /page HTTP/1.1\r\nContent-Length: 0\r\n${end}`, '405', 'nothing is posted'],
    [`DELETE /page HTTP/1.1\r\n${end}`, '405', 'nothing is deleted'],
    [`GET /page HTTP/1.1\r\nContent-Length: 100000\r\n\r\n`, '400', 'no Host, RFC 9112 section 3.2'],
    [`GET /page HTTP/1.1\r\nX: ${'a'.repeat(5_000)}\r\n${end}`, '431', 'a large header'],
    ['USER ann\r\nPASS secret\r\n', '400', 'a client of another protocol'],
    ['\x16\x03\x01\x00\xa5\x01\x00\x00\xa1', '400', 'TLS'],
  ])('answers %j with %s: %s', async (request, status) => {
    const reply = await exchange(await start(), request)
    expect(reply).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    if (request.startsWith('HEAD')) expect(reply).toMatch(/content-length: 5\r\n[^]*\r\n\r\n$/)
    if (status === '405') expect(reply).toContain('\r\nallow: GET, HEAD\r\n')
  })

  it('closes behind a body that nobody asked for', async () => {
    const reply = await exchange(
      await start(),
      'GET /page HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcdGET /page HTTP/1.1\r\nHost: x\r\n\r\n',
    )
    expect(reply.match(/HTTP\/1.1 200/g)).toHaveLength(1)
  })

  it('keeps what went wrong for the log', async () => {
    const reply = await exchange(await start(), `GET /broken HTTP/1.1\r\n${end}`)
    expect(reply).toMatch(/^HTTP\/1.1 500 /)
    expect(reply).not.toContain('secret')
    const fault = /internal fault (\S+)/.exec(reply)?.[1]
    expect(faults).toContainEqual(expect.objectContaining({ fault, page: '/broken' }))
  })

  it('has room for a few only', async () => {
    const port = await start()
    const sockets = Array.from({ length: 16 }, () => connect(port, '127.0.0.1'))
    await Promise.all(sockets.map(socket => once(socket, 'connect')))
    expect(await exchange(port, `GET /page HTTP/1.1\r\n${end}`)).toBe('')
    const [first] = sockets
    first?.destroy()
    // The place is free when the server has seen the end, which nothing tells: asked again until then.
    let reply = ''
    while (reply === '') reply = await exchange(port, `GET /page HTTP/1.1\r\n${end}`)
    expect(reply).toMatch(/^HTTP\/1.1 200 /)
    for (const socket of sockets) socket.destroy()
  })

  it('names the address that it cannot have', async () => {
    const port = await start()
    const again = startMonitorServer({ listen: [{ host: '127.0.0.1', port }], networks: [], pages, log })
    await expect(again).rejects.toThrow(`cannot listen on 127.0.0.1:${port}: the address is already in use`)
  })

  it('cuts what is open when it closes', async () => {
    const port = await start()
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    const ended = once(socket, 'close')
    await server?.close()
    await ended
  })
})
