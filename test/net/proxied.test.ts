// Proxies that do not say whom they bring, and whom a client counts as.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { addressBehind, Introductions, ProxyRefusal } from '../../src/net/proxied.ts'

const header = 'PROXY TCP4 192.0.2.7 198.51.100.1 56324 110\r\n'
const opened: (() => void)[] = []
afterEach(() => {
  for (const close of opened.splice(0)) close()
})

/** Both ends of a connection. */
async function pair(): Promise<{ readonly proxy: Socket; readonly socket: Socket }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const proxy = connect(address.port, '127.0.0.1').on('error', () => {})
  const [socket] = (await once(server, 'connection')) as [Socket]
  opened.push(() => {
    server.close()
    proxy.destroy()
    socket.destroy()
  })
  return { proxy, socket }
}

async function reasonOf(introduced: Promise<string>): Promise<string> {
  const error: unknown = await introduced.then(
    () => 'introduced',
    (reason: unknown) => reason,
  )
  return error instanceof ProxyRefusal ? error.reason : String(error)
}

describe('a proxy', () => {
  it.each([
    ['says nothing', '', 'timeout'],
    ['stops in the middle', header.slice(0, 20), 'timeout'],
    ['never comes to an end', header.slice(0, 11).padEnd(200, '1'), 'too long'],
    ['says something else', 'USER ann\r\n', 'no header'],
  ])('that %s is closed', async (_what, octets, reason) => {
    const { proxy, socket } = await pair()
    const introduced = new Introductions({ trusts: () => true, timeoutMs: 50 }).whomBrings('10.0.0.1', socket)
    proxy.write(octets)
    expect(await reasonOf(introduced)).toBe(reason)
    expect(socket.destroyed).toBe(true)
  })

  it.each([
    ['ends', (proxy: Socket) => proxy.end()],
    ['is reset', (proxy: Socket) => proxy.resetAndDestroy()],
  ])('that %s in the middle is gone', async (_what, leave) => {
    const { proxy, socket } = await pair()
    const introduced = new Introductions({ trusts: () => true }).whomBrings('10.0.0.1', socket)
    proxy.write(header.slice(0, 20))
    leave(proxy)
    expect(await reasonOf(introduced)).toBe('gone')
    expect(socket.destroyed).toBe(true)
  })

  it('that has said nothing yet when the server closes is closed', async () => {
    const { socket } = await pair()
    const introductions = new Introductions({ trusts: () => true })
    const introduced = introductions.whomBrings('10.0.0.1', socket)
    introductions.close()
    expect(await reasonOf(introduced)).toBe('gone')
  })

  it('leaves what stands behind the header to others', async () => {
    const { proxy, socket } = await pair()
    proxy.write(`${header}CAPA\r\n`)
    const introductions = new Introductions({ trusts: () => true })
    expect(await introductions.whomBrings('10.0.0.1', socket)).toBe('192.0.2.7')
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    expect(chunk.toString()).toBe('CAPA\r\n')
  })
})

const peers: readonly (readonly [proxy: string, brings: string | undefined, peer: string, why: string])[] = [
  ['10.0.0.1', '192.0.2.7', '192.0.2.7', 'whom the proxy brings'],
  ['10.0.0.1', undefined, '10.0.0.1', 'the proxy, when it brings nobody'],
  ['127.0.0.1', '127.0.0.5', '127.0.0.5', 'a client of this machine, by a proxy of this machine'],
  ['10.0.0.1', '127.0.0.1', '10.0.0.1', 'never this machine by a proxy elsewhere'],
  ['2001:db8::1', '::1', '2001:db8::1', 'nor in IPv6'],
]

describe('the peer is', () => {
  it.each(peers)('%s brings %s: %s, %s', (proxy, address, peer) => {
    expect(addressBehind(proxy, address === undefined ? undefined : { address })).toBe(peer)
  })
})
