// Accounts from an LDAP server (RFC 4511): a search finds the entry of a name; its password is checked by binding as the
// entry, or read as a crypt string where the office may see it.
import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import type { Entry } from 'ldapts'
import type { AccountName } from '../../mail/account.ts'
import { parseAccountName } from '../../mail/account-name.ts'
import { foldAddress } from '../../mail/fold.ts'
import type { LdapConnections } from './ldap-connections.ts'
import { comparedAttributes, comparedValue, filterFor } from './ldap-filter.ts'
import type { AccountSource, DirectoryLog, SourceEntry } from './source.ts'

export interface LdapOptions {
  /** `ldap://host:port` or `ldaps://host:port`. */
  readonly url: string
  /** TLS on a connection that begins in clear; default false. */
  readonly startTls?: boolean
  /** A PEM file of the authorities to trust, in place of those Node knows. */
  readonly ca?: string
  /** Who searches; without it searches are anonymous. */
  readonly bindDn?: string
  readonly bindPassword?: string
  readonly base: string
  /** With `%u`, the whole name, `%n`, its local part, `%d`, its domain. Default `(&(objectClass=inetOrgPerson)(uid=%u))`. */
  readonly filter?: string
  /** Default `bind`. */
  readonly mode?: 'bind' | 'compare'
  /** Of one value, the account's name; for filters that find one person by several names. */
  readonly nameAttribute?: string
  /** Read with `compare`; default `userPassword`. */
  readonly passwordAttribute?: string
  /** A number of octets. */
  readonly quotaAttribute?: string
  /** Any value but `FALSE`, `0` and `no` locks the account; of `userAccountControl` the second bit does. */
  readonly disabledAttribute?: string
}

interface LdapEntry extends SourceEntry {
  readonly dn: string
}

const defaultFilter = '(&(objectClass=inetOrgPerson)(uid=%u))'

/** Rejects when the file of authorities cannot be read; connects later. */
export async function openLdap(options: LdapOptions, log: DirectoryLog): Promise<AccountSource<LdapEntry>> {
  const { url, startTls = false, ca, bindDn, bindPassword, mode = 'bind' } = options
  const { host, protocol } = new URL(url)
  const label = `${protocol}//${host}`
  if (protocol !== 'ldap:' && protocol !== 'ldaps:')
    throw new Error('the url begins neither with ldap:// nor with ldaps://')
  if (startTls && protocol === 'ldaps:')
    throw new Error('ldaps:// is TLS already: startTls goes with ldap://')
  if (bindDn !== undefined && !bindPassword) throw new Error('bindDn needs a password')
  if (protocol === 'ldap:' && !startTls && !/^(localhost|127\.[\d.]+|\[::1\])(:|$)/.test(host))
    log.warn({ directory: label }, 'passwords go to the LDAP server in clear: use startTls or ldaps://')

  // The library is loaded by who needs it.
  const { LdapConnections } = await import('./ldap-connections.ts')
  const connections = new LdapConnections(
    { url, startTls, ca: ca === undefined ? undefined : await readFile(ca, 'utf8') },
    bindDn !== undefined && bindPassword !== undefined ? { dn: bindDn, password: bindPassword } : undefined,
  )
  const source: AccountSource<LdapEntry> = {
    label,
    find: finder(options, connections, log),
    close: () => connections.close(),
  }
  if (mode === 'compare') return source
  return {
    ...source,
    async checkPassword({ dn }, password) {
      // RFC 4513 section 5.1.2: an empty password binds as nobody, and succeeds. Others go as UTF-8, section 5.1.3.
      if (password.length === 0 || !isUtf8(password)) return false
      return connections.check(dn, Buffer.from(password).toString())
    },
  }
}

function finder(options: LdapOptions, connections: LdapConnections, log: DirectoryLog) {
  const { filter = defaultFilter, base } = options
  const compared = comparedAttributes(filter)
  const { nameAttribute, quotaAttribute, disabledAttribute, passwordAttribute = 'userPassword' } = options
  const attributes = [
    ...new Set([
      ...compared.map(([attribute]) => attribute),
      ...[nameAttribute, quotaAttribute, disabledAttribute].filter(attribute => attribute !== undefined),
      ...(options.mode === 'compare' ? [passwordAttribute] : []),
    ]),
  ]

  return async (name: AccountName): Promise<LdapEntry | undefined> => {
    const entries = await connections.search(connection =>
      connection.search(base, filterFor(filter, name), attributes.length > 0 ? attributes : ['1.1']),
    )
    const [entry] = entries
    if (!entry) return undefined
    if (entries.length > 1) {
      log.error({ account: name, base }, 'more than one LDAP entry has the name: nobody is let in')
      return undefined
    }
    if (!hasName(entry, compared, name)) return undefined
    const own = nameAttribute && valuesOf(entry, nameAttribute)[0]
    return {
      dn: entry.dn,
      ...(own && { name: parseAccountName(own) }),
      passwordHash: options.mode === 'compare' ? passwordOf(valuesOf(entry, passwordAttribute)) : undefined,
      quotaOctets: quotaAttribute === undefined ? undefined : quotaOf(valuesOf(entry, quotaAttribute)[0]),
      isDisabled: disabledAttribute ? isLocked(disabledAttribute, valuesOf(entry, disabledAttribute)) : false,
    }
  }
}

/**
 * Servers compare more loosely than accounts are told apart: `strasse` finds the entry of `straße`. Only an entry that
 * spells the name as an account would has it. An entry whose attributes may not be read is believed.
 */
function hasName(
  entry: Entry,
  compared: readonly (readonly [attribute: string, value: string])[],
  name: AccountName,
): boolean {
  const readable = compared.filter(([attribute]) => valuesOf(entry, attribute).length > 0)
  return (
    readable.length === 0 ||
    readable.some(([attribute, template]) =>
      valuesOf(entry, attribute).some(
        value => foldAddress(value) === foldAddress(comparedValue(template, name)),
      ),
    )
  )
}

/** Attribute names are of no case. */
function valuesOf(entry: Entry, attribute: string): readonly string[] {
  const key = Object.keys(entry).find(each => each.toLowerCase() === attribute.toLowerCase())
  const values = key === undefined || key === 'dn' ? [] : entry[key]
  return [values ?? []]
    .flat()
    .map(value => (typeof value === 'string' ? value : Buffer.from(value).toString()))
}

/** RFC 2307 section 5.3 has `{SCHEME}` in front; RFC 4519 section 2.41 the password itself. */
function passwordOf(values: readonly string[]): string | undefined {
  const value = values.find(each => each.startsWith('{')) ?? values[0]
  return value === undefined || value === '' || value.startsWith('{') ? value || undefined : `{PLAIN}${value}`
}

function quotaOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  const octets = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN
  if (!Number.isSafeInteger(octets)) throw new Error('the quota is no number of octets')
  return octets
}

function isLocked(attribute: string, values: readonly string[]): boolean {
  if (attribute.toLowerCase() === 'useraccountcontrol') return values.some(value => (Number(value) & 2) !== 0)
  return values.some(value => !/^(false|no|0|)$/i.test(value))
}
