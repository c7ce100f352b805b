// Ports 110 and 995 without root: by one capability, by the setting of the kernel, and not without either. In a network of
// its own, so that the machine's ports are not touched.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { ensureSelfSigned } from '../../src/net/self-signed.ts'
import { itWith, runProgram } from './program.ts'

const cli = resolve(import.meta.dirname, '../../dist/bin/poplar.js')
/** Nobody, in Debian and elsewhere. */
const nobody = 65_534
/** SIOCSIFFLAGS, for the loopback device of a new network is down. */
const loopbackUp = `import fcntl, socket, struct; fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sh14x', b'lo', 1))`

let folder: string
let child: ChildProcess | undefined
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'poplar-low-ports-'))
  chownSync(folder, nobody, nobody)
  const { certFile, keyFile } = await ensureSelfSigned(folder, ['localhost'])
  for (const file of [certFile, keyFile]) chmodSync(file, 0o644)
  writeFileSync(
    join(folder, 'poplar.toml'),
    `hostname = "mail.test.example"
data = "${join(folder, 'data')}"
[listen]
pop3 = "127.0.0.1:110"
pop3s = "127.0.0.1:995"
[tls]
cert = "${certFile}"
key = "${keyFile}"
`,
  )
})
afterEach(async () => {
  if (child && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL')
    await once(child, 'close')
  }
  child = undefined
  rmSync(folder, { recursive: true, force: true })
})

/** The clone may lie where nobody can read; then it is root without any of root's capabilities. */
async function userWhoCanRead(): Promise<number> {
  const args = [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', 'test', '-r', cli]
  return (await runProgram('setpriv', args)).code === 0 ? nobody : 0
}

/** The server in a network of its own, as a user who has these capabilities and can get no others. */
async function serveWith(capabilities: string, prelude = 'true'): Promise<ChildProcess> {
  const user = await userWhoCanRead()
  const caps = ['--inh-caps', '--ambient-caps', '--bounding-set'].map(option => `${option} ${capabilities}`)
  const as = `setpriv --reuid ${user} --regid ${user} --clear-groups ${caps.join(' ')} --no-new-privs`
  const script = `python3 -c "$1" && ${prelude} && shift && exec ${as} "$@"`
  const serve = [process.execPath, cli, 'serve', '--json', '--config', join(folder, 'poplar.toml')]
  child = spawn('unshare', ['-n', 'sh', '-c', script, 'sh', loopbackUp, ...serve], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return child
}

/** The ports of a server that is ready, and what its user may. */
async function served(server: ChildProcess): Promise<number[]> {
  const { stdout, stderr } = server
  if (!stdout || !stderr) throw new Error('no output')
  let complaint = ''
  stderr.on('data', chunk => (complaint += chunk))
  for await (const line of createInterface({ input: stdout })) {
    const { listeners } = JSON.parse(line) as { readonly listeners: readonly { readonly port: number }[] }
    return listeners.map(({ port }) => port)
  }
  throw new Error(`ended: ${complaint}`)
}

/** A client in the network of the server comes as far as a login that is refused. */
async function expectPop3(server: ChildProcess, url: string): Promise<void> {
  const curl = ['curl', '--silent', '--show-error', '--insecure', '--user', 'nobody:wrong', url]
  const { code } = await runProgram('nsenter', ['-t', String(server.pid), '-n', ...curl])
  // CURLE_LOGIN_DENIED
  expect(code).toBe(67)
}

describe('ports below 1024', () => {
  for (const [name, capabilities, prelude] of [
    ['by CAP_NET_BIND_SERVICE alone', '-all,+net_bind_service', 'true'],
    [
      'where the kernel gives them to everybody',
      '-all',
      'echo 110 >/proc/sys/net/ipv4/ip_unprivileged_port_start',
    ],
  ] as const)
    itWith('setpriv', `are served ${name}`, async context => {
      if (process.getuid?.() !== 0) context.skip('only root can make a network')
      const server = await serveWith(capabilities, prelude)
      expect(await served(server)).toEqual([110, 995])
      await expectPop3(server, 'pop3://127.0.0.1/')
      await expectPop3(server, 'pop3s://127.0.0.1/')
      server.kill('SIGTERM')
      expect(await once(server, 'exit')).toEqual([0, null])
    })

  itWith('setpriv', 'are refused without either', async context => {
    if (process.getuid?.() !== 0) context.skip('only root can make a network')
    const server = await serveWith('-all')
    await expect(served(server)).rejects.toThrow(
      'cannot listen on 127.0.0.1:110: permission denied (ports below 1024 need a privilege)',
    )
  })
})
