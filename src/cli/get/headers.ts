// Headers of messages on a server, for people: encoded words (RFC 2047) decoded, and nothing in them that steers a terminal.
import { type MessageRef, Pop3Error, type Session } from '../../pop3/client/index.ts'
import { readHeaderFields } from '../../store/archive/header-fields.ts'

/** A header that is longer is an attack. */
const maxHeaderOctets = 1 << 20
const maxValueLength = 2_000

export interface ListedHeader {
  readonly from: string
  readonly subject: string
  readonly date: string
}

const nothing: ListedHeader = { from: '', subject: '', date: '' }

/** From, Subject and Date of each, in their order; empty where the server does not give the header. */
export async function readHeaders(
  session: Session,
  refs: readonly MessageRef[],
  signal: AbortSignal,
  done: () => void,
): Promise<readonly ListedHeader[]> {
  const { decodeWords } = await import('postal-mime')
  const headers: ListedHeader[] = []
  for await (const { body, error } of session.headers(refs, { signal })) {
    done()
    if (error) {
      headers.push(nothing)
      continue
    }
    const fields = readHeaderFields(await body.bytes({ max: maxHeaderOctets }))
    const value = (name: string) => harmless(decodeWords(readable(fields.get(name) ?? '')))
    headers.push({ from: value('from'), subject: value('subject'), date: value('date') })
  }
  return headers
}

/** The header as it is, line by line. Throws the client's error where the server does not give it. */
export async function readWholeHeader(
  session: Session,
  ref: MessageRef,
  signal: AbortSignal,
): Promise<readonly string[]> {
  for await (const { body } of session.headers([ref], { signal })) {
    const octets = await body.bytes({ max: maxHeaderOctets })
    const text = readable(Buffer.from(octets).toString('latin1'))
    return text
      .trimEnd()
      .split(/\r?\n/)
      .map(line => harmless(line.replaceAll('\t', ' '), line.length))
  }
  throw new Pop3Error('protocol', 'the server gave no header', { phase: 'transaction' })
}

/** Latin-1 as UTF-8, where it is that. RFC 6532. */
function readable(latin1: string): string {
  const text = Buffer.from(latin1, 'latin1').toString()
  return text.includes('�') ? latin1 : text
}

function harmless(text: string, maxLength = maxValueLength): string {
  return text.slice(0, maxLength).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
}
