// The mail office for tests: it starts empty and quick, takes mail in by every way, gives it out, and leaves nothing behind.
import { once } from 'node:events'
import { connect } from 'node:net'
import { createTransport } from 'nodemailer'
import { describe, expect, it } from 'vitest'
import { startTestOffice } from '../../src/testing/index.ts'
import { deliverByLmtp, LinePeer } from '../e2e/line-peer.ts'

const octets = (text: string) => Buffer.from(text)

describe('startTestOffice', () => {
  it('takes mail in by SMTP and LMTP and gives it out by POP3', async () => {
    await using office = await startTestOffice({ users: [{ name: 'ann', password: 'sesame' }] })
    const sender = createTransport({ ...office.smtp, ignoreTLS: true })
    await sender.sendMail({
      from: 'bob@example.com',
      to: 'ann@office.test',
      subject: 'by SMTP',
      text: '.\n..',
    })
    sender.close()
    await deliverByLmtp(office.lmtp.port, ['ann'], octets('Subject: by LMTP\r\n\r\nhello\r\n'))
    const reader = await LinePeer.logIn(office.pop3.port, 'ann', 'sesame')
    expect(await reader.ask('STAT')).toMatch(/^\+OK 2 /)
    expect((await reader.askBody('RETR 1')).toString()).toMatch(/\r\n\r\n\.\r\n\.\.\r\n$/)
    expect(await reader.ask('DELE 1')).toMatch(/^\+OK/)
    expect(await reader.ask('QUIT')).toMatch(/^\+OK/)
    await reader.end()
    const again = await LinePeer.logIn(office.pop3.port, 'ann@office.test', 'sesame')
    expect(await again.ask('STAT')).toMatch(/^\+OK 1 /)
    again.drop()
    expect((await office.messages()).map(({ subject }) => subject)).toEqual(['by SMTP', 'by LMTP'])
  })

  it('makes mailboxes at will', async () => {
    await using office = await startTestOffice({ users: ['ann'] })
    const bob = await office.addUser({ name: 'Bob@office.test', password: 'geheim' })
    expect(bob).toMatchObject({ name: 'bob', address: 'bob@office.test', password: 'geheim' })
    const one = await office.createMailbox()
    const other = await office.createMailbox()
    expect(one.address).not.toBe(other.address)
    expect(one.password).not.toBe(other.password)
    expect(office.mailboxes.map(({ name }) => name)).toEqual(['ann', 'bob', one.name, other.name])
    expect(office.mailbox('ANN@office.test')?.name).toBe('ann')
    const peer = await LinePeer.logIn(office.pop3.port, one.address, one.password)
    peer.drop()
    await expect(office.addUser('ann')).rejects.toMatchObject({ code: 'account-exists' })
    await expect(office.addUser('an n')).rejects.toMatchObject({ code: 'bad-name' })
  })

  it('refuses mail for nobody, unless it catches all', async () => {
    await using strict = await startTestOffice({ users: ['ann'] })
    await expect(strict.deliver({ to: 'nobody@office.test' })).rejects.toThrow('no such mailbox')
    await expect(strict.deliver({ to: 'ann@elsewhere.example' })).rejects.toThrow('its domain')
    expect(await strict.messages()).toEqual([])

    await using office = await startTestOffice({ users: ['ann'], catchAll: true })
    await office.deliver({ to: ['New+tag@office.test', 'ann+tag@office.test'], subject: 'one' })
    expect(office.mailboxes.map(({ name }) => name)).toEqual(['ann', 'new'])
    await expect(office.deliver({ to: 'ann@elsewhere.example' })).rejects.toThrow('its domain')
    await expect(office.deliver({ to: '"odd name"@office.test' })).rejects.toThrow('no such mailbox')

    await using open = await startTestOffice({ catchAll: 'any-domain' })
    await open.deliver({ to: 'ann@elsewhere.example', subject: 'far' })
    const box = open.mailbox('ann@elsewhere.example')
    const peer = await LinePeer.logIn(open.pop3.port, box?.name ?? '', box?.password ?? '')
    expect(await peer.ask('STAT')).toMatch(/^\+OK 1 /)
    peer.drop()
  })

  it('makes one mailbox for an address that is written to twice at once', async () => {
    await using office = await startTestOffice({ catchAll: true })
    await Promise.all([1, 2, 3].map(nth => office.deliver({ to: 'ann', subject: String(nth) })))
    expect(office.mailboxes).toHaveLength(1)
    expect(await office.messages({ to: 'ann' })).toHaveLength(3)
  })

  it('lets in by every mechanism, and nobody with anything else', async () => {
    await using office = await startTestOffice({
      users: [{ name: 'ann', password: 'sesame', token: 'bearer' }],
    })
    const peer = await LinePeer.connect(office.pop3.port)
    await peer.line()
    const capabilities = (await peer.askBody('CAPA')).toString()
    expect(capabilities).toMatch(
      /^SASL SCRAM-SHA-256 SCRAM-SHA-1 OAUTHBEARER XOAUTH2 CRAM-MD5 PLAIN LOGIN\r$/m,
    )
    const plain = (password: string) => Buffer.from(`\0ann\0${password}`).toString('base64')
    for (let nth = 0; nth < 4; nth += 1)
      expect(await peer.ask(`AUTH PLAIN ${plain('wrong')}`)).toMatch(/^-ERR/)
    expect(await peer.ask(`AUTH PLAIN ${plain('sesame')}`)).toMatch(/^\+OK/)
    peer.drop()
    const other = await LinePeer.connect(office.pop3.port)
    await other.line()
    const bearer = Buffer.from('user=ann\x01auth=Bearer bearer\x01\x01').toString('base64')
    await other.ask('AUTH XOAUTH2')
    expect(await other.ask(bearer)).toMatch(/^\+OK/)
    other.drop()
  })

  it('runs beside others of its kind that know nothing of it', async () => {
    const offices = await Promise.all(Array.from({ length: 5 }, () => startTestOffice({ users: ['ann'] })))
    expect(
      new Set(offices.flatMap(each => [each.pop3, each.smtp, each.lmtp]).map(({ port }) => port)).size,
    ).toBe(15)
    await offices[0]?.deliver({ to: 'ann' })
    expect(await Promise.all(offices.map(async each => (await each.messages()).length))).toEqual([
      1, 0, 0, 0, 0,
    ])
    await Promise.all(offices.map(each => each.close()))
  })

  it('closes while clients are connected, frees its ports, and can be closed twice', async () => {
    const office = await startTestOffice({ users: [{ name: 'ann', password: 'sesame' }] })
    const reader = await LinePeer.logIn(office.pop3.port, 'ann', 'sesame')
    const sender = await LinePeer.connect(office.smtp.port)
    await sender.smtpReply()
    await Promise.all([office.close(), office.close(), reader.end(), sender.end()])
    for (const { host, port } of [office.pop3, office.smtp, office.lmtp])
      await expect(once(connect(port, host), 'connect')).rejects.toThrow('ECONNREFUSED')
    reader.drop()
    sender.drop()
  })

  it('leaves nothing open when it cannot start', async () => {
    await expect(startTestOffice({ users: ['ann', 'ann'] })).rejects.toMatchObject({ code: 'account-exists' })
    const rule = { fault: 'unheard-of' } as unknown as { fault: 'drop' }
    await expect(startTestOffice({ chaos: [rule] })).rejects.toThrow('no fault "unheard-of": drop')
  })
})

describe('office.clock', () => {
  it('lets somebody in again who has waited by it', async () => {
    await using office = await startTestOffice({
      users: [{ name: 'ann', password: 'a' }],
      loginDelayMs: 600_000,
    })
    const first = await LinePeer.logIn(office.pop3.port, 'ann', 'a')
    await first.ask('QUIT')
    await expect(LinePeer.logIn(office.pop3.port, 'ann', 'a')).rejects.toThrow('[LOGIN-DELAY]')
    await office.clock.advance(600_000)
    const second = await LinePeer.logIn(office.pop3.port, 'ann', 'a')
    second.drop()
  })

  it('removes by it what the retention rules name, and dates mail by it', async () => {
    const retention = [{ folder: 'INBOX', olderThanMs: 86_400_000 }]
    await using office = await startTestOffice({ users: [{ name: 'ann', password: 'a' }], retention })
    await office.deliver({ to: 'ann' })
    await office.clock.advance(80_000_000)
    const later = await office.deliver({ to: 'ann' })
    expect(later.receivedAt.getTime()).toBeGreaterThan(Date.now() + 79_000_000)
    expect(Date.parse(later.header('Date') ?? '')).toBeGreaterThan(Date.now() + 79_000_000)
    await office.clock.advance(10_000_000)
    const reader = await LinePeer.logIn(office.pop3.port, 'ann', 'a')
    expect(await reader.ask('STAT')).toMatch(/^\+OK 1 /)
    // The lock holds, however far time has moved on.
    await office.clock.advance(7 * 86_400_000)
    await expect(LinePeer.logIn(office.pop3.port, 'ann', 'a')).rejects.toThrow('[IN-USE]')
    reader.drop()
    await expect(office.clock.advance(-1)).rejects.toThrow(RangeError)
  })
})

describe('office.sessions', () => {
  it('has what was said, without secrets', async () => {
    await using office = await startTestOffice({ users: [{ name: 'ann', password: 'sesame' }] })
    const lost = await LinePeer.connect(office.pop3.port)
    await lost.line()
    await lost.ask('USER sesame')
    await lost.ask('PASS ann')
    await lost.ask('QUIT')
    await lost.end()
    const reader = await LinePeer.logIn(office.pop3.port, 'ann', 'sesame')
    const [first, second] = office.sessions
    expect(first).toMatchObject({ protocol: 'pop3', state: 'ended', endedBy: 'quit', user: undefined })
    expect(second).toMatchObject({ state: 'transaction', endedBy: undefined, user: 'ann', omitted: 0 })
    expect(String(second)).toMatch(
      /^S: \+OK office\.test .*\nC: USER ann\nS: \+OK.*\nC: PASS <password>\nS: \+OK/,
    )
    expect(String(first)).toContain('C: USER <no name of a mailbox>')
    expect(office.sessions.join('\n')).not.toContain('sesame')
    reader.drop()
  })

  it('has those of SMTP and LMTP', async () => {
    await using office = await startTestOffice({ users: ['ann'] })
    await deliverByLmtp(office.lmtp.port, ['ann'], octets('Subject: x\r\n\r\n'))
    expect(office.sessions.map(({ protocol }) => protocol)).toEqual(['lmtp'])
    expect(String(office.sessions[0])).toContain('C: RCPT TO:<ann>')
  })
})
