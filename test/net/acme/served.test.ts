// A listener that serves what ACME obtains: each new certificate from its renewal on, trusted by those who know the CA's
// root, and no session is disturbed.
import { once } from 'node:events'
import { afterEach, expect } from 'vitest'
import { createCertificates } from '../../../src/net/certificates.ts'
import { itWith } from '../../e2e/program.ts'
import { connectTls, log, openTlsOffice, readSome } from '../tls-peers.ts'
import { Pebble } from './pebble.ts'
import { begin, endAll, later } from './renewal.ts'

const year = 365 * 86_400_000

afterEach(endAll)

itWith('pebble', 'is served from its renewal on, without a restart', async () => {
  const pebble = await Pebble.start()
  later(() => pebble.remove())
  const { acme, clock } = await begin({
    directoryUrl: pebble.directoryUrl,
    caFile: pebble.caFile,
    listen: [{ host: '127.0.0.1', port: pebble.httpPort }],
  })
  await clock.untilWaiting()
  const certificates = createCertificates({ files: [acme.files!], log, checkEveryMs: 5 })
  later(() => certificates.close())
  const office = await openTlsOffice({ contexts: certificates })
  later(() => office.close())
  const ca = await pebble.root()
  const connect = async () => {
    const socket = await connectTls(office.port, {
      ca,
      servername: 'mail.poplar.test',
      rejectUnauthorized: true,
    })
    later(() => void socket.destroy())
    expect(await readSome(socket)).toContain('+OK')
    return { socket, serial: socket.getPeerX509Certificate()?.serialNumber }
  }

  const before = await connect()
  await clock.pass(4 * year)
  await expect.poll(async () => (await connect()).serial).not.toBe(before.serial)
  before.socket.write('NOOP\r\n')
  const { kept } = office
  await expect.poll(() => kept[0]?.received).toBe('NOOP\r\n')
  before.socket.end()
  await once(before.socket.resume(), 'close')
})
