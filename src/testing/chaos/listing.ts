// Scan listings and unique-id listings, changed line by line; the short forms for one message as well. RFC 1939 sections 5
// and 7.
import type { Exchange, Reply } from './exchange.ts'

const terminator = '.'

/** Each line but the last; undefined leaves a line out. Undefined as a whole where there are none. */
export function mapLines(reply: Reply, map: (line: string) => string | undefined): Reply | undefined {
  if (reply.body === undefined) return undefined
  const lines = reply.body.split('\r\n').slice(0, -2)
  const mapped = lines.map(map).filter(line => line !== undefined)
  return { ...reply, body: [...mapped, terminator, ''].join('\r\n') }
}

/** Sizes in STAT, LIST, and what RETR announces, changed by so many octets. */
export function withSizes(reply: Reply, { verb }: Exchange, octets: number): Reply | undefined {
  if (!reply.status.startsWith('+OK')) return undefined
  const changed = (_: string, before: string, size: string) => before + Math.max(0, Number(size) + octets)
  if (reply.body !== undefined && verb === 'LIST')
    return mapLines(reply, line => line.replace(/^(\d+ )(\d+)/, changed))
  const place = verb === 'RETR' ? /^(\+OK )(\d+)/ : /^(\+OK \d+ )(\d+)/
  return { ...reply, status: reply.status.replace(place, changed) }
}

export function withUidls(reply: Reply, change: (uidl: string) => string): Reply | undefined {
  if (!reply.status.startsWith('+OK')) return undefined
  const changed = (_: string, before: string, uidl: string) => before + change(uidl)
  if (reply.body !== undefined) return mapLines(reply, line => line.replace(/^(\d+ )(\S+)/, changed))
  return { ...reply, status: reply.status.replace(/^(\+OK \d+ )(\S+)/, changed) }
}
