// LMTP and SMTP as destinations: octets, connections, what answers mean, and servers that do not behave.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import type { Destination } from '../../../../src/pop3/collector/destination.ts'
import { lmtpDestination } from '../../../../src/pop3/collector/destinations/lmtp.ts'
import { smtpDestination } from '../../../../src/pop3/collector/destinations/smtp.ts'
import type { SmtpServer } from '../../../../src/pop3/collector/destinations/smtp-session.ts'
import { closeIntakes, TestIntake } from '../../../smtp/intake/session.ts'
import { awkwardLetters, plainLetter, storing, type TestLetter } from './letters.ts'
import { ScriptedSmtp, type SmtpScript } from './scripted-smtp.ts'

const closing: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
  await closeIntakes()
})

function kept(destination: Destination): Destination {
  closing.push(() => destination.close())
  return destination
}

const makers = { lmtp: lmtpDestination, smtp: smtpDestination }

function destinationAt(
  protocol: 'lmtp' | 'smtp',
  address: { readonly host: string; readonly port: number },
  options: Partial<Omit<SmtpServer, 'address'>> = {},
): Destination {
  const hostname = 'collector.example'
  return kept(
    makers[protocol]('d', { address, tls: 'none', hostname, recipient: 'ann@example.org', ...options }),
  )
}

async function scripted(script: SmtpScript = {}): Promise<ScriptedSmtp> {
  const server = await ScriptedSmtp.start(script)
  closing.push(() => server.close())
  return server
}

const field = ({ deliveryKey }: TestLetter) => `X-Poplar-Delivery: ${deliveryKey}\r\n`

/** As from a file: other things happen between two pieces. */
function slowly(letter: TestLetter): TestLetter {
  return {
    ...letter,
    async *body() {
      for await (const piece of letter.body()) {
        yield piece
        await nextTurn()
      }
    },
  }
}

describe.each(['lmtp', 'smtp'] as const)('%s', protocol => {
  it('hands letters to our own server, every octet but a lone CR, over one connection', async () => {
    const intake = await TestIntake.start(protocol)
    const destination = destinationAt(protocol, { host: '127.0.0.1', port: intake.port })
    for (const letter of awkwardLetters) expect(await destination.store(letter, storing())).toBe('stored')
    const bodies = intake.bodies.map(String)
    expect(bodies).toHaveLength(awkwardLetters.length)
    for (const [index, letter] of awkwardLetters.entries()) {
      const sent = field(letter) + letter.content.toString('latin1')
      const expected = sent.replace(/\r(?!\n)/g, '\r\n')
      expect(bodies[index]?.endsWith(expected)).toBe(true)
    }
    expect(Buffer.from(intake.target.laid[0]?.copies[0]?.trace ?? []).toString()).toContain(
      'Return-Path: <bob@example.org>',
    )
  })

  it('keeps its connection, asks whether it still lives, and makes another when it does not', async () => {
    const server = await scripted()
    const destination = destinationAt(protocol, server.address)
    await destination.store(plainLetter(1), storing())
    await destination.store(plainLetter(2), storing())
    expect(server.connections).toBe(1)
    expect(server.commands.filter(line => line === 'RSET')).toHaveLength(1)
    server.dropAll()
    expect(await destination.store(plainLetter(3), storing())).toBe('stored')
    server.script = { RSET: '421 too long' }
    expect(await destination.store(plainLetter(4), storing())).toBe('stored')
    expect(server.connections).toBe(3)
    expect(server.messages).toHaveLength(4)
  })

  it('says who sends, to whom and how large it is', async () => {
    const server = await scripted()
    const letter = plainLetter(1)
    await destinationAt(protocol, server.address).store(letter, storing())
    const size = field(letter).length + letter.octets
    expect(server.commands).toEqual([
      `${protocol === 'lmtp' ? 'LHLO' : 'EHLO'} collector.example`,
      `MAIL FROM:<bob@example.org> BODY=8BITMIME SIZE=${size}`,
      'RCPT TO:<ann@example.org>',
      'DATA',
    ])
  })

  it.each([
    [{ '.': '451 4.3.0 later' }, 'unavailable'],
    [{ '.': '452 4.2.2 mailbox full' }, 'full'],
    [{ '.': '552 quota exceeded' }, 'full'],
    [{ '.': '552 5.2.2 mailbox full' }, 'full'],
    [{ '.': '552 5.3.4 message too large' }, 'message'],
    [{ '.': '554 5.7.1 spam' }, 'message'],
    [{ RCPT: '450 4.7.1 greylisted' }, 'unavailable'],
    [{ RCPT: '452 4.2.2 over quota' }, 'full'],
    [{ RCPT: '550 5.1.1 no such user' }, 'configuration'],
    [{ RCPT: '550 no such user' }, 'configuration'],
    [{ RCPT: '550 5.7.1 not from there' }, 'message'],
    [{ MAIL: '550 5.1.8 bad sender' }, 'message'],
    [{ MAIL: '530 5.7.0 authentication required' }, 'configuration'],
    [{ DATA: '421 4.3.2 going down' }, 'unavailable'],
    [{ greeting: '554 go away' }, 'configuration'],
    [{ greeting: '421 busy' }, 'unavailable'],
    [{ greeting: 'SSH-2.0-OpenSSH' }, 'unavailable'],
    [{ LHLO: '250 SIZE 10', EHLO: '250-here\r\n250 SIZE 10' }, 'message'],
  ] as const)('%j is %s', async (script, fault) => {
    if (protocol === 'lmtp' && 'LHLO' in script) return
    const server = await scripted(script)
    await expect(
      destinationAt(protocol, server.address).store(plainLetter(1), storing()),
    ).rejects.toMatchObject({
      name: 'DestinationError',
      fault,
    })
  })

  it.each([
    ['says nothing', { greeting: undefined }],
    ['says nothing to a message', { '.': undefined }],
    ['goes away before it answers', { '.': null }],
    ['goes away at once', { greeting: null }],
    ['answers what is no reply', { RCPT: 'what? \u001b[31m' }],
    ['has a reply without end', { MAIL: '250-x\r\n'.repeat(20_000) }],
    ['takes the message before it was sent', { DATA: '354 go on\r\n250 taken' }],
  ] as const)('a server that %s is unavailable', async (_, script) => {
    const server = await scripted(script)
    const destination = destinationAt(protocol, server.address, { timeoutMs: 300 })
    const error: unknown = await destination
      .store(slowly(plainLetter(1, 60_000)), storing())
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'DestinationError' })
    expect(error).toMatchObject({ fault: 'unavailable' })
    expect(String(error)).not.toContain('\u001b')
    expect(String(error).length).toBeLessThan(400)
    server.script = {}
    expect(await destination.store(plainLetter(2), storing())).toBe('stored')
  })

  it('stops at once when it is told to', async () => {
    const server = await scripted({ '.': undefined })
    const destination = destinationAt(protocol, server.address)
    const stopping = new AbortController()
    const storingIt = destination.store(plainLetter(1), storing(stopping.signal))
    await expect.poll(() => server.messages.length).toBe(1)
    stopping.abort()
    await expect(storingIt).rejects.toMatchObject({ fault: 'unavailable', message: 'stopped' })
  })

  it('nobody listens: unavailable', async () => {
    const server = await ScriptedSmtp.start()
    const { address } = server
    await server.close()
    await expect(destinationAt(protocol, address).store(plainLetter(1), storing())).rejects.toMatchObject({
      fault: 'unavailable',
    })
  })

  it('a message that cannot be read whole is not ended with a dot', async () => {
    const server = await scripted()
    const letter = {
      ...plainLetter(1),
      async *body() {
        yield Buffer.from('A: b\r\n')
        await Promise.resolve()
        throw new Error('the spool file was cut off')
      },
    }
    await expect(destinationAt(protocol, server.address).store(letter, storing())).rejects.toMatchObject({
      fault: 'unavailable',
    })
    expect(server.messages).toEqual([])
  })
})

it('SMTP takes the reverse-path that it is given', async () => {
  const server = await scripted()
  const { address } = server
  const options = { address, tls: 'none', hostname: 'c.example', recipient: 'ann', reversePath: '' } as const
  await kept(smtpDestination('d', options)).store(plainLetter(1), storing())
  expect(server.commands[1]).toMatch(/^MAIL FROM:<> /)
})
