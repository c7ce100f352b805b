// A TLS 1.3 client for load alone, RFC 8446, a third of the cost of Node's: octets in, octets out, no socket. It does what
// makes a server work and no more: it checks every record's tag, but neither the certificate nor the server's Finished.

import { clientHello, message, messageTypes, readServerHello, readTicket, type Ticket } from './hello.ts'
import {
  deriveSecret,
  earlySecretOf,
  finishedOf,
  handshakeSecretOf,
  hash,
  masterSecretOf,
  trafficKeys,
} from './key-schedule.ts'
import { type Content, clearRecord, contentTypes, headerOctets, RecordProtection } from './record.ts'

/** What the client has to say to the one who holds the socket. */
export interface TlsEvents {
  /** Octets for the server. */
  send(octets: Buffer): void
  /** Octets from the server, opened. */
  take(octets: Buffer): void
  /** The handshake is done. */
  opened(isResumed: boolean): void
  ticket(ticket: Ticket): void
}

/** The secrets of a handshake, from the ServerHello on. */
interface Agreed {
  readonly handshakeSecret: Buffer
  readonly clientSecret: Buffer
  readonly isResumed: boolean
}

const nothing: Buffer = Buffer.alloc(0)
const closeNotify = 0

export class TlsClient {
  readonly #events: TlsEvents
  readonly #ticket: Ticket | undefined
  /** Messages of the handshake so far; emptied when it is done. */
  #transcript: Buffer[] = []
  #agreed: Agreed | undefined
  #resumptionSecret = nothing
  #reading: RecordProtection | undefined
  #writing: RecordProtection | undefined
  /** A record that has not yet come whole, and a handshake message. */
  #record = nothing
  #message = nothing

  /** Says the first word at once. */
  constructor(ticket: Ticket | undefined, events: TlsEvents) {
    this.#ticket = ticket
    this.#events = events
    const hello = clientHello(ticket)
    this.#transcript.push(hello)
    events.send(clearRecord(contentTypes.handshake, hello))
  }

  /** Only after `opened`. */
  write(octets: Buffer): void {
    if (!this.#writing) throw new Error('written before the handshake was done')
    this.#events.send(this.#writing.seal(contentTypes.applicationData, octets))
  }

  /** Throws what is wrong with them. The chunk may be used again afterwards. */
  feed(chunk: Buffer): void {
    const octets = this.#record.length > 0 ? Buffer.concat([this.#record, chunk]) : chunk
    let at = 0
    while (octets.length - at >= headerOctets) {
      const end = at + headerOctets + octets.readUInt16BE(at + 3)
      if (end > octets.length) break
      this.#takeRecord(octets.subarray(at, end))
      at = end
    }
    this.#record = at < octets.length ? Buffer.from(octets.subarray(at)) : nothing
  }

  #takeRecord(record: Buffer): void {
    const type = record[0] ?? 0
    if (type === contentTypes.changeCipherSpec) return
    const isProtected = this.#reading && type === contentTypes.applicationData
    this.#takeContent(
      isProtected && this.#reading
        ? this.#reading.open(record)
        : { type, octets: record.subarray(headerOctets) },
    )
  }

  #takeContent({ type, octets }: Content): void {
    if (type === contentTypes.applicationData && this.#writing) return this.#events.take(octets)
    if (type === contentTypes.handshake) return this.#takeHandshake(octets)
    if (type === contentTypes.alert && octets[1] === closeNotify) return
    throw new Error(
      type === contentTypes.alert
        ? `the server sent the TLS alert ${octets[1]}`
        : `a TLS record of type ${type} came`,
    )
  }

  #takeHandshake(octets: Buffer): void {
    const all = Buffer.concat([this.#message, octets])
    let at = 0
    while (all.length - at >= 4) {
      const end = at + 4 + all.readUIntBE(at + 1, 3)
      if (end > all.length) break
      this.#takeMessage(all.subarray(at, end))
      at = end
    }
    this.#message = all.subarray(at)
  }

  #takeMessage(whole: Buffer): void {
    if (this.#writing) {
      if (whole[0] !== messageTypes.newSessionTicket) throw new Error(`TLS message ${whole[0]} came`)
      return this.#events.ticket(readTicket(whole.subarray(4), this.#resumptionSecret))
    }
    this.#transcript.push(whole)
    if (whole[0] === messageTypes.serverHello) this.#agree(whole)
    if (whole[0] === messageTypes.finished) this.#finish()
  }

  #agree(hello: Buffer): void {
    const { shared, isResumed } = readServerHello(hello)
    const early = earlySecretOf(isResumed ? this.#ticket?.key : undefined)
    const handshakeSecret = handshakeSecretOf(early, shared)
    const transcriptHash = hash(this.#transcript)
    const clientSecret = deriveSecret(handshakeSecret, 'c hs traffic', transcriptHash)
    this.#agreed = { handshakeSecret, clientSecret, isResumed }
    this.#reading = new RecordProtection(
      trafficKeys(deriveSecret(handshakeSecret, 's hs traffic', transcriptHash)),
    )
  }

  /** The server's Finished ends its flight; ours answers it, and other keys hold from here. RFC 8446 section 4.4.4. */
  #finish(): void {
    const agreed = this.#agreed
    if (!agreed) throw new Error('Finished came before ServerHello')
    const masterSecret = masterSecretOf(agreed.handshakeSecret)
    const transcriptHash = hash(this.#transcript)
    const finished = message(messageTypes.finished, finishedOf(agreed.clientSecret, transcriptHash))
    this.#transcript.push(finished)
    this.#resumptionSecret = deriveSecret(masterSecret, 'res master', hash(this.#transcript))
    this.#transcript = []
    const handshakeKeys = new RecordProtection(trafficKeys(agreed.clientSecret))
    this.#writing = new RecordProtection(
      trafficKeys(deriveSecret(masterSecret, 'c ap traffic', transcriptHash)),
    )
    this.#reading = new RecordProtection(
      trafficKeys(deriveSecret(masterSecret, 's ap traffic', transcriptHash)),
    )
    this.#events.send(handshakeKeys.seal(contentTypes.handshake, finished))
    this.#events.opened(agreed.isResumed)
  }
}
