// The certificates of the office: files of the owner's, one that ACME obtains and renews, and until that is there a
// self-signed one.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AcmeConfig, Config } from './config.ts'
import type { Acme } from './net/acme/acme.ts'
import { type CertificateFiles, type Certificates, createCertificates } from './net/certificates.ts'
import type { Log } from './net/log.ts'
import { ensureSelfSigned } from './net/self-signed.ts'

export interface OfficeCertificates {
  readonly certificates: Certificates
  /** Takes over the files that a new configuration names; throws an Error that names file and reason. */
  use(config: Config): void
  close(): Promise<void>
}

/** Undefined where the configuration names none. Rejects with an Error that names file and reason. */
export async function openCertificates(config: Config, log: Log): Promise<OfficeCertificates | undefined> {
  const { tls, acme } = config
  if (tls.files.length === 0 && !acme) return undefined
  let { files: owned } = tls
  let obtained: readonly CertificateFiles[] = []
  // ACME may be done before there is anything to hand its certificate to.
  let certificates: Certificates | undefined
  const renewal =
    acme &&
    (await startRenewal(config, acme, log, files => {
      obtained = [files]
      certificates?.use([...owned, ...obtained])
    }))
  if (renewal?.files) obtained = [renewal.files]
  const files = [...owned, ...obtained]
  try {
    const made = createCertificates({
      files: files.length > 0 ? files : [await selfSigned(config, acme, log)],
      log,
      ...(tls.clientCaFile !== undefined && { clientCaFile: tls.clientCaFile }),
    })
    certificates = made
    return {
      certificates: made,
      use(next) {
        const list = [...next.tls.files, ...obtained]
        // Naming none is a change for the next start: sessions under way have nothing else.
        if (list.length === 0 || JSON.stringify(next.tls.files) === JSON.stringify(owned)) return
        made.use(list)
        owned = next.tls.files
      },
      async close() {
        made.close()
        await renewal?.close()
      },
    }
  } catch (error) {
    await renewal?.close()
    throw error
  }
}

async function startRenewal(
  { data }: Config,
  { domains, contact, server, agreeTerms, challenge, listen, caFile, eab }: AcmeConfig,
  log: Log,
  onRenewed: (files: CertificateFiles) => void,
): Promise<Acme> {
  // Few offices ask for certificates, and what asks takes memory.
  const { startAcme } = await import('./net/acme/acme.ts')
  return startAcme({
    domains,
    contact: contact && `mailto:${contact}`,
    directoryUrl: server,
    agreeTerms,
    folder: join(data, 'acme'),
    challenge,
    listen,
    caFile,
    eab: eab && { kid: eab.kid, hmacKey: readFileSync(eab.keyFile, 'utf8').trim() },
    onRenewed,
    log,
  })
}

async function selfSigned(
  { data, hostname }: Config,
  acme: AcmeConfig | undefined,
  log: Log,
): Promise<CertificateFiles> {
  const names = acme?.domains ?? [hostname]
  log.warn({ names }, 'a self-signed certificate serves until ACME has obtained one')
  return ensureSelfSigned(join(data, 'acme'), names)
}
