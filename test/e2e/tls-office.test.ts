// The built office with TLS, as its owner lives with it: certificates that change under running sessions, one that ACME
// obtains, old devices, accounts from elsewhere.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { endServers, ServerProcess } from '../cli/server.ts'
import { Workplace } from '../cli/workplace.ts'
import { Pebble } from '../net/acme/pebble.ts'
import { makeAuthority, makeCertificate, writePair } from '../net/tls-fixtures.ts'
import { Peer } from '../pop3/peer.ts'
import { itWith, runOrFail } from './program.ts'

let place: Workplace | undefined
const sockets: TLSSocket[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await endServers()
  place?.remove()
  place = undefined
})

const cheap = 'argon2_memory = "8MiB"\nargon2_passes = 1'

/** An office whose configuration is made of these tables, in a folder of its own. */
function prepare(tables: (folder: string) => string): Workplace {
  const made = new Workplace('')
  made.configure(`hostname = "mail.test.example"\n${tables(made.folder)}`)
  place = made
  return made
}

async function addUser(office: Workplace, name: string): Promise<void> {
  const { code, stderr } = await office.run(`user add ${name} --password-stdin`, `${name}-secret\n`)
  if (code !== 0) throw new Error(stderr)
}

/** Over TLS; without a check of the certificate, whose serial number tells which it is. */
async function connect(port: number): Promise<{ peer: Peer; serial: string }> {
  const socket = connectTls({ port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false })
  sockets.push(socket)
  await once(socket, 'secureConnect')
  const peer = Peer.over(socket)
  await peer.line()
  return { peer, serial: socket.getPeerCertificate().serialNumber }
}

/** Asks until the answer is another. */
async function until<T>(ask: () => Promise<T>, isIt: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await ask()
    if (isIt(value)) return value
  }
}

describe('a certificate in files', () => {
  it('is exchanged while sessions go on, and a bad one is not', async () => {
    const authority = await makeAuthority()
    const [first, second] = [
      await makeCertificate({ authority, names: ['localhost'] }),
      await makeCertificate({ authority, names: ['localhost'] }),
    ]
    const office = prepare(folder => {
      const { certFile, keyFile } = writePair(folder, 'own', first)
      return `[listen]\npop3s = "127.0.0.1:0"\n[auth]\n${cheap}\n[tls]\ncert = "${certFile}"\nkey = "${keyFile}"\nrequired = true\n`
    })
    await addUser(office, 'ann')
    const server = new ServerProcess(office, ['--json'])
    const port = await server.portOf('pop3s')
    const { peer, serial } = await connect(port)
    await peer.ask('USER ann')
    expect(await peer.ask('PASS ann-secret')).toMatch(/^\+OK/)

    // A key that does not belong to it: the old one stays, and one line says why.
    writeFileSync(join(office.folder, 'own.key'), second.key)
    await server.says(/certificate unusable, the old one stays/)
    expect((await connect(port)).serial).toBe(serial)

    writeFileSync(join(office.folder, 'own.crt'), second.cert)
    const next = await until(
      async () => (await connect(port)).serial,
      value => value !== serial,
    )
    expect(next).not.toBe(serial)
    expect(await peer.ask('NOOP')).toBe('+OK')
    expect(await peer.ask('QUIT')).toMatch(/^\+OK/)
    expect(await server.kill('SIGTERM')).toBe(0)
    expect(server.logged('certificate unusable, the old one stays')).toHaveLength(1)
  })

  it('keeps the office from starting when it cannot be read, and says which file and why', async () => {
    const office = prepare(
      () => '[listen]\npop3s = "127.0.0.1:0"\n[tls]\ncert = "missing.crt"\nkey = "missing.key"\n',
    )
    const { code, stderr } = await office.run('serve')
    expect(code).toBe(1)
    expect(stderr).toContain(`${join(office.folder, 'missing.crt')}: there is no such file`)
  })
})

describe('a certificate by ACME', () => {
  itWith('pebble', 'is obtained while a self-signed one serves, and served without a restart', async () => {
    const pebble = await Pebble.start()
    try {
      const office = prepare(() =>
        [
          '[listen]\npop3s = "127.0.0.1:0"',
          `[auth]\n${cheap}`,
          '[acme]\ndomains = ["mail.test"]\nagree_terms = true',
          `server = "${pebble.directoryUrl}"\nca = "${pebble.caFile}"`,
          `listen = "127.0.0.1:${pebble.httpPort}"\n`,
        ].join('\n'),
      )
      const server = new ServerProcess(office, ['--json'])
      const port = await server.portOf('pop3s')
      await server.says(/certificate obtained/)
      await until(
        () => issuerOf(port),
        issuer => /pebble/i.test(issuer),
      )
      expect(server.logged('a self-signed certificate serves until ACME has obtained one')).toHaveLength(1)
      expect(await server.kill('SIGTERM')).toBe(0)
    } finally {
      await pebble.remove()
    }
  })
})

async function issuerOf(port: number): Promise<string> {
  const socket = connectTls({ port, host: '127.0.0.1', servername: 'mail.test', rejectUnauthorized: false })
  sockets.push(socket)
  await once(socket, 'secureConnect')
  return JSON.stringify(socket.getPeerCertificate().issuer)
}

describe('old devices', () => {
  const tables = (networks: string, tls: string, listen: string) => (folder: string) =>
    `[listen]\npop3s = "127.0.0.1:0"\n[auth]\n${cheap}\n[tls]\ncert = "${folder}/own.crt"\nkey = "${folder}/own.key"\n[legacy]\n${listen}\nnetworks = ["${networks}"]\ntls = "${tls}"\n`

  async function serve(networks: string, tls: string, listen: string): Promise<ServerProcess> {
    const pair = await makeCertificate({ names: ['localhost'], algorithm: 'rsa-sha256' })
    const office = prepare(tables(networks, tls, listen))
    writePair(office.folder, 'own', pair)
    await addUser(office, 'ann')
    return new ServerProcess(office, ['--json'])
  }

  itWith('openssl', 'come in with TLS 1.0 on a listener of their own, and on no other', async () => {
    const server = await serve('127.0.0.0/8', 'TLSv1', 'pop3s = "127.0.0.1:0"')
    const commands = 'USER ann\r\nPASS ann-secret\r\nQUIT\r\n'
    const old = await openssl(await server.portOf('pop3s-legacy'), commands)
    expect(old).toContain('Protocol  : TLSv1\n')
    expect(old).toContain('+OK 0 messages (0 octets)')
    expect(await openssl(await server.portOf('pop3s'), commands)).not.toContain('+OK')
    await server.kill('SIGTERM')
    expect(server.logged('old devices are let in here, with less protection than is due')).toMatchObject([
      { level: 'warn', tls: 'TLSv1', networks: ['127.0.0.0/8'] },
    ])
    expect(server.logged('login of an old device')).toMatchObject([
      { level: 'warn', user: 'ann', peer: '127.0.0.1', tls: 'TLSv1' },
    ])
  })

  it('come in without TLS, and announce what works for them', async () => {
    const server = await serve('127.0.0.1', 'none', 'pop3 = "127.0.0.1:0"')
    const peer = await Peer.connect(await server.portOf('pop3-legacy'))
    await peer.line()
    const capabilities = await peer.askLong('CAPA')
    expect(capabilities).toContain('USER')
    expect(capabilities).not.toContain('STLS')
    await peer.ask('USER ann')
    expect(await peer.ask('PASS ann-secret')).toMatch(/^\+OK/)
    await peer.ask('QUIT')
    await server.kill('SIGTERM')
    expect(server.logged('login of an old device')).toMatchObject([{ tls: 'none' }])
  })

  it('are known by their addresses: nobody else is let in', async () => {
    const server = await serve('192.0.2.7', 'none', 'pop3 = "127.0.0.1:0"')
    const peer = await Peer.connect(await server.portOf('pop3-legacy'))
    expect(await peer.rest()).toBe('')
    await server.kill('SIGTERM')
    expect(server.logged('pop3 connection from an address that is not let in')).toHaveLength(1)
  })
})

/** Debian's openssl speaks TLS 1.0 when it is told that nothing is too weak. */
function openssl(port: number, input: string): Promise<string> {
  return new Promise(resolve => {
    const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-tls1', '-cipher', 'DEFAULT@SECLEVEL=0']
    const child = execFile('openssl', [...args, '-ign_eof', '-crlf'], (_error, stdout, stderr) =>
      resolve(`${stdout}${stderr}`),
    )
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input.replaceAll('\r', ''))
  })
}

describe('accounts from a passwd-file', () => {
  itWith('openssl', 'log in with their old passwords, beside those of the store', async () => {
    const office = prepare(
      () =>
        `[listen]\npop3 = "127.0.0.1:0"\nlmtp = "127.0.0.1:0"\n[auth]\nsources = ["passwd-file", "store"]\n${cheap}\n[passwd_file]\nfile = "users"\n`,
    )
    const hash = await runOrFail('openssl', ['passwd', '-6', 'old-secret'])
    writeFileSync(join(office.folder, 'users'), `carl:{SHA512-CRYPT}${hash.toString().trim()}\n`)
    await addUser(office, 'ann')
    const server = new ServerProcess(office, ['--json'])
    const port = await server.portOf('pop3')
    for (const [name, password] of [
      ['carl', 'old-secret'],
      ['ann', 'ann-secret'],
    ] as const) {
      const peer = await Peer.connect(port)
      await peer.line()
      // Most hashes have no SCRAM keys: who prefers it is not led astray.
      expect((await peer.askLong('CAPA')).find(line => line.startsWith('SASL'))).not.toContain('SCRAM')
      await peer.ask(`USER ${name}`)
      expect(await peer.ask(`PASS ${password}`), name).toMatch(/^\+OK/)
      await peer.ask('QUIT')
    }
    expect(await server.kill('SIGTERM')).toBe(0)
  })
})

describe('the key of sealed passwords', () => {
  it('is not made anew while passwords are sealed with the one that is gone', async () => {
    const office = prepare(() => `[listen]\npop3 = "127.0.0.1:0"\n[auth]\n${cheap}\n`)
    const { code } = await office.run('user add ann --recoverable --password-stdin', 'ann-secret\n')
    expect(code).toBe(0)
    const key = join(office.folder, 'poplar-data', 'secret.key')
    renameSync(key, `${key}.away`)
    const server = new ServerProcess(office, ['--json'])
    const peer = await Peer.connect(await server.portOf('pop3'))
    expect(await peer.line()).not.toContain('<')
    expect((await peer.askLong('CAPA')).join()).not.toContain('CRAM-MD5')
    await peer.ask('USER ann')
    expect(await peer.ask('PASS ann-secret')).toMatch(/^\+OK/)
    await peer.ask('QUIT')
    await server.kill('SIGTERM')
    expect(existsSync(key)).toBe(false)
    expect(
      server.logged('the key of sealed passwords is gone: no CRAM-MD5 and no APOP until it is back'),
    ).toHaveLength(1)
  })
})
