// Who asks to be let in, for tests.
import type { ClientCertificate, LoginOrigin, SecureChannel } from '../../src/auth/login.ts'

export function originFrom(peer = '192.0.2.1', more: Partial<LoginOrigin> = {}): LoginOrigin {
  return { protocol: 'pop3', peer, sessionId: 'session-1', channel: undefined, ...more }
}

/** TLS 1.3 with made-up bindings. */
export function channelWith(names?: readonly string[]): SecureChannel {
  const clientCertificate: ClientCertificate | undefined = names && { names, fingerprint: 'AA:BB' }
  return {
    version: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    clientCertificate,
    binding: type => Buffer.from(`binding of ${type}`),
  }
}
