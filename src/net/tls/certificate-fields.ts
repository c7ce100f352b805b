// What a certificate says of names and of its own signature, read from its DER, RFC 5280 section 4: text forms of these
// fields, such as Node's, are ambiguous where a name holds a comma or a quote.
import { type DerElement, readDer, readInside, readOid } from './der.ts'

const sequence = 0x30
const explicit0 = 0xa0
const explicit3 = 0xa3
/** Names of a certificate that are looked at; more have no use but to keep us busy. */
const maxNames = 1000

export interface SubjectNames {
  readonly hasAlternativeNames: boolean
  /** dNSName of the alternative names, in lower case; a wildcard as `*.example.org`. */
  readonly dns: readonly string[]
  /** iPAddress of the alternative names, as text; IPv6 as Node's URL parser would write it. */
  readonly addresses: readonly string[]
  /** rfc822Name of the alternative names. */
  readonly mail: readonly string[]
  /** emailAddress of the subject, PKCS #9. */
  readonly subjectMail: readonly string[]
  readonly common: readonly string[]
}

/** Reads the subject's names. Names of anything but visible US-ASCII are left out, common names may be any text. Throws a RangeError for what is no certificate. */
export function subjectNames(certificate: Uint8Array): SubjectNames {
  const { subject, extensions } = readToBeSigned(certificate)
  const general = alternativeNames(extensions)
  const ofKind = (tag: number) =>
    (general ?? []).filter(name => name.tag === tag).flatMap(name => visibleAscii(name.content))
  return {
    hasAlternativeNames: general !== undefined,
    dns: ofKind(0x82).map(name => name.toLowerCase()),
    addresses: (general ?? []).filter(name => name.tag === 0x87).flatMap(name => addressText(name.content)),
    mail: ofKind(0x81),
    subjectMail: attributes(subject, '1.2.840.113549.1.9.1').flatMap(value => visibleAscii(value.content)),
    common: attributes(subject, '2.5.4.3').flatMap(directoryText),
  }
}

const noNames: SubjectNames = {
  hasAlternativeNames: false,
  dns: [],
  addresses: [],
  mail: [],
  subjectMail: [],
  common: [],
}

/** The same of a certificate that a peer sent: one that cannot be read has no names. */
export function peerNames(certificate: Uint8Array): SubjectNames {
  try {
    return subjectNames(certificate)
  } catch {
    return noNames
  }
}

/**
 * The hash for `tls-server-end-point`, RFC 5929 section 4.1: the one of the certificate's signature, SHA-256 in place of
 * MD5 and SHA-1; undefined where the signature uses none, or several.
 */
export function endPointHash(certificate: Uint8Array): string | undefined {
  const [, algorithm] = readInside(certificate, sequence)
  if (algorithm?.tag !== sequence) return undefined
  const [oid, parameters] = readDer(algorithm.content)
  const name = readOid(oid)
  return name === rsaPss ? pssHash(parameters) : hashOfSignature[name]
}

const rsaPss = '1.2.840.113549.1.1.10'

const hashOfSignature: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.4': 'sha256', // md5WithRSAEncryption
  '1.2.840.113549.1.1.5': 'sha256', // sha1WithRSAEncryption
  '1.2.840.113549.1.1.14': 'sha224', // sha224WithRSAEncryption
  '1.2.840.113549.1.1.11': 'sha256', // sha256WithRSAEncryption
  '1.2.840.113549.1.1.12': 'sha384', // sha384WithRSAEncryption
  '1.2.840.113549.1.1.13': 'sha512', // sha512WithRSAEncryption
  '1.2.840.10045.4.1': 'sha256', // ecdsa-with-SHA1
  '1.2.840.10045.4.3.1': 'sha224', // ecdsa-with-SHA224
  '1.2.840.10045.4.3.2': 'sha256', // ecdsa-with-SHA256
  '1.2.840.10045.4.3.3': 'sha384', // ecdsa-with-SHA384
  '1.2.840.10045.4.3.4': 'sha512', // ecdsa-with-SHA512
}

const hashes: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha256', // SHA-1
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

/** RSASSA-PSS-params, RFC 4055 section 3.1: the hash is `[0]`, SHA-1 when absent. */
function pssHash(parameters: DerElement | undefined): string | undefined {
  const hash = parameters && readDer(parameters.content).find(each => each.tag === explicit0)
  if (!hash) return 'sha256'
  return hashes[readOid(readInside(hash.content, sequence)[0])]
}

function readToBeSigned(certificate: Uint8Array): {
  subject: DerElement
  extensions: DerElement | undefined
} {
  const [signed] = readInside(certificate, sequence)
  const fields = signed?.tag === sequence ? readDer(signed.content) : []
  // version [0] is left out in version 1; then: serial number, signature, issuer, validity, subject.
  const subject = fields[fields[0]?.tag === explicit0 ? 5 : 4]
  if (subject?.tag !== sequence) throw new RangeError('no certificate')
  return { subject, extensions: fields.find(field => field.tag === explicit3) }
}

function alternativeNames(extensions: DerElement | undefined): DerElement[] | undefined {
  if (!extensions) return undefined
  for (const extension of readInside(extensions.content, sequence)) {
    const parts = readDer(extension.content)
    const value = parts.at(-1)
    if (readOid(parts[0]) === '2.5.29.17' && value?.tag === 0x04) {
      return readInside(value.content, sequence).slice(0, maxNames)
    }
  }
  return undefined
}

/** The values of one attribute of a distinguished name: a sequence of sets of pairs. */
function attributes(name: DerElement, oid: string): DerElement[] {
  const pairs = readDer(name.content).flatMap(set => readDer(set.content))
  return pairs.slice(0, maxNames).flatMap(pair => {
    const [type, value] = readDer(pair.content)
    return readOid(type) === oid && value ? [value] : []
  })
}

function addressText(octets: Uint8Array): string[] {
  if (octets.length === 4) return [octets.join('.')]
  if (octets.length !== 16) return []
  const groups = Buffer.from(octets).toString('hex').match(/.{4}/g) ?? []
  return [new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)]
}

function visibleAscii(octets: Uint8Array): string[] {
  const text = Buffer.from(octets).toString('latin1')
  return /^[\x21-\x7e]{1,320}$/.test(text) ? [text] : []
}

/** UTF8String, PrintableString and IA5String; the other kinds have died out. */
function directoryText({ tag, content }: DerElement): string[] {
  if (![0x0c, 0x13, 0x16].includes(tag) || content.length > 320) return []
  const text = Buffer.from(content).toString('utf8')
  return text === '' || /[\p{Cc}\ufffd]/u.test(text) ? [] : [text]
}
