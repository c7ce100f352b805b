// Which POP3 server is meant, and whose maildrop: `pop3s://ann@pop.example.net`. `pop3:` begins in clear and must come to TLS by
// STLS (RFC 2595), `pop3+stls:` says the same in so many words, `pop3s:` is TLS from the first octet on (RFC 8314 section 3).
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'

export interface Pop3Url {
  readonly scheme: 'pop3' | 'pop3+stls' | 'pop3s'
  /** In US-ASCII; an IPv6 address without brackets. */
  readonly host: string
  readonly port: number
  readonly user: string | undefined
}

const ports = { pop3: 110, 'pop3+stls': 110, pop3s: 995 } as const
const maxOctets = 2_000
const hostname = /^(?=.{1,253}$)[a-z\d_](?:[a-z\d_-]*[a-z\d_])?(?:\.[a-z\d_](?:[a-z\d_-]*[a-z\d_])?)*\.?$/i

/** Throws an Error with a sentence; what it says has no part of the text in it, for that may hold a password. */
export function parsePop3Url(text: string): Pop3Url {
  // The parser of URLs takes blanks and line ends out without a word.
  const url = /[\s\p{Cc}]/u.test(text) || text.length > maxOctets ? undefined : parsed(text)
  const scheme = url?.protocol.slice(0, -1)
  if (!url || !isScheme(scheme) || url.hostname === '')
    throw new Error('it must be like pop3s://user@host:port; pop3 and pop3+stls are known too')
  if (url.password !== '')
    throw new Error('no password stands in it: everybody on this machine could read it')
  if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '')
    throw new Error('nothing stands behind the port')
  if (url.port === '0') throw new Error('no server has port 0')
  return {
    scheme,
    host: hostOf(url.hostname),
    port: url.port === '' ? ports[scheme] : Number(url.port),
    user: url.username === '' ? undefined : userOf(url.username),
  }
}

function parsed(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}

function isScheme(text: string | undefined): text is Pop3Url['scheme'] {
  return text !== undefined && Object.hasOwn(ports, text)
}

function hostOf(text: string): string {
  const host = text.startsWith('[') ? text.slice(1, -1) : domainToASCII(decoded(text, 'the host'))
  if (isIP(host) === 0 && !hostname.test(host)) throw new Error('the host is no name and no address')
  return host
}

function userOf(text: string): string {
  const user = decoded(text, 'the user')
  if (/\p{Cc}/u.test(user)) throw new Error('the user has no control characters')
  return user
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Error(`${what} has a % that no two digits of UTF-8 follow`)
  }
}

/** For people, without the user. */
export function formatPop3Url({ scheme, host, port }: Pop3Url): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
}
