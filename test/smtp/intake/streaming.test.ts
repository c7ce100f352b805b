// Large messages, slow stores, and clients that vanish.
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { closeIntakes, TestIntake } from './session.ts'

afterEach(closeIntakes)

const line = Buffer.from(`${'x'.repeat(70)}\r\n`)
const block = Buffer.concat(Array<Buffer>(900).fill(line))

describe('streaming', () => {
  it('passes a message through in pieces; the client waits for a slow store', async () => {
    const intake = await TestIntake.start('smtp', { maxOctets: 200_000_000 })
    intake.target.keepsContent = false
    let release = () => {}
    intake.target.onWrite = () => new Promise(resolve => (release = resolve))
    const peer = await intake.clientInData()
    const blocks = 800
    let sent = 0
    const sending = (async () => {
      for (; sent < blocks; sent++) if (!peer.socket.write(block)) await once(peer.socket, 'drain')
      peer.write('.\r\n')
    })()
    // The store takes nothing yet: what the sockets and the feed hold is all that can be sent.
    let before = -1
    await expect
      .poll(
        () => {
          const stands = sent === before && sent > 0
          before = sent
          return stands
        },
        { interval: 200, timeout: 10_000 },
      )
      .toBe(true)
    expect(sent).toBeLessThan(blocks / 2)
    intake.target.onWrite = () => undefined
    release()
    await sending
    expect(await peer.smtpReply()).toMatch(/^250 2\.6\.0 /)
    expect(intake.target.laid[0]?.octets).toBeGreaterThan(blocks * block.length)
    expect(intake.target.largestWrite).toBeLessThan(300_000)
    peer.drop()
  })

  it('drains a message that turned out too large, and goes on', async () => {
    const intake = await TestIntake.start('smtp', { maxOctets: 100_000 })
    const peer = await intake.clientInData()
    for (let n = 0; n < 200; n++) if (!peer.socket.write(block)) await once(peer.socket, 'drain')
    peer.write('.\r\n')
    expect(await peer.smtpReply()).toMatch(/^552 5\.3\.4 /)
    expect(await peer.askSmtp('NOOP')).toMatch(/^250 /)
    expect([intake.target.laid.length, intake.target.open]).toEqual([0, 0])
    peer.drop()
  })
})

describe('a client that vanishes', () => {
  it.each([
    ['in a small message', 10, 'drop'],
    ['in a large message', 3_000_000, 'drop'],
    ['in a large message, politely', 3_000_000, 'end'],
    ['behind the last line but before the dot', 71, 'end'],
  ] as const)('%s leaves nothing', async (_where, octets, how) => {
    const intake = await TestIntake.start('smtp', { maxOctets: 10_000_000 })
    const peer = await intake.clientInData()
    peer.write(Buffer.alloc(octets, 'x'))
    if (octets > 1_000_000) await expect.poll(() => intake.target.begun).toBe(1)
    if (how === 'drop') peer.drop()
    else peer.socket.end('\r\n.')
    await expect.poll(() => intake.intake.sessions).toBe(0)
    await expect.poll(() => intake.target.open).toBe(0)
    expect(intake.target.laid).toEqual([])
    expect(intake.log.filter(({ level }) => level === 'error')).toEqual([])
    expect(intake.log.at(-1)?.fields).toMatchObject({ accepted: 0, reason: 'peer closed' })
  })

  it('behind the final dot has handed its message in once', async () => {
    const intake = await TestIntake.start('smtp')
    let commit = () => {}
    intake.target.onCommit = () => new Promise(resolve => (commit = resolve))
    const peer = await intake.clientInData()
    peer.write('Subject: x\r\n.\r\n')
    await expect.poll(() => intake.target.begun).toBe(1)
    peer.drop()
    await expect.poll(() => intake.intake.sessions).toBe(0)
    commit()
    await expect.poll(() => intake.target.laid.length).toBe(1)
    expect([intake.target.begun, intake.target.aborted]).toEqual([1, 0])
  })

  it('while the store is behind is noticed when the store goes on', async () => {
    const intake = await TestIntake.start('smtp', { maxOctets: 10_000_000 })
    let release = () => {}
    intake.target.onWrite = () => new Promise(resolve => (release = resolve))
    const peer = await intake.clientInData()
    peer.write(Buffer.alloc(3_000_000, 'x'))
    await expect.poll(() => intake.target.begun).toBe(1)
    peer.socket.resetAndDestroy()
    intake.target.onWrite = () => undefined
    release()
    await expect.poll(() => intake.intake.sessions).toBe(0)
    await expect.poll(() => intake.target.aborted).toBe(1)
  })
})

describe('with a store', () => {
  it('counts the octets as they are stored', async () => {
    const store = createMemoryStore()
    const account = await store.addAccount({ name: 'ann' })
    const intake = await TestIntake.start('lmtp', {
      target: store,
      resolve: async address => ({ recipient: { address, accounts: [account] } }),
    })
    const peer = await intake.clientInData('ann')
    const body = `Subject: x\r\n\r\n${'..\r\n'.repeat(50_000)}`
    peer.write(`${body}.\r\n`)
    expect(await peer.smtpReply()).toMatch(/^250 /)
    for await (const message of store.messages(account)) {
      const chunks: Uint8Array[] = []
      for await (const chunk of message.body) chunks.push(chunk)
      const octets = Buffer.concat(chunks)
      expect(octets.length).toBe(message.octets)
      expect(octets.subarray(message.headerOctets).toString()).toBe('.\r\n'.repeat(50_000))
      expect(message.dotLines).toBe(50_000)
    }
    expect(await store.countMessages(account)).toBe(1)
    peer.drop()
  })
})
