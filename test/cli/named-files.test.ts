// What the configuration names outside itself, as `config check` and `doctor` examine it.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { examineAccountSources } from '../../src/cli/doctor/account-sources.ts'
import { examineCertificates } from '../../src/cli/doctor/certificates.ts'
import { examinePorts } from '../../src/cli/doctor/ports.ts'
import { parseConfig } from '../../src/config.ts'
import { boundAddress } from '../../src/net/listener.ts'
import { type CertificateOptions, makeCertificate, writePair } from '../net/tls-fixtures.ts'
import { Workplace } from './workplace.ts'

const folder = mkdtempSync(join(tmpdir(), 'poplar-named-files-'))
const file = join(folder, 'poplar.toml')
const dayMs = 86_400_000
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function pair(name: string, options: CertificateOptions = {}) {
  return writePair(folder, name, await makeCertificate({ names: ['mail.example.net'], ...options }))
}

function withTls(cert: string, key: string) {
  return parseConfig(`hostname = "mail.example.net"\n[tls]\ncert = "${cert}"\nkey = "${key}"`, { file })
}

describe('certificates', () => {
  let good: Awaited<ReturnType<typeof pair>>
  beforeAll(async () => {
    good = await pair('good')
    chmodSync(good.keyFile, 0o600)
  })

  it('are none, where none is named', () => {
    expect(examineCertificates(parseConfig(''))).toEqual([])
  })

  it('are well', async () => {
    const long = await pair('long', { notAfter: new Date(Date.now() + 60 * dayMs) })
    chmodSync(long.keyFile, 0o600)
    expect(examineCertificates(withTls(long.certFile, long.keyFile))).toMatchObject([
      { state: 'well', finding: expect.stringContaining('for mail.example.net, until ') as string },
    ])
  })

  it.each<[state: string, says: RegExp, options: CertificateOptions]>([
    ['wrong', /expired at/, { notBefore: new Date(0), notAfter: new Date(dayMs) }],
    [
      'wrong',
      /is valid from/,
      { notBefore: new Date(Date.now() + dayMs), notAfter: new Date(Date.now() + 60 * dayMs) },
    ],
    ['note', /expires at .*: renew it soon/, { notAfter: new Date(Date.now() + dayMs) }],
    ['note', /none is for mail\.example\.net/, { names: ['www.example.net'] }],
  ])('%s: %s', async (state, says, options) => {
    const { certFile, keyFile } = await pair('any', options)
    const findings = examineCertificates(withTls(certFile, keyFile))
    expect(findings.filter(finding => says.test(finding.finding)).map(each => each.state)).toEqual([state])
  })

  it('of a wildcard are for its hosts', async () => {
    const { certFile, keyFile } = await pair('wild', { names: ['*.example.net'] })
    const findings = examineCertificates(withTls(certFile, keyFile))
    expect(findings.some(({ finding }) => finding.includes('none is for'))).toBe(false)
  })

  it('whose key everybody can read are wrong', async () => {
    const { certFile, keyFile } = await pair('open')
    chmodSync(keyFile, 0o644)
    const findings = examineCertificates(withTls(certFile, keyFile))
    expect(findings).toContainEqual({
      what: 'certificate',
      state: 'wrong',
      finding: `${keyFile} is open to everybody: chmod 600 closes it`,
    })
  })

  it('that are not there, or with the key of another, are wrong, in the words of the server', async () => {
    const other = await pair('other')
    const gone = join(folder, 'gone.crt')
    expect(examineCertificates(withTls(gone, good.keyFile))).toMatchObject([
      { state: 'wrong', finding: expect.stringContaining(gone) as string },
    ])
    expect(examineCertificates(withTls(good.certFile, other.keyFile))).toMatchObject([
      { state: 'wrong', finding: expect.stringMatching(/does not belong to the certificate/) as string },
    ])
  })
})

describe('sources of accounts', () => {
  const passwd = join(folder, 'passwd')
  const fromFile = () =>
    parseConfig(`[auth]\nsources = ["passwd-file"]\n[passwd_file]\nfile = "${passwd}"`, { file })

  it('that are files are read, and told by their bad line', async () => {
    writeFileSync(passwd, 'ann:{PLAIN}secret\n')
    expect(await examineAccountSources(fromFile(), false)).toMatchObject([{ state: 'well' }])
    writeFileSync(passwd, 'ann:{PLAIN}secret\nann:{PLAIN}other\n')
    expect(await examineAccountSources(fromFile(), false)).toMatchObject([
      { state: 'wrong', finding: expect.stringContaining('bad line 2') as string },
    ])
  })

  it('over a network are asked only by who may', async () => {
    const ldap = parseConfig(
      '[auth]\nsources = ["ldap"]\n[ldap]\nurl = "ldap://127.0.0.1:9"\nbase = "dc=example"\nfilter = "(uid={name})"',
      { file },
    )
    expect(await examineAccountSources(ldap, false)).toEqual([])
    expect(await examineAccountSources(ldap, true)).toMatchObject([
      { what: 'accounts by ldap', state: 'wrong' },
    ])
  })

  it('by SQL are asked', async () => {
    const sql = (query: string) =>
      parseConfig(`[auth]\nsources = ["sql"]\n[sql]\nurl = "sqlite::memory:"\nquery = "${query}"`, { file })
    expect(
      await examineAccountSources(sql('select nothing from nowhere where name = :name'), true),
    ).toMatchObject([{ state: 'wrong' }])
  })
})

describe('ports for old devices', () => {
  it('are examined like the others', async () => {
    const holder = createServer()
    await new Promise<void>(resolve => holder.listen(0, '127.0.0.1', resolve))
    const { port } = boundAddress(holder)
    const config = parseConfig(`[listen]\n[legacy]\npop3 = "127.0.0.1:${port}"\nnetworks = ["127.0.0.0/8"]`)
    expect(await examinePorts(config, undefined)).toMatchObject([{ what: 'old POP3 port', state: 'wrong' }])
    holder.close()
  })
})

describe('config check', () => {
  it('fails for a file that is named and cannot be used', async () => {
    const place = new Workplace(`[tls]\ncert = "gone.crt"\nkey = "gone.key"\n`)
    const { code, stdout, stderr } = await place.run('config check')
    place.remove()
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'poplar: 1 of the files it names cannot be used\n' })
    expect(stdout).toContain('gone.crt')
  })
})
