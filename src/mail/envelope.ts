// The envelope of RFC 5321 section 2.3.1: what is known of a message beside its octets when it is handed in.
import { createId } from './id.ts'

/** How a message came, in the words of the mail transmission types registry (RFC 3848, RFC 6531 section 4.3). */
export type TransmissionType =
  | 'SMTP'
  | `${'ESMTP' | 'LMTP' | 'UTF8SMTP' | 'UTF8LMTP'}${'' | 'S' | 'A' | 'SA'}`

export interface Envelope {
  /** Where failures are reported to: an address without angle brackets; empty for the null reverse-path. */
  readonly reversePath: string
  /** The addresses as they were accepted, in order, without angle brackets. */
  readonly forwardPaths: readonly string[]
  /** The peer's IP address; undefined when the message did not come over a network. */
  readonly peerAddress: string | undefined
  /** What the peer called itself in HELO, EHLO or LHLO; hostile until proven otherwise. */
  readonly heloName: string | undefined
  /** Undefined when no mail protocol was spoken, as for the command line. */
  readonly protocol: TransmissionType | undefined
  /** As the TLS registry calls it, such as `TLS_AES_256_GCM_SHA384`; undefined in clear. */
  readonly cipherSuite?: string | undefined
  /** The client announced SMTPUTF8 for this message. RFC 6531 section 3.4 */
  readonly smtpUtf8: boolean
  readonly sessionId: string
  readonly receivedAt: Date
}

/** The envelope of a message that was handed in on this machine, by no protocol. */
export function localEnvelope(reversePath: string, forwardPath: string): Envelope {
  return {
    reversePath,
    forwardPaths: [forwardPath],
    peerAddress: undefined,
    heloName: undefined,
    protocol: undefined,
    smtpUtf8: false,
    sessionId: createId(),
    receivedAt: new Date(),
  }
}
