// TLS and the certificate as findings: RFC 8314, and the names of RFC 9525.
import type { PeerReport } from '../../net/tls/peer-report.ts'
import { note, type Verdict, well, wrong } from './finding.ts'

/** Whoever renews certificates has done so by then. */
const soonMs = 14 * 86_400_000
const modern = new Set(['TLSv1.2', 'TLSv1.3'])
const shownNames = 8

/** Of OpenSSL and Node, in words. */
const reasons: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'nobody but itself vouches for it',
  SELF_SIGNED_CERT_IN_CHAIN: 'its authority is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its authority is not known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the server does not show who vouches for it',
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  CERT_REVOKED: 'it was revoked',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is for another name',
}

export function tlsVerdict({ protocol, cipher, fault }: PeerReport): Verdict {
  const facts = `${protocol}, ${cipher}`
  if (fault !== undefined)
    return wrong(`${facts}; the certificate is not trusted: ${reasons[fault] ?? printable(fault)}`)
  return modern.has(protocol) ? well(facts) : wrong(`${facts}: too old`)
}

/** Names, issuer, dates and key. */
export function certificateVerdicts(
  { certificate }: PeerReport,
  host: string,
  nowMs: number,
): readonly Verdict[] {
  if (!certificate) return [wrong('the server shows none')]
  const { names, subject, issuer, fitsHost, isSelfIssued, notBefore, notAfter, key, pin } = certificate
  const shown = names.slice(0, shownNames).map(printable).join(' ') || printable(subject) || 'nobody'
  const more = names.length > shownNames ? ` and ${names.length - shownNames} more` : ''
  const isFor = `it is for ${shown}${more}`
  const until = `${notAfter.toISOString().slice(0, 10)}`
  return [
    fitsHost ? well(isFor) : wrong(`${isFor}, not for ${host}`),
    isSelfIssued ? note('nobody but itself vouches for it') : well(`issued by ${printable(issuer)}`),
    notAfter.getTime() < nowMs
      ? wrong(`it expired on ${until}`)
      : notBefore.getTime() > nowMs
        ? wrong(`it is valid from ${notBefore.toISOString().slice(0, 10)} on only`)
        : notAfter.getTime() < nowMs + soonMs
          ? note(`it expires on ${until}`)
          : well(`it is valid until ${until}`),
    well(`${key}; --pin ${pin}`),
  ]
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?')
}
