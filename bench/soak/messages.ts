// The messages of the soak: each is made of its number alone, so that whoever gets one knows what it must be to the octet.
import { createHash } from 'node:crypto'

const tokenField = /^X-Soak: ([0-9]+-[0-9a-f]+)\r$/m
const maxLines = 4_000

/** What stands in a header field of the message, and of no other. */
export function tokenOf(number: number): string {
  return `${number}-${digestOf(number).toString('hex', 0, 8)}`
}

/**
 * As it is sent and kept: CRLF line ends, unstuffed. Most are short, some are long, some lines begin with dots. Made anew
 * each time: an hour's messages would not fit into memory.
 */
export function contentOf(number: number): string {
  const digest = digestOf(number)
  const token = tokenOf(number)
  const first = digest[8] ?? 0
  const lineCount = first < 8 ? maxLines : first < 64 ? 200 + first : 1 + (first % 40)
  const lines = Array.from({ length: lineCount }, (_, index) =>
    index % 7 === 3 ? `.${'.'.repeat(index % 3)}dots ${token}` : `${index} ${digest.toString('base64')}`,
  )
  const header = ['From: soak@soak.example', `Subject: ${number}`, `X-Soak: ${token}`]
  return [...header, '', ...lines, ''].join('\r\n')
}

function digestOf(number: number): Buffer {
  return createHash('sha256').update(`soak ${number}`).digest()
}

/** As DATA and RETR send it: a dot more where a line begins with one. */
export function stuff(octets: string): string {
  return octets.replaceAll(/^\./gm, '..')
}

export function unstuff(octets: string): string {
  return octets.replaceAll(/^\.\./gm, '.')
}

export function tokenIn(header: string): string | undefined {
  return tokenField.exec(header)?.[1]
}
