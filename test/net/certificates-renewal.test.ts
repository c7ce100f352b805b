// How others replace certificates: one file after the other, by links, in parts, with times set back. At every moment the
// listener serves a pair that belongs together, and in the end the newest.
import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createCertificates } from '../../src/net/certificates.ts'
import { type CertificatePair, readCertificatePair } from '../../src/net/tls/certificate-pair.ts'
import { WatchedFiles } from '../../src/net/tls/watched-files.ts'
import { makeCertificate, type Pair, writePair } from './tls-fixtures.ts'
import { connectTls, log, openTlsOffice, readSome } from './tls-peers.ts'

let folder: string
let first: Pair
let second: Pair
let certFile: string
let keyFile: string
let errors: string[]
let watched: WatchedFiles<CertificatePair>

beforeAll(async () => {
  first = await makeCertificate({ names: ['a.example'] })
  second = await makeCertificate({ names: ['b.example'] })
})

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'poplar-renewal-'))
  errors = []
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

function watch(files = writePair(folder, 'pair', first)): void {
  ;({ certFile, keyFile } = files)
  watched = new WatchedFiles([certFile, keyFile], () => readCertificatePair(files))
}

/** One look; gives the names that are served after it. */
async function look(): Promise<readonly string[]> {
  await watched.check(error => errors.push(error.message))
  return watched.current.names
}

/** Writes beside, and moves into place. */
function replace(file: string, text: string): void {
  writeFileSync(`${file}.tmp`, text)
  renameSync(`${file}.tmp`, file)
}

const [old, renewed] = [['a.example'], ['b.example']]

describe('a pair that is replaced', () => {
  it.each([
    ['the key first', () => [keyFile, certFile], () => [second.key, second.cert]],
    ['the certificate first', () => [certFile, keyFile], () => [second.cert, second.key]],
  ])('%s, and looked at in between', async (_reason, files, texts) => {
    watch()
    const [[one, other], [oneText, otherText]] = [files(), texts()] as [[string, string], [string, string]]
    replace(one, oneText)
    expect(await look()).toEqual(old)
    replace(other, otherText)
    expect(await look()).toEqual(renewed)
    expect(errors).toEqual([])
  })

  it('only by half, which is told once', async () => {
    watch()
    replace(certFile, second.cert)
    for (let looks = 0; looks < 5; looks += 1) expect(await look()).toEqual(old)
    expect(errors).toEqual([`${keyFile}: this key does not belong to the certificate in ${certFile}`])
    replace(certFile, first.cert)
    expect(await look()).toEqual(old)
    replace(certFile, second.cert)
    await look()
    await look()
    expect(errors).toHaveLength(2)
  })

  it('over itself, in parts', async () => {
    watch()
    const step = Math.ceil(second.cert.length / 7)
    truncateSync(certFile, 0)
    expect(await look()).toEqual(old)
    writeFileSync(keyFile, second.key)
    for (let end = step; end < second.cert.length - step; end += step) {
      writeFileSync(certFile, second.cert.slice(0, end))
      expect(await look()).toEqual(old)
    }
    writeFileSync(certFile, second.cert)
    expect(await look()).toEqual(renewed)
    expect(errors).toEqual([])
  })

  it('with a chain that comes later than the certificate', async () => {
    watch()
    writeFileSync(keyFile, second.key)
    writeFileSync(certFile, second.cert)
    await look()
    writeFileSync(certFile, second.cert + first.cert)
    await look()
    expect(watched.current.cert).toBe(second.cert + first.cert)
  })

  it('by others of the same sizes, with their times set back', async () => {
    const like = await makeCertificate({ names: ['c.example'] })
    watch()
    const { atime, mtime } = statSync(certFile)
    const pad = (text: string, length: number) => text.padEnd(length, '\n')
    replace(keyFile, pad(like.key, first.key.length))
    replace(certFile, pad(like.cert, first.cert.length))
    for (const file of [certFile, keyFile]) utimesSync(file, atime, mtime)
    expect(await look()).toEqual(['c.example'])
  })

  it('after it was gone for a while', async () => {
    watch()
    rmSync(certFile)
    rmSync(keyFile)
    for (let looks = 0; looks < 3; looks += 1) expect(await look()).toEqual(old)
    expect(errors).toEqual([`${certFile}: there is no such file`])
    writePair(folder, 'pair', second)
    expect(await look()).toEqual(renewed)
  })

  it.each([
    ['a pipe that nobody writes to', 'this is no file', () => execFileSync('mkfifo', [certFile])],
    [
      'more than any certificate',
      'larger than 1 MiB',
      () => writeFileSync(certFile, Buffer.alloc((1 << 20) + 1)),
    ],
  ])('by %s', async (_reason, problem, put) => {
    watch()
    rmSync(certFile)
    put()
    for (let looks = 0; looks < 3; looks += 1) expect(await look()).toEqual(old)
    expect(errors).toEqual([`${certFile}: ${problem}`])
  })

  it('by a folder', async () => {
    watch()
    rmSync(certFile)
    mkdirSync(certFile)
    for (let looks = 0; looks < 3; looks += 1) expect(await look()).toEqual(old)
    expect(errors).toEqual([`${certFile}: this is a folder`])
  })
})

describe('links that are turned', () => {
  /** Puts a pair into `archive` as the n-th, as certbot does. */
  function archive(pair: Pair, number: number): void {
    mkdirSync(join(folder, 'archive'), { recursive: true })
    writePair(join(folder, 'archive'), String(number), pair)
  }

  function turn(link: string, target: string): void {
    symlinkSync(target, `${link}.tmp`)
    renameSync(`${link}.tmp`, link)
  }

  it('one after the other, as certbot does', async () => {
    archive(first, 1)
    archive(second, 2)
    mkdirSync(join(folder, 'live'))
    const files = { certFile: join(folder, 'live/fullchain.pem'), keyFile: join(folder, 'live/privkey.pem') }
    symlinkSync('../archive/1.crt', files.certFile)
    symlinkSync('../archive/1.key', files.keyFile)
    watch(files)
    turn(files.keyFile, '../archive/2.key')
    expect(await look()).toEqual(old)
    turn(files.certFile, '../archive/2.crt')
    expect(await look()).toEqual(renewed)
    rmSync(join(folder, 'archive/2.crt'))
    await look()
    expect(await look()).toEqual(renewed)
    expect(errors).toEqual([`${files.certFile}: there is no such file`])
  })

  it('all at once, by the folder, as Kubernetes does', async () => {
    for (const [name, pair] of Object.entries({ '..1': first, '..2': second })) {
      mkdirSync(join(folder, name))
      writePair(join(folder, name), 'tls', pair)
    }
    symlinkSync('..1', join(folder, '..data'))
    const files = { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') }
    symlinkSync('..data/tls.crt', files.certFile)
    symlinkSync('..data/tls.key', files.keyFile)
    watch(files)
    turn(join(folder, '..data'), '..2')
    expect(await look()).toEqual(renewed)
  })

  it('back to an older pair, whose files did not change', async () => {
    archive(first, 1)
    archive(second, 2)
    const files = { certFile: join(folder, 'cert'), keyFile: join(folder, 'key') }
    const point = (number: number) => {
      turn(files.certFile, `archive/${number}.crt`)
      turn(files.keyFile, `archive/${number}.key`)
    }
    point(2)
    watch(files)
    point(1)
    expect(await look()).toEqual(old)
    point(2)
    expect(await look()).toEqual(renewed)
  })
})

it('serves a pair that belongs together to everyone who comes while files change', async () => {
  const files = writePair(folder, 'pair', first)
  const certificates = createCertificates({ files: [files], log, checkEveryMs: 1 })
  const office = await openTlsOffice({ contexts: certificates })
  try {
    const seen = new Set<string>()
    for (let round = 0; round < 40; round += 1) {
      const { cert, key } = round % 2 === 0 ? second : first
      // In place, by halves, so that looks fall between.
      writeFileSync(files.certFile, cert.slice(0, 300))
      await visit(office.port, seen)
      writeFileSync(files.keyFile, key)
      await visit(office.port, seen)
      writeFileSync(files.certFile, cert)
      await visit(office.port, seen)
    }
    await expect.poll(() => visit(office.port, seen)).toBe('DNS:a.example')
    expect([...seen].sort()).toEqual(['DNS:a.example', 'DNS:b.example'])
    expect(office.failures).toEqual([])
  } finally {
    office.close()
    certificates.close()
  }
})

/** Names of the certificate that is shown; the handshake proves that its key is the right one. */
async function visit(port: number, seen: Set<string>): Promise<string | undefined> {
  const socket = await connectTls(port)
  const names = socket.getPeerX509Certificate()?.subjectAltName
  await readSome(socket)
  socket.destroy()
  seen.add(names ?? '')
  return names
}
