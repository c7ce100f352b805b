// What the README's table of peers claims for us, row by row, against the built command.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deliverByLmtp, LinePeer } from './line-peer.ts'
import { logIn, readMaildrop, uidlsOf } from './maildrop.ts'
import { Office } from './office.ts'

const users = ['lock', 'dele', 'octets', 'top', 'numbers', 'split', 'order', 'spaces']
let office: Office

beforeAll(async () => {
  office = await Office.open(users)
  for (const number of [1, 2, 3]) {
    const content = `Subject: ${number}\r\nX-Second: line\r\n\r\nfirst\r\n.second\r\nthird\r\n`
    await deliverByLmtp(office.ports.lmtp, users, Buffer.from(content))
  }
})
afterAll(() => office?.close())

describe('the table of peers', () => {
  it('a second session on the same maildrop is refused at once; delivery goes on', async () => {
    const holder = await logIn(office, 'lock')
    await expect(logIn(office, 'lock')).rejects.toThrow(/^-ERR \[IN-USE\] /)
    const [reply] = await deliverByLmtp(office.ports.lmtp, ['lock'], Buffer.from('Subject: 4\r\n\r\n'))
    expect(reply).toMatch(/^250/)
    expect(await uidlsOf(holder)).toHaveLength(3)
    holder.drop()
  })

  it('after DELE the other numbers stay, LIST and UIDL leave the deleted one out, RSET brings it back', async () => {
    const peer = await logIn(office, 'dele')
    const before = (await peer.askBody('LIST')).toString()
    expect(await peer.ask('DELE 2')).toMatch(/^\+OK/)
    const lines = before.split('\r\n')
    expect((await peer.askBody('LIST')).toString()).toBe(lines.toSpliced(1, 1).join('\r\n'))
    expect((await peer.askBody('UIDL')).toString()).toMatch(/^1 \S+\r\n3 \S+\r\n$/)
    for (const command of ['RETR 2', 'TOP 2 0', 'LIST 2', 'UIDL 2', 'DELE 2'])
      expect(await peer.ask(command), command).toMatch(/^-ERR/)
    expect(await peer.ask('RSET')).toMatch(/^\+OK/)
    expect((await peer.askBody('LIST')).toString()).toBe(before)
    peer.drop()
  })

  it('LIST gives the octets that RETR sends, also when the last line came without its end', async () => {
    await office.run(['deliver', 'octets'], 'Subject: 4\n\nthe last line has no end')
    const peer = await logIn(office, 'octets')
    for (const number of [1, 2, 3, 4]) {
      const listed = Number((await peer.ask(`LIST ${number}`)).split(' ')[2])
      expect((await peer.askBody(`RETR ${number}`)).length).toBe(listed)
    }
    peer.drop()
  })

  it('TOP n 0 is the header and its empty line; TOP n 2 has two lines of the body', async () => {
    const peer = await logIn(office, 'top')
    const top = (await peer.askBody('TOP 1 0')).toString()
    expect(top).toMatch(/\r\nSubject: 1\r\nX-Second: line\r\n\r\n$/)
    expect((await peer.askBody('TOP 1 2')).toString()).toBe(`${top}first\r\n.second\r\n`)
    peer.drop()
  })

  it.each([
    ['0', 'numbers begin at 1'],
    ['4', 'there are three messages'],
    ['-1', 'a sign'],
    ['+1', 'a sign'],
    ['1.5', 'a fraction'],
    ['1e0', 'an exponent'],
    ['0x1', 'hexadecimal'],
    ['01', 'a leading zero'],
    ['1abc', 'something behind it'],
    ['1 2', 'a second argument'],
    ['4294967297', '2^32 + 1'],
    ['99999999999999999999', 'more than 64 bits'],
  ])('DELE %s is one -ERR and deletes nothing (%s)', async argument => {
    const peer = await logIn(office, 'numbers')
    expect(await peer.ask(`DELE ${argument}`)).toMatch(/^-ERR/)
    expect(await uidlsOf(peer)).toHaveLength(3)
    expect(await peer.ask('QUIT')).toMatch(/^\+OK/)
    await peer.end()
  })

  it('a command may come in many packets, or many commands in one; the replies keep their order', async () => {
    const peer = await logIn(office, 'split')
    for (const octet of 'STAT\r\n') {
      peer.write(octet)
      await new Promise(setImmediate)
    }
    expect(await peer.line()).toMatch(/^\+OK 3 /)
    peer.write('RETR 3\r\nDELE 1\r\nRETR 2\r\nNOOP\r\nSTAT\r\n')
    expect(await peer.line()).toMatch(/^\+OK/)
    expect((await peer.body()).toString()).toContain('Subject: 3\r\n')
    expect(await peer.line()).toMatch(/^\+OK/)
    expect(await peer.line()).toMatch(/^\+OK/)
    expect((await peer.body()).toString()).toContain('Subject: 2\r\n')
    expect(await peer.line()).toMatch(/^\+OK/)
    expect(await peer.line()).toMatch(/^\+OK 2 /)
    peer.drop()
  })

  it('every space of a password counts', async () => {
    const password = '  two  spaces, and one behind '
    await office.run(['user', 'passwd', 'spaces', '--password-stdin'], `${password}\n`)
    const peer = await LinePeer.logIn(office.ports.pop3, 'spaces', password)
    expect(await peer.ask('QUIT')).toMatch(/^\+OK/)
    await peer.end()
    for (const wrong of [password.trim(), password.trimEnd(), password.replaceAll('  ', ' ')])
      await expect(LinePeer.logIn(office.ports.pop3, 'spaces', wrong), wrong).rejects.toThrow(
        /^-ERR \[AUTH\] /,
      )
  })

  it('a dropped connection deletes nothing; what QUIT confirmed is gone', async () => {
    const dropped = await logIn(office, 'order')
    await dropped.ask('DELE 1')
    dropped.drop()
    const peer = await logInPatiently('order')
    expect(await uidlsOf(peer)).toHaveLength(3)
    await peer.ask('DELE 1')
    expect(await peer.ask('QUIT')).toMatch(/^\+OK/)
    expect(
      (await readMaildrop(office, 'order')).map(({ content }) => /Subject: (.)/.exec(String(content))?.[1]),
    ).toEqual(['2', '3'])
  })
})

/** Logs in as soon as the server has noticed that the last session is gone. */
async function logInPatiently(user: string): Promise<LinePeer> {
  for (;;) {
    try {
      return await logIn(office, user)
    } catch (error) {
      if (!String(error).includes('[IN-USE]')) throw error
    }
  }
}
