// An office that binds nothing itself: the sockets are handed down, as a service manager does.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { LinePeer } from './line-peer.ts'
import { itWith } from './program.ts'

const cli = resolve(import.meta.dirname, '../../dist/bin/poplar.js')
const folder = mkdtempSync(join(tmpdir(), 'poplar-activation-'))
const configFile = join(folder, 'poplar.toml')
// No machine has this address: whoever binds what [listen] says, fails.
writeFileSync(
  configFile,
  `data = "${join(folder, 'data')}"\nhostname = "mail.test.example"\n[listen]\npop3 = "192.0.2.1:1110"\n[tls]\nrequired = false\n`,
)
const serve = [cli, 'serve', '--config', configFile, '--json']

const children: ChildProcess[] = []
const held: (() => void)[] = []
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  for (const release of held.splice(0)) release()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Tries until somebody listens there. */
async function connected(port: number, child: ChildProcess): Promise<Socket> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const isThere = await new Promise<boolean>(settle => {
      socket.once('connect', () => settle(true)).once('error', () => settle(false))
    })
    if (isThere) return socket
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}`)
    await new Promise(next => setTimeout(next, 20))
  }
}

describe('sockets that were handed down', () => {
  itWith(
    'systemd-socket-activate',
    'are served under their names, in place of what [listen] says',
    async () => {
      const [pop3, smtp] = [await freePort(), await freePort()]
      const child = spawn(
        'systemd-socket-activate',
        [
          ...['-l', `127.0.0.1:${pop3}`, '-l', `127.0.0.1:${smtp}`, '--fdname=pop3:smtp'],
          ...[process.execPath, ...serve],
        ],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      )
      children.push(child)
      let output = ''
      child.stdout.on('data', chunk => (output += chunk))
      child.stderr.resume()
      const post = LinePeer.on(await connected(pop3, child))
      expect(await post.line()).toMatch(/^\+OK mail\.test\.example POP3/)
      const intake = LinePeer.on(await connected(smtp, child))
      expect(await intake.line()).toMatch(/^220 mail\.test\.example/)
      expect(JSON.parse(output)).toHaveProperty('listeners', [
        { service: 'pop3', address: '127.0.0.1', port: pop3 },
        { service: 'smtp', address: '127.0.0.1', port: smtp },
      ])
      post.socket.destroy()
      intake.socket.destroy()
      child.kill('SIGTERM')
      expect(await once(child, 'exit')).toEqual([0, null])
    },
  )

  itWith('systemd-socket-activate', 'are TCP sockets only', async () => {
    const path = join(folder, 'pop3.sock')
    const activate = spawn(
      'systemd-socket-activate',
      ['-l', path, '--fdname=pop3', process.execPath, ...serve],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    children.push(activate)
    let complaint = ''
    for await (const chunk of activate.stderr) {
      complaint += chunk
      if (/Listening on/.test(complaint) && held.length === 0) {
        const socket = connect(path).on('error', () => {})
        held.push(() => socket.destroy())
      }
    }
    expect(complaint).toContain('it is a Unix socket, and TCP is spoken here')
  })

  /** What the third descriptor is. */
  const descriptors: Readonly<Record<string, () => Promise<'ignore' | 'pipe' | number | Socket>>> = {
    nothing: async () => 'ignore',
    'a file': async () => {
      const fd = openSync(configFile, 'r')
      held.push(() => closeSync(fd))
      return fd
    },
    'a pair of sockets': async () => 'pipe',
    'a connection': async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
      await once(socket, 'connect')
      held.push(
        () => socket.destroy(),
        () => server.close(),
      )
      return socket
    },
  }

  it.each([
    ['nothing', 'pop3', 'socket 3 ("pop3"): it is no socket'],
    ['a file', 'pop3', 'socket 3 ("pop3"): it is no socket'],
    ['a pair of sockets', 'pop3', 'it is no TCP socket that listens'],
    ['a connection', 'pop3', 'it is no TCP socket that listens'],
    [
      'a connection',
      'poplar.socket',
      '("poplar.socket") is for no service: FileDescriptorName= must be pop3,',
    ],
    ['a connection', 'pop3s', '("pop3s") needs a certificate'],
  ] as const)('%s called %s is refused', async (what, names, complaint) => {
    const third = await descriptors[what]?.()
    // Only the process itself knows its number in time.
    const child: ChildProcess = spawn(
      'sh',
      ['-c', 'LISTEN_PID=$$ exec "$@"', 'sh', process.execPath, ...serve],
      {
        stdio: ['ignore', 'ignore', 'pipe', third],
        env: { ...process.env, LISTEN_FDS: '1', LISTEN_FDNAMES: names },
      },
    )
    children.push(child)
    let said = ''
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
    expect(await once(child, 'close')).toEqual([1, null])
    expect(said).toContain(complaint)
  })
})
