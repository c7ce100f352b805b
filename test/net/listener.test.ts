import { createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { Connection } from '../../src/net/connection.ts'
import { ConnectionCounter } from '../../src/net/limits.ts'
import {
  formatListenAddress,
  type Listener,
  type ListenerOptions,
  listen,
  parseListenAddress,
} from '../../src/net/listener.ts'
import { Peer } from '../pop3/peer.ts'

const opened: (Listener | Connection)[] = []
afterEach(() => {
  for (const each of opened.splice(0)) {
    if ('close' in each) each.close()
    else each.cut()
  }
})

async function listenOn(options: Partial<ListenerOptions> = {}): Promise<Listener> {
  const listener = await listen({
    addresses: [{ host: '127.0.0.1', port: 0 }],
    limits: { total: 10, perAddress: 10, countLoopback: true },
    refusal: 'full\r\n',
    onConnection: connection => {
      opened.push(connection)
      connection.handleWith({ received() {}, inputEnded: () => connection.end(), closed() {} })
      connection.sendText('hello\r\n')
      connection.flush()
    },
    ...options,
  })
  opened.push(listener)
  return listener
}

describe('addresses', () => {
  it.each([
    ['127.0.0.1:1110', '127.0.0.1', 1110],
    ['[::1]:1110', '::1', 1110],
    ['0.0.0.0:0', '0.0.0.0', 0],
    ['localhost:995', 'localhost', 995],
    ['[::]:65535', '::', 65_535],
  ])('%s is one', (text, host, port) => {
    expect(parseListenAddress(text)).toEqual({ host, port })
    expect(formatListenAddress({ host, port })).toBe(text)
  })

  it.each([
    ['1110', 'no address'],
    ['127.0.0.1', 'no port'],
    ['127.0.0.1:', 'an empty port'],
    ['127.0.0.1:65536', 'no such port'],
    ['127.0.0.1:-1', 'a negative port'],
    ['::1:1110', 'IPv6 without brackets'],
    ['[127.0.0.1]:1', 'IPv4 in brackets'],
    ['256.0.0.1:1', 'no IPv4 address'],
    ['mail.example:1', 'a host name'],
    [' 127.0.0.1:1', 'a space'],
  ])('%j is none: %s', text => {
    expect(parseListenAddress(text)).toBeUndefined()
  })
})

describe('listening', () => {
  it('names address and reason when one cannot be bound, and binds none of the others', async () => {
    const blocker = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => blocker.once('listening', resolve))
    const taken = (blocker.address() as { port: number }).port
    const free = await listenOn()
    const freePort = free.addresses[0]!.port
    free.close()
    const both = [
      { host: '127.0.0.1', port: freePort },
      { host: '127.0.0.1', port: taken },
    ]
    await expect(listenOn({ addresses: both })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${taken}: the address is already in use`,
    )
    const again = await listenOn({ addresses: [{ host: '127.0.0.1', port: freePort }] })
    expect(again.addresses).toEqual([{ host: '127.0.0.1', port: freePort }])
    blocker.close()
  })

  it('turns away who is one too many, and takes the next when one has gone', async () => {
    const { addresses } = await listenOn({ limits: { total: 1, perAddress: 10, countLoopback: true } })
    const port = addresses[0]!.port
    const first = await Peer.connect(port)
    expect(await first.line()).toBe('hello')
    const second = await Peer.connect(port)
    expect(await second.rest()).toBe('full\r\n')
    first.socket.destroy()
    let greeting: string | undefined
    while (greeting !== 'hello') {
      const third = await Peer.connect(port)
      greeting = await third.nextLine()
      third.socket.destroy()
    }
  })
})

describe('shedding', () => {
  it('says its line and closes, makes nothing for such a peer, and tells of it', async () => {
    const told: string[] = []
    let isFull = true
    let connections = 0
    const { addresses } = await listenOn({
      gate: { refusalOf: peer => (isFull && peer === '127.0.0.1' ? 'overload' : undefined) },
      onShed: (peer, reason) => told.push(`${peer} ${reason}`),
      onConnection: connection => {
        connections += 1
        connection.end()
      },
    })
    const port = addresses[0]!.port
    expect(await (await Peer.connect(port)).rest()).toBe('full\r\n')
    expect(told).toEqual(['127.0.0.1 overload'])
    expect(connections).toBe(0)
    isFull = false
    expect(await (await Peer.connect(port)).rest()).toBe('')
    expect(connections).toBe(1)
  })

  it('survives peers that reset the connection', async () => {
    const { addresses } = await listenOn({ gate: { refusalOf: () => 'rate' } })
    for (let n = 0; n < 50; n++) {
      const peer = await Peer.connect(addresses[0]!.port)
      peer.socket.write('x')
      peer.socket.resetAndDestroy()
    }
    expect(await (await Peer.connect(addresses[0]!.port)).rest()).toBe('full\r\n')
  })
})

describe('counting connections', () => {
  it('counts per address, IPv6 by network, and this machine only when asked', () => {
    const counter = new ConnectionCounter({ total: 100, perAddress: 1, countLoopback: false })
    expect(counter.enter('192.0.2.1')).toBe(true)
    expect(counter.enter('192.0.2.1')).toBe(false)
    expect(counter.enter('192.0.2.2')).toBe(true)
    expect(counter.enter('2001:db8::1')).toBe(true)
    expect(counter.enter('2001:db8:0:0:ffff::2')).toBe(false)
    expect(counter.enter('2001:db8:0:1::1')).toBe(true)
    expect(counter.enter('127.0.0.1')).toBe(true)
    expect(counter.enter('127.0.0.1')).toBe(true)
    expect(counter.enter('::1')).toBe(true)
    counter.leave('192.0.2.1')
    expect(counter.enter('192.0.2.1')).toBe(true)
    expect(counter.total).toBe(7)
  })

  it('counts by the rules it is given', () => {
    const rules = {
      prefixOf: (address: string) => address.split('.').slice(0, 3).join('.'),
      isExempt: (address: string) => address === '192.0.2.9',
    }
    const counter = new ConnectionCounter({ total: 4, perAddress: 1, countLoopback: false, rules })
    expect(counter.enter('192.0.2.1')).toBe(true)
    expect(counter.enter('192.0.2.2')).toBe(false)
    expect(counter.enter('192.0.2.9')).toBe(true)
    expect(counter.enter('192.0.2.9')).toBe(true)
    expect(counter.enter('127.0.0.1')).toBe(true)
    expect(counter.enter('192.0.2.9')).toBe(false)
    counter.leave('192.0.2.1')
    expect(counter.enter('192.0.2.2')).toBe(true)
  })
})
