// What goes wrong behind the reading of files: the old certificates stay, and the files are looked at again.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type Certificates, createCertificates } from '../../src/net/certificates.ts'
import type { Log } from '../../src/net/log.ts'
import { WatchedFiles } from '../../src/net/tls/watched-files.ts'
import { until } from '../pop3/office.ts'
import { makeCertificate, writePair } from './tls-fixtures.ts'

const openssl = vi.hoisted(() => ({ isUnwilling: false }))
vi.mock(import('node:tls'), async original => {
  const tls = await original()
  return {
    ...tls,
    // Willing while files are read, and not when they shall be served.
    createSecureContext: options => {
      if (openssl.isUnwilling && options?.ticketKeys) throw new Error('out of memory')
      return tls.createSecureContext(options)
    },
  }
})

let folder: string
let errors: unknown[]
let certificates: Certificates
const ignore = () => undefined
const log: Log = { debug: ignore, info: ignore, warn: ignore, error: fields => void errors.push(fields) }

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'poplar-certificates-failing-'))
  errors = []
  certificates = createCertificates({ files: [await pair('a')], log, checkEveryMs: 5 })
})
afterEach(() => {
  openssl.isUnwilling = false
  vi.restoreAllMocks()
  certificates.close()
  rmSync(folder, { recursive: true })
})

async function pair(name: string, file = name) {
  return writePair(folder, file, await makeCertificate({ names: [name] }))
}

const served = () => certificates.summaries.map(({ names }) => names[0])

it('OpenSSL takes no new certificate: one line, the old one stays, and the next is taken', async () => {
  const before = certificates.contextFor(undefined)
  openssl.isUnwilling = true
  await pair('b', 'a')
  await until(() => errors.length > 0)
  openssl.isUnwilling = false
  expect(errors).toEqual([{ reason: 'out of memory' }])
  expect(served()).toEqual(['a'])
  expect(certificates.contextFor(undefined)).toBe(before)
  await pair('c', 'a')
  await until(() => served()[0] === 'c')
  expect(errors).toHaveLength(1)
})

it('OpenSSL takes no other list: the old one stays, and is looked at', async () => {
  const other = await pair('b')
  openssl.isUnwilling = true
  expect(() => certificates.use([other])).toThrow('out of memory')
  openssl.isUnwilling = false
  expect(served()).toEqual(['a'])
  await pair('c', 'a')
  await until(() => served()[0] === 'c')
})

it('a look that fails is followed by another', async () => {
  vi.spyOn(WatchedFiles.prototype, 'check').mockRejectedValueOnce(new Error('no descriptors'))
  await until(() => errors.length > 0)
  expect(errors).toEqual([{ reason: 'no descriptors' }])
  await pair('b', 'a')
  await until(() => served()[0] === 'b')
})
