// Handing a message to a program that delivers it, as an MTA of Unix does: line ends are LF, the message is its input, and
// what the MTA has to say of it stands in front, RFC 5321 section 4.4; some servers make unique-ids of that.
import { Unable } from '../src/conformance/case.ts'
import type { Deliver } from '../src/conformance/delivery.ts'
import type { Layer } from './layer.ts'
import { mailDomain } from './peer.ts'

/** A program may have to wait for the maildrop that a session has open; then there is no delivery meanwhile. */
const timeoutSeconds = 4
/** How timeout(1) ends then. */
const timedOut = 124

export function deliveryThrough(layer: Layer, command: readonly string[]): Deliver {
  const inTime = ['timeout', String(timeoutSeconds), ...command]
  let count = 0
  return async octets => {
    const message = Buffer.concat([receivedField(++count, new Date()), unixLines(octets)])
    const { code, output } = await layer.run(inTime, message)
    if (code === timedOut)
      throw new Unable(`${command[0]} did not deliver within ${timeoutSeconds} s: the maildrop is in use`)
    if (code !== 0) throw new Unable(`${command.join(' ')} failed (${code}): ${output.trim().slice(-500)}`)
  }
}

function receivedField(id: number, at: Date): Buffer {
  const time = at.toUTCString().replace('GMT', '+0000')
  return Buffer.from(`Received: by ${mailDomain} with LMTP id check-${id};\n\t${time}\n`)
}

/** CRLF becomes LF and the last line is ended; a CR or an LF that stands alone stays. */
export function unixLines(octets: Buffer): Buffer {
  const text = octets.toString('latin1').replaceAll('\r\n', '\n')
  return Buffer.from(text.endsWith('\n') ? text : `${text}\n`, 'latin1')
}
