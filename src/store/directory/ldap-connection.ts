// One connection to an LDAP server, with TLS before anything is asked or said (RFC 4513 section 3.1), over the ldapts
// library. It ends with its first failure: left alone, the library would connect anew, in clear and as nobody.
import { Client, type Entry, ResultCodeError, SASL_MECHANISMS } from 'ldapts'
import { SourceDown } from './source.ts'

export interface LdapEndpoint {
  /** `ldap://host:port` or `ldaps://host:port`. */
  readonly url: string
  readonly startTls: boolean
  /** Certificates of authorities in PEM, in place of those Node trusts. */
  readonly ca: string | undefined
}

type TlsOptions = NonNullable<Parameters<Client['startTLS']>[0]>

const timeoutMs = 3000

/** Result codes that say that this password opens nothing. RFC 4511 section 4.1.9, and what servers make of them. */
const refusedBinds: ReadonlySet<number> = new Set([
  19, // constraintViolation: locked after too many tries
  32, // noSuchObject: gone since it was found
  48, // inappropriateAuthentication: the entry has no password
  49, // invalidCredentials
  50, // insufficientAccessRights: not for binding
  53, // unwillingToPerform: locked or expired
])

/** Result codes that say that the server serves nobody now. */
const downResults: ReadonlySet<number> = new Set([51, 52]) // busy, unavailable

export class LdapConnection {
  readonly #client: Client
  readonly #startTls: TlsOptions | undefined
  #state: 'new' | 'open' | 'closed' = 'new'

  private constructor(client: Client, startTls: TlsOptions | undefined) {
    this.#client = client
    this.#startTls = startTls
  }

  /** Rejects with `SourceDown`, as everything here does when the server does not answer. */
  static async open({ url, startTls, ca }: LdapEndpoint): Promise<LdapConnection> {
    const tls = tlsOptions(url, ca)
    const client = new Client({
      url,
      timeout: timeoutMs,
      connectTimeout: timeoutMs,
      ...(/^ldaps:/i.test(url) && { tlsOptions: tls }),
    })
    const connection = new LdapConnection(client, startTls ? tls : undefined)
    if (startTls) await connection.#secure()
    return connection
  }

  get isUsable(): boolean {
    return this.#state === 'new' || (this.#state === 'open' && this.#client.isConnected)
  }

  /** Two entries at most. */
  async search(base: string, filter: string, attributes: readonly string[]): Promise<readonly Entry[]> {
    const { searchEntries } = await this.#run(() =>
      this.#client.search(base, {
        scope: 'sub',
        filter,
        attributes: [...attributes],
        sizeLimit: 2,
        timeLimit: timeoutMs / 1000,
      }),
    )
    return searchEntries
  }

  /** Whether the password is that of the entry. It must not be empty: that would ask for nobody, and succeed. */
  async bind(dn: string, password: string): Promise<boolean> {
    // RFC 4513 section 5.1.2; and the library takes a few names for something else than a DN.
    if (dn === '' || password === '' || SASL_MECHANISMS.some(name => name === dn)) return false
    try {
      await this.#run(() => this.#client.bind(dn, password))
      return true
    } catch (error) {
      if (error instanceof ResultCodeError && refusedBinds.has(error.code)) return false
      throw error
    }
  }

  /** RFC 4513 section 5.1.1. Also connects, which only one may begin: what is asked meanwhile would get lost. */
  async bindAnonymously(): Promise<void> {
    await this.#run(() => this.#client.bind('', ''))
  }

  close(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#client.unbind().catch(() => {})
  }

  async #secure(): Promise<void> {
    const options = this.#startTls
    await this.#run(() => bounded(this.#client.startTLS(options)))
    // The library keeps the socket beneath in its options, and misses its end.
    options?.socket?.once('close', () => this.close())
    // What somebody in between may have put behind the answer in clear can only spoil this first answer under TLS.
    try {
      await this.#run(() => this.#client.search('', { scope: 'base', attributes: ['1.1'] }))
    } catch (error) {
      if (!(error instanceof ResultCodeError)) throw error
    }
  }

  async #run<T>(ask: () => Promise<T>): Promise<T> {
    if (!this.isUsable) {
      this.close()
      throw new SourceDown('the connection has ended')
    }
    this.#state = 'open'
    try {
      return await ask()
    } catch (error) {
      // The library numbers what it makes itself below zero.
      if (error instanceof ResultCodeError && error.code > 0 && !downResults.has(error.code)) throw error
      this.close()
      throw new SourceDown(error instanceof Error ? error.message : 'unknown', { cause: error })
    }
  }
}

function tlsOptions(url: string, ca: string | undefined): TlsOptions {
  const host = new URL(url).hostname.replace(/^\[(.*)\]$/, '$1')
  const isAddress = host.includes(':') || /^[\d.]+$/.test(host)
  return {
    host,
    minVersion: 'TLSv1.2',
    ...(!isAddress && { servername: host }),
    ...(ca !== undefined && { ca }),
  }
}

/** The library waits for a handshake for ever. */
async function bounded(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the TLS handshake timed out')), timeoutMs)
  })
  try {
    await Promise.race([work, timeout])
  } finally {
    clearTimeout(timer)
    work.catch(() => {})
  }
}
