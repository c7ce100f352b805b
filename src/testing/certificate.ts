// The certificate of the office: it has signed itself, and is made once in a process for all offices of the same name.
import { randomBytes, X509Certificate } from 'node:crypto'
import { makeSelfSigned } from '../net/self-signed.ts'
import { ContextSet } from '../net/tls/context-set.ts'
import type { TlsContexts } from '../net/tls.ts'

export interface OfficeCertificate {
  /** PEM. */
  readonly text: string
  readonly contexts: TlsContexts
}

const days = 365
const ticketKeyOctets = 48
const maxMade = 100
const made = new Map<string, OfficeCertificate>()

/** For the office's name, `localhost` and the addresses of this machine. */
export function officeCertificate(hostname: string, host: string): OfficeCertificate {
  const names = [...new Set([hostname, 'localhost', '127.0.0.1', '::1', host])]
  const key = names.join(' ')
  const known = made.get(key)
  if (known) return known
  if (made.size >= maxMade) made.clear()
  const { cert, key: privateKey } = makeSelfSigned({ names, days })
  const { raw, validFrom, validTo } = new X509Certificate(cert)
  const [notBefore, notAfter] = [new Date(validFrom), new Date(validTo)]
  const files = { certFile: 'the office', keyFile: 'the office' }
  const pair = { ...files, cert, key: privateKey, leaf: raw, names, addresses: [], notBefore, notAfter }
  const set = new ContextSet([pair], 'modern', randomBytes(ticketKeyOctets), undefined)
  const certificate = {
    text: cert,
    contexts: {
      asksForCertificate: false,
      contextFor: (name: string | undefined) => set.contextFor(name),
      resumableCertificate: (name: string | undefined) => set.certificateFor(name),
    },
  }
  made.set(key, certificate)
  return certificate
}
