// Handing a message to a program that delivers it, as an MTA of Unix does: line ends are LF, the message is its input.
import { Unable } from '../src/conformance/case.ts'
import type { Deliver } from '../src/conformance/delivery.ts'
import type { Layer } from './layer.ts'

/** A program may have to wait for the maildrop that a session has open; then there is no delivery meanwhile. */
const timeoutSeconds = 4
/** How timeout(1) ends then. */
const timedOut = 124

export function deliveryThrough(layer: Layer, command: readonly string[]): Deliver {
  return async octets => {
    const { code, output } = await layer.run(
      ['timeout', String(timeoutSeconds), ...command],
      unixLines(octets),
    )
    if (code === timedOut)
      throw new Unable(`${command[0]} did not deliver within ${timeoutSeconds} s: the maildrop is in use`)
    if (code !== 0) throw new Unable(`${command.join(' ')} failed (${code}): ${output.trim().slice(-500)}`)
  }
}

/** CRLF becomes LF and the last line is ended; a CR or an LF that stands alone stays. */
export function unixLines(octets: Buffer): Buffer {
  const text = octets.toString('latin1').replaceAll('\r\n', '\n')
  return Buffer.from(text.endsWith('\n') ? text : `${text}\n`, 'latin1')
}
