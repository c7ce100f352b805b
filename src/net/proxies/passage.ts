// The way through a proxy on a socket that is connected to it: SOCKS5, RFC 1928 and RFC 1929, and CONNECT of HTTP, RFC 9110
// section 9.3.6. Afterwards the socket is the target's, and nothing that the target says is lost.
import { lookup } from 'node:dns/promises'
import { isIP, type Socket } from 'node:net'
import type { Proxy, ProxyTarget } from './proxy.ts'

const maxHeadOctets = 16_384
const version = 5
const noLogin = 0
const nameAndPassword = 2
const kinds = { ipv4: 1, domain: 3, ipv6: 4 } as const

/** What a SOCKS5 server says of a failure, RFC 1928 section 6. */
const failures = [
  '',
  'general failure',
  'not allowed by its rules',
  'network unreachable',
  'host unreachable',
  'connection refused',
  'time to live expired',
  'command not supported',
  'address type not supported',
]

export async function passSocks5(socket: Socket, { kind, login }: Proxy, target: ProxyTarget): Promise<void> {
  checkHost(target.host)
  socket.write(Uint8Array.of(version, ...(login ? [2, noLogin, nameAndPassword] : [1, noLogin])))
  const [spoken, method] = await readExactly(socket, 2)
  if (spoken !== version) throw new Error('it does not speak SOCKS5')
  if (method === nameAndPassword && login) await logIn(socket, login)
  else if (method !== noLogin) throw new Error('it asks for a login that it cannot get')
  const host = kind === 'socks5' ? (await lookup(target.host)).address : target.host
  socket.write(
    Buffer.concat([
      Uint8Array.of(version, 1, 0),
      addressOf(host),
      Uint8Array.of(target.port >> 8, target.port & 0xff),
    ]),
  )
  const [, reply = 1, , boundKind] = await readExactly(socket, 4)
  if (reply !== 0) throw new Error(failures[reply] ?? `failure ${reply}`)
  await readExactly(socket, (await boundOctets(socket, boundKind)) + 2)
}

/** RFC 1929 section 2. */
async function logIn(socket: Socket, { name, password }: NonNullable<Proxy['login']>): Promise<void> {
  const fields = [name, password].map(text => Buffer.from(text))
  if (fields.some(({ length }) => length === 0 || length > 255))
    throw new Error('name and password for it must have 1 to 255 octets')
  socket.write(
    Buffer.concat([Uint8Array.of(1), ...fields.flatMap(field => [Uint8Array.of(field.length), field])]),
  )
  const [, status] = await readExactly(socket, 2)
  if (status !== 0) throw new Error('it refuses the login')
}

function addressOf(host: string): Buffer {
  const family = isIP(host)
  if (family === 4) return Buffer.from([kinds.ipv4, ...host.split('.').map(Number)])
  if (family === 6) return Buffer.from([kinds.ipv6, ...ipv6Octets(host)])
  const name = Buffer.from(host)
  if (name.length > 255) throw new Error('the name of the host is too long')
  return Buffer.concat([Uint8Array.of(kinds.domain, name.length), name])
}

/** The URL parser knows all ways to write one, and writes groups in hexadecimal with at most one `::`. */
function ipv6Octets(address: string): number[] {
  const [left = '', right] = new URL(`http://[${address.replace(/%.*/, '')}]`).hostname
    .slice(1, -1)
    .split('::')
  const [head, tail] = [left, right ?? ''].map(part => (part === '' ? [] : part.split(':')))
  const gap = right === undefined ? 0 : 8 - (head?.length ?? 0) - (tail?.length ?? 0)
  const groups = [...(head ?? []), ...Array<string>(gap).fill('0'), ...(tail ?? [])]
  return groups.flatMap(group => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff])
}

async function boundOctets(socket: Socket, kind: number | undefined): Promise<number> {
  if (kind === kinds.ipv4) return 4
  if (kind === kinds.ipv6) return 16
  if (kind === kinds.domain) return (await readExactly(socket, 1))[0] ?? 0
  throw new Error('its answer has an address of no known type')
}

export async function passHttpConnect(socket: Socket, { login }: Proxy, target: ProxyTarget): Promise<void> {
  checkHost(target.host)
  const host = target.host.includes(':') ? `[${target.host}]` : target.host
  const credentials = login && Buffer.from(`${login.name}:${login.password}`).toString('base64')
  const lines = [
    `CONNECT ${host}:${target.port} HTTP/1.1`,
    `Host: ${host}:${target.port}`,
    // RFC 7617 section 2.
    ...(credentials === undefined ? [] : [`Proxy-Authorization: Basic ${credentials}`]),
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  const head = await read(socket, unread => {
    const end = unread.indexOf('\r\n\r\n')
    if (end < 0 && unread.length > maxHeadOctets) throw new Error('its answer is too long')
    return end < 0 ? undefined : end + 4
  })
  const status = /^HTTP\/1\.[01] (\d{3})(?: |\r)/.exec(head.toString('latin1', 0, 64))?.[1]
  if (status === '407') throw new Error(login ? 'it refuses the login' : 'it asks for a login')
  if (!status?.startsWith('2')) throw new Error(status ? `it answers ${status}` : 'it does not speak HTTP')
}

/** What is no host could be more than one line of a request. */
function checkHost(host: string): void {
  if (host === '' || /[^\x21-\x7e\u0080-\uffff]/.test(host)) throw new Error('that is no name of a host')
}

function readExactly(socket: Socket, octets: number): Promise<Buffer> {
  return read(socket, unread => (unread.length >= octets ? octets : undefined))
}

/** Reads up to the end that is found, and gives back what is behind it. */
async function read(socket: Socket, end: (unread: Buffer) => number | undefined): Promise<Buffer> {
  let unread = Buffer.alloc(0)
  for (;;) {
    const chunk = socket.read() as Buffer | null
    if (chunk) {
      unread = Buffer.concat([unread, chunk])
      const at = end(unread)
      if (at === undefined) continue
      if (at < unread.length) socket.unshift(unread.subarray(at))
      return unread.subarray(0, at)
    }
    if (socket.readableEnded || socket.destroyed) throw new Error('it closed the connection')
    await arrival(socket)
  }
}

function arrival(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      for (const event of events) socket.off(event, done)
      resolve()
    }
    for (const event of events) socket.on(event, done)
  })
}

const events = ['readable', 'end', 'close'] as const
