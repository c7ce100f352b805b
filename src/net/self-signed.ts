// A certificate that signed itself, for trying things out: TLS works, but no client has a reason to trust it, and its
// subject says so.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { type CertificateFiles, type CertificatePair, readCertificatePair } from './tls/certificate-pair.ts'
import { der, derBits, derInteger, derOid, derTags, derTime } from './tls/der-writing.ts'

const dayMs = 86_400_000
const hourMs = 3_600_000
/** Some systems refuse certificates of servers that are valid for longer than 825 days. */
const days = 365
const ecdsaWithSha256 = der(derTags.sequence, derOid('1.2.840.10045.4.3.2'))
const serverAuthentication = '1.3.6.1.5.5.7.3.1'

/** PEM texts of a new P-256 certificate, valid from an hour ago on; the first name is its common name too. */
export function makeSelfSigned(options: {
  /** DNS names and IP addresses. */
  readonly names: readonly string[]
  readonly days: number
}): { cert: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signed = toBeSigned(options, publicKey.export({ type: 'spki', format: 'der' }))
  const signature = sign('sha256', signed, privateKey)
  const certificate = der(derTags.sequence, signed, ecdsaWithSha256, derBits(signature))
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? []
  return {
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  }
}

/** TBSCertificate, RFC 5280 section 4.1. */
function toBeSigned(
  { names, days }: { readonly names: readonly string[]; readonly days: number },
  publicKey: Uint8Array,
): Buffer {
  const nowMs = Date.now()
  const version3 = der(0xa0, derInteger(Buffer.from([2])))
  const serialNumber = derInteger(Buffer.concat([Buffer.from([1]), randomBytes(15)]))
  const subject = der(
    derTags.sequence,
    attribute('2.5.4.10', 'Poplar'),
    attribute('2.5.4.11', 'self-signed for demonstration'),
    attribute('2.5.4.3', (names[0] ?? 'localhost').slice(0, 64)),
  )
  const validity = der(
    derTags.sequence,
    derTime(new Date(nowMs - hourMs)),
    derTime(new Date(nowMs + days * dayMs)),
  )
  const fields = [version3, serialNumber, ecdsaWithSha256, subject, validity, subject, publicKey]
  return der(derTags.sequence, ...fields, der(0xa3, der(derTags.sequence, ...extensions(names))))
}

/** No authority, for servers only, of these names: RFC 5280 section 4.2.1. */
function extensions(names: readonly string[]): readonly Buffer[] {
  const digitalSignature = derBits(Buffer.from([0x80]), 7)
  return [
    extension('2.5.29.19', true, der(derTags.sequence)),
    extension('2.5.29.15', true, digitalSignature),
    extension('2.5.29.37', false, der(derTags.sequence, derOid(serverAuthentication))),
    extension('2.5.29.17', false, der(derTags.sequence, ...names.map(generalName))),
  ]
}

function extension(oid: string, isCritical: boolean, value: Buffer): Buffer {
  const critical = isCritical ? [der(derTags.boolean, Buffer.from([0xff]))] : []
  return der(derTags.sequence, derOid(oid), ...critical, der(derTags.octetString, value))
}

function attribute(oid: string, value: string): Buffer {
  const pair = der(derTags.sequence, derOid(oid), der(derTags.utf8String, Buffer.from(value)))
  return der(derTags.set, pair)
}

/** dNSName or iPAddress. */
function generalName(name: string): Buffer {
  return isIP(name) > 0 ? der(0x87, addressOctets(name)) : der(0x82, Buffer.from(name))
}

function addressOctets(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  // The URL parser writes what ends in dotted decimals in groups as well.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string | undefined) => (text ? text.split(':') : [])
  const [before, behind] = [groups(head), groups(tail)]
  const zeros = Array.from({ length: 8 - before.length - behind.length }, () => '0')
  const all = [...before, ...zeros, ...behind].map(group => Number.parseInt(group, 16))
  return Buffer.from(all.flatMap(group => [group >> 8, group & 0xff]))
}

/**
 * The pair `self-signed.crt` and `self-signed.key` in the folder, made anew unless there is one that has these names and
 * is valid for another day. The folder is made, too.
 */
export async function ensureSelfSigned(folder: string, names: readonly string[]): Promise<CertificateFiles> {
  const files = { certFile: join(folder, 'self-signed.crt'), keyFile: join(folder, 'self-signed.key') }
  if (isGoodEnough(existing(files), names)) return files
  const { cert, key } = makeSelfSigned({ names, days })
  await mkdir(folder, { recursive: true })
  await replace(files.keyFile, key, 0o600)
  await replace(files.certFile, cert, 0o644)
  return files
}

function existing(files: CertificateFiles): CertificatePair | undefined {
  try {
    return readCertificatePair(files)
  } catch {
    // Absent, damaged or halfway written: a new one is as good.
    return undefined
  }
}

function isGoodEnough(pair: CertificatePair | undefined, names: readonly string[]): boolean {
  if (!pair || pair.notAfter.getTime() < Date.now() + dayMs) return false
  const its = new Set([...pair.names, ...pair.addresses])
  return names.every(name => its.has(name.toLowerCase()))
}

/** Whoever reads the file finds the old text or the new, never a part. */
async function replace(file: string, text: string, mode: number): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}`
  try {
    const handle = await open(temporary, 'wx', mode)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
