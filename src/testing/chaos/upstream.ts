// The server behind the place where faults are made, or where a session is written down.
import { type DialAddress, type DialedSocket, type DialTls, dial, putTls } from '../../net/dialer.ts'
import { clientBinding } from '../../net/tls/client-binding.ts'
import { Incoming } from './incoming.ts'

export interface UpstreamAddress extends DialAddress {
  /** TLS from the first octet on. */
  readonly hasImplicitTls?: boolean
  /** How its certificate is looked at. Default: not at all, for it is the office's own. */
  readonly tls?: DialTls
}

const timeoutMs = 10_000
const unverified: DialTls = { verify: false }

export class Upstream {
  readonly incoming: Incoming
  readonly #address: UpstreamAddress
  #socket: DialedSocket

  private constructor(socket: DialedSocket, address: UpstreamAddress) {
    this.#socket = socket
    this.#address = address
    this.incoming = new Incoming({ pause: () => this.#socket.pause(), resume: () => this.#socket.resume() })
    this.#listen()
  }

  /** Rejects with a `DialError`. */
  static async open(address: UpstreamAddress, signal: AbortSignal): Promise<Upstream> {
    const { host, port, hasImplicitTls = false, tls = unverified } = address
    const socket = await dial({ host, port, timeoutMs, signal, tls: hasImplicitTls ? tls : undefined })
    return new Upstream(socket, address)
  }

  /** What binds a login to its TLS, where there is some of version 1.3. RFC 9266. */
  get exporter(): Uint8Array | undefined {
    const binding = clientBinding(this.#socket)
    return binding?.type === 'tls-exporter' ? binding.octets : undefined
  }

  /** Puts TLS on the connection, whose octets in clear were all taken. Rejects with a `DialError`. */
  async startTls(signal: AbortSignal): Promise<void> {
    const plain = this.#socket
    plain.removeAllListeners('data').removeAllListeners('end').removeAllListeners('close')
    this.#socket = await putTls(plain, this.#address, this.#address.tls ?? unverified, { timeoutMs, signal })
    this.#listen()
  }

  /** Resolves when there is room for more. */
  async send(octets: Uint8Array): Promise<void> {
    const socket = this.#socket
    if (socket.destroyed || socket.write(octets)) return
    await new Promise<void>(resolve => {
      const done = () => {
        socket.off('drain', done).off('close', done)
        resolve()
      }
      socket.once('drain', done).once('close', done)
    })
  }

  /** No more commands. */
  end(): void {
    this.#socket.end()
  }

  cut(): void {
    this.#socket.destroy()
  }

  #listen(): void {
    const socket = this.#socket
    const end = () => {
      if (socket === this.#socket) this.incoming.end()
    }
    socket
      .on('data', (chunk: Buffer) => this.incoming.push(chunk))
      .on('error', end)
      .on('end', end)
      .on('close', end)
  }
}
