// openssl s_client, which shows what TLS itself does, and GNU SASL with the channel binding of a real TLS session.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { connect, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LinePeer } from '../../e2e/line-peer.ts'
import { itWith, runProgram } from '../../e2e/program.ts'
import type { Transport } from './client.ts'
import { TlsOffice } from './office.ts'

let office: TlsOffice

beforeAll(async () => {
  office = await TlsOffice.open({ users: ['ann'] })
}, 60_000)
afterAll(() => office?.close())

/** One session in which these lines are sent. */
async function sClient(transport: Transport, lines: readonly string[], ...options: readonly string[]) {
  const port = transport === 'pop3s' ? office.ports.pop3s : office.ports.pop3
  const args = [
    ...['s_client', '-connect', `localhost:${port}`, '-servername', 'localhost', '-CAfile', office.caFile],
    ...['-verify_return_error', '-verify_hostname', 'localhost', '-brief', '-ign_eof', '-crlf'],
    ...(transport === 'stls' ? ['-starttls', 'pop3'] : []),
  ]
  const input = `${lines.join('\n')}\n`
  const { code, stdout, stderr } = await runProgram('openssl', [...args, ...options], { input })
  return { code, replies: stdout.toString().replaceAll('\r', ''), stderr }
}

const passwordLogin = ['USER ann', 'PASS ann-secret', 'STAT', 'QUIT']

describe.each(['pop3s', 'stls'] as const)('openssl s_client by %s', transport => {
  it.each(['-tls1_2', '-tls1_3'])('logs in with %s', async version => {
    const { replies, stderr } = await sClient(transport, passwordLogin, version)
    expect(stderr).toContain('Verification: OK')
    expect(replies).toMatch(/^\+OK 0 0$/m)
  })

  it.each(['-tls1', '-tls1_1'])('is refused with %s', async version => {
    const { code, replies } = await sClient(transport, passwordLogin, version, '-cipher', 'ALL:@SECLEVEL=0')
    expect([code, replies.includes('+OK 0 0')]).toEqual([1, false])
  })

  it.each([
    ['pop3', 0],
    ['imap,pop3', 0],
    ['imap', 1],
    ['http/1.1,h2', 1],
  ])('that offers %s in ALPN ends with %i', async (protocols, expected) => {
    const { code, replies } = await sClient(transport, passwordLogin, '-alpn', protocols)
    expect([code, replies.includes('+OK 0 0')]).toEqual([expected, expected === 0])
  })

  it('is shown EXTERNAL with a certificate, and logs in by it', async () => {
    const { certFile, keyFile } = office.clientPair('ann')
    const pair = ['-cert', certFile, '-key', keyFile]
    const { replies } = await sClient(transport, ['CAPA', 'AUTH EXTERNAL =', 'STAT', 'QUIT'], ...pair)
    expect(replies).toMatch(/^SASL .*\bEXTERNAL\b/m)
    expect(replies).toMatch(/^\+OK 0 0$/m)
    const without = await sClient(transport, ['CAPA', 'AUTH EXTERNAL =', 'STAT', 'QUIT'])
    expect(without.replies).not.toMatch(/^SASL .*\bEXTERNAL\b|^\+OK 0 0$/m)
  })

  it('may not log in as somebody else by its certificate', async () => {
    const { certFile, keyFile } = office.clientPair('ann')
    const other = Buffer.from('bob').toString('base64')
    const lines = [`AUTH EXTERNAL ${other}`, 'STAT', 'QUIT']
    const { replies } = await sClient(transport, lines, '-cert', certFile, '-key', keyFile)
    expect(replies).toMatch(/^-ERR \[AUTH\]/m)
    expect(replies).not.toMatch(/^\+OK 0 0$/m)
  })
})

describe('GNU SASL', () => {
  /** The reply to AUTH in a session under TLS, gsasl beside it: what one says is given to the other. */
  async function authenticate(mechanism: string, binding: (socket: TLSSocket) => Buffer): Promise<string> {
    const socket = connect({
      port: office.ports.pop3s,
      host: 'localhost',
      ca: readFileSync(office.caFile),
      minVersion: 'TLSv1.3',
    })
    await once(socket, 'secureConnect')
    const peer = LinePeer.on(socket)
    await peer.line()
    const args = ['--client', '-m', mechanism, '-a', 'ann', '-z', 'ann', '-p', 'ann-secret']
    const gsasl = spawn('gsasl', args, { stdio: ['pipe', 'pipe', 'ignore'] })
    const lines = createInterface({ input: gsasl.stdout })[Symbol.asyncIterator]()
    /** Lines of base64, perhaps behind the prompt for the binding. */
    const said = async (): Promise<string> => {
      for (;;) {
        const { done, value = '' } = (await lines.next()) as IteratorResult<string, undefined>
        if (done) throw new Error('gsasl has ended')
        const [, message] = /(?:^|: )([A-Za-z0-9+/]{24,}=*)$/.exec(value) ?? []
        if (message !== undefined) return message
      }
    }
    try {
      gsasl.stdin.write(`${binding(socket).toString('base64')}\n`)
      const challenge = await peer.ask(`AUTH ${mechanism} ${await said()}`)
      if (!challenge.startsWith('+ ')) return challenge
      gsasl.stdin.write(`${challenge.slice(2)}\n`)
      const last = await peer.ask(await said())
      return last.startsWith('+ ') ? await peer.ask('') : last
    } finally {
      peer.drop()
      gsasl.kill()
    }
  }

  const exporter = (socket: TLSSocket) =>
    socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))

  for (const mechanism of ['SCRAM-SHA-1-PLUS', 'SCRAM-SHA-256-PLUS']) {
    itWith(
      'gsasl',
      `logs in by ${mechanism} with the binding of its session, and with no other`,
      async () => {
        expect(await authenticate(mechanism, exporter)).toMatch(/^\+OK /)
        expect(await authenticate(mechanism, () => Buffer.alloc(32, 7))).toMatch(/^-ERR \[AUTH\] /)
      },
    )
  }
})
