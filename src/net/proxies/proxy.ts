// A proxy as people write it: `socks5://`, `socks5h://` or `http://`, with name and password before the host.

export interface Proxy {
  /** `socks5` looks names up here, `socks5h` leaves that to the proxy. */
  readonly kind: 'socks5' | 'socks5h' | 'http'
  readonly host: string
  readonly port: number
  readonly login: { readonly name: string; readonly password: string } | undefined
}

const ports = { socks5: 1080, socks5h: 1080, http: 8080 } as const

/** Where the proxy is to lead. */
export interface ProxyTarget {
  readonly host: string
  readonly port: number
}

/** Throws a `TypeError` for what is no such address; the password is not in it. */
export function parseProxy(text: string): Proxy {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const kind = url?.protocol.slice(0, -1)
  if (!url?.hostname || (kind !== 'socks5' && kind !== 'socks5h' && kind !== 'http'))
    throw new TypeError('a proxy is written as socks5://, socks5h:// or http://[name:password@]host[:port]')
  const { username, password, hostname, port } = url
  return {
    kind,
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    // An URL leaves out the port that its scheme has by default, which for http is 80.
    port: port === '' ? (/:80\/?$/.test(text) ? 80 : ports[kind]) : Number(port),
    login:
      username === ''
        ? undefined
        : { name: decodeURIComponent(username), password: decodeURIComponent(password) },
  }
}
