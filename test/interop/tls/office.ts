// The built office with TLS, as its owner would set it up: certificates from an authority of its own for `localhost`, no
// login in clear, client certificates, tokens, and accounts that opted in to CRAM-MD5 and APOP.
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { deliverByLmtp } from '../../e2e/line-peer.ts'
import { Office } from '../../e2e/office.ts'
import { makeAuthority, makeCertificate, writePair } from '../../net/tls-fixtures.ts'
import { type AwkwardMessage, behindTrace, fingerprint, withLf } from '../awkward-messages.ts'

const audience = 'poplar'
const certificateName = 'localhost'

export interface TlsOfficeOptions {
  /** Their passwords are `<name>-secret`, kept recoverable. */
  readonly users: readonly string[]
}

export interface LoggedLogin {
  readonly mechanism: string
  readonly tls: string | undefined
}

export class TlsOffice {
  /** The one name its certificate has. */
  readonly certificateName = certificateName
  readonly folder: string
  readonly office: Office
  readonly ports: {
    readonly pop3: number
    readonly pop3s: number
    readonly smtp: number
    readonly lmtp: number
  }
  /** The authority that signed the office's certificate, and one that did not. */
  readonly caFile: string
  readonly strangerCaFile: string
  /** A certificate and key of each user, signed by an authority the office trusts. */
  readonly clientPairs: ReadonlyMap<string, { readonly certFile: string; readonly keyFile: string }>
  readonly #sign: (name: string) => Promise<string>
  readonly #keyServer: Server

  private constructor(
    made: Pick<TlsOffice, 'folder' | 'office' | 'caFile' | 'strangerCaFile' | 'clientPairs'>,
    keys: KeyServer,
  ) {
    this.folder = made.folder
    this.office = made.office
    this.caFile = made.caFile
    this.strangerCaFile = made.strangerCaFile
    this.clientPairs = made.clientPairs
    this.#sign = keys.sign
    this.#keyServer = keys.server
    const { pop3s = 0, ...ports } = made.office.ports
    this.ports = { ...ports, pop3s }
  }

  static async open({ users }: TlsOfficeOptions): Promise<TlsOffice> {
    const folder = mkdtempSync(join(tmpdir(), 'interop-tls-'))
    const [authority, stranger] = [await makeAuthority('Office CA'), await makeAuthority('Stranger CA')]
    const [caFile, strangerCaFile] = [join(folder, 'ca.crt'), join(folder, 'stranger.crt')]
    writeFileSync(caFile, authority.cert)
    writeFileSync(strangerCaFile, stranger.cert)
    const pair = await makeCertificate({
      authority,
      names: [certificateName],
      subject: [{ CN: [certificateName] }],
    })
    const { certFile, keyFile } = writePair(folder, 'office', pair)
    const clientPairs = new Map<string, { certFile: string; keyFile: string }>()
    for (const name of users) {
      const client = await makeCertificate({
        authority,
        subject: [{ CN: [name] }],
        mails: [`${name}@mail.test.example`],
      })
      clientPairs.set(name, writePair(folder, `client-${name}`, client))
    }
    const keys = await startKeyServer()
    const office = await Office.create({
      pop3s: true,
      tables: [
        '[tls]',
        `cert = "${certFile}"`,
        `key = "${keyFile}"`,
        `client_ca = "${caFile}"`,
        'required = true',
        '[oauth]',
        `issuer = "${keys.issuer}"`,
        `jwks = "${keys.issuer}/keys"`,
        `audience = "${audience}"`,
        '[log]',
        'format = "json"',
      ].join('\n'),
    })
    for (const user of users) {
      await office.run(['user', 'add', user, '--recoverable', '--password-stdin'], `${user}-secret\n`)
    }
    await office.start()
    return new TlsOffice({ folder, office, caFile, strangerCaFile, clientPairs }, keys)
  }

  /** A token that lets its holder in as that user. */
  tokenFor(user: string): Promise<string> {
    return this.#sign(`${user}@mail.test.example`)
  }

  clientPair(user: string): { readonly certFile: string; readonly keyFile: string } {
    const pair = this.clientPairs.get(user)
    if (!pair) throw new Error(`${user} has no certificate`)
    return pair
  }

  /** A folder of its own for one run of a client. */
  workplace(): string {
    return mkdtempSync(join(this.folder, 'client-'))
  }

  async deliver(user: string, messages: readonly AwkwardMessage[]): Promise<void> {
    for (const { name, content } of messages) {
      const [reply] = await deliverByLmtp(this.ports.lmtp, [`${user}@mail.test.example`], content)
      if (!reply?.startsWith('250')) throw new Error(`${name} was answered ${reply}`)
    }
  }

  /** What the log says of the logins of a user that succeeded, in order. */
  logins(user: string): LoggedLogin[] {
    return this.office.output
      .split('\n')
      .filter(line => line.startsWith('{'))
      .map(line => JSON.parse(line) as LoggedLogin & { msg: string; user?: string })
      .filter(line => line.msg === 'login' && line.user === user)
      .map(({ mechanism, tls }) => ({ mechanism, tls }))
  }

  async close(): Promise<void> {
    this.#keyServer.close()
    await this.office.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

interface KeyServer {
  readonly issuer: string
  readonly server: Server
  readonly sign: (email: string) => Promise<string>
}

/** An authorization server, as far as a mail office sees of it: its keys. */
async function startKeyServer(): Promise<KeyServer> {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const keys = JSON.stringify({
    keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }],
  })
  const server = createServer((_request, response) =>
    response.setHeader('content-type', 'application/json').end(keys),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const issuer = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`
  const sign = (email: string) =>
    new SignJWT({ email, email_verified: true })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(privateKey)
  return { issuer, server, sign }
}

/** What the messages are known by, their line ends and trace fields aside; in any order. */
export function prints(messages: readonly Buffer[]): string[] {
  return messages.map(message => fingerprint(withLf(behindTrace(message)))).sort()
}

export function sent(messages: readonly AwkwardMessage[]): string[] {
  return messages.map(({ content }) => fingerprint(withLf(content))).sort()
}
