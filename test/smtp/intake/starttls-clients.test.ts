// Clients of other makes take STARTTLS, hand a message in, and go away when they do not trust the certificate.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import nodemailer from 'nodemailer'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { itWith, runProgram } from '../../e2e/program.ts'
import { closeIntakes, TestIntake } from './session.ts'
import { makeCertificate, summaries, TestTls } from './tls.ts'

const localhost = makeCertificate('localhost')
const stranger = makeCertificate('localhost')

let folder: string
let trusted: string
let untrusted: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'intake-clients-'))
  trusted = join(folder, 'trusted.pem')
  untrusted = join(folder, 'untrusted.pem')
  writeFileSync(trusted, localhost.cert)
  writeFileSync(untrusted, stranger.cert)
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(closeIntakes)

const start = (protocol: 'smtp' | 'lmtp') => TestIntake.start(protocol, { tls: new TestTls(localhost) })
const body = '.dot\r\n..\r\n.\r\nGr\xfc\xdfe\r\n'
const message = `From: x@y.example\r\nTo: ann@example.org\r\nSubject: x\r\n\r\n${body}`

/** The one message has come, under TLS, its body as it was sent. */
async function expectDelivered(intake: TestIntake, type: 'ESMTPS' | 'LMTPS'): Promise<void> {
  await expect.poll(() => intake.intake.sessions).toBe(0)
  expect(intake.bodies.map(text => text.slice(text.indexOf('\r\n\r\n') + 4))).toEqual([body])
  expect(intake.target.laid[0]?.content).toContain(` with ${type} id `)
  expect(intake.target.laid[0]?.content).toMatch(/\r\n\ttls TLS_[A-Z0-9_]+;/)
  expect(summaries(intake)).toEqual([expect.objectContaining({ tls: 'TLSv1.3', accepted: 1, refused: 0 })])
}

/** The client went away instead of handing its message in. */
async function expectRefused(intake: TestIntake): Promise<void> {
  await expect.poll(() => intake.intake.sessions).toBe(0)
  expect(intake.target.begun).toBe(0)
  expect(summaries(intake)).toHaveLength(1)
}

describe.each([
  ['smtp', false, 'ESMTPS'],
  ['lmtp', true, 'LMTPS'],
] as const)('by %s', (protocol, lmtp, type) => {
  const nodemail = (intake: TestIntake, ca: string) => {
    const transport = nodemailer.createTransport({
      ...{ host: 'localhost', port: intake.port, lmtp, requireTLS: true, tls: { ca } },
    })
    const envelope = { from: 'x@y.example', to: ['ann@example.org'] }
    return transport
      .sendMail({ envelope, raw: Buffer.from(message, 'latin1') })
      .finally(() => transport.close())
  }

  it('nodemailer hands a message in', async () => {
    const intake = await start(protocol)
    await nodemail(intake, localhost.cert)
    await expectDelivered(intake, type)
  })

  it('nodemailer goes away from a certificate it does not trust', async () => {
    const intake = await start(protocol)
    await expect(nodemail(intake, stranger.cert)).rejects.toThrow(/self.signed|signature/)
    await expectRefused(intake)
  })

  const swaks = async (intake: TestIntake, ca: string) => {
    const file = join(folder, 'message')
    // Left to itself, swaks adds an empty line: it is given what goes over the wire, but for the last CRLF.
    writeFileSync(file, `${message.replace(/(^|\r\n)\./g, '$1..')}.`, 'latin1')
    const { code } = await runProgram('swaks', [
      ...['--server', 'localhost', '--port', String(intake.port), '--protocol', lmtp ? 'LMTP' : 'ESMTP'],
      ...['--from', 'x@y.example', '--to', 'ann@example.org', '--helo', 'client.example'],
      ...['--tls', '--tls-verify', '--tls-ca-path', ca, '--no-data-fixup', '--data', `@${file}`],
    ])
    return code
  }

  itWith('swaks', 'swaks hands a message in', async () => {
    const intake = await start(protocol)
    expect(await swaks(intake, trusted)).toBe(0)
    await expectDelivered(intake, type)
  })

  itWith('swaks', 'swaks goes away from a certificate it does not trust', async () => {
    const intake = await start(protocol)
    expect(await swaks(intake, untrusted)).toBe(29) // swaks: TLS did not come about
    await expectRefused(intake)
  })

  const msmtp = (intake: TestIntake, ca: string) =>
    runProgram(
      'msmtp',
      [
        ...['--file=/dev/null', '--host=localhost', `--port=${intake.port}`, `--protocol=${protocol}`],
        ...[
          '--tls=on',
          '--tls-starttls=on',
          `--tls-trust-file=${ca}`,
          '--from=x@y.example',
          'ann@example.org',
        ],
      ],
      { input: Buffer.from(message.replaceAll('\r\n', '\n'), 'latin1') },
    )

  itWith('msmtp', 'msmtp hands a message in', async () => {
    const intake = await start(protocol)
    expect(await msmtp(intake, trusted)).toMatchObject({ code: 0 })
    await expectDelivered(intake, type)
  })

  itWith('msmtp', 'msmtp goes away from a certificate it does not trust', async () => {
    const intake = await start(protocol)
    const { code, stderr } = await msmtp(intake, untrusted)
    expect([code, stderr]).toEqual([69, expect.stringContaining('certificate')]) // EX_UNAVAILABLE
    await expectRefused(intake)
  })

  const sClient = (intake: TestIntake, ca: string, ...options: readonly string[]) =>
    runProgram(
      'openssl',
      [
        ...[
          's_client',
          '-connect',
          `localhost:${intake.port}`,
          '-starttls',
          protocol,
          '-name',
          'client.example',
        ],
        ...[
          '-CAfile',
          ca,
          '-verify_return_error',
          '-verify_hostname',
          'localhost',
          '-brief',
          '-crlf',
          ...options,
        ],
      ],
      { input: `${lmtp ? 'LHLO' : 'EHLO'} client.example\nQUIT\n`, timeoutMs: 20_000 },
    )

  it.each(['-tls1_2', '-tls1_3'])('openssl s_client %s speaks to it', async version => {
    const intake = await start(protocol)
    const { stdout, stderr } = await sClient(intake, trusted, version, '-ign_eof')
    expect(stderr).toContain('Verification: OK')
    expect(stdout.toString()).toMatch(/^250 SIZE 1000000\r$/m)
    expect(stdout.toString()).toMatch(/^221 /m)
    expect(stdout.toString()).not.toContain('STARTTLS')
  })

  it('openssl s_client says with an alert that it does not trust the certificate', async () => {
    const intake = await start(protocol)
    expect((await sClient(intake, untrusted)).code).toBe(1)
    await expectRefused(intake)
    expect(summaries(intake)[0]).toMatchObject({ reason: 'handshake: failed', tls: undefined })
    expect(intake.intake.failedHandshakes).toBe(1)
  })

  it.each(['-tls1', '-tls1_1'])('openssl s_client %s is refused', async version => {
    const intake = await start(protocol)
    expect((await sClient(intake, trusted, version, '-cipher', 'ALL:@SECLEVEL=0')).code).toBe(1)
    await expectRefused(intake)
    expect(summaries(intake)[0]).toMatchObject({ reason: 'handshake: no-shared-version' })
  })
})
