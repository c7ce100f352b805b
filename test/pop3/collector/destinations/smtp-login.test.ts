// Logins and TLS of the SMTP destination: what goes over the wire, whom it trusts, and that no password comes back in an error.
import { createHash, X509Certificate } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { afterEach, describe, expect, it } from 'vitest'
import type { DestinationSecret } from '../../../../src/pop3/collector/destinations/login.ts'
import { smtpDestination } from '../../../../src/pop3/collector/destinations/smtp.ts'
import type { SmtpServer } from '../../../../src/pop3/collector/destinations/smtp-session.ts'
import { SecretError } from '../../../../src/pop3/collector/secrets/secret-error.ts'
import { makeCertificate } from '../../../smtp/intake/tls.ts'
import { plainLetter, storing } from './letters.ts'
import { ScriptedSmtp } from './scripted-smtp.ts'

const { cert, key } = makeCertificate('localhost')
const spki = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' })
const pin = `sha256/${createHash('sha256').update(spki).digest('base64')}`
const password: DestinationSecret = { kind: 'password', password: 'hunter2' }
const closing: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

interface Seen {
  readonly logins: string[]
  readonly bodies: string[]
  wasSecure: boolean
}

async function serve(
  options: SMTPServerOptions = {},
): Promise<{ readonly port: number; readonly seen: Seen }> {
  const seen: Seen = { logins: [], bodies: [], wasSecure: false }
  const server = new SMTPServer({
    ...{ cert, key, authMethods: ['PLAIN', 'LOGIN', 'XOAUTH2'], disableReverseLookup: true, logger: false },
    onAuth({ method, username, password, accessToken }, session, callback) {
      seen.logins.push(`${method} ${username} ${password ?? accessToken}`)
      seen.wasSecure = session.secure
      if ((password ?? accessToken) === 'hunter2') callback(null, { user: username })
      else callback(new Error('Wrong'))
    },
    onData(stream, _, callback) {
      const pieces: Buffer[] = []
      stream.on('data', (piece: Buffer) => pieces.push(piece))
      stream.on('end', () => {
        seen.bodies.push(Buffer.concat(pieces).toString())
        callback()
      })
    },
    ...options,
  })
  server.on('error', () => undefined)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => new Promise(resolve => server.close(() => resolve())))
  return { port: (server.server.address() as AddressInfo).port, seen }
}

function smtp(
  port: number,
  options: Partial<SmtpServer> & { readonly secret?: () => Promise<DestinationSecret> },
) {
  const { secret, ...others } = options
  const destination = smtpDestination('d', {
    ...{
      address: { host: 'localhost', port },
      hostname: 'c.example',
      recipient: 'ann@example.org',
      tls: 'required',
    },
    ...(secret && { login: { user: 'ann', secret } }),
    ...others,
  } as Parameters<typeof smtpDestination>[1])
  closing.push(() => destination.close())
  return destination
}

const trust = { authority: cert }

it.each([
  ['STARTTLS', 'required', false],
  ['STARTTLS where it is offered', 'offered', false],
  ['TLS from the start', 'implicit', true],
] as const)('logs in over %s', async (_, tls, secure) => {
  const { port, seen } = await serve({ secure })
  const letter = plainLetter(1)
  const destination = smtp(port, {
    tls,
    trust: { ...trust, pins: [pin] },
    secret: () => Promise.resolve(password),
  })
  expect(await destination.store(letter, storing())).toBe('stored')
  expect(await destination.store(plainLetter(2), storing())).toBe('stored')
  expect(seen).toMatchObject({ logins: ['PLAIN ann hunter2'], wasSecure: true })
  expect(seen.bodies[0]).toBe(`X-Poplar-Delivery: ${letter.deliveryKey}\r\n${letter.content.toString()}`)
})

it('logs in with a token', async () => {
  const { port, seen } = await serve()
  const secret = () => Promise.resolve({ kind: 'token', token: 'hunter2' } as const)
  expect(await smtp(port, { trust, secret }).store(plainLetter(1), storing())).toBe('stored')
  expect(seen.logins).toEqual(['XOAUTH2 ann hunter2'])
})

describe('needs a person when', () => {
  const wrong = { kind: 'password', password: 'wrong-one' } as const
  const wrongToken = { kind: 'token', token: 'wrong-one' } as const

  it.each([wrong, wrongToken])('the login is refused: $kind', async secret => {
    const { port, seen } = await serve()
    const error: unknown = await smtp(port, { trust, secret: () => Promise.resolve(secret) })
      .store(plainLetter(1), storing())
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ fault: 'configuration' })
    expect(String(error)).toMatch(/refuses the login \(535\)/)
    expect(seen.logins[0]).toContain('wrong-one')
    expect(JSON.stringify([String(error), error])).not.toContain('wrong-one')
    expect((error as Error).cause).toBeUndefined()
  })

  it.each([
    ['nobody vouches for the certificate', {}, 'required', false],
    ['nobody vouches for the certificate', {}, 'implicit', true],
    ['the key is not the pinned one', { ...trust, pins: [pin.replace(/.$/, 'x')] }, 'required', false],
    ['the key is not the pinned one', { ...trust, pins: [pin.replace(/.$/, 'x')] }, 'implicit', true],
  ] as const)('%s, %#', async (_, untrusting, tls, secure) => {
    const { port, seen } = await serve({ secure })
    const destination = smtp(port, { tls, trust: untrusting, secret: () => Promise.resolve(password) })
    await expect(destination.store(plainLetter(1), storing())).rejects.toMatchObject({
      fault: 'configuration',
    })
    expect(seen.logins).toEqual([])
  })

  it('there is no STARTTLS, and no password is sent', async () => {
    const { port, seen } = await serve({ disabledCommands: ['STARTTLS'], allowInsecureAuth: true })
    const destination = smtp(port, { trust, secret: () => Promise.resolve(password) })
    await expect(destination.store(plainLetter(1), storing())).rejects.toMatchObject({
      fault: 'configuration',
    })
    expect(seen.logins).toEqual([])
  })
})

it('a password that cannot be had is said as it is', async () => {
  const { port } = await serve()
  for (const [secretFault, fault] of [
    ['configuration', 'configuration'],
    ['unavailable', 'unavailable'],
  ] as const) {
    const secret = () => Promise.reject(new SecretError(secretFault, 'there is no file /x'))
    await expect(smtp(port, { trust, secret }).store(plainLetter(1), storing())).rejects.toMatchObject({
      fault,
      message: 'there is no file /x',
    })
  }
})

it('a server that sends the password back is not quoted', async () => {
  const echo = Buffer.from('\0ann\0hunter2').toString('base64')
  const server = await ScriptedSmtp.start({
    EHLO: '250-here\r\n250 AUTH PLAIN',
    AUTH: `535 5.7.8 wrong: hunter2 ${echo}`,
  })
  closing.push(() => server.close())
  const error: unknown = await smtp(server.address.port, {
    address: server.address,
    tls: 'none',
    secret: () => Promise.resolve(password),
  })
    .store(plainLetter(1), storing())
    .catch((thrown: unknown) => thrown)
  expect(String(error)).toMatch(/refuses the login \(535 5\.7\.8\)$/)
  expect((error as Error).cause).toBeUndefined()
})
