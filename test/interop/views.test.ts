// Views as users have them: settings and folders by the command line, mail by LMTP with a spam filter's field, read by curl.
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { deliverByLmtp } from '../e2e/line-peer.ts'
import { Office } from '../e2e/office.ts'
import { itWith, runOrFail, runProgram } from '../e2e/program.ts'
import { awkwardMessages } from './awkward-messages.ts'

let office: Office

beforeAll(async () => {
  office = await Office.open(['ann', 'host'], {
    tables: '[maildrop]\nhosts = ["host"]\n[delivery]\nto_folder = "existing"',
  })
  await office.run(['folder', 'create', 'ann', 'Lists'])
  await office.run(['alias', 'add', '@mail.test.example', 'host'])
  for (const { content } of awkwardMessages) await lmtp('ann+junk', content)
  await lmtp('ann', Buffer.from('Subject: hello\r\n\r\nx\r\n'))
  await lmtp('ann', Buffer.from('Subject: buy\r\nX-Spam-Flag: YES\r\n\r\nx\r\n'))
  await lmtp('ann+Lists', Buffer.from('Subject: list\r\n\r\nx\r\n'))
  await lmtp('john', Buffer.from('Subject: for john\r\n\r\nx\r\n'))
  await lmtp('mary', Buffer.from('Subject: for mary\r\n\r\nx\r\n'))
})
afterAll(() => office?.close())

async function lmtp(user: string, content: Buffer): Promise<void> {
  const [reply] = await deliverByLmtp(office.ports.lmtp, [`${user}@mail.test.example`], content)
  expect(reply).toMatch(/^250/)
}

/** The name in the URL: curl parts what `--user` has at the first colon. */
function curl(user: string, path = '', ...options: readonly string[]): Promise<Buffer> {
  const secret = user.endsWith('host') ? 'host-secret' : 'ann-secret'
  const url = `pop3://${encodeURIComponent(user)}:${secret}@127.0.0.1:${office.ports.pop3}/${path}`
  return runOrFail('curl', ['--silent', '--show-error', ...options, url])
}

const sizesOf = (listing: Buffer) => listing.toString().trim().split('\r\n').filter(Boolean)

describe('curl', () => {
  itWith(
    'curl',
    'sees INBOX and Junk together, every awkward message marked and exact to the octet',
    async () => {
      const listing = sizesOf(await curl('inbox+junk:ann'))
      expect(listing).toHaveLength(awkwardMessages.length + 2)
      for (const [index, line] of listing.entries()) {
        const message = await curl('inbox+junk:ann', String(index + 1))
        expect(line).toBe(`${index + 1} ${message.length}`)
        const isMarked = /^subject[ \t]*: \[Junk\]/im.test(message.toString('latin1'))
        expect(isMarked).toBe(index > 0)
      }
    },
  )

  itWith('curl', 'sees one folder, and addressees of a host', async () => {
    for (const [user, subject] of [
      ['ann+Lists', 'list'],
      ['john@host', 'for john'],
      ['mary+host', 'for mary'],
    ] as const)
      expect((await curl(user, '1')).toString()).toContain(`Subject: ${subject}\r\n`)
    expect(sizesOf(await curl('host'))).toHaveLength(2)
  })

  itWith('curl', 'is refused for a folder that is not there as for a wrong password', async () => {
    const outcomes = []
    for (const [user, secret] of [
      ['ann+Work', 'ann-secret'],
      ['ann', 'wrong'],
    ] as const) {
      const url = `pop3://127.0.0.1:${office.ports.pop3}/`
      const { code, stderr } = await runProgram('curl', [
        '--silent',
        '--show-error',
        '--user',
        `${user}:${secret}`,
        url,
      ])
      outcomes.push([code, stderr])
    }
    expect(outcomes[0]).toEqual(outcomes[1])
    expect(outcomes[0]?.[0]).toBe(67)
  })

  itWith('curl', 'moves what it deletes to Trash where the account says so', async () => {
    expect(await office.run(['user', 'set', 'ann', '--on-delete', 'trash', '--view', 'inbox+junk'])).toBe(
      'ann: view inbox+junk; on delete trash, from the next session on\n',
    )
    const [, uidl] = (await curl('ann', '', '--request', 'UIDL')).toString().split(/[ \r\n]+/)
    await curl('ann', '1', '--request', 'DELE', '--head')
    expect((await curl('ann+Trash', '', '--request', 'UIDL')).toString()).toBe(`1 ${uidl}\r\n`)
    expect((await curl('ann', '', '--request', 'UIDL')).toString()).not.toContain(uidl)
    expect(JSON.parse(await office.run(['folder', 'list', 'ann', '--json']))).toMatchObject([
      { name: 'INBOX', messages: 0 },
      { name: 'Junk', messages: awkwardMessages.length + 1 },
      { name: 'Lists', messages: 1 },
      { name: 'Trash', messages: 1 },
    ])
  })
})

describe('the command line', () => {
  itWith('curl', 'delivers into a folder, and only into one that is there', async () => {
    await office.run(['deliver', 'ann', '--folder', 'lists'], 'Subject: more\n\nx\n')
    expect(sizesOf(await curl('ann+Lists'))).toHaveLength(2)
    await expect(office.run(['deliver', 'ann', '--folder', 'Work'], 'x\n')).rejects.toThrow(
      /ann has no folder Work/,
    )
    await expect(office.run(['folder', 'remove', 'ann', 'Lists'])).rejects.toThrow(/not empty/)
    await expect(office.run(['user', 'set', 'ann', '--view', 'outbox'])).rejects.toThrow(
      /none of inbox, inbox\+junk/,
    )
    await expect(office.run(['user', 'set', 'ann'])).rejects.toThrow(/name what is to change/)
  })

  itWith('curl', 'makes an app password that sees one folder and nothing else', async () => {
    const args = ['app-password', 'add', 'ann', 'printer', '--view', 'folder=Lists,read-only', '--json']
    const { password, settings } = JSON.parse(await office.run(args)) as {
      password: string
      settings: unknown
    }
    expect(settings).toEqual({ view: 'folder=Lists,read-only' })
    const url = `pop3://127.0.0.1:${office.ports.pop3}/`
    const run = (user: string, ...options: readonly string[]) =>
      runProgram('curl', ['--silent', '--show-error', '--user', `${user}:${password}`, ...options, url])
    expect(sizesOf((await run('ann')).stdout)).toHaveLength(2)
    expect((await run('ann+INBOX')).code).toBe(67)
    expect((await run('ann', '--request', 'DELE 1')).code).not.toBe(0)
    expect(sizesOf((await run('ann')).stdout)).toHaveLength(2)
  })
})
