// Certificates from a real ACME server, Debian's pebble: obtained, kept, renewed in time, and asked for again when
// something was in the way.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect } from 'vitest'
import type { AcmeOptions } from '../../../src/net/acme/acme.ts'
import type { CertificateFiles } from '../../../src/net/tls/certificate-pair.ts'
import { itWith } from '../../e2e/program.ts'
import { freePorts, Pebble, type PebbleOptions } from './pebble.ts'
import { begin, endAll, later, temporaryFolder } from './renewal.ts'
import { makeServerCertificate } from './server-certificate.ts'

const day = 86_400_000

afterEach(endAll)

async function startPebble(options?: PebbleOptions): Promise<Pebble> {
  const pebble = await Pebble.start(options)
  later(() => pebble.remove())
  return pebble
}

/** What `begin` needs to have certificates from there by http-01. */
function from({ directoryUrl, caFile, httpPort }: Pebble) {
  return {
    directoryUrl,
    caFile,
    listen: [{ host: '127.0.0.1', port: httpPort }],
  } satisfies Partial<AcmeOptions>
}

function certificateIn({ certFile }: CertificateFiles): X509Certificate {
  return new X509Certificate(readFileSync(certFile))
}

function expectPair(files: CertificateFiles, names: string): void {
  const certificate = certificateIn(files)
  expect(certificate.subjectAltName).toBe(names)
  expect(certificate.checkPrivateKey(createPrivateKey(readFileSync(files.keyFile)))).toBe(true)
  // The chain too, so that peers that know only the root can follow it.
  expect(readFileSync(files.certFile, 'utf8').match(/BEGIN CERTIFICATE/g)?.length).toBeGreaterThan(1)
}

itWith('pebble', 'obtains a certificate by http-01, for the office alone to read', async () => {
  const pebble = await startPebble()
  const { acme, clock, folder, lines, renewed } = await begin(from(pebble))
  expect(acme.files).toBeUndefined()
  await clock.untilWaiting()
  expect(lines.map(({ level, text }) => `${level} ${text}`)).toEqual(['info certificate obtained'])
  const files = {
    certFile: join(folder, 'mail.poplar.test.crt'),
    keyFile: join(folder, 'mail.poplar.test.key'),
  }
  expect(acme.files).toEqual(files)
  expect(acme.renewing).toBe(false)
  expect(renewed).toEqual([files])
  expectPair(files, 'DNS:mail.poplar.test')
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  const names = readdirSync(folder)
  expect(names).toHaveLength(3)
  for (const name of names) expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600])
})

itWith('pebble', 'obtains one certificate for several names by tls-alpn-01', async () => {
  const pebble = await startPebble()
  const { acme, clock, lines } = await begin({
    ...from(pebble),
    domains: ['Mail.Poplar.test', 'pop.poplar.test', 'pöp.poplar.test', 'mail.poplar.test'],
    challenge: 'tls-alpn-01',
    listen: [{ host: '127.0.0.1', port: pebble.tlsPort }],
  })
  await clock.untilWaiting()
  expect(lines.map(({ level }) => level)).toEqual(['info'])
  expectPair(acme.files!, 'DNS:mail.poplar.test, DNS:pop.poplar.test, DNS:xn--pp-fka.poplar.test')
})

itWith('pebble', 'is not put off by refused nonces, nor by authorizations that are kept', async () => {
  const pebble = await startPebble({ env: { PEBBLE_WFE_NONCEREJECT: '15', PEBBLE_AUTHZREUSE: '100' } })
  const { acme, clock, lines, renewed } = await begin(from(pebble))
  await clock.untilWaiting()
  rmSync(acme.files!.certFile)
  await clock.pass()
  expect(lines.map(({ level }) => level)).toEqual(['info', 'info'])
  expect(renewed).toHaveLength(2)
})

itWith('pebble', 'listens only while the CA is asked', async () => {
  const pebble = await startPebble()
  const { clock, renewed } = await begin(from(pebble))
  await clock.untilWaiting()
  expect(renewed).toHaveLength(1)
  const other = createServer()
  later(() => void other.close())
  await new Promise<void>((resolve, reject) => {
    other.once('error', reject).listen(pebble.httpPort, '127.0.0.1', resolve)
  })
})

itWith(
  'pebble',
  'renews when a third of the life is left, with a fresh key and the same account',
  async () => {
    const pebble = await startPebble()
    const { acme, clock, folder, renewed } = await begin(from(pebble))
    await clock.untilWaiting()
    const files = acme.files!
    const first = certificateIn(files)
    const account = readdirSync(folder).find(name => name.startsWith('account_'))!
    const accountKey = readFileSync(join(folder, account), 'utf8')
    const life = Date.parse(first.validTo) - Date.parse(first.validFrom)

    await clock.pass((life * 2) / 3 - day)
    expect(renewed).toHaveLength(1)
    await clock.pass(2 * day)
    expect(renewed).toEqual([files, files])
    const second = certificateIn(files)
    expect(second.serialNumber).not.toBe(first.serialNumber)
    expect(second.publicKey.equals(first.publicKey)).toBe(false)
    expectPair(files, 'DNS:mail.poplar.test')
    expect(readFileSync(join(folder, account), 'utf8')).toBe(accountKey)
  },
)

itWith('pebble', 'renews as many days before the end as it is told', async () => {
  const pebble = await startPebble()
  const { acme, clock, renewed } = await begin({ ...from(pebble), renewBeforeDays: 10 })
  await clock.untilWaiting()
  const life = Date.parse(certificateIn(acme.files!).validTo) - clock.now()
  await clock.pass(life - 11 * day)
  expect(renewed).toHaveLength(1)
  await clock.pass(2 * day)
  expect(renewed).toHaveLength(2)
})

itWith('pebble', 'uses what is there after a restart, and asks nobody', async () => {
  const pebble = await startPebble()
  const { acme, clock, folder } = await begin(from(pebble))
  await clock.untilWaiting()
  const { serialNumber } = certificateIn(acme.files!)
  await acme.close()
  await pebble.down()
  const again = await begin({ ...from(pebble), folder })
  expect(again.acme.files).toEqual(acme.files)
  await again.clock.untilWaiting()
  expect(again.lines).toEqual([])
  expect(again.renewed).toEqual([])
  expect(certificateIn(acme.files!).serialNumber).toBe(serialNumber)
})

itWith(
  'pebble',
  'renews at once when the names have changed, and serves the old one until then',
  async () => {
    const pebble = await startPebble()
    const { acme, clock, folder } = await begin(from(pebble))
    await clock.untilWaiting()
    await acme.close()
    const domains = ['mail.poplar.test', 'pop.poplar.test']
    const again = await begin({ ...from(pebble), folder, domains })
    expect(again.acme.files).toEqual(acme.files)
    await again.clock.untilWaiting()
    expect(again.renewed).toEqual([acme.files])
    expectPair(acme.files!, 'DNS:mail.poplar.test, DNS:pop.poplar.test')
  },
)

itWith('pebble', 'waits longer and longer while the CA is down, and goes on when it is up', async () => {
  const pebble = await startPebble()
  await pebble.down()
  const { acme, clock, lines, renewed } = await begin(from(pebble))
  const waits = [await clock.untilWaiting()]
  for (let failures = 1; failures < 12; failures += 1) waits.push(await clock.pass())
  for (const [index, waitMs] of waits.entries()) {
    const base = Math.min(60_000 * 2 ** index, 12 * 3_600_000)
    expect(waitMs).toBeGreaterThanOrEqual(base)
    expect(waitMs).toBeLessThanOrEqual(base * 1.2)
  }
  expect(lines).toHaveLength(12)
  for (const { level, fields } of lines) {
    expect(level).toBe('warn')
    expect(fields['reason']).toContain('ECONNREFUSED')
  }
  await pebble.up()
  await clock.pass()
  expect(renewed).toEqual([acme.files])
})

itWith('pebble', 'says what the CA said when the challenge is not answered where it looks', async () => {
  const pebble = await startPebble()
  const [wrongPort] = await freePorts(1)
  const { acme, clock, lines } = await begin({
    ...from(pebble),
    listen: [{ host: '127.0.0.1', port: wrongPort! }],
  })
  expect(await clock.untilWaiting()).toBeLessThanOrEqual(72_000)
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatchObject({ level: 'warn', text: 'certificate not obtained' })
  expect(lines[0]!.fields['problem']).toMatch(/^urn:ietf:params:acme:error:(connection|unauthorized)$/)
  expect(lines[0]!.fields['reason']).toMatch(/^mail\.poplar\.test: ./)
  expect(acme.files).toBeUndefined()
})

itWith('pebble', 'calls it an error when a certificate that ends soon cannot be renewed', async () => {
  const pebble = await startPebble()
  const { acme, clock, lines } = await begin(from(pebble))
  await clock.untilWaiting()
  await pebble.down()
  const left = Date.parse(certificateIn(acme.files!).validTo) - clock.now()
  await clock.pass(left - 4 * day)
  await clock.pass(2 * day)
  expect(lines.map(({ level }) => level)).toEqual(['info', 'warn', 'error'])
  expect(lines.at(-1)!.text).toBe('certificate not renewed, and about to expire')
})

itWith(
  'pebble',
  'keeps what it was given when it cannot be written, rather than asking for another',
  async () => {
    const pebble = await startPebble()
    const folder = temporaryFolder()
    const inTheWay = join(folder, 'mail.poplar.test.crt.new')
    mkdirSync(inTheWay)
    const { acme, clock, lines, renewed } = await begin({ ...from(pebble), folder })
    await clock.untilWaiting()
    expect(lines.map(({ level }) => level)).toEqual(['warn'])
    expect(lines[0]!.fields['reason']).toContain(inTheWay)
    expect(acme.files).toBeUndefined()
    await pebble.down()
    rmdirSync(inTheWay)
    await clock.pass()
    expect(renewed).toEqual([acme.files])
    expectPair(acme.files!, 'DNS:mail.poplar.test')
  },
)

itWith('pebble', 'gives nothing to the CA before port and disk are known to be good', async () => {
  const pebble = await startPebble()
  await pebble.down()
  const blocker = createServer()
  later(() => void blocker.close())
  await new Promise<void>(resolve => blocker.listen(pebble.httpPort, '127.0.0.1', resolve))
  const busy = await begin(from(pebble))
  await busy.clock.untilWaiting()
  expect(busy.lines[0]!.fields['reason']).toBe(
    `cannot listen on 127.0.0.1:${pebble.httpPort}: the address is already in use`,
  )
  const file = join(temporaryFolder(), 'a-file')
  writeFileSync(file, '')
  const unwritable = await begin({ ...from(pebble), folder: join(file, 'acme') })
  await unwritable.clock.untilWaiting()
  expect(unwritable.lines[0]!.fields['reason']).toContain('ENOTDIR')
})

itWith('pebble', 'offers a certificate again that the office could not use', async () => {
  const pebble = await startPebble()
  const offers: string[] = []
  const { clock, lines } = await begin({
    ...from(pebble),
    onRenewed({ certFile }) {
      offers.push(certFile)
      if (offers.length === 1) throw new Error('not now')
    },
  })
  await clock.untilWaiting()
  expect(lines.map(({ level, text }) => `${level} ${text}`)).toEqual([
    'info certificate obtained',
    'error the new certificate could not be put to use',
  ])
  expect(lines[1]!.fields['reason']).toBe('not now')
  await clock.pass()
  await clock.pass()
  expect(offers).toHaveLength(2)
  expect(lines).toHaveLength(2)
})

itWith('pebble', 'wants the terms to be agreed to, and names them', async () => {
  const pebble = await startPebble()
  const { clock, lines } = await begin({ ...from(pebble), agreeTerms: false })
  await clock.untilWaiting()
  expect(lines[0]!.fields['reason']).toMatch(/^the CA wants its terms to be agreed to: \S+$/)
})

itWith('pebble', 'binds the account to one the CA knows, when it asks for that', async () => {
  const hmacKey = 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W'
  const pebble = await startPebble({ accountKeys: { 'kid-1': hmacKey } })
  const without = await begin(from(pebble))
  await without.clock.untilWaiting()
  expect(without.lines[0]!.fields['problem']).toBe('urn:ietf:params:acme:error:externalAccountRequired')
  const bound = await begin({ ...from(pebble), eab: { kid: 'kid-1', hmacKey } })
  await bound.clock.untilWaiting()
  expect(bound.lines.map(({ level }) => level)).toEqual(['info'])
  expect(JSON.stringify([without.lines, bound.lines])).not.toContain(hmacKey)
})

itWith('pebble', 'trusts no CA that nobody vouches for', async () => {
  const pebble = await startPebble()
  const other = temporaryFolder()
  await makeServerCertificate(other)
  for (const caFile of [undefined, join(other, 'ca.pem')]) {
    const { clock, lines } = await begin({ ...from(pebble), caFile })
    await clock.untilWaiting()
    expect(lines[0]!.fields['reason']).toMatch(/certificate|issuer/)
  }
})

itWith('pebble', 'can be closed in the middle of an order', async () => {
  const pebble = await startPebble({ env: { PEBBLE_VA_NOSLEEP: '0', PEBBLE_VA_SLEEPTIME: '15' } })
  const { acme, lines, folder } = await begin(from(pebble))
  while (!existsSync(join(folder, 'mail.poplar.test.key.new'))) await new Promise(setImmediate)
  await acme.close()
  expect(acme.renewing).toBe(false)
  expect(lines).toEqual([])
})
