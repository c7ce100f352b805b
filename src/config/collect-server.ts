// Where a source of the collector is, from its URL: `pop3s://ann@pop.example.net`.

export interface CollectServer {
  readonly protocol: 'pop3' | 'imap'
  /** TLS from the first octet on, RFC 8314. */
  readonly isImplicit: boolean
  /** Without brackets. */
  readonly host: string
  readonly port: number
  /** From the URL, with percent-encoding undone. */
  readonly user: string | undefined
}

const schemes = {
  'pop3s:': { protocol: 'pop3', isImplicit: true, port: 995 },
  'pop3:': { protocol: 'pop3', isImplicit: false, port: 110 },
  'imaps:': { protocol: 'imap', isImplicit: true, port: 993 },
  'imap:': { protocol: 'imap', isImplicit: false, port: 143 },
} as const

/** Undefined for what is none, and for one with a password: that would be read by all who may read the configuration. */
export function parseCollectServer(text: string): CollectServer | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const scheme = url && schemes[url.protocol as keyof typeof schemes]
  if (!url || !scheme || url.hostname === '' || url.password !== '') return undefined
  if (!/^\/?$/.test(url.pathname) || url.search !== '' || url.hash !== '') return undefined
  const { protocol, isImplicit, port } = scheme
  const user = url.username === '' ? undefined : decoded(url.username)
  if (user !== undefined && !isUserName(user)) return undefined
  return {
    protocol,
    isImplicit,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase(),
    port: url.port === '' ? port : Number(url.port),
    user,
  }
}

/** A line ending in it would be another command. */
export function isUserName(text: string): boolean {
  return text !== '' && text.length <= 500 && !/\p{Cc}/u.test(text)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
