// STLS and POP3S, RFC 2595 section 4 and RFC 8314: what changes with TLS, and that nothing said in clear gets inside.
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext, type TLSSocket } from 'node:tls'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { makeSelfSigned } from '../../src/net/self-signed.ts'
import type { TlsContexts } from '../../src/net/tls.ts'
import { type Office, type OfficeOptions, openOffice, password, until } from './office.ts'

let contexts: TlsContexts
beforeAll(() => {
  const context = createSecureContext(makeSelfSigned({ names: ['localhost'], days: 2 }))
  contexts = { contextFor: () => context, asksForCertificate: false }
})

const offices: Office[] = []
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const office of offices.splice(0)) await office.stop()
})

async function open(options: OfficeOptions = {}): Promise<Office> {
  const office = await openOffice({ messages: ['Subject: 1\n\n.one\n'], tls: contexts, ...options })
  offices.push(office)
  return office
}

/** Goes over to TLS on a socket that nobody else reads any more. */
async function secure(socket: Socket): Promise<TLSSocket> {
  socket.removeAllListeners('data')
  const secured = connectTls({ socket, rejectUnauthorized: false, ALPNProtocols: ['pop3'] })
  sockets.push(secured)
  await once(secured, 'secureConnect')
  return secured
}

/** Sends, and reads until the pattern has come. */
async function ask(socket: Socket, text: string, until: RegExp): Promise<string> {
  let answer = ''
  const reading = new Promise<string>((resolve, reject) => {
    const take = (chunk: Buffer) => {
      answer += chunk.toString('latin1')
      if (!until.test(answer)) return
      socket.off('data', take)
      resolve(answer)
    }
    socket.on('data', take)
    socket.once('close', () => reject(new Error(`closed after ${JSON.stringify(answer)}`)))
  })
  socket.write(text)
  return reading
}

const line = /\r\n$/
const list = /\r\n\.\r\n$/

describe('STLS', () => {
  it('protects what follows, and starts afresh', async () => {
    const office = await open({ cleartextLogin: 'never' })
    const peer = await office.connect()
    await peer.line()
    const before = await peer.askLong('CAPA')
    expect(before).toContain('STLS')
    expect(before).not.toContain('USER')
    expect(await peer.ask('STLS')).toBe('+OK begin TLS negotiation')
    const socket = await secure(peer.socket)
    expect(socket.alpnProtocol).toBe('pop3')
    const after = await ask(socket, 'CAPA\r\n', list)
    expect(after).toContain('USER\r\n')
    expect(after).not.toContain('STLS')
    expect(await ask(socket, 'STLS\r\n', line)).toBe('-ERR TLS is active\r\n')
    expect(
      await ask(socket, `USER alice\r\nPASS ${password}\r\nRETR 1\r\nQUIT\r\n`, /left\)\r\n$/),
    ).toContain('..one\r\n.\r\n')
    expect(await office.summary()).toMatchObject({ user: 'alice', tls: 'TLSv1.3', reason: 'quit' })
  })

  it('forgets what was said in clear', async () => {
    const office = await open()
    const peer = await office.connect()
    await peer.line()
    await peer.ask('USER alice')
    await peer.ask('STLS')
    const socket = await secure(peer.socket)
    expect(await ask(socket, `PASS ${password}\r\n`, line)).toBe('-ERR send USER first\r\n')
  })

  it('is refused after login, and where there is no certificate', async () => {
    const office = await open()
    const peer = await office.logIn()
    expect(await peer.ask('STLS')).toBe('-ERR not allowed in this state')
    expect(await peer.ask('STLS now')).toBe('-ERR this command takes no argument')
    const bare = await openOffice()
    offices.push(bare)
    const other = await bare.connect()
    await other.line()
    expect(await other.ask('STLS')).toBe('-ERR TLS is not available here')
  })

  const behind = `USER alice\r\nPASS ${password}\r\nDELE 1\r\nQUIT\r\n`

  it('closes, and answers nothing, when anything came in clear behind it', async () => {
    const office = await open()
    for (const text of [`STLS\r\n${behind}`, 'STLS\r\nN', 'STLS\r\n\r\n', `STLS\n${behind}`]) {
      const peer = await office.connect()
      await peer.line()
      peer.send(text)
      expect(await peer.rest(), text).toBe('')
    }
    expect(await office.summary()).toMatchObject({ reason: 'injection', user: undefined })
  })

  it('never takes clear text for what is inside, however late it comes', async () => {
    const office = await open()
    const peer = await office.connect()
    await peer.line()
    await peer.ask('STLS')
    peer.send(behind)
    // Nothing but an alert of TLS comes back, if anything.
    expect(await peer.rest()).not.toMatch(/OK|ERR/)
    expect(await office.summary()).toMatchObject({ reason: 'tls-failed' })
    expect(office.server.tlsFailures).toBe(1)
  })

  it('closes when the handshake is garbage, stalls, or is cut', async () => {
    const office = await open({ limits: { handshakeTimeoutMs: 100 } })
    for (const act of [
      (socket: Socket) => socket.write(Buffer.alloc(100, 0x16)),
      () => undefined,
      (socket: Socket) => socket.write(Buffer.from('160301', 'hex')),
      (socket: Socket) => socket.destroy(),
      (socket: Socket) => socket.end(),
    ]) {
      const peer = await office.connect()
      await peer.line()
      await peer.ask('STLS')
      act(peer.socket)
      await peer.rest()
    }
    for (const nth of [1, 2, 3, 4, 5])
      expect(await office.summary(nth)).toMatchObject({ reason: 'tls-failed' })
    // And the others are served.
    const peer = await office.logIn()
    expect(await peer.ask('STAT')).toBe('+OK 1 20')
  })
})

describe('TLS where clear text is spoken', () => {
  it('closes at once, is counted, and leaves one line', async () => {
    const office = await open()
    const peer = await office.connect()
    await peer.line()
    peer.send(Buffer.from('16030100a5010000a10303', 'hex'))
    expect(await peer.rest()).toBe('')
    expect(await office.summary()).toMatchObject({ reason: 'tls-in-clear', commands: 0 })
    await until(() => office.server.tlsFailures === 1)
    expect(office.log).toHaveLength(1)
  })
})

describe('POP3S', () => {
  it('speaks TLS from the first octet', async () => {
    const office = await open({ implicitTls: true, cleartextLogin: 'never' })
    const socket = connectTls({ port: office.port, host: '127.0.0.1', rejectUnauthorized: false })
    sockets.push(socket)
    expect(await ask(socket, '', line)).toBe('+OK pop.example POP3 server ready\r\n')
    expect(await ask(socket, 'CAPA\r\n', list)).not.toContain('STLS')
    expect(await ask(socket, `USER alice\r\nPASS ${password}\r\nSTAT\r\n`, /\+OK 1 20\r\n$/)).toBeTypeOf(
      'string',
    )
  })

  it.each([
    { why: 'clear text', octets: Buffer.from('CAPA\r\n'), reason: 'not-tls', detail: 'wrong version number' },
    { why: 'HTTP', octets: Buffer.from('GET / HTTP/1.1\r\n\r\n'), reason: 'not-tls', detail: 'http request' },
    { why: 'silence', octets: Buffer.alloc(0), reason: 'timeout', detail: undefined },
    {
      why: 'half a greeting of TLS',
      octets: Buffer.from('1603010200', 'hex'),
      reason: 'timeout',
      detail: undefined,
    },
  ])('closes on $why, counts it, and logs one line', async ({ octets, reason, detail }) => {
    const office = await open({ implicitTls: true, limits: { handshakeTimeoutMs: 100 } })
    const socket = connectTcp(office.port, '127.0.0.1')
    sockets.push(socket)
    let said = ''
    socket.on('data', chunk => (said += chunk.toString('latin1')))
    socket.write(octets)
    await once(socket, 'close')
    expect(said).not.toMatch(/OK|ERR/)
    await until(() => office.server.tlsFailures === 1)
    const warnings = office.log.filter(({ level }) => level === 'warn')
    expect(warnings).toEqual([
      {
        level: 'warn',
        fields: { peer: '127.0.0.1', reason, detail },
        text: 'pop3s handshake failed',
      },
    ])
  })
})
