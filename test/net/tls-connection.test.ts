import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect as connectClear, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect, type SecureContext, type TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Certificates, createCertificates } from '../../src/net/certificates.ts'
import { Connection } from '../../src/net/connection.ts'
import type { TlsContexts } from '../../src/net/tls.ts'
import { until } from '../pop3/office.ts'
import { type Authority, makeAuthority, makeCertificate, writePair } from './tls-fixtures.ts'
import {
  askForTls,
  connectBy,
  connectTls,
  Kept,
  log,
  openTlsOffice,
  readAll,
  readSome,
  type TlsOffice,
  type TlsOfficeOptions,
} from './tls-peers.ts'

type Style = 'implicit' | 'stls'
const styles: readonly Style[] = ['implicit', 'stls']

let folder: string
let authority: Authority
let certificates: Certificates
let office: TlsOffice
const clients: { destroy(): unknown }[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'poplar-tls-'))
  authority = await makeAuthority()
  const files = writePair(folder, 'server', await makeCertificate({ names: ['pop.example'], authority }))
  const clientCaFile = writePair(folder, 'authority', { cert: authority.cert, key: '' }).certFile
  certificates = createCertificates({ files: [files], clientCaFile, log })
})
afterAll(() => {
  certificates.close()
  rmSync(folder, { recursive: true })
})
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy()
  office.close()
})

async function open(options: Partial<TlsOfficeOptions> = {}): Promise<void> {
  office = await openTlsOffice({ contexts: certificates, ...options })
}

/** Done with its handshake on both ends. */
async function client(style: Style, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const already = office.kept.length
  const socket = await connectBy(style, office.port, options)
  clients.push(socket)
  socket.on('error', () => undefined)
  await until(() => office.kept[already]?.connection.channel !== undefined)
  return socket
}

/** A client from whom a TLS hello is expected. */
async function clearClient(style: Style): Promise<Socket> {
  const socket =
    style === 'stls'
      ? await askForTls(office.port)
      : connectClear({ port: office.port, host: '127.0.0.1', allowHalfOpen: true })
  clients.push(socket)
  socket.on('error', () => undefined)
  return socket
}

async function ended(socket: Socket): Promise<void> {
  socket.resume()
  await until(() => socket.readableEnded || socket.destroyed)
}

describe.each(styles)('TLS, %s', style => {
  it('carries both directions, and ends with a close_notify', async () => {
    await open({ style })
    const socket = await client(style, {
      ca: authority.cert,
      servername: 'pop.example',
      rejectUnauthorized: true,
    })
    expect(await readSome(socket)).toBe('+OK ready\r\n')
    socket.write('USER alice\r\n')
    await until(() => office.last.received === 'USER alice\r\n')
    office.last.connection.sendText('+OK bye\r\n')
    office.last.connection.end()
    expect(await readAll(socket)).toBe('+OK bye\r\n')
    await until(() => office.last.endings.includes('closed'))
    expect(office.last.endings.filter(ending => ending === 'closed')).toHaveLength(1)
    const { channel } = office.last.connection
    expect(channel).toMatchObject({ version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', resumed: false })
    expect(channel?.serverName).toBe('pop.example')
    expect(channel?.binding('tls-exporter')).toBeUndefined()
    expect(office.last.connection.octetsIn).toBe('USER alice\r\n'.length + (style === 'stls' ? 6 : 0))
    expect(office.last.connection.octetsOut).toBe(20 + (style === 'stls' ? 11 : 0))
  })

  it('delivers what came with the end of the handshake only when its owner knows of TLS', async () => {
    const seen: string[] = []
    await open({ style, onReady: kept => seen.push(`ready, ${kept.received.length} octets`) })
    const socket = connect({ socket: await clearClient(style), rejectUnauthorized: false })
    clients.push(socket)
    // Written before the handshake, it leaves together with the client's Finished.
    socket.write('QUIT\r\n')
    await until(() => office.kept[0]?.received === 'QUIT\r\n')
    expect(seen).toEqual(['ready, 0 octets'])
  })

  it('can still answer when the peer sends no more', async () => {
    await open({ style })
    const socket = await client(style)
    socket.end('QUIT\r\n')
    const { endings } = office.last
    await until(() => endings.includes('input'))
    expect(office.last.received).toBe('QUIT\r\n')
    expect(await readAll(socket)).toBe('+OK ready\r\n')
    await until(() => endings.includes('closed'))
  })

  it('is told when the cable is cut', async () => {
    await open({ style })
    const raw = await clearClient(style)
    await connectTls(0, { socket: raw })
    await until(() => office.kept[0]?.connection.channel !== undefined)
    raw.resetAndDestroy()
    await until(() => office.last.endings.includes('closed'))
    expect(office.last.endings.filter(ending => ending === 'closed')).toHaveLength(1)
  })

  it('cuts at once', async () => {
    await open({ style })
    const socket = await client(style)
    await readSome(socket)
    office.last.connection.cut()
    await once(socket, 'end')
    await until(() => office.last.endings.includes('closed'))
  })

  it('cuts a peer that does not answer its end', async () => {
    await open({ style })
    const raw = await clearClient(style)
    await connectTls(0, { socket: raw })
    await until(() => office.kept[0]?.connection.channel !== undefined)
    raw.pause()
    const { connection, endings } = office.last
    connection.end()
    connection.sweep(performance.now())
    expect(endings).not.toContain('closed')
    connection.sweep(performance.now() + 6_000)
    await until(() => endings.includes('closed'))
  })

  it.each([
    'TLSv1.3',
    'TLSv1.2',
  ] as const)('resumes sessions of %s, the certificate of the client included', async version => {
    await open({ style })
    const own = await makeCertificate({ mails: ['alice@example.org'], authority })
    const limits = { ...own, maxVersion: version, minVersion: version, servername: 'pop.example' }
    const first = await client(style, limits)
    // Tickets of TLS 1.3 come behind the handshake, before the first octets.
    await readSome(first)
    const session = first.getSession()
    const leaf = first.getPeerCertificate().raw
    first.end()
    const second = await client(style, { ...limits, ...(session && { session }) })
    expect(second.isSessionReused()).toBe(true)
    await until(() => office.kept[1]?.connection.channel !== undefined)
    const { channel } = office.last.connection
    expect(channel).toMatchObject({ resumed: true, version })
    expect(channel?.clientCertificate?.names).toEqual(['alice@example.org'])
    expect(channel?.binding('tls-server-end-point')).toEqual(createHash('sha256').update(leaf).digest())
  })

  it('refuses a client that offers other protocols only', async () => {
    await open({ style })
    const failed = client(style, { ALPNProtocols: ['http/1.1', 'imap'] })
    await expect(failed).rejects.toMatchObject({ code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL' })
    await failure(style, 'no-shared-alpn')
    const welcome = await client(style, { ALPNProtocols: ['http/1.1', 'pop3'] })
    expect(welcome.alpnProtocol).toBe('pop3')
  })

  it.each([
    ['USER alice\r\n', 'not-tls', 'a POP3 client that knows no TLS'],
    ['GET / HTTP/1.0\r\n\r\n', 'not-tls', 'a browser'],
    [`\x80\x2e\x01\0\x02${'x'.repeat(43)}`, 'failed', 'a hello of SSL 2'],
    ['\x16\x03\x01\xff\xff', 'failed', 'a record that is too long'],
    ['\x16\x03\x01\0\x04\x01\xff\xff\xff', 'failed', 'a hello that is too long'],
    ['\x17\x03\x03\0\x05\x01\x02\x03\x04\x05', 'failed', 'data before the handshake'],
    ['\x16\x03\x01\0\x05', 'timeout', 'a hello that stops'],
    ['', 'timeout', 'silence'],
  ])('closes on %j: %s, %s', async (octets, reason) => {
    await open({ style, handshakeTimeoutMs: reason === 'timeout' ? 50 : 10_000 })
    const socket = await clearClient(style)
    socket.write(Buffer.from(octets, 'latin1'))
    await failure(style, reason)
    await ended(socket)
  })

  it.each([
    [{ maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' }, 'no-shared-version'],
    [{ maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA:AES256-GCM-SHA384' }, 'no-shared-cipher'],
    [{ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }, 'no-shared-cipher'],
  ] as const)('refuses a client of %j', async (options, reason) => {
    await open({ style })
    await expect(client(style, options)).rejects.toThrow()
    await failure(style, reason)
  })

  it('tells of a peer that goes away, and of a cut, in the middle', async () => {
    await open({ style })
    const socket = await clearClient(style)
    socket.write('\x16')
    socket.end()
    await failure(style, 'gone')
    socket.destroy()
  })

  async function failure(kind: typeof style, reason: string): Promise<void> {
    if (kind === 'implicit') {
      await until(() => office.failures.length > 0)
      expect(office.failures).toEqual([reason])
      expect(office.kept).toEqual([])
    } else {
      expect(await office.last.upgrade).toBe(reason)
      expect(office.last.endings).toEqual(['closed'])
      expect(office.last.received).toBe('')
      expect(office.last.connection.isOpen).toBe(false)
      expect(office.last.connection.channel).toBeUndefined()
    }
  }
})

describe('the start of TLS', () => {
  it('sends all that was queued in clear first, however slow the peer is', async () => {
    const before = Buffer.alloc(1_000_000, 'clear text\r\n')
    await open({
      listener: {
        onConnection: connection => {
          office.kept.push(new Kept(connection))
          connection.handleWith({ received() {}, inputEnded() {}, closed() {} })
          connection.sendOctets(before)
          connection.flush()
          void connection
            .startTls({ contexts: certificates, alpn: 'pop3', handshakeTimeoutMs: 10_000 })
            .then(() => {
              connection.sendText('+OK ready\r\n')
              connection.flush()
            })
        },
      },
      style: 'stls',
    })
    const socket = connectClear({ port: office.port, host: '127.0.0.1' })
    clients.push(socket)
    let read = Buffer.alloc(0)
    while (read.length < before.length) {
      await once(socket, 'readable')
      const chunk = socket.read() as Buffer | null
      if (chunk) read = Buffer.concat([read, chunk])
    }
    expect(read.equals(before)).toBe(true)
    expect(await readSome(await connectTls(0, { socket }))).toBe('+OK ready\r\n')
  })

  it('gives clear text behind the command to TLS, even if it is in a buffer already', async () => {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
    try {
      await once(server, 'listening')
      const accepted = once(server, 'connection') as Promise<[Socket]>
      const peer = connectClear((server.address() as AddressInfo).port, '127.0.0.1')
      clients.push(peer)
      const [socket] = await accepted
      const connection = new Connection(socket)
      const told: string[] = []
      connection.handleWith({
        received: chunk => told.push(Buffer.from(chunk).toString()),
        inputEnded: () => told.push('input'),
        closed: () => told.push('closed'),
      })
      connection.pause()
      peer.on('error', () => undefined).write('USER mallory\r\n')
      await until(() => socket.readableLength > 0)
      const start = connection.startTls({ contexts: certificates, alpn: 'pop3', handshakeTimeoutMs: 10_000 })
      await expect(start).rejects.toMatchObject({ reason: 'not-tls' })
      expect(told).toEqual(['closed'])
    } finally {
      server.close()
    }
  })

  it('sends nothing in the middle of it, and an end is a cut', async () => {
    await open({ style: 'stls' })
    const socket = await askForTls(office.port)
    clients.push(socket)
    office.last.connection.sendText('-ERR [SYS/TEMP] shutting down\r\n')
    office.last.connection.end()
    expect(await office.last.upgrade).toBe('gone')
    expect(await readAll(socket)).toBe('')
  })

  it.each<[string, Style, () => TlsContexts]>([
    ['a context for nobody in particular', 'stls', () => broken('contextFor')],
    ['a context for a name', 'stls', () => broken('contextFor', certificates.contextFor(undefined))],
    ['what is known afterwards', 'stls', () => broken('asksForCertificate')],
    ['a context, at once', 'implicit', () => broken('contextFor')],
  ])('fails alone when our own side does: %s', async (_what, style, contexts) => {
    await open({ style, contexts: contexts() })
    const socket = style === 'stls' ? await askForTls(office.port) : connectClear(office.port, '127.0.0.1')
    clients.push(socket)
    const over = connect({ socket, rejectUnauthorized: false, servername: 'pop.example' })
    clients.push(over.on('error', () => undefined))
    const told = () => (style === 'stls' ? office.last.endings : office.failures)
    await until(() => told().length > 0)
    expect(['closed', 'failed', 'gone']).toContain(told()[0])
    if (style === 'stls') expect(await office.last.upgrade).toMatch(/failed|gone/)
  })

  it('comes only once', async () => {
    await open({ style: 'implicit' })
    await client('implicit')
    const again = office.last.connection.startTls({
      contexts: certificates,
      alpn: 'pop3',
      handshakeTimeoutMs: 10_000,
    })
    await expect(again).rejects.toThrow('TLS is there already')
    expect(office.last.connection.isOpen).toBe(true)
  })

  it('ends with a closed connection', async () => {
    await open({ style: 'implicit' })
    await client('implicit')
    office.last.connection.cut()
    const again = office.last.connection.startTls({
      contexts: certificates,
      alpn: 'pop3',
      handshakeTimeoutMs: 10_000,
    })
    await expect(again).rejects.toMatchObject({ reason: 'gone' })
  })
})

/** Certificates whose one member throws, after it gave its first answers. */
function broken(member: 'contextFor' | 'asksForCertificate', ...first: SecureContext[]): TlsContexts {
  let reads = 0
  return {
    contextFor(name) {
      if (member !== 'contextFor') return certificates.contextFor(name)
      const context = first.shift()
      if (!context) throw new Error('out of memory')
      return context
    },
    get asksForCertificate() {
      reads += 1
      if (member === 'asksForCertificate' && reads > 1) throw new Error('out of memory')
      return false
    },
  }
}

describe('a slow reader', () => {
  it('gets 50 MB as they were, while pages are used again, and is waited for', async () => {
    await open({ onReady: () => undefined })
    const socket = await client('implicit')
    const { connection } = office.last
    const expected = createHash('sha256')
    const read = createHash('sha256')
    let octets = 0
    socket.on('data', (chunk: Buffer) => {
      read.update(chunk)
      octets += chunk.length
      // Slow: every chunk waits for the next turn of the loop.
      socket.pause()
      setImmediate(() => socket.resume())
    })
    let wasFull = 0
    let sent = 0
    for (let round = 0; sent < 50_000_000; round++) {
      // Many pages of several pieces, and sometimes one large piece.
      const piece = Buffer.alloc(round % 50 === 0 ? 200_000 : 97 + ((round * 7919) % 30_000), `<${round}>`)
      connection.sendText(`${round}:`)
      connection.sendOctets(piece)
      expected.update(`${round}:`).update(piece)
      sent += piece.length + `${round}:`.length
      if (round % 3 === 0) connection.flush()
      if (connection.full) {
        wasFull += 1
        await connection.drained()
        expect(connection.full).toBe(false)
      }
    }
    expect(connection.octetsOut).toBe(sent)
    connection.end()
    await once(socket, 'end')
    expect(wasFull).toBeGreaterThan(50)
    expect(octets).toBe(sent)
    expect(read.digest('hex')).toBe(expected.digest('hex'))
  }, 30_000)

  it('is seen as stalled when it takes nothing, and then no more', async () => {
    await open()
    const socket = await client('implicit')
    socket.pause()
    const { connection } = office.last
    while (!connection.full) {
      connection.sendOctets(Buffer.alloc(65_536))
      connection.flush()
      await new Promise(setImmediate)
    }
    const now = Math.ceil(performance.now())
    connection.stalledMs(now)
    expect(connection.stalledMs(now + 5_000)).toBeGreaterThanOrEqual(5_000)
    const caughtUp = connection.drained()
    socket.resume()
    await caughtUp
    expect(connection.stalledMs(now + 9_000)).toBe(0)
  })

  it('is not waited for any longer when it is gone', async () => {
    await open()
    const socket = await client('implicit')
    socket.pause()
    const { connection } = office.last
    while (!connection.full) {
      connection.sendOctets(Buffer.alloc(65_536))
      connection.flush()
      await new Promise(setImmediate)
    }
    const caughtUp = connection.drained()
    socket.destroy()
    await caughtUp
    await until(() => office.last.endings.includes('closed'))
  })
})

describe('the listener', () => {
  it('sheds without a word where TLS comes first', async () => {
    await open({ listener: { gate: { refusalOf: () => 'rate' } } })
    const shed = connectClear(office.port, '127.0.0.1')
    clients.push(shed)
    expect((await shed.toArray()).join('')).toBe('')
  })

  it('closes who is one too many without a word, handshakes counted', async () => {
    await open({ listener: { limits: { total: 1, perAddress: 10, countLoopback: true } } })
    const first = connectClear(office.port, '127.0.0.1')
    clients.push(first)
    await once(first, 'connect')
    const second = connectClear(office.port, '127.0.0.1')
    clients.push(second)
    second.on('error', () => undefined)
    let text = ''
    second.on('data', chunk => {
      text += chunk.toString()
    })
    await once(second, 'close')
    expect(text).toBe('')
    first.destroy()
    await until(() => office.failures.length === 1)
    expect(office.failures).toEqual(['gone'])
  })

  it('lets in only addresses that are admitted, and tells of the others', async () => {
    const refused: string[] = []
    let admitted = false
    await open({ listener: { admits: () => admitted, onRefused: peer => refused.push(peer) } })
    await expect(client('implicit')).rejects.toThrow()
    expect(refused).toEqual(['127.0.0.1'])
    expect(office.failures).toEqual([])
    admitted = true
    expect(await readSome(await client('implicit'))).toBe('+OK ready\r\n')
  })

  it('cuts handshakes when it is closed, and no connection', async () => {
    await open()
    const session = await client('implicit')
    await readSome(session)
    const handshake = await clearClient('implicit')
    await once(handshake, 'connect')
    // When the next one is in, that one was accepted.
    await client('implicit')
    office.stopListening()
    await ended(handshake)
    await until(() => office.failures.length === 1)
    office.kept[0]?.connection.sendText('still here')
    office.kept[0]?.connection.flush()
    expect(await readSome(session)).toBe('still here')
  })
})
