// Examines the certificates that the configuration names, by what serving them would say, and by what clients will: names
// and dates. Reads files only.
import { statSync } from 'node:fs'
import { isIP } from 'node:net'
import type { Config } from '../../config.ts'
import { type CertificatePair, readAuthorities, readCertificatePair } from '../../net/tls/certificate-pair.ts'
import { formatTime } from '../output.ts'
import type { Finding } from './finding.ts'

const what = 'certificate'
/** Whoever renews certificates has done so by then. */
const soonMs = 14 * 86_400_000

/** Nothing where none is named. */
export function examineCertificates({ tls, acme, hostname }: Config): Finding[] {
  const pairs: CertificatePair[] = []
  const findings: Finding[] = []
  for (const files of tls.files) {
    const found = attempt(() => readCertificatePair(files))
    if (typeof found === 'string') findings.push({ what, state: 'wrong', finding: found })
    else {
      pairs.push(found)
      findings.push(examineDates(found), ...examineKeyMode(found))
    }
  }
  if (pairs.length > 0 && !acme && !pairs.some(pair => covers(pair, hostname))) {
    const finding = `none is for ${hostname}, as \`hostname\` says: clients that ask for it will complain`
    findings.push({ what, state: 'note', finding })
  }
  return [...findings, ...examineAuthorities(tls.clientCaFile), ...examineAuthorities(acme?.caFile)]
}

function examineDates({ certFile, names, notBefore, notAfter }: CertificatePair): Finding {
  const now = Date.now()
  const until = formatTime(notAfter)
  if (notAfter.getTime() < now)
    return { what, state: 'wrong', finding: `${certFile} expired at ${until}: renew it` }
  if (notBefore.getTime() > now)
    return { what, state: 'wrong', finding: `${certFile} is valid from ${formatTime(notBefore)} on only` }
  if (notAfter.getTime() < now + soonMs)
    return { what, state: 'note', finding: `${certFile} expires at ${until}: renew it soon` }
  return { what, state: 'well', finding: `${certFile}, for ${names.join(' ')}, until ${until}` }
}

function examineKeyMode({ keyFile }: CertificatePair): Finding[] {
  if ((statSync(keyFile).mode & 0o007) === 0) return []
  return [{ what, state: 'wrong', finding: `${keyFile} is open to everybody: chmod 600 closes it` }]
}

function covers({ names, addresses }: CertificatePair, hostname: string): boolean {
  if (isIP(hostname)) return addresses.includes(hostname)
  const parent = `*${hostname.slice(hostname.indexOf('.'))}`
  return names.includes(hostname.toLowerCase()) || names.includes(parent.toLowerCase())
}

function examineAuthorities(file: string | undefined): Finding[] {
  const fault = file === undefined ? undefined : attempt(() => readAuthorities(file) && undefined)
  return fault === undefined ? [] : [{ what, state: 'wrong', finding: fault }]
}

/** What it gives, or the sentence that it throws. */
function attempt<T>(read: () => T): T | string {
  try {
    return read()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
