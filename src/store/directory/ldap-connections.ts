// The connections to one LDAP server: one that searches, under the office's own name, and a few that check passwords,
// whose name changes with each bind. One that turns out to have ended is replaced once, unseen; then the server is down.
import { LdapConnection, type LdapEndpoint } from './ldap-connection.ts'
import { SourceDown } from './source.ts'

export interface LdapLogin {
  readonly dn: string
  readonly password: string
}

const maxIdle = 4

export class LdapConnections {
  readonly #endpoint: LdapEndpoint
  readonly #login: LdapLogin | undefined
  readonly #idle: LdapConnection[] = []
  #searching: Promise<LdapConnection> | undefined
  #isClosed = false

  /** Without `login` searches are anonymous. */
  constructor(endpoint: LdapEndpoint, login: LdapLogin | undefined) {
    this.#endpoint = endpoint
    this.#login = login
  }

  async search<T>(ask: (connection: LdapConnection) => Promise<T>): Promise<T> {
    const known = this.#searching
    if (!known) return ask(await this.#searcher())
    try {
      return await ask(await known)
    } catch (error) {
      if (!(error instanceof SourceDown)) throw error
      if (this.#searching === known) this.#searching = undefined
      return ask(await this.#searcher())
    }
  }

  /** Whether the password is that of the entry. */
  async check(dn: string, password: string): Promise<boolean> {
    const known = this.#idle.pop()
    if (known?.isUsable) {
      try {
        return await this.#checkOver(known, dn, password)
      } catch (error) {
        if (!(error instanceof SourceDown)) throw error
      }
    }
    return this.#checkOver(await LdapConnection.open(this.#endpoint), dn, password)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const connection of this.#idle.splice(0)) connection.close()
    const searching = await this.#searching?.catch(() => undefined)
    searching?.close()
  }

  async #checkOver(connection: LdapConnection, dn: string, password: string): Promise<boolean> {
    try {
      return await connection.bind(dn, password)
    } finally {
      if (this.#isClosed || this.#idle.length >= maxIdle || !connection.isUsable) connection.close()
      else this.#idle.push(connection)
    }
  }

  async #searcher(): Promise<LdapConnection> {
    const searching = (this.#searching ??= this.#openSearcher())
    try {
      return await searching
    } catch (error) {
      if (this.#searching === searching) this.#searching = undefined
      throw error
    }
  }

  async #openSearcher(): Promise<LdapConnection> {
    if (this.#isClosed) throw new SourceDown('the directory is closed')
    const connection = await LdapConnection.open(this.#endpoint)
    if (!this.#login) {
      await connection.bindAnonymously()
      return connection
    }
    if (await connection.bind(this.#login.dn, this.#login.password)) return connection
    connection.close()
    throw new SourceDown('the server does not accept the password of bindDn')
  }
}
