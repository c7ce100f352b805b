// Scan listings and unique-id listings, changed line by line; the short forms for one message as well. RFC 1939 sections 5
// and 7. EHLO's list of extensions as well, RFC 5321 section 4.1.1.1.
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

/** `change` gets the unique-id, and the number of the message. */
export function withUidls(reply: Reply, change: (uidl: string, number: string) => string): Reply | undefined {
  if (!reply.status.startsWith('+OK')) return undefined
  const changed = (_: string, before: string, uidl: string) =>
    before + change(uidl, /\d+/.exec(before)?.[0] ?? '')
  if (reply.body !== undefined) return mapLines(reply, line => line.replace(/^(\d+ )(\S+)/, changed))
  return { ...reply, status: reply.status.replace(/^(\+OK \d+ )(\S+)/, changed) }
}

/** STAT, LIST and UIDL of a maildrop that has nothing in it. */
export function emptied(reply: Reply, { verb }: Exchange): Reply | undefined {
  if (!reply.status.startsWith('+OK')) return undefined
  if (reply.body !== undefined) return { status: '+OK 0 messages\r\n', body: '.\r\n' }
  return { ...reply, status: verb === 'STAT' ? '+OK 0 0\r\n' : '-ERR no such message\r\n' }
}

/** The reply to EHLO with other extensions; undefined where it is none. */
export function withExtensions(
  reply: Reply,
  add: readonly string[],
  remove: readonly string[],
): Reply | undefined {
  if (!reply.status.startsWith('250')) return undefined
  const [first = '', ...lines] = reply.status.split('\r\n').slice(0, -1)
  const isRemoved = (line: string) =>
    remove.some(keyword => line.slice(4).split(' ', 1)[0]?.toUpperCase() === keyword.toUpperCase())
  const kept = lines.filter(line => !isRemoved(line)).map(line => line.slice(4))
  const all = [first.slice(4), ...kept, ...add]
  const status = all.map((line, index) => `250${index < all.length - 1 ? '-' : ' '}${line}\r\n`).join('')
  return { ...reply, status }
}
