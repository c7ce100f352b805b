// Destinations on servers as URLs: `smtp://host:port/recipient?from=address&tls=required`, `imaps://user@host/Folder`,
// `lmtp+unix:/path?to=recipient`. No password can stand in one.
import { parseAddress } from '../../../mail/message/address.ts'
import { isLoopbackAddress } from '../../../net/limits.ts'
import type { Trust } from '../../../net/tls/trust.ts'
import { DestinationError } from '../destination.ts'
import type { DestinationLogin, DestinationSecret } from './login.ts'

export interface RemoteUrl {
  readonly host: string
  readonly port: number
  readonly tls: 'implicit' | 'required' | 'offered' | 'none'
  /** The recipient, or the folder. */
  readonly path: string
  readonly login: DestinationLogin | undefined
  readonly reversePath: string | undefined
}

export interface UrlOptions {
  /** In clear at first. */
  readonly port: number
  /** With TLS from the start; undefined: there is no such thing. */
  readonly implicitPort: number | undefined
  readonly user?: string | undefined
  readonly secret?: ((signal: AbortSignal) => Promise<DestinationSecret>) | undefined
  /** Whoever names a key or an authority wants TLS. */
  readonly trust?: Trust | undefined
}

const tlsChoices = ['required', 'offered', 'none'] as const

/** Throws `DestinationError` `configuration`. A password goes over TLS, or does not leave this machine. */
export function remoteUrl(text: string, options: UrlOptions): RemoteUrl {
  if (!URL.canParse(text)) throw fault(text, 'is no URL')
  const url = new URL(text)
  // Not shown: it has a password in it.
  if (url.password !== '')
    throw new DestinationError('configuration', 'a destination has a password in its URL')
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  if (host === '') throw fault(text, 'names no server')
  const isImplicit = url.protocol.endsWith('s:')
  const path = decoded(text, url.pathname.slice(1))
  const isImap = url.protocol.startsWith('imap')
  if (path === '')
    throw fault(
      text,
      `names no ${isImap ? 'folder' : 'recipient'}: ${url.protocol}//host/${isImap ? 'INBOX' : 'ann'}`,
    )
  if (!isImap) requireAddress(text, path)
  const login = loginOf(text, url, options)
  const from = url.searchParams.get('from') ?? undefined
  if (from !== undefined && from !== '') requireAddress(text, from)
  return {
    host,
    port:
      url.port === '' ? ((isImplicit ? options.implicitPort : undefined) ?? options.port) : Number(url.port),
    tls: isImplicit
      ? 'implicit'
      : tlsOf(text, url, { host, hasLogin: login !== undefined, trust: options.trust }),
    path,
    login,
    reversePath: from,
  }
}

/** `lmtp+unix:/path?to=recipient`. Throws `DestinationError` `configuration`. */
export function unixUrl(text: string): { readonly path: string; readonly recipient: string } {
  const [, path = '', query = ''] = /^lmtp\+unix:(\/[^?]+)\?(.*)$/s.exec(text) ?? []
  const recipient = new URLSearchParams(query).get('to') ?? ''
  if (path === '' || recipient === '') throw fault(text, 'must be lmtp+unix:/path?to=recipient')
  requireAddress(text, recipient)
  return { path, recipient }
}

function loginOf(text: string, url: URL, { user, secret }: UrlOptions): DestinationLogin | undefined {
  const name = user ?? decoded(text, url.username)
  if (!secret) {
    if (name !== '') throw fault(text, 'has a user, but no way to a password or token')
    return undefined
  }
  if (name === '') throw fault(text, 'has a password or token, but no user')
  return { user: name, secret }
}

/** On this machine nobody listens on the way, and certificates there are rarely to be trusted. */
function tlsOf(
  text: string,
  url: URL,
  {
    host,
    hasLogin,
    trust = {},
  }: { readonly host: string; readonly hasLogin: boolean; readonly trust?: Trust | undefined },
): 'required' | 'offered' | 'none' {
  const isHere = host === 'localhost' || isLoopbackAddress(host)
  const asked = url.searchParams.get('tls')
  const choice = tlsChoices.find(each => each === asked)
  if (asked !== null && choice === undefined)
    throw fault(text, `has tls=${asked}, which is none of ${tlsChoices.join(', ')}`)
  if (hasLogin && !isHere && choice !== undefined && choice !== 'required')
    throw fault(text, `would send a password in clear: take tls=required, or ${url.protocol.slice(0, -1)}s:`)
  if (choice !== undefined) return choice
  const isTrusting = trust.authority !== undefined || (trust.pins ?? []).length > 0
  if (isTrusting || (hasLogin && !isHere)) return 'required'
  return isHere ? 'none' : 'offered'
}

/** Commands of SMTP are lines: nothing that ends one may get in. */
function requireAddress(text: string, address: string): void {
  if (!parseAddress(address)) throw fault(text, `has ${JSON.stringify(address)} for an address`)
}

function decoded(text: string, part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw fault(text, 'has a % that stands for nothing')
  }
}

function fault(text: string, sentence: string): DestinationError {
  return new DestinationError('configuration', `${JSON.stringify(text)} ${sentence}`)
}
