// Tells of a message that is too large to be fetched: a small one in its place, RFC 5322, that says who sent what and where
// it lies. Nothing in it is taken from the message but what is shown as text.
import { createHash } from 'node:crypto'
import { dateTime } from '../../mail/message/trace.ts'
import type { Letter } from './letter.ts'

export interface LargeMessage {
  readonly source: string
  readonly key: string
  readonly octets: number | undefined
  /** As far as the source tells it; empty where not. */
  readonly header: Uint8Array
  readonly maxOctets: number
  readonly hostname: string
  readonly now: Date
}

export function noticeOf({ source, key, octets, header, maxOctets, hostname, now }: LargeMessage): Letter {
  const shown = ['From', 'To', 'Subject', 'Date'].map(name => `${name}: ${fieldOf(header, name)}`)
  const digest = createHash('sha256')
    .update(JSON.stringify(['large', source, key]))
    .digest('hex')
  const head = [
    `Date: ${dateTime(now)}`,
    `From: Poplar <postmaster@${hostname}>`,
    'To: undisclosed-recipients:;',
    `Subject: A message of ${mebibytes(octets)} MiB was left at ${safe(source)}`,
    `Message-ID: <${digest.slice(0, 32)}@${hostname}>`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    '',
  ].join('\r\n')
  const text = [
    `A message of ${octets ?? 'unknown'} octets was not fetched from ${safe(source)}: no more than`,
    `${maxOctets} octets are wanted. It lies there still:`,
    '',
    ...shown.map(line => `  ${line}`),
    '',
    'To have it all the same, raise `max_size` and say:',
    '',
    `  poplar collect retry ${safe(source)} '${safe(key).replaceAll("'", `'\\''`)}'`,
    '',
  ].join('\r\n')
  const body = Buffer.from(head + text)
  return {
    deliveryKey: digest,
    digest,
    octets: body.length,
    source,
    receivedAt: now,
    reversePath: '',
    header: Buffer.from(head),
    async *body() {
      yield body
    },
  }
}

/** The first line of a field, in one line of printable text. */
function fieldOf(header: Uint8Array, name: string): string {
  const text = Buffer.from(header).toString('utf8')
  const value = new RegExp(`^${name}:[ \\t]*([^\\r\\n]{0,300})`, 'im').exec(text)?.[1] ?? '(unknown)'
  return safe(value)
}

function safe(text: string): string {
  return text.replaceAll(/\p{C}/gu, ' ')
}

function mebibytes(octets: number | undefined): string {
  return octets === undefined ? 'unknown' : (octets / 2 ** 20).toFixed(1)
}
