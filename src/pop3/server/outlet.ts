// What a POP3 session needs of its connection; `Connection` of net/ is one.
import type { SecureChannel } from '../../auth/login.ts'
import type { TlsServerOptions } from '../../net/tls.ts'
import type { Outlet } from '../../net/transmission.ts'

export interface SecurableOutlet extends Outlet {
  /** Undefined in clear. */
  readonly channel: SecureChannel | undefined
  /** Goes over to TLS. Rejects when that fails; the connection is then closed. */
  startTls(options: TlsServerOptions): Promise<void>
}
