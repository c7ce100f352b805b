// AUTH of the intake: offered where it works, the same answer to all that is wrong, and TLS from the first octet on.
import { connect } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import type { Login } from '../../../src/auth/login.ts'
import { login as loginMechanism } from '../../../src/auth/mechanisms/login.ts'
import { plain } from '../../../src/auth/mechanisms/plain.ts'
import type { Verifier } from '../../../src/auth/sasl.ts'
import { SaslService } from '../../../src/auth/sasl-service.ts'
import { Refusal } from '../../../src/mail/errors.ts'
import type { IntakeLogins } from '../../../src/smtp/intake/login-connection.ts'
import { LinePeer } from '../../e2e/line-peer.ts'
import { closeIntakes, TestIntake } from './session.ts'
import { certificate, handshake, TestTls } from './tls.ts'

afterEach(closeIntakes)

const base64 = (text: string) => Buffer.from(text, 'latin1').toString('base64')
const right = base64('\0ann\0sesame')

function logins({ isRequired = false, mayBeClear = true } = {}): IntakeLogins {
  const verifierFor = (): Verifier => ({
    origin: { protocol: 'smtp', peer: '127.0.0.1', sessionId: 'x', channel: undefined },
    verifyPassword: async (name, password) => {
      if (name === 'down') throw new Refusal('directory-unavailable', 'not now')
      if (name === 'broken') throw new Error('broken')
      const account = { id: 'a', name: 'ann' } as unknown as Login['account']
      const isRight = name === 'ann' && Buffer.from(password).toString() === 'sesame'
      return isRight ? { account, readOnly: false, appPassword: undefined, loginName: name } : undefined
    },
    findScramKeys: () => Promise.reject(new Error('unused')),
    findSecret: () => Promise.reject(new Error('unused')),
    verifyToken: async () => undefined,
    verifyCertificate: async () => undefined,
    refuse: async () => undefined,
  })
  const sasl = new SaslService({
    mechanisms: [plain, loginMechanism],
    allowed: undefined,
    offersScram: () => false,
    offersTokens: false,
    hasSharedSecrets: () => false,
    verifierFor,
  })
  return { sasl, isRequired, mayBeClear }
}

async function greet(peer: LinePeer): Promise<string> {
  peer.write('EHLO client.example\r\n')
  const lines = [await peer.line()]
  while (lines.at(-1)?.[3] === '-') lines.push(await peer.line())
  return lines.join('\n')
}

const client = async (options: Parameters<typeof logins>[0] = {}) => {
  const intake = await TestIntake.start('smtp', { logins: logins(options) })
  const peer = await intake.client()
  return { intake, peer, greeting: await greet(peer) }
}

describe('AUTH', () => {
  it('is offered until someone has logged in, and once is enough', async () => {
    const { peer, greeting } = await client()
    expect(greeting).toMatch(/^250[ -]AUTH PLAIN LOGIN$/m)
    expect(await peer.ask(`AUTH PLAIN ${right}`)).toMatch(/^235 2\.7\.0 /)
    expect(await greet(peer)).not.toContain('AUTH')
    expect(await peer.ask(`AUTH PLAIN ${right}`)).toMatch(/^503 5\.5\.1 /)
    peer.drop()
  })

  it('asks for what it needs, one line at a time', async () => {
    const { peer } = await client()
    expect(await peer.ask('auth plain')).toBe('334 ')
    expect(await peer.ask(right)).toMatch(/^235 /)
    peer.drop()
  })

  it.each([
    ['a wrong password', [`AUTH PLAIN ${base64('\0ann\0wrong')}`], '535 5.7.8'],
    ['a name that nobody has', [`AUTH PLAIN ${base64('\0eve\0sesame')}`], '535 5.7.8'],
    ['no message of the mechanism', ['AUTH PLAIN eA=='], '535 5.7.8'],
    ['an empty response', ['AUTH PLAIN ='], '535 5.7.8'],
    ['no base64', ['AUTH PLAIN ???'], '501 5.5.2'],
    ['a command in place of a response', ['AUTH LOGIN', 'QUIT now'], '501 5.5.2'],
    ['a client that thinks better of it', ['AUTH LOGIN', '*'], '501 5.7.0'],
    ['an unknown mechanism', ['AUTH GSSAPI'], '504 5.5.4'],
    ['no mechanism', ['AUTH'], '501 5.5.4'],
    ['two responses', [`AUTH PLAIN ${right} ${right}`], '501 5.5.4'],
    ['nobody who knows', [`AUTH PLAIN ${base64('\0down\0x')}`], '454 4.7.0'],
    ['a fault of ours', [`AUTH PLAIN ${base64('\0broken\0x')}`], '451 4.3.0'],
    ['a transaction', ['MAIL FROM:<x@y.example>', `AUTH PLAIN ${right}`], '503 5.5.1'],
  ])('is refused: %s', async (_why, commands, reply) => {
    const { peer } = await client()
    let last = ''
    for (const command of commands) last = await peer.ask(command)
    expect(last.startsWith(reply), last).toBe(true)
    expect(await peer.ask('RSET')).toMatch(/^250 /)
    expect(await peer.ask(`AUTH PLAIN ${right}`)).toMatch(/^235 /)
    peer.drop()
  })

  it('is needed for mail where it must be, however many commands came before', async () => {
    const { peer, intake } = await client({ isRequired: true })
    for (let nth = 0; nth < 15; nth += 1) expect(await peer.ask('NOOP')).toMatch(/^250 /)
    expect(await peer.ask('MAIL FROM:<x@y.example>')).toMatch(/^530 5\.7\.0 /)
    await peer.ask(`AUTH PLAIN ${right}`)
    await peer.ask('MAIL FROM:<x@y.example>')
    await peer.ask('RCPT TO:<ann@example.org>')
    await peer.ask('DATA')
    expect(await peer.ask('x\r\n.')).toMatch(/^250 /)
    expect(intake.target.laid[0]?.content).toMatch(/^Received: (?:[^\r]|\r\n\t)* with ESMTPA /)
    peer.drop()
  })

  it('does not travel in clear where it must not, and TLS forgets who was there before', async () => {
    const clear = await client({ mayBeClear: false })
    expect(clear.greeting).not.toContain('AUTH')
    expect(await clear.peer.ask(`AUTH PLAIN ${right}`)).toMatch(/^538 5\.7\.11 /)
    clear.peer.drop()
    const intake = await TestIntake.start('smtp', { logins: logins(), tls: new TestTls() })
    const peer = await intake.client()
    expect(await peer.ask(`AUTH PLAIN ${right}`)).toMatch(/^235 /)
    expect(await peer.ask('STARTTLS')).toMatch(/^220 /)
    const { peer: secure } = await handshake(peer)
    expect(await greet(secure)).toContain('AUTH PLAIN LOGIN')
    secure.drop()
  })

  it('takes responses of 12 KiB', async () => {
    const { peer } = await client()
    await peer.ask('AUTH PLAIN')
    expect(await peer.ask(base64('x'.repeat(9_000)))).toMatch(/^535 /)
    peer.drop()
  })
})

describe('TLS from the first octet on', () => {
  it('comes before the greeting, and is not offered again', async () => {
    const intake = await TestIntake.start('smtp', {
      logins: logins({ mayBeClear: false }),
      tls: new TestTls(),
      implicitTls: true,
    })
    const socket = connect({ port: intake.port, ca: certificate.cert, servername: 'mx.example.org' })
    const peer = LinePeer.on(socket)
    expect(await peer.line()).toMatch(/^220 /)
    const greeting = await greet(peer)
    expect(greeting).not.toContain('STARTTLS')
    expect(greeting).toContain('AUTH PLAIN LOGIN')
    expect(await peer.ask(`AUTH PLAIN ${right}`)).toMatch(/^235 /)
    peer.drop()
    const clear = await LinePeer.connect(intake.port)
    clear.write('EHLO client.example\r\n')
    expect((await clear.end()).includes('220')).toBe(false)
    await expect.poll(() => intake.intake.failedHandshakes).toBe(1)
    expect(intake.intake.sessions).toBe(0)
  })
})
