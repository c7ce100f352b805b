// SIGTERM: no new sessions, running ones may finish, the rest is told and deletes nothing.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deliverByLmtp, LinePeer, stuff } from './line-peer.ts'
import { logIn, readMaildrop } from './maildrop.ts'
import { Office } from './office.ts'

const content = Buffer.from('Subject: x\r\n\r\nbody\r\n')
let office: Office

beforeEach(async () => {
  office = await Office.open(['ann', 'bob'])
  await deliverByLmtp(office.ports.lmtp, ['ann', 'bob'], content)
})
afterEach(() => office?.close())

/** Resolves when nobody accepts connections on the port any more. */
async function closedPort(port: number): Promise<void> {
  for (;;) {
    const peer = await LinePeer.connect(port).catch(() => undefined)
    if (!peer) return
    peer.drop()
  }
}

describe('SIGTERM', () => {
  it('lets running sessions finish: a QUIT still deletes, a DATA is still answered 250; then ends with 0', async () => {
    const reader = await logIn(office, 'ann')
    await reader.ask('DELE 1')
    const sender = await LinePeer.connect(office.ports.lmtp)
    await sender.smtpReply()
    await sender.askSmtp('LHLO test.example')
    await sender.askSmtp('MAIL FROM:<>')
    await sender.askSmtp('RCPT TO:<bob>')
    await sender.askSmtp('DATA')

    const ended = office.signal('SIGTERM')
    await closedPort(office.ports.pop3)
    expect(await reader.ask('QUIT')).toMatch(/^\+OK/)
    sender.write(stuff(content))
    expect(await sender.smtpReply()).toMatch(/^250/)
    await sender.askSmtp('QUIT')
    expect(await ended).toBe(0)

    await office.start()
    expect(await readMaildrop(office, 'ann')).toHaveLength(0)
    expect(await readMaildrop(office, 'bob')).toHaveLength(2)
  })

  it('tells the sessions that do not finish, and deletes nothing of theirs', async () => {
    const reader = await logIn(office, 'ann')
    await reader.ask('DELE 1')
    const sender = await LinePeer.connect(office.ports.smtp)
    await sender.smtpReply()
    expect(await office.signal('SIGTERM')).toBe(0)
    expect(await reader.end()).toMatch(/^-ERR \[SYS\/TEMP\] [^\r\n]*\r\n$/)
    expect(await sender.end()).toMatch(/^421 [^\r\n]*\r\n$/)

    await office.start()
    expect(await readMaildrop(office, 'ann')).toHaveLength(1)
  }, 60_000)
})
