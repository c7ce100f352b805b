// How sessions end: limits, time-outs, drain and close, and that none of it takes another session along.
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { startIntake } from '../../../src/smtp/intake/intake.ts'
import { LinePeer } from '../../e2e/line-peer.ts'
import { closeIntakes, TestIntake } from './session.ts'

afterEach(closeIntakes)

const lastLine = async (peer: LinePeer) => (await peer.end()).split('\r\n').at(-2)
const summaries = (intake: TestIntake) =>
  intake.log.filter(({ level }) => level === 'info').map(({ fields }) => fields)

describe('the summary', () => {
  it('is one line for each session', async () => {
    const intake = await TestIntake.start('lmtp')
    const peer = await intake.clientInData('ann', 'bob')
    peer.write('Subject: x\r\n.\r\n')
    await peer.smtpReply()
    await peer.smtpReply()
    for (const command of ['MAIL FROM:<>', 'RCPT TO:<nobody>', 'DATA', 'QUIT']) await peer.askSmtp(command)
    await peer.end()
    peer.drop()
    await expect.poll(() => intake.intake.sessions).toBe(0)
    expect(summaries(intake)).toEqual([
      {
        id: expect.stringMatching(/^\w+$/) as unknown,
        peer: '127.0.0.1',
        helo: 'client.example',
        transactions: 1,
        recipients: 2,
        octets: intake.target.laid[0]?.octets,
        accepted: 2,
        refused: 2,
        reason: 'quit',
      },
    ])
  })
})

describe('limits', () => {
  it('of sessions answer 421, and let the next in when one has gone', async () => {
    const intake = await TestIntake.start('smtp', { maxSessions: 2 })
    const [first, second] = [await intake.client(), await intake.client()]
    const third = await LinePeer.connect(intake.port)
    expect(await third.smtpReply()).toMatch(/^421 4\.7\.0 /)
    await third.end()
    expect(await second.askSmtp('NOOP')).toMatch(/^250 /)
    first.drop()
    await expect.poll(() => intake.intake.sessions).toBe(1)
    ;(await intake.client()).drop()
    second.drop()
  })

  it.each([
    ['a line too long', `${'x'.repeat(3_000)}\r\n`, /^421 5\.5\.2 /, 'line too long'],
    ['a line without an end', 'x'.repeat(3_000), /^421 5\.5\.2 /, 'line too long'],
    ['unknown commands', 'BOGUS\r\n'.repeat(50), /^421 /, 'Error: too many unrecognized commands'],
    ['commands out of order', 'DATA\r\n'.repeat(50), /^421 4\.7\.0 /, 'too many errors'],
    ['a request of a browser', 'POST / HTTP/1.1\r\n', /^421 /, 'HTTP requests not allowed'],
  ])('end a session with %s', async (_what, input, reply, reason) => {
    const intake = await TestIntake.start('smtp')
    const [other, peer] = [await intake.client(), await intake.client()]
    peer.write(input)
    expect(await lastLine(peer)).toMatch(reply)
    peer.drop()
    await expect.poll(() => intake.intake.sessions).toBe(1)
    expect(summaries(intake)[0]).toMatchObject({ reason })
    expect(await other.askSmtp('NOOP')).toMatch(/^250 /)
    other.drop()
  })

  it('of time end a session that says nothing, one that trickles, and one that trickles mail data', async () => {
    const intake = await TestIntake.start('smtp', { timeoutMs: 200 })
    const [silent, slow, slowInData] = [
      await intake.client(),
      await intake.client(),
      await intake.clientInData(),
    ]
    const trickle = setInterval(() => {
      slow.write('x')
      slowInData.write('x')
    }, 20)
    const ends = await Promise.all([silent, slow, slowInData].map(lastLine))
    clearInterval(trickle)
    for (const end of ends) expect(end).toMatch(/^421 4\.4\.2 /)
    await expect.poll(() => intake.intake.sessions).toBe(0)
    expect(summaries(intake).map(({ reason }) => reason)).toEqual(['timeout', 'timeout', 'timeout'])
    for (const peer of [silent, slow, slowInData]) peer.drop()
    expect(intake.target.open).toBe(0)
  })

  it('of a rate end a session whose message comes, but too slowly', async () => {
    const intake = await TestIntake.start('smtp', { timeoutMs: 200, minOctetsPerSecond: 1_000_000 })
    const peer = await intake.clientInData()
    const stream = setInterval(() => peer.write(`${'x'.repeat(998)}\r\n`.repeat(5)), 20)
    expect(await lastLine(peer)).toMatch(/^421 4\.4\.2 /)
    clearInterval(stream)
    peer.drop()
    await expect.poll(() => intake.intake.sessions).toBe(0)
    expect(summaries(intake)[0]).toMatchObject({ reason: 'timeout', transactions: 0 })
  })

  it('of time do not run while the client waits for us', async () => {
    const intake = await TestIntake.start('smtp', { timeoutMs: 100 })
    intake.target.onCommit = () => new Promise(resolve => setTimeout(resolve, 400))
    const peer = await intake.clientInData()
    peer.write('.\r\n')
    expect(await peer.smtpReply()).toMatch(/^250 2\.6\.0 /)
    peer.drop()
  })
})

describe('hostile input', () => {
  it.each([
    ['random octets', Buffer.from(Array.from({ length: 4_000 }, (_, n) => (n * 7919) % 256))],
    ['NUL', Buffer.alloc(1_000)],
    ['bare CRs', Buffer.from('EHLO x\rMAIL FROM:<>\r'.repeat(40))],
    ['LF alone', Buffer.from('\n'.repeat(1_000))],
    ['a reset in the greeting', undefined],
  ])('%s ends no other session and not the process', async (_what, octets) => {
    const intake = await TestIntake.start('smtp')
    const other = await intake.client()
    const socket = connect(intake.port, '127.0.0.1')
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    if (octets) {
      socket.resume()
      socket.end(octets)
      await once(socket, 'close')
    } else socket.resetAndDestroy()
    await expect.poll(() => intake.intake.sessions).toBe(1)
    expect(await other.askSmtp('NOOP')).toMatch(/^250 /)
    other.drop()
  })

  it('does not obey a command whose line never ended', async () => {
    const intake = await TestIntake.start('smtp')
    const peer = await intake.client()
    await peer.askSmtp('MAIL FROM:<>')
    peer.socket.end('RCPT TO:<ann>')
    await peer.end()
    await expect.poll(() => intake.intake.sessions).toBe(0)
    expect(summaries(intake)[0]).toMatchObject({ recipients: 0 })
  })
})

describe('drain', () => {
  it('ends idle sessions at once, lets transactions end, and refuses new connections', async () => {
    const intake = await TestIntake.start('smtp')
    const [idle, inMail, inData] = [await intake.client(), await intake.client(), await intake.clientInData()]
    await inMail.askSmtp('MAIL FROM:<>')
    const drained = intake.intake.drain(20_000)
    expect(await lastLine(idle)).toMatch(/^421 4\.3\.2 /)
    await expect(LinePeer.connect(intake.port)).rejects.toThrow('ECONNREFUSED')
    expect(await inMail.askSmtp('RCPT TO:<ann>')).toMatch(/^250 /)
    expect(await inMail.askSmtp('RSET')).toMatch(/^250 /)
    inData.write('Subject: x\r\n.\r\n')
    expect(await inData.smtpReply()).toMatch(/^250 2\.6\.0 /)
    for (const peer of [inMail, inData]) expect(await lastLine(peer)).toMatch(/^421 4\.3\.2 /)
    for (const peer of [idle, inMail, inData]) peer.drop()
    await drained
    expect([intake.target.laid.length, intake.intake.sessions]).toEqual([1, 0])
    expect(summaries(intake).map(({ reason }) => reason)).toEqual(['drain', 'drain', 'drain'])
  })

  it('ends the others after the time it was given, and keeps nothing of theirs', async () => {
    const intake = await TestIntake.start('smtp')
    const peer = await intake.clientInData()
    peer.write('Subject: x\r\n')
    await intake.intake.drain(50)
    expect(await lastLine(peer)).toMatch(/^421 4\.3\.2 /)
    expect([intake.intake.sessions, intake.target.laid.length, intake.target.open]).toEqual([0, 0, 0])
  })

  it('is also over when a client does not react', async () => {
    const intake = await TestIntake.start('smtp')
    const deaf = connect({ port: intake.port, host: '127.0.0.1', allowHalfOpen: true })
    deaf.on('error', () => undefined)
    await once(deaf, 'data')
    await intake.intake.drain(50)
    expect(intake.intake.sessions).toBe(0)
    deaf.destroy()
  })
})

describe('starting', () => {
  it('rejects, naming address and reason, and holds no other address', async () => {
    const running = await TestIntake.start('smtp')
    const taken = { host: '127.0.0.1', port: running.port }
    const options = {
      protocol: 'smtp' as const,
      hostname: 'mx.example.org',
      delivery: {
        resolve: async () => ({ refusal: 'not-local' as const }),
        deliver: () => Promise.reject(new Error()),
      },
    }
    const free = await startIntake({ ...options, listen: [{ host: '127.0.0.1', port: 0 }] })
    const [address] = free.addresses
    await free.close()
    if (!address) throw new Error('no address')
    await expect(startIntake({ ...options, listen: [address, taken] })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${running.port}: the address is already in use`,
    )
    const both = await startIntake({ ...options, listen: [address, { host: '127.0.0.1', port: 0 }] })
    expect(both.addresses).toHaveLength(2)
    for (const { port } of both.addresses) (await LinePeer.connect(port)).drop()
    await both.close()
  })
})
