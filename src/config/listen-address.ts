// `address:port` as the [listen] table writes it: `127.0.0.1:1110`, `[::1]:1110`, `localhost:1110`.
import { z } from 'zod'

export interface ListenAddress {
  /** An IPv4 or IPv6 address, or `localhost`. */
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
}

const ipv4 = z.ipv4()
const ipv6 = z.ipv6()

/** Undefined when the text is no `address:port`. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain
  const port = Number(digits)
  if (host === undefined || !(port <= 65_535)) return undefined
  const known = bracketed === undefined ? host === 'localhost' || ipv4.safeParse(host).success : isIpv6(host)
  return known ? { host, port } : undefined
}

export function formatListenAddress({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Whether only this machine can reach the address. */
export function isLoopback({ host }: ListenAddress): boolean {
  return host === 'localhost' || host === '::1' || /^(?:::ffff:)?127\./i.test(host)
}

function isIpv6(host: string): boolean {
  return ipv6.safeParse(host).success
}
