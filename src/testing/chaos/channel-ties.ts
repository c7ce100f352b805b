// Two channels of TLS that are one session: the client's, and the one behind the place where faults are made. What a login is
// bound to is the client's, RFC 9266, though the server sees the other.
import type { LoginOrigin, SecureChannel } from '../../auth/login.ts'

export class ChannelTies {
  readonly #byExporter = new Map<string, SecureChannel>()

  /** The function that it gives unties them. */
  add(exporter: Uint8Array, client: SecureChannel): () => void {
    const key = keyOf(exporter)
    this.#byExporter.set(key, client)
    return () => this.#byExporter.delete(key)
  }

  /** The client's channel; the server's own where there is no other. */
  clientOf(channel: LoginOrigin['channel']): LoginOrigin['channel'] {
    const exporter = channel?.binding('tls-exporter')
    return (exporter && this.#byExporter.get(keyOf(exporter))) ?? channel
  }
}

function keyOf(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex')
}
