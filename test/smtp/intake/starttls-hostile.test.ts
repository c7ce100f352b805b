// STARTTLS under attack: commands in clear behind it (CVE-2011-0411, CVE-2021-38371 and their kin), handshakes that are none,
// that stall, that break off. Each ends that one session with one line in the log, and counts.
import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { LinePeer } from '../../e2e/line-peer.ts'
import { closeIntakes, sendCut, type TestIntake } from './session.ts'
import { atHandshake, handshake, secureClient, startSecure, summaries } from './tls.ts'

afterEach(closeIntakes)

/** The reason in the one line of the one session that has ended. */
async function reasonOf(intake: TestIntake, stillOpen = 0): Promise<unknown> {
  await expect.poll(() => intake.intake.sessions).toBe(stillOpen)
  const lines = summaries(intake)
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatchObject({ tls: undefined, accepted: 0 })
  expect(intake.intake.failedHandshakes).toBe(1)
  expect(intake.log.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([])
  return lines[0]?.['reason']
}

describe('what stands in clear behind STARTTLS', () => {
  const injections = [
    ['a command', 'NOOP\r\n'],
    ['a whole message', 'EHLO x\r\nMAIL FROM:<evil@y.example>\r\nRCPT TO:<ann>\r\nDATA\r\nevil\r\n.\r\n'],
    ['half a command', 'N'],
    ['an empty line', '\r\n'],
    ['a line feed', '\n'],
    ['NUL', '\0'],
    ['the same again', 'STARTTLS\r\n'],
    ['more lines than the parser takes in one go', `${'NOOP\r\n'.repeat(300)}`],
    ['more than a chunk', `${'x'.repeat(70_000)}\r\n`],
  ] as const

  it.each(injections)('closes the connection, wherever it is cut: %s', async (_what, injected) => {
    const command = 'STARTTLS\r\n'
    const wire = Buffer.from(command + injected, 'latin1')
    const cuts = new Set([...Array(command.length + 3).keys(), wire.length - 1])
    for (const at of [...cuts].filter(cut => cut <= wire.length)) {
      const { intake } = await startSecure('smtp')
      const peer = await intake.client()
      await sendCut(peer, wire, at)
      const reply = await peer.smtpReply()
      if (at >= command.length && reply.startsWith('220')) {
        // It came too late to be seen, and goes to TLS. The victim's own handshake goes on behind it, to nowhere.
        await expect(handshake(peer), `cut at ${at}`).rejects.toThrow()
        expect(await reasonOf(intake), `cut at ${at}`).toBe('handshake: not-tls')
      } else {
        expect([reply, await peer.end()], `cut at ${at}`).toEqual([
          '421 5.5.1 nothing may stand behind STARTTLS; closing',
          '',
        ])
        expect(await reasonOf(intake), `cut at ${at}`).toBe('injection')
      }
      peer.drop()
    }
  })

  it.each([
    [1, 'the shortest pipeline'],
    [99, 'the parser yields behind STARTTLS'],
    [100, 'the parser yields before STARTTLS'],
    [101, 'the parser has yielded'],
  ])('%i commands before it are answered, what stands behind is not: %s', async replies => {
    const { intake } = await startSecure('smtp')
    const peer = await intake.client()
    peer.write(`${'NOOP\r\n'.repeat(replies)}STARTTLS\r\nEHLO y\r\n`)
    for (let n = 0; n < replies; n++) expect(await peer.smtpReply()).toMatch(/^250/)
    expect(await peer.end()).toMatch(/^421 5\.5\.1 [^\r]*\r\n$/)
    expect(await reasonOf(intake)).toBe('injection')
    peer.drop()
  })

  it('is seen behind a message that came with the command', async () => {
    const { intake } = await startSecure('smtp')
    const peer = await intake.clientInData()
    peer.write('Subject: x\r\n\r\n.\r\nSTARTTLS\r\nNOOP\r\n')
    expect(await peer.smtpReply()).toMatch(/^250 2\.6\.0 /)
    expect(await peer.end()).toMatch(/^421 5\.5\.1 [^\r]*\r\n$/)
    await expect.poll(() => intake.intake.sessions).toBe(0)
    expect(summaries(intake)).toEqual([expect.objectContaining({ reason: 'injection' })])
    peer.drop()
  })

  it('is seen when it came while an earlier command was being answered', async () => {
    let answer = () => {}
    const { intake } = await startSecure('smtp', {
      resolve: () => new Promise(resolve => (answer = () => resolve({ refusal: 'not-local' }))),
    })
    const peer = await intake.client()
    await peer.askSmtp('MAIL FROM:<x@y.example>')
    await sendCut(
      peer,
      Buffer.from('RCPT TO:<ann>\r\nSTARTTLS\r\nNOOP\r\n'),
      'RCPT TO:<ann>\r\nSTARTTLS\r\n'.length,
    )
    answer()
    expect(await peer.smtpReply()).toMatch(/^550 /)
    expect(await peer.end()).toMatch(/^421 5\.5\.1 [^\r]*\r\n$/)
    expect(await reasonOf(intake)).toBe('injection')
    peer.drop()
  })
})

describe('a handshake', () => {
  const hello = Buffer.from([0x16, 3, 1, 0, 0xff])
  it.each<[string, (peer: LinePeer) => void, string]>([
    ['that is clear text', peer => peer.write('EHLO client.example\r\n'), 'not-tls'],
    ['that is HTTP', peer => peer.write('GET / HTTP/1.1\r\n\r\n'), 'not-tls'],
    ['of NULs', peer => peer.write(Buffer.alloc(100)), 'not-tls'],
    ['of an alert', peer => peer.write(Buffer.from([0x15, 3, 1, 0, 2, 2, 40])), 'failed'],
    [
      'whose record is no handshake',
      peer => peer.write(Buffer.concat([hello, Buffer.alloc(0xff, 7)])),
      'failed',
    ],
    ['that breaks off politely', peer => peer.socket.end(hello), 'gone'],
    ['that breaks off', peer => peer.drop(), 'gone'],
    ['that breaks off with a reset', peer => peer.socket.resetAndDestroy(), 'gone'],
  ])('%s ends the session and no other', async (_what, act, reason) => {
    const { intake } = await startSecure('smtp')
    const other = await secureClient(intake)
    const peer = await atHandshake(intake)
    act(peer)
    expect(await reasonOf(intake, 1)).toBe(`handshake: ${reason}`)
    expect(await other.peer.askSmtp('NOOP')).toMatch(/^250 /)
    other.peer.drop()
    peer.drop()
  })

  it.each([
    [
      'offers no version that is allowed',
      { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' },
    ],
    ['offers no cipher that is allowed', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES256-GCM-SHA384' }],
  ] as const)('whose client %s is refused', async (_what, options) => {
    const { intake } = await startSecure('smtp')
    await expect(handshake(await atHandshake(intake), options)).rejects.toThrow()
    expect(await reasonOf(intake)).toMatch(/^handshake: no-shared-(version|cipher)$/)
  })

  it.each([
    ['says nothing', () => undefined],
    ['trickles', (peer: LinePeer, n: number) => peer.write(hello.subarray(n, n + 1))],
  ])('whose client %s is given up in its own time, without a word', async (_what, act) => {
    const { intake } = await startSecure('smtp', { handshakeTimeoutMs: 150 })
    const peer = await atHandshake(intake)
    let n = 0
    const timer = setInterval(() => act(peer, n++), 40)
    expect(await peer.end()).toBe('')
    clearInterval(timer)
    expect(await reasonOf(intake)).toBe('handshake: timeout')
    peer.drop()
  })

  it('may take longer than a command', async () => {
    const { intake } = await startSecure('smtp', { timeoutMs: 60 })
    const peer = await atHandshake(intake)
    let turns = 0
    // The sweep has come by more than once when the handshake begins.
    await expect.poll(() => turns++, { interval: 40 }).toBeGreaterThan(5)
    const secure = await handshake(peer)
    expect(await secure.peer.askSmtp('EHLO x')).toMatch(/^250 /)
    secure.peer.drop()
  })

  it('that is noise, of any length, ends nothing but its session', async () => {
    const { intake } = await startSecure('smtp')
    for (let n = 1; n <= 40; n++) {
      const peer = await atHandshake(intake)
      peer.socket.end(randomBytes(n * 7))
      await peer.end()
      peer.drop()
    }
    await expect.poll(() => intake.intake.sessions).toBe(0)
    expect(intake.intake.failedHandshakes).toBe(40)
    expect(summaries(intake)).toHaveLength(40)
    ;(await secureClient(intake)).peer.drop()
  })
})

describe.each(['smtp', 'lmtp'] as const)('TLS without STARTTLS, by %s', protocol => {
  it('closes at once, with a line for whoever can read it', async () => {
    const { intake } = await startSecure(protocol)
    const peer = await LinePeer.connect(intake.port)
    await peer.line()
    peer.socket.write(Buffer.from('16030100a5010000a10303', 'hex'))
    expect(await peer.line()).toBe('421 5.5.1 TLS begins with STARTTLS here; closing')
    await expect.poll(() => intake.intake.sessions).toBe(0)
    expect(summaries(intake)).toMatchObject([{ reason: 'tls-in-clear' }])
  })
})
