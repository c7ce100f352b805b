// Dialogues as a client sees them, over a real socket.
import { afterEach, describe, expect, it } from 'vitest'
import { Refusal, type RefusalCode } from '../../../src/mail/errors.ts'
import { LinePeer } from '../../e2e/line-peer.ts'
import { closeIntakes, TestIntake } from './session.ts'

afterEach(closeIntakes)

const message = 'Subject: x\r\n\r\nbody\r\n'

async function ask(peer: LinePeer, ...commands: readonly string[]): Promise<string[]> {
  const answers: string[] = []
  for (const command of commands) answers.push(await peer.askSmtp(command))
  return answers
}

async function lines(peer: LinePeer): Promise<string[]> {
  const all = [await peer.line()]
  while (all.at(-1)?.[3] === '-') all.push(await peer.line())
  return all
}

/** What a client is answered from MAIL to the first refusal or the end. */
async function submit(
  intake: TestIntake,
  { from = 'MAIL FROM:<x@y.example>', to = ['RCPT TO:<ann@example.org>'], content = message } = {},
): Promise<string[]> {
  const peer = await intake.client()
  const answers = await ask(peer, from, ...to, 'DATA')
  if (answers.at(-1)?.startsWith('354')) {
    peer.write(`${content}.\r\n`)
    answers.push(await peer.smtpReply())
  }
  peer.drop()
  return answers
}

describe('capabilities', () => {
  it.each([
    ['smtp', 'EHLO', 'ESMTP'],
    ['lmtp', 'LHLO', 'LMTP'],
  ] as const)('%s greets and offers exactly what it does', async (protocol, hello, name) => {
    const intake = await TestIntake.start(protocol, { maxOctets: 12_345 })
    const peer = await LinePeer.connect(intake.port)
    expect(await lines(peer)).toEqual([`220 mx.example.org ${name} Poplar`])
    peer.write(`${hello} client.example\r\n`)
    const [first, ...extensions] = await lines(peer)
    expect(first).toMatch(/^250-mx\.example\.org /)
    expect(extensions.map(line => line.slice(4))).toEqual([
      'PIPELINING',
      '8BITMIME',
      'SMTPUTF8',
      'ENHANCEDSTATUSCODES',
      'SIZE 12345',
    ])
    peer.drop()
  })

  it('does nothing that it does not offer', async () => {
    const intake = await TestIntake.start('smtp')
    const peer = await intake.client()
    const commands = ['AUTH PLAIN AGFubgBhbm4=', 'STARTTLS', 'XCLIENT ADDR=192.0.2.1', 'BDAT 5 LAST']
    expect((await ask(peer, ...commands)).map(reply => reply.slice(0, 3))).toEqual(commands.map(() => '500'))
    expect(
      await ask(
        peer,
        'EXPN staff',
        'VRFY ann',
        'MAIL FROM:<x@y.example> RET=FULL',
        'MAIL FROM:<x@y.example> BODY=BINARYMIME',
        'MAIL FROM:<x@y.example>',
        'RCPT TO:<ann@example.org> NOTIFY=NEVER',
      ),
    ).toEqual([
      expect.stringMatching(/^502 5\.5\.1 /),
      expect.stringMatching(/^252 2\.1\.5 /),
      expect.stringMatching(/^555 5\.5\.4 /),
      expect.stringMatching(/^501 5\.5\.4 /),
      expect.stringMatching(/^250 2\.1\.0 /),
      expect.stringMatching(/^555 5\.5\.4 /),
    ])
    peer.drop()
  })

  it.each([
    ['WIZ x', 'SHELL', 'KILL'],
    ['LHLO x', 'HELO', '__PROTO__'],
  ])('answers %s, %s and %s without doing anything', async (...commands) => {
    const intake = await TestIntake.start('smtp')
    const peer = await intake.client()
    for (const reply of await ask(peer, ...commands)) expect(reply).toMatch(/^50[01] /)
    peer.drop()
  })
})

describe('a message', () => {
  it('is answered 250 with its id once it is committed, and not before', async () => {
    const intake = await TestIntake.start('smtp')
    let commit = () => {}
    intake.target.onCommit = () => new Promise(resolve => (commit = resolve))
    const peer = await intake.clientInData()
    peer.write(`${message}.\r\nNOOP\r\n`)
    const replies: string[] = []
    const first = peer.smtpReply().then(reply => replies.push(reply))
    await expect.poll(() => intake.target.begun).toBe(1)
    expect(replies).toEqual([])
    commit()
    await first
    expect(replies).toEqual(['250 2.6.0 stored, id D1'])
    expect(await peer.smtpReply()).toMatch(/^250 2\.0\.0 /)
    peer.drop()
  })

  it('lies behind its trace fields, octet for octet', async () => {
    const intake = await TestIntake.start('smtp')
    const awkward =
      `Subject: ${'x'.repeat(5_000)}\r\n\r\n` +
      'NUL \0, lone \r CR, high \xe4\xff\r\n..dot\r\n\t\r\n\r\r\n' +
      `${'y'.repeat(100_000)}\r\n\r\n`
    const stuffed = awkward.replace(/(^|\r\n)\./g, '$1..')
    expect((await submit(intake, { content: stuffed })).at(-1)).toMatch(/^250 2\.6\.0 /)
    expect(intake.bodies).toEqual([awkward])
    const [laid] = intake.target.laid
    expect(laid?.facts.dotLines).toBe(1)
    expect(Buffer.from(laid?.copies[0]?.trace ?? []).toString()).toBe(
      'Return-Path: <x@y.example>\r\nDelivered-To: ann@example.org\r\n',
    )
    expect(laid?.content).toMatch(
      /^Received: from client\.example \(\[127\.0\.0\.1\]\)\r\n\tby mx\.example\.org \(Poplar\) with ESMTP id D1\r\n\tfor <ann@example\.org>;\r\n\t/,
    )
  })

  it('may be empty, and may come from nobody', async () => {
    const intake = await TestIntake.start('smtp')
    expect((await submit(intake, { from: 'MAIL FROM:<>', content: '' })).at(-1)).toMatch(/^250 /)
    expect(intake.bodies).toEqual([''])
    expect(Buffer.from(intake.target.laid[0]?.copies[0]?.trace ?? []).toString()).toMatch(
      /^Return-Path: <>\r\n/,
    )
  })

  it.each([
    ['HELO client.example', 'SMTP', 'MAIL FROM:<x@y.example>'],
    ['EHLO client.example', 'ESMTP', 'MAIL FROM:<x@y.example>'],
    ['EHLO client.example', 'UTF8SMTP', 'MAIL FROM:<jürgen@bücher.example> SMTPUTF8'],
  ])('that follows %s came with %s', async (hello, type, mail) => {
    const intake = await TestIntake.start('smtp')
    const peer = await intake.client(hello)
    peer.socket.write(`${mail}\r\nRCPT TO:<ann@example.org>\r\nDATA\r\n`)
    for (const code of ['250', '250', '354']) expect(await peer.smtpReply()).toMatch(new RegExp(`^${code}`))
    peer.write('.\r\n')
    expect(await peer.smtpReply()).toMatch(/^250 /)
    expect(intake.target.laid[0]?.content).toContain(` with ${type} id `)
    peer.drop()
  })

  it('goes to an alias once per account, to one account once per message', async () => {
    const intake = await TestIntake.start('smtp')
    const to = ['team@example.org', 'ann', 'ann+x@example.org', 'ann'].map(path => `RCPT TO:<${path}>`)
    expect((await submit(intake, { to })).slice(-2)).toEqual([
      expect.stringMatching(/^354/),
      expect.stringMatching(/^250 /),
    ])
    expect(intake.target.laid[0]?.copies.map(({ account }) => account.name)).toEqual(['ann', 'bob'])
    expect(intake.target.laid[0]?.content).not.toMatch(/ for </)
  })

  it('follows another in one session, and nothing of the first is left', async () => {
    const intake = await TestIntake.start('smtp')
    const peer = await intake.clientInData('ann@example.org')
    peer.write(`${message}.\r\n`)
    await peer.smtpReply()
    expect(await peer.askSmtp('DATA')).toMatch(/^503 5\.5\.1 /)
    await ask(peer, 'MAIL FROM:<x@y.example>', 'RCPT TO:<ann>', 'RSET')
    await ask(peer, 'MAIL FROM:<z@y.example>', 'RCPT TO:<bob>')
    expect(await peer.askSmtp('DATA')).toMatch(/^354/)
    peer.write('.\r\n')
    await peer.smtpReply()
    expect(intake.target.laid.map(({ copies }) => copies.map(({ account }) => account.name))).toEqual([
      ['ann'],
      ['bob'],
    ])
    peer.drop()
  })
})

describe('refusals', () => {
  it.each([
    ['RCPT TO:<nobody@example.org>', /^550 5\.1\.1 /, 'no such user'],
    ['RCPT TO:<ann@elsewhere.example>', /^550 5\.7\.1 /, 'nothing is relayed'],
    ['RCPT TO:<"@elsewhere.example:ann@example.org>', /^501 5\.1\.3 /, 'no path'],
    ['RCPT TO:<ann%elsewhere.example@example.org>', /^550 5\.1\.1 /, 'no percent hack'],
    ['RCPT TO:<j\xc3\xbcrgen@example.org>', /^553 5\.6\.7 /, 'UTF-8 that was not announced'],
    ['RCPT TO:<j\xfcrgen@example.org>', /^501 5\.1\.3 /, 'what is no UTF-8'],
  ])('%j is answered %s: %s', async (to, reply) => {
    const intake = await TestIntake.start('smtp')
    expect((await submit(intake, { to: [to] })).slice(1)).toEqual([
      expect.stringMatching(reply),
      expect.stringMatching(/^503 5\.5\.1 /),
    ])
  })

  it('of size come at MAIL when announced, behind the message when not', async () => {
    const intake = await TestIntake.start('smtp', { maxOctets: 1_000 })
    const peer = await intake.client()
    expect(await peer.askSmtp('MAIL FROM:<x@y.example> SIZE=1001')).toMatch(/^552 5\.3\.4 /)
    expect(await peer.askSmtp('MAIL FROM:<x@y.example> SIZE=1000')).toMatch(/^250 /)
    peer.drop()
    for (const octets of [2_000, 5_000_000]) {
      const answers = await submit(intake, { content: `${'x'.repeat(octets)}\r\n` })
      expect(answers.at(-1), `${octets}`).toMatch(/^552 5\.3\.4 /)
    }
    expect([intake.target.laid.length, intake.target.open]).toEqual([0, 0])
  })

  it('of quota come at RCPT for what is announced, at DATA for what comes', async () => {
    const intake = await TestIntake.start('smtp')
    const from = 'MAIL FROM:<x@y.example> SIZE=200'
    expect((await submit(intake, { from, to: ['RCPT TO:<full>'] }))[1]).toMatch(/^452 4\.2\.2 /)
    intake.target.outcomeOf = () => ({ delivered: false, reason: 'over-quota' })
    expect((await submit(intake, { to: ['RCPT TO:<full>'] })).at(-1)).toMatch(/^452 4\.2\.2 /)
  })

  it('count recipients, and let the message go to those before', async () => {
    const intake = await TestIntake.start('smtp', { maxRecipients: 2 })
    const to = ['ann', 'bob', 'team@example.org'].map(path => `RCPT TO:<${path}>`)
    expect((await submit(intake, { to })).slice(2)).toEqual([
      expect.stringMatching(/^250 /),
      expect.stringMatching(/^452 4\.5\.3 /),
      expect.stringMatching(/^354/),
      expect.stringMatching(/^250 /),
    ])
  })

  it.each<[RefusalCode | 'fault', RegExp]>([
    ['store-full', /^452 4\.3\.1 /],
    ['store-busy', /^452 4\.3\.1 /],
    ['store-closed', /^451 4\.3\.0 /],
    ['lease-lost', /^451 4\.3\.0 /],
    ['fault', /^451 4\.3\.0 /],
  ])('%s at the commit, a write or RCPT is answered %s, and the session goes on', async (code, reply) => {
    const failure = code === 'fault' ? new Error('secret detail') : new Refusal(code, 'secret detail')
    const fail = () => Promise.reject(failure)
    for (const place of ['onCommit', 'onWrite'] as const) {
      const intake = await TestIntake.start('smtp')
      intake.target[place] = fail
      for (const octets of [10, 300_000]) {
        const peer = await intake.clientInData()
        peer.write(`${'x'.repeat(octets)}\r\n.\r\nNOOP\r\n`)
        const answer = await peer.smtpReply()
        expect(answer).toMatch(reply)
        expect(answer).not.toContain('secret')
        expect(await peer.smtpReply()).toMatch(/^250 /)
        peer.drop()
      }
      expect(intake.target.open).toBe(0)
      const logged = intake.log.filter(({ level }) => level === 'error').length
      expect(logged, 'faults are logged, refusals are not').toBe(/^(fault|lease-lost)$/.test(code) ? 2 : 0)
    }
    const intake = await TestIntake.start('smtp', { resolve: fail })
    expect((await submit(intake))[1]).toMatch(reply)
  })

  it('of bare newlines come behind the message, and only when configured', async () => {
    const intake = await TestIntake.start('smtp', { bareNewline: 'reject' })
    expect((await submit(intake, { content: 'a\nb\r\n' })).at(-1)).toMatch(/^554 5\.6\.0 /)
    expect((await submit(intake, { content: 'a\rb\r\n' })).at(-1)).toMatch(/^250 /)
    expect(intake.target.open).toBe(0)
  })

  it('of sequence and syntax', async () => {
    const intake = await TestIntake.start('smtp')
    const peer = await LinePeer.connect(intake.port)
    await peer.smtpReply()
    expect(
      await ask(
        peer,
        'MAIL FROM:<x@y.example>',
        'EHLO',
        'EHLO client.example',
        'RCPT TO:<ann>',
        'MAIL FROM:<x@y.example> SIZE=x',
        'MAIL FROM:<x@y.example> SIZE=1 SIZE=1',
        'MAIL FROM:<x@y.example>',
        'MAIL FROM:<x@y.example>',
        'RCPT TO:<ann>',
        'DATA now',
        'RSET now',
        'QUIT now',
        'NOOP',
      ),
    ).toEqual(
      ['503', '501', '250', '503', '501', '501', '250', '503', '250', '501', '501', '501', '250'].map(
        code => expect.stringMatching(new RegExp(`^${code}`)) as unknown,
      ),
    )
    peer.drop()
  })
})

describe('LMTP', () => {
  it('answers for every accepted recipient, each with its own outcome', async () => {
    const intake = await TestIntake.start('lmtp')
    intake.target.outcomeOf = ({ account }) =>
      account.name === 'bob' ? { delivered: false, reason: 'over-quota' } : { delivered: true, uidl: 'u' }
    const peer = await intake.client()
    const paths = ['ann', 'nobody', 'bob', 'ann@example.org', 'ann', 'team@example.org']
    await ask(peer, 'MAIL FROM:<x@y.example>', ...paths.map(path => `RCPT TO:<${path}>`), 'DATA')
    peer.write(`${message}.\r\nNOOP\r\n`)
    const replies: string[] = []
    for (let n = 0; n < 6; n++) replies.push(await peer.smtpReply())
    expect(replies.map(reply => reply.slice(0, 9))).toEqual([
      '250 2.6.0',
      '452 4.2.2',
      '250 2.6.0',
      '250 2.6.0',
      '452 4.2.2',
      '250 2.0.0',
    ])
    expect(intake.target.laid[0]).toMatchObject({ mode: [[0], [1], [0], [0], [0, 1]] })
    expect(intake.target.laid[0]?.copies).toHaveLength(2)
    peer.drop()
  })

  it.each([
    ['the message is too large', { maxOctets: 3 }, '552 5.3.4'],
    ['a newline is bare', { bareNewline: 'reject' as const }, '554 5.6.0'],
  ])('answers for every recipient when %s', async (_what, options, status) => {
    const intake = await TestIntake.start('lmtp', options)
    const peer = await intake.clientInData('ann', 'bob', 'ann')
    peer.write('a\nb\r\n.\r\nNOOP\r\n')
    for (let n = 0; n < 3; n++) expect(await peer.smtpReply()).toContain(status)
    expect(await peer.smtpReply()).toMatch(/^250 2\.0\.0/)
    peer.drop()
  })

  it('refuses EHLO and HELO, and DATA without a recipient', async () => {
    const intake = await TestIntake.start('lmtp')
    const peer = await LinePeer.connect(intake.port)
    await peer.smtpReply()
    const answers = await ask(peer, 'EHLO x', 'HELO x', 'LHLO x', 'MAIL FROM:<>', 'RCPT TO:<nobody>', 'DATA')
    expect(answers.map(reply => reply.slice(0, 3))).toEqual(['500', '500', '250', '250', '550', '503'])
    peer.drop()
  })

  it('tells SMTP by LMTP in Received', async () => {
    const intake = await TestIntake.start('lmtp')
    const peer = await intake.clientInData('ann')
    peer.write('.\r\n')
    await peer.smtpReply()
    expect(intake.target.laid[0]?.content).toContain(' with LMTP id ')
    peer.drop()
  })
})
