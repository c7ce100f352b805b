// A glance at a message's header, for what archives keep there: dates, flags, unique-ids. Not a parser of messages.
import { parseFieldDate, parseReceivedDate } from './mail-date.ts'

/** The first field of each name, names in lower case, values unfolded and trimmed. */
export type HeaderFields = ReadonlyMap<string, string>

/** Reads `octets` up to the empty line, or to their end; line ends may be CRLF or LF. */
export function readHeaderFields(octets: Uint8Array): HeaderFields {
  const fields = new Map<string, string>()
  const text = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('latin1')
  let name: string | undefined
  let value = ''
  const finish = () => {
    if (name !== undefined && !fields.has(name)) fields.set(name, value.trim())
    name = undefined
  }
  for (const line of text.split('\n')) {
    if (line === '' || line === '\r') break
    if (line.startsWith(' ') || line.startsWith('\t')) {
      value += line
      continue
    }
    finish()
    const colon = line.indexOf(':')
    if (colon > 0) {
      name = line.slice(0, colon).trimEnd().toLowerCase()
      value = line.slice(colon + 1)
    }
  }
  finish()
  return fields
}

/** When the message was written, else when it last arrived, by its header. */
export function dateOfHeader(fields: HeaderFields): Date | undefined {
  const date = fields.get('date')
  const received = fields.get('received')
  return (date ? parseFieldDate(date) : undefined) ?? (received ? parseReceivedDate(received) : undefined)
}
