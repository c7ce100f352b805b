import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Connection } from '../../src/net/connection.ts'
import { until } from '../pop3/office.ts'
import { Peer } from '../pop3/peer.ts'

let server: Server
let peer: Peer
let socket: Socket
let connection: Connection
let received: string
let endings: string[]

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection') as Promise<[Socket]>
  peer = await Peer.connect((server.address() as { port: number }).port)
  ;[socket] = await accepted
  connection = new Connection(socket)
  received = ''
  endings = []
  connection.handleWith({
    received: chunk => {
      received += Buffer.from(chunk).toString('latin1')
    },
    inputEnded: () => endings.push('input'),
    closed: () => endings.push('closed'),
  })
})

afterEach(() => {
  peer.socket.destroy()
  socket.destroy()
  server.close()
})

describe('sending', () => {
  it('sends what is queued between two flushes with one write', () => {
    const lengths: number[] = []
    const write = socket.write.bind(socket)
    socket.write = (chunk: Buffer | string) => {
      lengths.push(chunk.length)
      return write(chunk)
    }
    connection.sendText('+OK 3 octets\r\n')
    connection.sendOctets(Buffer.from('abc'))
    connection.sendText('.\r\n')
    connection.flush()
    connection.flush()
    expect(lengths).toEqual([20])
    expect(connection.octetsOut).toBe(20)
  })

  it('keeps order and octets over many sizes, while pages are used again', async () => {
    const expected: string[] = []
    const sizes = [1, 100, 65_535, 65_536, 65_537, 7, 300_000, 0, 12, 65_530, 10]
    let read = ''
    peer.socket.on('data', chunk => {
      read += chunk.toString('latin1')
    })
    for (let round = 0; round < 8; round++) {
      for (const [index, size] of sizes.entries()) {
        const letter = String.fromCharCode(97 + ((round + index) % 26))
        connection.sendText(`<${size}>`)
        connection.sendOctets(Buffer.alloc(size, letter))
        expected.push(`<${size}>${letter.repeat(size)}`)
        if (index % 3 === 0) connection.flush()
      }
    }
    connection.end()
    await once(peer.socket, 'end')
    expect(read).toBe(expected.join(''))
  })

  it('is full when the peer does not read, and says when it has caught up', async () => {
    peer.socket.pause()
    while (!connection.full) {
      connection.sendOctets(Buffer.alloc(65_536))
      connection.flush()
      await new Promise(setImmediate)
    }
    const now = Math.ceil(performance.now())
    connection.stalledMs(now)
    expect(connection.stalledMs(now + 5_000)).toBeGreaterThanOrEqual(5_000)
    const caughtUp = connection.drained()
    peer.socket.resume()
    await caughtUp
    expect(connection.full).toBe(false)
    expect(connection.stalledMs(now + 9_000)).toBe(0)
  })

  it('knows a peer who takes something, but too little, from one who keeps up', async () => {
    expect(connection.takesLessThan(1_000, 10_000, 1_000)).toBe(false)
    peer.socket.pause()
    while (!connection.full) {
      connection.sendOctets(Buffer.alloc(65_536))
      connection.flush()
      await new Promise(setImmediate)
    }
    expect(connection.takesLessThan(1_000, 10_000, 2_000)).toBe(false)
    expect(connection.takesLessThan(1_000, 10_000, 11_999)).toBe(false)
    expect(connection.takesLessThan(1_000, 10_000, 12_000)).toBe(true)
    // It takes a lot, and more waits for it.
    const before = connection.octetsOut
    const caughtUp = connection.drained()
    peer.socket.resume()
    await caughtUp
    peer.socket.pause()
    while (!connection.full) {
      connection.sendOctets(Buffer.alloc(65_536))
      connection.flush()
      await new Promise(setImmediate)
    }
    const taken = connection.octetsOut - before
    expect(connection.takesLessThan(taken / 100, 10_000, 22_000)).toBe(false)
    expect(connection.takesLessThan(1, 10_000, 32_000)).toBe(true)
    const allTaken = connection.drained()
    peer.socket.resume()
    await allTaken
    await until(() => socket.writableLength === 0)
    expect(connection.takesLessThan(1_000_000, 10_000, 99_000)).toBe(false)
  })

  it('stops waiting for a peer that is gone', async () => {
    peer.socket.pause()
    while (!connection.full) {
      connection.sendOctets(Buffer.alloc(65_536))
      connection.flush()
      await new Promise(setImmediate)
    }
    const caughtUp = connection.drained()
    peer.drop()
    await caughtUp
    await until(() => endings.includes('closed'))
  })
})

describe('ending', () => {
  it('delivers what was sent, drops what comes in, and closes once', async () => {
    connection.sendText('bye\r\n')
    connection.end()
    connection.sendText('too late')
    peer.send('ignored')
    expect(await peer.rest()).toBe('bye\r\n')
    await until(() => endings.includes('closed'))
    expect(received).toBe('')
    expect(endings.filter(ending => ending === 'closed')).toHaveLength(1)
  })

  it('tells that the peer sends no more, and can still answer', async () => {
    peer.send('last words')
    peer.halfClose()
    await until(() => endings.includes('input'))
    expect(received).toBe('last words')
    connection.sendText('understood')
    connection.end()
    expect(await peer.rest()).toBe('understood')
  })

  it('cuts a peer that never closes its side', async () => {
    connection.end()
    connection.sweep(performance.now())
    expect(socket.destroyed).toBe(false)
    connection.sweep(performance.now() + 6_000)
    await until(() => endings.includes('closed'))
  })

  it('is told when the cable is cut', async () => {
    peer.drop()
    await until(() => endings.includes('closed'))
    expect(connection.isOpen).toBe(false)
    connection.sendText('to nobody')
    connection.flush()
  })
})
