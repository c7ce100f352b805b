// The reverse-path of a message that was delivered once: the Return-Path that its MDA put in front, RFC 5321 section 4.4.
// Addresses that its author chose (From, Sender) are not trusted with bounces.
import { parseAddress } from '../../mail/message/address.ts'

/** Without angle brackets; empty where there is none, or nothing that is an address. */
export function reversePathIn(header: Uint8Array): string {
  const text = Buffer.from(header.buffer, header.byteOffset, header.byteLength).toString('utf8')
  const path = /^return-path:[ \t]*<([^<>\r\n]{1,1000})>/im.exec(text)?.[1]
  return (path && parseAddress(path)?.text) ?? ''
}
