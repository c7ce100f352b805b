// An intake with a certificate, and clients that take STARTTLS.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ConnectionOptions,
  connect,
  createSecureContext,
  type SecureContext,
  type TLSSocket,
} from 'node:tls'
import type { TlsServerOptions } from '../../../src/net/tls.ts'
import { LinePeer } from '../../e2e/line-peer.ts'
import { TestIntake, type TestIntakeOptions } from './session.ts'

export interface TestCertificate {
  readonly cert: string
  readonly key: string
}

/** A self-signed one, made by openssl. */
export function makeCertificate(name: string): TestCertificate {
  const folder = mkdtempSync(join(tmpdir(), 'intake-tls-'))
  try {
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
        ...['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`],
        ...['-keyout', join(folder, 'key'), '-out', join(folder, 'cert')],
      ],
      { stdio: 'ignore' },
    )
    const read = (file: string) => readFileSync(join(folder, file), 'latin1')
    return { cert: read('cert'), key: read('key') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export const certificate = makeCertificate('mx.example.org')

/** Options of an intake that always shows the certificates it was given last. */
export class TestTls implements TlsServerOptions {
  readonly alpn = 'smtp'
  readonly handshakeTimeoutMs: number
  readonly contexts: TlsServerOptions['contexts']
  #contexts = new Map<string | undefined, SecureContext>()
  /** The names that were asked for, in order. */
  readonly asked: (string | undefined)[] = []

  constructor({ cert, key }: TestCertificate = certificate, handshakeTimeoutMs = 30_000) {
    this.handshakeTimeoutMs = handshakeTimeoutMs
    this.use({ cert, key })
    this.contexts = {
      asksForCertificate: false,
      contextFor: name => {
        this.asked.push(name)
        const context = this.#contexts.get(name) ?? this.#contexts.get(undefined)
        if (!context) throw new Error('no context')
        return context
      },
    }
  }

  /** For a name, or for all that have none of their own. */
  use({ cert, key }: TestCertificate, name?: string): void {
    this.#contexts.set(name, createSecureContext({ cert, key, minVersion: 'TLSv1.2' }))
  }
}

export interface SecureIntake {
  readonly intake: TestIntake
  readonly tls: TestTls
}

export async function startSecure(
  protocol: 'smtp' | 'lmtp',
  options: TestIntakeOptions & { readonly handshakeTimeoutMs?: number } = {},
): Promise<SecureIntake> {
  const { handshakeTimeoutMs, ...others } = options
  const tls = new TestTls(certificate, handshakeTimeoutMs)
  return { intake: await TestIntake.start(protocol, { tls, ...others }), tls }
}

export interface SecurePeer {
  readonly peer: LinePeer
  readonly socket: TLSSocket
}

/** A client that was greeted and is at the handshake: STARTTLS was answered 220. */
export async function atHandshake(intake: TestIntake): Promise<LinePeer> {
  const peer = await intake.client()
  const reply = await peer.askSmtp('STARTTLS')
  if (!reply.startsWith('220')) throw new Error(reply)
  return peer
}

/** Does the handshake; what is sent and received from then on is TLS. */
export async function handshake(clear: LinePeer, options: ConnectionOptions = {}): Promise<SecurePeer> {
  clear.socket.removeAllListeners('data')
  const socket = connect({
    socket: clear.socket,
    ca: certificate.cert,
    servername: 'mx.example.org',
    ...options,
  })
  await new Promise((resolve, reject) => {
    const closed = () => reject(new Error('the connection has ended'))
    socket.once('secureConnect', resolve).once('error', reject).once('close', closed)
    clear.socket.once('close', closed)
    if (clear.socket.destroyed) closed()
  })
  return { peer: LinePeer.on(socket), socket }
}

/** A client under TLS that has said who it is. */
export async function secureClient(intake: TestIntake, options?: ConnectionOptions): Promise<SecurePeer> {
  const secure = await handshake(await atHandshake(intake), options)
  const hello = intake.protocol === 'lmtp' ? 'LHLO' : 'EHLO'
  const reply = await secure.peer.askSmtp(`${hello} client.example`)
  if (!reply.startsWith('250')) throw new Error(reply)
  return secure
}

/** A client under TLS that may send mail data now. */
export async function secureClientInData(intake: TestIntake, to = 'ann@example.org'): Promise<SecurePeer> {
  const secure = await secureClient(intake)
  for (const command of ['MAIL FROM:<x@y.example>', `RCPT TO:<${to}>`, 'DATA']) {
    const reply = await secure.peer.askSmtp(command)
    if (!/^[23]/.test(reply)) throw new Error(`${command}: ${reply}`)
  }
  return secure
}

/** The lines of the ended sessions. */
export function summaries(intake: TestIntake): Record<string, unknown>[] {
  return intake.log.filter(({ level }) => level === 'info').map(({ fields }) => fields)
}
