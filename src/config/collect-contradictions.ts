// What sources of the collector may have alone, but not together, and not together with others.
import { parseCollectServer } from './collect-server.ts'
import { isThisMachine, secretNames } from './collection.ts'
import type { KeyPath } from './key-lines.ts'
import type { ParsedConfig } from './schema.ts'

type Source = ParsedConfig['collect'][number]
type Complaint = readonly [path: KeyPath, text: string]

export function* contradictorySources({ collect }: ParsedConfig): Generator<Complaint> {
  const names = new Map<string, number>()
  for (const [index, source] of collect.entries()) {
    const at = (...path: KeyPath): KeyPath => ['collect', index, ...path]
    const first = names.get(source.name)
    if (first !== undefined)
      yield [at('name'), `\`name\` in [[collect]]: table ${first + 1} is called "${source.name}" already`]
    names.set(source.name, index)
    for (const [path, text] of faultsOf(source)) yield [at(...path), `${text} (source "${source.name}")`]
  }
}

function* faultsOf(source: Source): Generator<Complaint> {
  yield* faultsOfServer(source)
  yield* faultsOfCertificate(source)
  yield* faultsOfSecrets(source, [])
  if (source.since !== undefined && source.newest !== undefined)
    yield [['newest'], '`since` and `newest` in [[collect]] do not go together']
  const seen = new Set<string>()
  for (const [index, to] of source.to.entries()) {
    const table: Exclude<typeof to, string> = typeof to === 'string' ? { to } : to
    const key = `item ${index + 1} of \`to\` in [[collect]]`
    if (seen.has(table.to)) yield [['to', index], `${key} is there twice`]
    seen.add(table.to)
    if (isSameMailbox(source, table.to, table.user))
      yield [['to', index], `${key} is the mailbox that the mail comes from`]
    for (const [path, text] of faultsOfSecrets(table, ['to', index])) yield [path, text]
    const isRemote = /^(?:smtps?|lmtp|imaps?):/.test(table.to)
    if (!isRemote && Object.keys(table).length > 1)
      yield [['to', index], `${key} takes no password, user or certificate`]
    if (hasPassword(table.to))
      yield [['to', index], `${key} has a password in it: name where it is, in a table`]
  }
}

function* faultsOfServer(source: Source): Generator<Complaint> {
  const { server, user, tls, folders, mechanisms, quirks, oauth } = source
  if (user === undefined && server.user === undefined)
    yield [['server'], '`server` in [[collect]] needs a user: in the URL, or as `user` beside it']
  if (user !== undefined && server.user !== undefined && user !== server.user)
    yield [['user'], '`user` in [[collect]] is not the user that is in `server`']
  if (server.isImplicit && tls !== undefined)
    yield [['tls'], '`tls` in [[collect]] is for `pop3:` and `imap:`; this server has TLS from the start']
  const isNeverTls = tls === 'none' && !server.isImplicit
  if (isNeverTls && !isThisMachine(server.host) && source.allow_cleartext !== true)
    yield [
      ['tls'],
      '`tls = "none"` in [[collect]] lets everybody on the way read password and mail: if that is meant, `allow_cleartext = true` has to say so',
    ]
  if (isNeverTls && (source.pin !== undefined || source.ca !== undefined))
    yield [['tls'], '`pin` and `ca` in [[collect]] mean nothing with `tls = "none"`']
  if (server.protocol === 'pop3' && folders !== undefined)
    yield [['folders'], '`folders` in [[collect]] are for `imap:`; POP3 has one maildrop']
  if (server.protocol === 'imap' && quirks !== undefined)
    yield [['quirks'], '`quirks` in [[collect]] are for `pop3:`']
  if (server.protocol === 'imap' && mechanisms !== undefined)
    yield [['mechanisms'], '`mechanisms` in [[collect]] are for `pop3:`']
  if (mechanisms !== undefined && oauth !== undefined)
    yield [['mechanisms'], '`mechanisms` in [[collect]] are for passwords, and `oauth` has none']
}

function* faultsOfCertificate(source: Source): Generator<Complaint> {
  const { server, tls, cert, key, mechanisms } = source
  if (key !== undefined && cert === undefined)
    yield [['key'], '`key` in [[collect]] needs its certificate, as `cert`']
  if (cert !== undefined && tls === 'none' && !server.isImplicit)
    yield [['cert'], '`cert` in [[collect]] means nothing with `tls = "none"`']
  if (!mechanisms?.includes('EXTERNAL')) return
  if (mechanisms.length > 1)
    yield [
      ['mechanisms'],
      '"EXTERNAL" in `mechanisms` in [[collect]] stands alone: the others need a password',
    ]
  if (cert === undefined)
    yield [['mechanisms'], '"EXTERNAL" in `mechanisms` in [[collect]] needs a certificate, as `cert`']
  const secret = secretNames.find(name => source[name] !== undefined)
  if (secret !== undefined)
    yield [[secret], `\`${secret}\` in [[collect]] means nothing with "EXTERNAL" in \`mechanisms\``]
}

function* faultsOfSecrets(
  of: Partial<Record<(typeof secretNames)[number], unknown>>,
  path: KeyPath,
): Generator<Complaint> {
  const named = secretNames.filter(name => of[name] !== undefined)
  const [first, second] = named
  if (first !== undefined && second !== undefined)
    yield [
      [...path, second],
      `\`${first}\` and \`${second}\` in [[collect]] do not go together: name one way`,
    ]
}

/** As far as the text tells. */
function isSameMailbox({ server, user: name }: Source, to: string, toUser: string | undefined): boolean {
  const url = /^imaps?:/.test(to) && URL.canParse(to) ? new URL(to) : undefined
  if (!url) return false
  const { pathname } = url
  url.pathname = ''
  const other = parseCollectServer(url.href)
  if (!other || other.host !== server.host) return false
  const isInbox = /^\/?(?:INBOX)?\/?$/i.test(pathname)
  return isInbox && (toUser ?? other.user) === (name ?? server.user)
}

function hasPassword(to: string): boolean {
  return /^[a-z]+:\/\//.test(to) && URL.canParse(to) && new URL(to).password !== ''
}
