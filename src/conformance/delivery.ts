// How a suite puts a message into the maildrop under test: by SMTP or LMTP, octet for octet, so that what arrives is what the
// case wrote. No library between: they mend line ends and dots.
import type { DialAddress } from '../net/dialer.ts'
import { Failure, Unable } from './case.ts'
import { octetsOf } from './steps.ts'
import { shown, Wire } from './wire.ts'

/** Hands over one message; resolves when the server has taken responsibility for it. Throws `Unable` when it does not. */
export interface Deliver {
  (octets: Buffer): Promise<void>
  /** The same for a message that is too large to be held: in pieces, each of whole lines. Ways without it take no such message. */
  readonly inPieces?: (pieces: Iterable<Buffer>) => Promise<void>
}

export interface DeliveryOptions extends DialAddress {
  readonly protocol: 'smtp' | 'lmtp'
  readonly recipient: string
  readonly patienceMs: number
}

export function deliveryBy(options: DeliveryOptions): Deliver {
  const inPieces = async (pieces: Iterable<Buffer>) => {
    const wire = await Wire.open({ ...options, name: 'delivery', transcript: noTranscript })
    try {
      await handOver(wire, options, pieces)
    } catch (error) {
      if (error instanceof Failure) throw new Unable(`delivery failed: ${error.message}`, { cause: error })
      throw error
    } finally {
      wire.drop()
    }
  }
  return Object.assign((octets: Buffer) => inPieces([octets]), { inPieces })
}

/** Nobody reads how mail was delivered, and it may be a gigabyte. */
const noTranscript = { add() {}, note() {} }

/** A large message may take so many times longer than other answers to be kept. */
const keepingPatience = 60

async function handOver(
  wire: Wire,
  { protocol, recipient, patienceMs }: DeliveryOptions,
  pieces: Iterable<Buffer>,
): Promise<void> {
  await expectReply(wire, 2)
  await command(wire, `${protocol === 'lmtp' ? 'LHLO' : 'EHLO'} check.example.org`, 2)
  await command(wire, 'MAIL FROM:<check@example.org>', 2)
  await command(wire, `RCPT TO:<${recipient}>`, 2)
  await command(wire, 'DATA', 3)
  let isLineEnded = true
  for (const octets of pieces) {
    await wire.send(stuffed(octets))
    isLineEnded = endsLine(octets)
  }
  await wire.send(octetsOf(isLineEnded ? '.\r\n' : '\r\n.\r\n'))
  await expectReply(wire, 2, patienceMs * keepingPatience)
  await wire.send(octetsOf('QUIT\r\n'))
}

async function command(wire: Wire, line: string, kind: number): Promise<void> {
  await wire.send(octetsOf(`${line}\r\n`))
  await expectReply(wire, kind)
}

/** RFC 5321 section 4.2.1: the last line of a reply has a space behind its code. */
async function expectReply(wire: Wire, kind: number, patienceMs?: number): Promise<void> {
  for (;;) {
    const line = await wire.line(patienceMs)
    const text = line.toString('latin1')
    if (/^\d{3}-/.test(text)) continue
    if (!text.startsWith(String(kind)))
      throw new Unable(`delivery failed: the server answered ${shown(line)}`)
    return
  }
}

/** RFC 5321 section 4.5.2. Only CRLF ends a line. */
function stuffed(octets: Buffer): Buffer {
  const text = octets.toString('latin1').replace(/(^|\r\n)\./g, '$1..')
  return octetsOf(text)
}

function endsLine(octets: Buffer): boolean {
  return octets.subarray(-2).toString('latin1') === '\r\n'
}
