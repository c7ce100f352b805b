// A collected message between source and destinations: whole, on this machine, to be read as often as there are destinations.
// Small ones wait in memory, larger ones in a file of their own, so that memory stays bounded whatever their size.

/** Whole: it is only made once its last octet was read and found. */
export interface Letter {
  /** Of source, key and content: the same each time the same message is fetched. 64 hexadecimal digits. */
  readonly deliveryKey: string
  /** Of its octets, in hexadecimal. */
  readonly digest: string
  readonly octets: number
  /** The name of its source. */
  readonly source: string
  /** When it was fetched, or when the source got it, where that says. */
  readonly receivedAt: Date
  /** From Return-Path or Sender or From of its header: where failures would go; empty when there is none to trust. */
  readonly reversePath: string
  /** The header, its empty line included, as far as 256 KiB. */
  readonly header: Uint8Array
  /** From the first octet, each time. CRLF line ends, the last line ended. */
  body(): AsyncIterable<Uint8Array>
}
