// Through proxies of both kinds and over streams of other making: the session is the same, and what goes wrong on the way is
// told.
import { once } from 'node:events'
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connect } from '../../../src/pop3/client/index.ts'
import { fetchAll, optionsFor, serve } from './scripted-session.ts'

interface TestProxy {
  readonly port: number
  /** What it was asked for, in latin1. */
  readonly asked: string[]
}

/** Answers the nth packet with the nth answer, as many octets at a time; behind the last one it leads to the server. */
async function openProxy(
  answers: readonly string[],
  { serverPort = 0, octetsAtOnce = 1000 } = {},
): Promise<TestProxy> {
  const asked: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    const left = [...answers]
    const take = (chunk: Buffer) => {
      asked.push(chunk.toString('latin1'))
      const answer = Buffer.from(left.shift() ?? '', 'latin1')
      for (let at = 0; at < answer.length; at += octetsAtOnce)
        socket.write(answer.subarray(at, at + octetsAtOnce))
      if (left.length > 0) return
      socket.off('data', take)
      if (serverPort === 0) return
      const further = connectTcp(serverPort, '127.0.0.1')
      sockets.add(further)
      further.on('error', () => undefined)
      socket.pipe(further).pipe(socket)
    }
    socket.setNoDelay(true).on('data', take)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return { port: (server.address() as AddressInfo).port, asked }
}

const granted = '\x05\0\0\x01\0\0\0\0\0\0'

describe.each([1, 3, 1000])('proxies that send %d octets at a time', octetsAtOnce => {
  it.each([
    [
      'SOCKS5',
      'socks5h://127.0.0.1:',
      ['\x05\0', granted],
      ['\x05\x01\0', /^\x05\x01\0\x03\x0cpop\.internal/],
    ],
    [
      'SOCKS5 with a name in its answer',
      'socks5h://127.0.0.1:',
      ['\x05\0', '\x05\0\0\x03\x04name\0\0'],
      ['\x05\x01\0', /^\x05\x01\0\x03/],
    ],
    [
      'SOCKS5 with a login',
      'socks5h://bob:s%20cret@127.0.0.1:',
      ['\x05\x02', '\x01\0', granted],
      ['\x05\x02\0\x02', '\x01\x03bob\x06s cret', /^\x05\x01\0\x03/],
    ],
    [
      'CONNECT',
      'http://127.0.0.1:',
      ['HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n'],
      [/^CONNECT pop\.internal:\d+ HTTP\/1\.1\r\nHost: pop\.internal:\d+\r\n\r\n$/],
    ],
    [
      'CONNECT with a login',
      'http://bob:s%20cret@127.0.0.1:',
      ['HTTP/1.0 200\r\n\r\n'],
      [/\r\nProxy-Authorization: Basic Ym9iOnMgY3JldA==\r\n\r\n$/],
    ],
  ])('lead to the server by %s', async (_how, url, answers, questions) => {
    const server = await serve([])
    const proxy = await openProxy(answers, { serverPort: server.port, octetsAtOnce })
    const session = await connect({
      ...optionsFor(server),
      host: 'pop.internal',
      proxy: `${url}${proxy.port}`,
    })
    onTestFinished(() => session.abandon())
    expect(await fetchAll(session)).toHaveLength(2)
    expect(proxy.asked).toHaveLength(questions.length)
    for (const [index, question] of questions.entries())
      expect(proxy.asked[index]).toMatch(
        typeof question === 'string' ? new RegExp(`^${escaped(question)}$`) : question,
      )
  })
})

function escaped(text: string): string {
  return text.replace(/[^\w ]/g, character => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

describe('proxies', () => {
  it('lose nothing that the server says at once', async () => {
    const answer = 'HTTP/1.1 200 OK\r\n\r\n+OK ready\r\n'
    const proxy = await openProxy([answer, '-ERR\r\n', '+OK\r\n', '-ERR not today\r\n'])
    const server = await serve([])
    const opening = connect({ ...optionsFor(server), proxy: `http://127.0.0.1:${proxy.port}` })
    await expect(opening).rejects.toMatchObject({ code: 'login-refused', serverText: 'not today' })
  })

  it.each([
    ['127.0.0.1', /^\x05\x01\0\x01\x7f\0\0\x01/],
    ['::1', /^\x05\x01\0\x04\0{15}\x01/],
    ['2001:db8::ff00:42', /^\x05\x01\0\x04\x20\x01\x0d\xb8\0{8}\xff\0\0\x42/],
    ['localhost', /^\x05\x01\0[\x01\x04]/],
  ])('are given addresses: %s by SOCKS5', async (host, question) => {
    const proxy = await openProxy(['\x05\0', '\x05\x05\0\x01\0\0\0\0\0\0'])
    const server = await serve([])
    const opening = connect({ ...optionsFor(server), host, proxy: `socks5://127.0.0.1:${proxy.port}` })
    await expect(opening).rejects.toMatchObject({ code: 'connect-failed' })
    expect(proxy.asked[1]).toMatch(question)
  })

  it.each([
    ['socks5h', ['\x05\xff'], /asks for a login/],
    ['socks5h', ['\x05\0', '\x05\x05\0\x01\0\0\0\0\0\0'], /connection refused/],
    ['socks5h', ['\x05\0', '\x05\x02\0\x01\0\0\0\0\0\0'], /not allowed/],
    ['socks5h', ['\x05\0', '\x05\x63\0\x01\0\0\0\0\0\0'], /failure 99/],
    ['socks5h', ['\x05\0', '\x05\0\0\x09\0\0\0\0\0\0'], /no known type/],
    ['socks5h', ['HTTP/1.1 400 Bad Request\r\n\r\n'], /does not speak SOCKS5/],
    ['http', ['HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'], /asks for a login/],
    ['http', ['HTTP/1.1 502 Bad Gateway\r\n\r\n'], /answers 502/],
    ['http', ['\x05\0\r\n\r\n'], /does not speak HTTP/],
    ['http', [`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}`], /too long/],
    ['http', [''], /timeout|in 0\.3 s/],
  ] as const)('say why they lead nowhere: %s %j', async (scheme, answers, message) => {
    const proxy = await openProxy(answers)
    const server = await serve([])
    const opening = connect({
      ...optionsFor(server),
      timeouts: { connect: 300 },
      proxy: `${scheme}://127.0.0.1:${proxy.port}`,
    })
    await expect(opening).rejects.toMatchObject({
      code: expect.stringMatching(/connect-failed|timeout/) as string,
      message: expect.stringMatching(message) as string,
    })
  })

  it.each([
    'ftp://127.0.0.1',
    'socks4://127.0.0.1',
    'nonsense',
    'socks5://',
    'http://%zz:x@127.0.0.1',
  ])('must be one: %s', async proxy => {
    const server = await serve([])
    await expect(connect({ ...optionsFor(server), proxy })).rejects.toMatchObject({ code: 'bad-argument' })
  })

  it.each(['a b', 'a\r\nX: y', ''])('are not told a host that is none: %j', async host => {
    const proxy = await openProxy(['HTTP/1.1 200 OK\r\n\r\n'])
    const server = await serve([])
    const opening = connect({ ...optionsFor(server), host, proxy: `http://127.0.0.1:${proxy.port}` })
    await expect(opening).rejects.toMatchObject({ code: 'connect-failed' })
    expect(proxy.asked).toEqual([])
  })
})

describe('a transport of the caller', () => {
  it('carries the session', async () => {
    const server = await serve([])
    const asked: unknown[] = []
    const session = await connect({
      ...optionsFor(server),
      host: 'pop.internal',
      transport: ({ host, port }) => {
        asked.push([host, port])
        const socket = connectTcp(port, '127.0.0.1')
        // A stream that is no socket.
        return Duplex.from({ readable: socket, writable: socket })
      },
    })
    onTestFinished(() => session.abandon())
    expect(asked).toEqual([['pop.internal', server.port]])
    expect(await fetchAll(session)).toHaveLength(2)
    expect(await session.commit()).toMatchObject({ state: 'committed' })
  })

  it('may fail', async () => {
    const server = await serve([])
    const transport = () => Promise.reject(new Error('no way'))
    await expect(connect({ ...optionsFor(server), transport })).rejects.toMatchObject({
      code: 'connect-failed',
      message: 'no way',
    })
  })
})
