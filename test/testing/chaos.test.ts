// Faults on purpose: each as a client meets it, where the rules say, and nowhere else.
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ChaosRule, startTestOffice, type TestOffice } from '../../src/testing/index.ts'
import { LinePeer } from '../e2e/line-peer.ts'

const ann = { name: 'ann', password: 'sesame' }
const bob = { name: 'bob', password: 'geheim' }

/** An office with three messages for ann; their sizes differ, and the second has dots. */
async function officeWith(...chaos: readonly ChaosRule[]): Promise<TestOffice> {
  const office = await startTestOffice({ users: [ann, bob], chaos })
  for (const body of ['one', '.\r\n..two', 'three three'])
    await office.deliver({ to: ['ann', 'bob'], text: body })
  return office
}

const logIn = (office: TestOffice, { name, password } = ann) =>
  LinePeer.logIn(office.pop3.port, name, password)
const lines = (body: Buffer) => body.toString().split('\r\n').slice(0, -1)

/** All that comes until the server closes. */
async function untilEnd(peer: LinePeer, command: string): Promise<string> {
  peer.write(`${command}\r\n`)
  const text = await peer.end()
  peer.drop()
  return text
}

describe('without rules', () => {
  let office: TestOffice
  beforeAll(async () => {
    office = await officeWith()
  })
  afterAll(() => office.close())

  it('lets everything pass, pipelined and cut anywhere', async () => {
    const peer = await LinePeer.connect(office.pop3.port)
    await peer.line()
    for (const octet of 'USER ann\r\nPASS sesame\r\nSTAT\nLI') {
      peer.write(octet)
      await new Promise(resolve => setImmediate(resolve))
    }
    peer.write('ST\r\nRETR 2\r\nNONSENSE\r\nLIST 1\r\nDELE 1\r\nRSET\r\nQUIT\r\n')
    const said = await peer.end()
    expect(said.split('\r\n').filter(line => line.startsWith('+OK'))).toHaveLength(9)
    expect(said.match(/^-ERR/gm)).toHaveLength(1)
    expect(said).toMatch(/\r\n\r\n\.\.\r\n\.\.\.two\r\n\.\r\n-ERR/)
    peer.drop()
    expect(office.chaos.injected).toEqual([])
  })

  it('passes a large message on to a client that reads late', async () => {
    const text = `${'x'.repeat(76)}\r\n`.repeat(20_000)
    await office.deliver({ to: 'bob', text })
    const peer = await logIn(office, bob)
    peer.socket.pause()
    peer.write('RETR 4\r\n')
    await new Promise(resolve => setImmediate(resolve))
    peer.socket.resume()
    await peer.line()
    expect((await peer.body()).length).toBeGreaterThan(text.length)
    peer.drop()
  })

  it('tells the server when a client has gone', async () => {
    const peer = await logIn(office)
    peer.drop()
    await expect.poll(() => office.sessions.at(-1)?.endedBy).toBe('dropped')
  })

  it('lets in by AUTH with its challenges', async () => {
    const peer = await LinePeer.connect(office.pop3.port)
    await peer.line()
    expect(await peer.ask('AUTH LOGIN')).toMatch(/^\+ /)
    expect(await peer.ask(Buffer.from('ann').toString('base64'))).toMatch(/^\+ /)
    expect(await peer.ask(Buffer.from('sesame').toString('base64'))).toMatch(/^\+OK/)
    peer.drop()
  })
})

describe('faults', () => {
  it('drop: the connection ends within the message, and nothing is deleted', async () => {
    await using office = await officeWith({ fault: 'drop', nth: 2 })
    const peer = await logIn(office)
    const whole = (await peer.askBody('RETR 3')).length
    await peer.ask('DELE 1')
    const part = await untilEnd(peer, 'RETR 3')
    expect(part.length).toBeGreaterThan(0)
    expect(part.length).toBeLessThan(whole)
    await expect.poll(() => office.sessions[0]?.endedBy).toBe('dropped')
    const again = await logIn(office)
    expect(await again.ask('STAT')).toMatch(/^\+OK 3 /)
    again.drop()
    expect(office.chaos.injected).toMatchObject([{ verb: 'RETR', user: 'ann', rule: { fault: 'drop' } }])
  })

  it('drop: the server hears of it at once, even if the client stays', async () => {
    await using office = await officeWith({ fault: 'drop', verb: 'STAT' })
    const socket = connect({ port: office.pop3.port, host: '127.0.0.1', allowHalfOpen: true })
    socket.resume().write('USER ann\r\nPASS sesame\r\nSTAT\r\n')
    await new Promise(resolve => socket.on('end', resolve))
    const again = await logIn(office)
    expect(office.sessions[0]?.endedBy).toBe('dropped')
    again.drop()
    socket.destroy()
  })

  it('drop: after as many octets as the rule says, at any command', async () => {
    await using office = await officeWith({ fault: 'drop', verb: 'greeting', afterOctets: 3 })
    const peer = await LinePeer.connect(office.pop3.port)
    expect(await peer.end()).toBe('+OK')
  })

  it('stall: nothing more comes, and the connection stays until the client leaves', async () => {
    await using office = await officeWith({ fault: 'stall', verb: 'LIST', afterOctets: 10 })
    const peer = await logIn(office)
    peer.write('LIST\r\nNOOP\r\n')
    await expect.poll(() => office.chaos.injected.length).toBe(1)
    peer.socket.end()
    expect(await peer.end()).toHaveLength(10)
  })

  it('trickle: one octet in a packet, the same octets in the end', async () => {
    await using office = await officeWith({ fault: 'trickle', verb: 'RETR' })
    const socket = connect(office.pop3.port, '127.0.0.1')
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.write('USER ann\r\nPASS sesame\r\nRETR 2\r\nQUIT\r\n')
    await new Promise(resolve => socket.on('end', resolve))
    socket.destroy()
    expect(chunks.filter(({ length }) => length === 1).length).toBeGreaterThan(100)
    expect(Buffer.concat(chunks).toString()).toMatch(/\r\n\r\n\.\.\r\n\.\.\.two\r\n\.\r\n\+OK/)
  })

  it('wrong-size: STAT and LIST lie by so much, RETR where it is named', async () => {
    await using office = await officeWith()
    const peer = await logIn(office)
    const [stat, one, list, retr] = [
      await peer.ask('STAT'),
      await peer.ask('LIST 2'),
      lines(await peer.askBody('LIST')),
      await peer.ask('RETR 1'),
    ]
    await peer.body()
    const more = (text: string, place: RegExp) =>
      text.replace(place, (_, before: string, size: string) => before + (Number(size) + 7))
    office.chaos.add({ fault: 'wrong-size', octets: 7, verb: ['STAT', 'LIST', 'RETR'] })
    expect(await peer.ask('STAT')).toBe(more(stat, /^(\+OK 3 )(\d+)/))
    expect(await peer.ask('LIST 2')).toBe(more(one, /^(\+OK 2 )(\d+)/))
    expect(lines(await peer.askBody('LIST'))).toEqual(list.map(line => more(line, /^(\d+ )(\d+)/)))
    expect(await peer.ask('RETR 1')).toBe(more(retr, /^(\+OK )(\d+)/))
    peer.drop()
  })

  it('duplicate-uidl and changed-uidl', async () => {
    await using office = await officeWith()
    const peer = await logIn(office)
    const own = lines(await peer.askBody('UIDL')).map(line => line.split(' ')[1])
    const stop = office.chaos.add({ fault: 'duplicate-uidl' })
    expect(lines(await peer.askBody('UIDL'))).toEqual([1, 2, 3].map(number => `${number} ${own[0]}`))
    expect(await peer.ask('UIDL 3')).toBe(`+OK 3 ${own[0]}`)
    stop()
    office.chaos.add({ fault: 'changed-uidl' })
    const changed = lines(await peer.askBody('UIDL')).map(line => line.split(' ')[1])
    expect(new Set([...own, ...changed]).size).toBe(6)
    expect(changed.every(uidl => /^[\x21-\x7e]{1,70}$/.test(uidl ?? ''))).toBe(true)
    expect(await peer.ask('UIDL 1')).not.toBe(`+OK 1 ${changed[0]}`)
    peer.drop()
  })

  it('list-gap: a message is not listed, and is there', async () => {
    await using office = await officeWith()
    const peer = await logIn(office)
    const list = lines(await peer.askBody('LIST'))
    const stop = office.chaos.add({ fault: 'list-gap' })
    expect(lines(await peer.askBody('LIST'))).toEqual([list[0], list[2]])
    stop()
    office.chaos.add({ fault: 'list-gap', message: 3, verb: ['LIST', 'UIDL'] })
    expect(lines(await peer.askBody('LIST'))).toEqual([list[0], list[1]])
    expect(lines(await peer.askBody('UIDL'))).toHaveLength(2)
    expect(await peer.ask('LIST 3')).toBe(`+OK ${list[2]}`)
    peer.drop()
  })

  it.each([
    ['in-use', '[IN-USE]'],
    ['login-delay', '[LOGIN-DELAY]'],
    ['sys-temp', '[SYS/TEMP]'],
  ] as const)('%s: the login never reaches the server', async (fault, code) => {
    await using office = await officeWith({ fault, nth: 1 })
    await expect(logIn(office)).rejects.toThrow(`-ERR ${code}`)
    const peer = await logIn(office)
    peer.drop()
    expect(String(office.sessions[0])).not.toContain('C: PASS')
  })

  it('sys-temp: of any command, and of AUTH', async () => {
    await using office = await officeWith({
      fault: 'sys-temp',
      verb: ['DELE', 'AUTH'],
      text: 'the disk is full',
    })
    const other = await LinePeer.connect(office.pop3.port)
    await other.line()
    expect(await other.ask('AUTH PLAIN')).toBe('-ERR [SYS/TEMP] the disk is full')
    expect(await other.ask('NOOP')).toMatch(/^-ERR/)
    other.drop()
    const peer = await logIn(office)
    expect(await peer.ask('DELE 1')).toBe('-ERR [SYS/TEMP] the disk is full')
    expect(await peer.ask('STAT')).toMatch(/^\+OK 3 /)
    peer.drop()
  })

  it('unstuffed-dot and missing-dot', async () => {
    await using office = await officeWith({ fault: 'unstuffed-dot' })
    const peer = await logIn(office)
    await peer.askBody('RETR 1')
    expect(office.chaos.injected).toEqual([])
    peer.write('RETR 2\r\nNOOP\r\n')
    await peer.line()
    expect((await peer.body()).toString()).toMatch(/\r\n\r\n$/)
    expect(await peer.line()).toBe('..two')
    expect(await peer.line()).toBe('.')
    expect(await peer.line()).toMatch(/^\+OK/)
    office.chaos.clear()
    office.chaos.add({ fault: 'missing-dot' })
    peer.write('RETR 1\r\nNOOP\r\n')
    expect(await untilEnd(peer, 'QUIT')).toMatch(/\r\none\r\n\+OK[^\r]*\r\n\+OK/)
  })

  it('lying-capa: adds what is not served, leaves out what is', async () => {
    await using office = await officeWith({ fault: 'lying-capa' })
    const peer = await LinePeer.connect(office.pop3.port)
    await peer.line()
    expect(lines(await peer.askBody('CAPA'))).toContain('STLS')
    expect(await peer.ask('STLS')).toMatch(/^-ERR/)
    office.chaos.clear()
    expect(lines(await peer.askBody('CAPA'))).not.toContain('STLS')
    office.chaos.add({ fault: 'lying-capa', add: ['XTRA 1'], remove: ['uidl', 'SASL'] })
    const told = lines(await peer.askBody('CAPA'))
    expect(told).toContain('XTRA 1')
    expect(told.filter(line => /^(UIDL|SASL|STLS)/.test(line))).toEqual([])
    peer.drop()
  })

  it('garbage: a line before the status line', async () => {
    await using office = await officeWith({ fault: 'garbage', verb: ['STAT'], text: '** warning' })
    const peer = await logIn(office)
    expect(await peer.ask('STAT')).toBe('** warning')
    expect(await peer.line()).toMatch(/^\+OK 3 /)
    peer.drop()
  })

  it('no-answer: QUIT has deleted, and closes without a word', async () => {
    await using office = await officeWith({ fault: 'no-answer', nth: 1 })
    const peer = await logIn(office)
    await peer.ask('DELE 2')
    expect(await untilEnd(peer, 'QUIT')).toBe('')
    const again = await logIn(office)
    expect(await again.ask('STAT')).toMatch(/^\+OK 2 /)
    expect(await again.ask('QUIT')).toMatch(/^\+OK/)
    await again.end()
  })
})

describe('rules', () => {
  it('hold for one user, whatever the way in', async () => {
    await using office = await officeWith(
      { fault: 'in-use', user: 'bob@office.test' },
      { fault: 'garbage', verb: 'NOOP', user: 'ann' },
    )
    const peer = await logIn(office)
    expect(await peer.ask('NOOP')).toMatch(/^\*\*\*/)
    peer.drop()
    await expect(logIn(office, bob)).rejects.toThrow('[IN-USE]')
    const other = await LinePeer.connect(office.pop3.port)
    await other.line()
    const initial = Buffer.from('\0bob\0geheim').toString('base64')
    expect(await other.ask(`AUTH PLAIN ${initial}`)).toMatch(/^-ERR \[IN-USE\]/)
    other.drop()
    expect(office.chaos.injected.map(({ user }) => user)).toEqual(['ann', 'bob', 'bob'])
  })

  it('make the same faults from the same seed, others from another', async () => {
    const run = async (seed: number): Promise<string> => {
      await using office = await officeWith({ fault: 'sys-temp', verb: 'NOOP', probability: 0.5, seed })
      const peer = await logIn(office)
      let signs = ''
      for (let nth = 0; nth < 40; nth += 1) signs += (await peer.ask('NOOP'))[0]
      peer.drop()
      return signs
    }
    const first = await run(1)
    expect(await run(1)).toBe(first)
    expect(await run(2)).not.toBe(first)
    expect(first).toMatch(/\+.*-|-.*\+/)
  })

  it('are checked', async () => {
    await using office = await startTestOffice()
    for (const wrong of [
      { nth: 0 },
      { nth: 1.5 },
      { probability: 2 },
      { probability: Number.NaN },
      { protocol: 'imap' as 'pop3' },
    ])
      expect(() => office.chaos.add({ fault: 'drop', ...wrong })).toThrow(TypeError)
  })

  it('count over all sessions, each rule for itself', async () => {
    await using office = await officeWith(
      { fault: 'garbage', verb: 'NOOP', nth: 3, text: 'third' },
      { fault: 'garbage', verb: 'NOOP', nth: 4, text: 'fourth' },
    )
    const said: string[] = []
    for (const user of [ann, bob]) {
      const peer = await logIn(office, user)
      peer.write('NOOP\r\nNOOP\r\n')
      said.push(await untilEnd(peer, 'QUIT'))
    }
    expect(said[0]).not.toMatch(/third|fourth/)
    expect(said[1]).toMatch(/^third\r\n\+OK.*\r\nfourth\r\n\+OK/)
  })
})
