// An office behind a proxy: whom it brings is whom limits, logs and trace fields name; nobody else is believed.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { hashPassword } from '../../src/auth/password.ts'
import { parseConfig } from '../../src/config.ts'
import { createService, type Service } from '../../src/service.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { makeCertificate, writePair } from '../net/tls-fixtures.ts'
import { freePorts } from './office.ts'
import { itWith, runOrFail } from './program.ts'

const folder = mkdtempSync(join(tmpdir(), 'poplar-proxy-'))
const store = createMemoryStore()
const header = 'PROXY TCP4 192.0.2.7 198.51.100.1 56324 110\r\n'
const lines: { fields: Record<string, unknown>; text: string }[] = []
const keep = (fields: object, text: string) =>
  void lines.push({ fields: fields as Record<string, unknown>, text })
let service: Service

beforeAll(async () => {
  const { certFile, keyFile } = writePair(
    folder,
    'office',
    await makeCertificate({ names: ['mail.test.example'] }),
  )
  await store.addAccount({
    name: 'ann',
    passwordHash: await hashPassword(Buffer.from('secret'), { memoryKiB: 8192, passes: 1, lanes: 1 }),
    quotaOctets: 0,
  })
  const config = parseConfig(`
    data = "${join(folder, 'data')}"
    hostname = "mail.test.example"
    domains = ["test.example"]
    [listen]
    pop3 = "127.0.0.1:0"
    pop3s = "127.0.0.1:0"
    smtp = "127.0.0.1:0"
    [tls]
    cert = "${certFile}"
    key = "${keyFile}"
    required = false
    [proxy]
    networks = ["127.0.0.1"]
    xclient = ["127.0.0.3"]`)
  const log = { debug: keep, info: keep, warn: keep, error: keep }
  service = await createService(config, { store, log })
})
afterAll(async () => {
  await service.close()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(() => {
  lines.length = 0
})

function portOf(name: string): number {
  return service.listeners.find(each => each.service === name)?.port ?? 0
}

async function dial(name: string, from = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: portOf(name), localAddress: from })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/** All that comes until the server closes. */
async function answerTo(socket: Socket, ...pieces: readonly (string | Buffer)[]): Promise<string> {
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  for (const piece of pieces) socket.write(piece)
  await once(socket, 'close')
  return text
}

const session = 'USER ann\r\nPASS secret\r\nQUIT\r\n'

describe('behind a proxy', () => {
  it('the client is who the proxy says', async () => {
    const text = await answerTo(await dial('pop3'), header + session)
    expect(text).toMatch(/^\+OK .*\r\n\+OK .*\r\n\+OK .*\r\n\+OK .*\r\n$/)
    expect(lines.map(({ fields, text }) => [text, fields['peer']])).toEqual([
      ['login', '192.0.2.7'],
      ['pop3 session', '192.0.2.7'],
    ])
  })

  it('a header may come in pieces', async () => {
    const socket = await dial('pop3')
    for (const octet of header) {
      socket.write(octet)
      await new Promise(resolve => setImmediate(resolve))
    }
    expect(await answerTo(socket, session)).toMatch(/^\+OK/)
  })

  it('the proxy may look whether we are alive', async () => {
    const local = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex')
    expect(await answerTo(await dial('pop3'), local, 'QUIT\r\n')).toMatch(/^\+OK/)
    expect(lines).toMatchObject([{ fields: { peer: '127.0.0.1' } }])
  })

  it('TLS comes behind the header', async () => {
    const socket = await dial('pop3s')
    socket.write(header)
    const secured = connectTls({ socket, rejectUnauthorized: false })
    const text = await answerTo(secured, session)
    expect(text.split('\r\n')).toHaveLength(5)
    expect(lines.at(-1)).toMatchObject({ fields: { peer: '192.0.2.7', tls: 'TLSv1.3' } })
  })

  it('mail is told by whom it was brought', async () => {
    await answerTo(
      await dial('smtp'),
      `${header}EHLO x.example\r\nMAIL FROM:<>\r\nRCPT TO:<ann@test.example>\r\nDATA\r\n`,
      'Subject: x\r\n\r\nx\r\n.\r\nQUIT\r\n',
    )
    const account = await store.findAccount('ann')
    const maildrop = account && (await store.openMaildrop(account, { sessionId: 's', peer: 'test' }))
    const message = await maildrop?.read(0)
    const pieces: Uint8Array[] = []
    for await (const piece of message?.body ?? []) pieces.push(piece)
    await maildrop?.release()
    expect(Buffer.concat(pieces).toString()).toContain('Received: from x.example ([192.0.2.7])')
  })

  itWith('curl', 'curl says it as a proxy does', async () => {
    const url = `pop3://127.0.0.1:${portOf('pop3')}/`
    await runOrFail('curl', ['--silent', '--haproxy-protocol', '--user', 'ann:secret', url])
    expect(lines.some(({ fields }) => fields['peer'] === '127.0.0.1')).toBe(true)
  })
})

describe('behind HAProxy', () => {
  let haproxy: ChildProcess | undefined
  let ports: readonly number[] = []
  afterAll(async () => {
    if (!haproxy) return
    const exit = once(haproxy, 'exit')
    haproxy.kill('SIGKILL')
    await exit
  })

  async function start(): Promise<void> {
    ports = await freePorts(2)
    const [pop3, pop3s] = ports
    const file = join(folder, 'haproxy.cfg')
    writeFileSync(
      file,
      `
defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen pop3
  bind 127.0.0.1:${pop3}
  server office 127.0.0.1:${portOf('pop3')} send-proxy check
listen pop3s
  bind 127.0.0.1:${pop3s}
  server office 127.0.0.1:${portOf('pop3s')} send-proxy-v2
`,
    )
    haproxy = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' })
    await vi.waitFor(
      async () => {
        const socket = connect({ host: '127.0.0.1', port: pop3s ?? 0 })
        await once(socket, 'connect')
        socket.destroy()
      },
      { timeout: 10_000, interval: 50 },
    )
  }

  itWith(
    'haproxy',
    'clients by POP3 (version 1) and POP3S (version 2) have their own addresses',
    async () => {
      await start()
      const open = async (port = 0) => {
        const socket = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.5' })
        await once(socket, 'connect')
        return socket
      }
      const [pop3, pop3s] = ports
      expect(await answerTo(await open(pop3), session)).toMatch(/^\+OK/)
      const secured = connectTls({ socket: await open(pop3s), rejectUnauthorized: false })
      expect(await answerTo(secured, session)).toMatch(/^\+OK/)
      const sessions = () =>
        lines.filter(({ text, fields }) => text === 'pop3 session' && fields['peer'] === '127.0.0.5')
      await vi.waitFor(() =>
        expect(sessions().map(({ fields }) => fields['tls'])).toEqual([undefined, 'TLSv1.3']),
      )
    },
  )
})

describe('without a header', () => {
  it.each([
    ['pop3', 'CAPA\r\n'],
    ['pop3s', '\x16\x03\x01'],
    ['smtp', 'EHLO x\r\n'],
  ])('the proxy is not served: %s', async (name, octets) => {
    expect(await answerTo(await dial(name), octets)).toBe('')
    await vi.waitFor(() => expect(lines).toHaveLength(1))
    expect(lines).toMatchObject([{ fields: { peer: '127.0.0.1', reason: 'no header' } }])
  })

  it('others are served', async () => {
    expect(await answerTo(await dial('pop3', '127.0.0.2'), 'QUIT\r\n')).toMatch(/^\+OK.*\r\n\+OK.*\r\n$/)
  })
})

describe('a header from somebody else', () => {
  it('closes the connection of POP3', async () => {
    const text = await answerTo(await dial('pop3', '127.0.0.2'), header + session)
    expect(text.split('\r\n')).toHaveLength(2)
    expect(lines).toMatchObject([{ fields: { peer: '127.0.0.2', reason: 'proxy-header', commands: 0 } }])
  })

  it('closes the connection of SMTP', async () => {
    const text = await answerTo(await dial('smtp', '127.0.0.2'), `${header}EHLO x\r\n`)
    expect(text).toMatch(/^220 .*\r\n421 5\.7\.1 .*\r\n$/)
    await vi.waitFor(() => expect(lines).toHaveLength(1))
    expect(lines).toMatchObject([{ fields: { peer: '127.0.0.2', reason: 'proxy-header' } }])
  })
})

describe('XCLIENT', () => {
  const mail = 'XCLIENT ADDR=192.0.2.9 NAME=client.example\r\nEHLO y.example\r\nQUIT\r\n'

  it('from a named server says for whom it comes', async () => {
    const text = await answerTo(await dial('smtp', '127.0.0.3'), `EHLO x\r\n${mail}`)
    expect(text).toMatch(/^250[- ]XCLIENT /m)
    expect(text).toMatch(/^220 /m)
    await vi.waitFor(() => expect(lines).toMatchObject([{ fields: { peer: '192.0.2.9' } }]))
  })

  it('from anybody else is neither offered nor obeyed', async () => {
    const text = await answerTo(await dial('smtp', '127.0.0.2'), `EHLO x\r\n${mail}`)
    expect(text).not.toMatch(/^250[- ]XCLIENT/m)
    expect(text).toMatch(/^550 /m)
    await vi.waitFor(() => expect(lines).toMatchObject([{ fields: { peer: '127.0.0.2' } }]))
  })
})
