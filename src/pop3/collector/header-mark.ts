// What tells one header from another, whoever shows it: a source by TOP, or a destination that keeps the message. What
// servers and mail readers write into headers later on does not count.
import { createHash } from 'node:crypto'

export interface HeaderMark {
  /** The same for headers that say the same, in hexadecimal. */
  readonly fingerprint: string
  /** Whether it has a Message-ID: without one, different messages may well have one header. RFC 5322 section 3.6.4 */
  readonly isNamed: boolean
}

const maxHeaderOctets = 256 * 1024

/** Whole fields, whose line ends are CRLF or LF. */
const whatReadersWrite =
  /^(?:(?:x-)?(?:status|keywords)|x-uid|x-imap|x-imapbase|content-length|lines):[^\n]*\n(?:[ \t][^\n]*\n)*/gim

/** A header without what mail readers and servers write into it. */
export function withoutReadersFields(header: string): string {
  return header.replace(whatReadersWrite, '')
}

/** `header`: one character for each octet, with or without the empty line behind it. */
export function headerMarkOf(header: string): HeaderMark {
  const text = withoutReadersFields(
    `${header.slice(0, maxHeaderOctets).replaceAll('\r\n', '\n')}\n`,
  ).trimEnd()
  return {
    fingerprint: createHash('sha256').update(text, 'latin1').digest('hex'),
    isNamed: /^message-id:[ \t]*\S/im.test(text),
  }
}
