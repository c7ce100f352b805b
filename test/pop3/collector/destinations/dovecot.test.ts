// Dovecot as a destination, by LMTP and by IMAP: octets, doubles, dates, quotas, and kills in the middle of an APPEND.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { WireForm } from '../../../../src/mail/message/wire-form.ts'
import { imapDestination } from '../../../../src/pop3/collector/destinations/imap.ts'
import { FolderKeys } from '../../../../src/pop3/collector/destinations/imap-folder-keys.ts'
import { lmtpDestination } from '../../../../src/pop3/collector/destinations/lmtp.ts'
import { CutProxy } from './cut-proxy.ts'
import { type DovecotBox, hasDovecotImap, startDovecotBox } from './dovecot.ts'
import { awkwardLetters, plainLetter, storing, type TestLetter } from './letters.ts'

let dovecot: DovecotBox | undefined

beforeAll(async () => {
  if (hasDovecotImap) dovecot = await startDovecotBox()
})
afterAll(() => dovecot?.close())

function box(context: TestContext): DovecotBox {
  if (dovecot) return dovecot
  if (process.env['CI'] === 'true') throw new Error('dovecot-imapd or dovecot-lmtpd is not installed')
  return context.skip('dovecot-imapd or dovecot-lmtpd is not installed')
}

/** In wire form. */
function messagesIn(maildir: string): string[] {
  return ['new', 'cur'].flatMap(name => {
    const folder = join(maildir, name)
    return (existsSync(folder) ? readdirSync(folder) : []).map(file => {
      const form = new WireForm()
      const octets = readFileSync(join(folder, file))
      return Buffer.concat([form.push(octets), form.end()]).toString('latin1')
    })
  })
}

const withField = ({ deliveryKey, content }: TestLetter) =>
  `X-Poplar-Delivery: ${deliveryKey}\r\n${content.toString('latin1')}`

/** Dovecot's limit is 200 KB; NUL is nothing that IMAP carries, a lone CR nothing that SMTP does. */
const sendable = awkwardLetters.filter(
  ({ octets, content }) => octets < 100_000 && !/\0|\r(?!\n)/.test(content.toString('latin1')),
)

function imap(
  user: string,
  { ports }: { readonly ports: { readonly imap: number } },
  options: { readonly folder?: string; readonly password?: string; readonly timeoutMs?: number } = {},
) {
  const { folder = 'INBOX', password = `${user}-secret`, timeoutMs = 20_000 } = options
  return imapDestination('d', {
    ...{ host: '127.0.0.1', port: ports.imap, tls: 'none', folder, timeoutMs },
    keys: new FolderKeys(),
    login: { user, secret: () => Promise.resolve({ kind: 'password', password }) },
  })
}

describe('LMTP', () => {
  it('over TCP and over a socket in the file system: every octet, behind what Dovecot puts in front', async context => {
    const dovecot = box(context)
    const { ports, lmtpSocket } = dovecot
    for (const [recipient, address] of [
      ['tcp', { host: '127.0.0.1', port: ports.lmtp }],
      ['unix', { path: lmtpSocket }],
    ] as const) {
      const lmtp = lmtpDestination('d', { address, tls: 'none', hostname: 'c.example', recipient })
      for (const letter of sendable) expect(await lmtp.store(letter, storing())).toBe('stored')
      await lmtp.close()
      const stored = messagesIn(dovecot.maildir(recipient))
      expect(stored).toHaveLength(sendable.length)
      for (const letter of sendable) expect(stored.some(text => text.endsWith(withField(letter)))).toBe(true)
    }
  })

  it('a quota that is used up is full', async context => {
    const { ports } = box(context)
    const address = { host: '127.0.0.1', port: ports.lmtp }
    const lmtp = lmtpDestination('d', { address, tls: 'none', hostname: 'c.example', recipient: 'small' })
    await expect(lmtp.store(plainLetter(1, 15_000), storing())).rejects.toMatchObject({ fault: 'full' })
    await lmtp.close()
  })
})

describe('IMAP', () => {
  it('keeps every octet, behind the delivery field, unseen, with the date of the letter', async context => {
    const dovecot = box(context)
    const destination = imap('ann', dovecot)
    for (const letter of sendable) expect(await destination.store(letter, storing())).toBe('stored')
    await destination.close()
    const maildir = dovecot.maildir('ann')
    expect(messagesIn(maildir).sort()).toEqual(sendable.map(withField).sort())
    for (const name of readdirSync(join(maildir, 'cur'))) {
      expect(name).toMatch(/:2,$/)
      expect(statSync(join(maildir, 'cur', name)).mtime).toEqual(plainLetter(1).receivedAt)
    }
  })

  it('knows letters again in the same session, in another, and not once they are removed', async context => {
    const dovecot = box(context)
    const destination = imap('bob', dovecot)
    const letters = [1, 2, 3].map(number => plainLetter(number))
    for (const letter of letters) expect(await destination.store(letter, storing())).toBe('stored')
    for (const letter of letters) expect(await destination.store(letter, storing())).toBe('known')
    const other = imap('bob', dovecot)
    for (const letter of letters) expect(await other.store(letter, storing())).toBe('known')
    // What another process has appended meanwhile is seen.
    expect(await other.store(plainLetter(4), storing())).toBe('stored')
    expect(await destination.store(plainLetter(4), storing())).toBe('known')
    const { ImapFlow } = await import('imapflow')
    const client = new ImapFlow({
      ...{ host: '127.0.0.1', port: dovecot.ports.imap, secure: false, doSTARTTLS: false, logger: false },
      auth: { user: 'bob', pass: 'bob-secret' },
    })
    await client.connect()
    await client.mailboxOpen('INBOX')
    await client.messageDelete('1')
    await client.logout()
    expect(await destination.store(letters[0] ?? plainLetter(1), storing())).toBe('stored')
    expect(await destination.store(plainLetter(2), storing())).toBe('known')
    await destination.close()
    await other.close()
    expect(messagesIn(dovecot.maildir('bob'))).toHaveLength(4)
  })

  it('makes a folder that is missing', async context => {
    const dovecot = box(context)
    const destination = imap('carl', dovecot, { folder: 'Old mail' })
    expect(await destination.store(plainLetter(1), storing())).toBe('stored')
    await destination.close()
    expect(messagesIn(join(dovecot.maildir('carl'), '.Old mail'))).toEqual([withField(plainLetter(1))])
  })

  it('a connection that breaks anywhere in an APPEND: the letter is there once', async context => {
    const dovecot = box(context)
    const proxy = await CutProxy.start(dovecot.ports.imap)
    try {
      const letters: TestLetter[] = []
      for (const cut of ['answer', 200, 400, 700, 1500, 3000, 5000, 'answer'] as const) {
        const letter = plainLetter(letters.length, 250)
        letters.push(letter)
        proxy.cutAt(cut)
        const destination = imap('dora', { ports: { imap: proxy.port } })
        await expect(destination.store(letter, storing())).rejects.toMatchObject({ fault: 'unavailable' })
        proxy.cutAt(undefined)
        expect(await destination.store(letter, storing())).toBe(cut === 'answer' ? 'known' : 'stored')
        await destination.close()
      }
      expect(messagesIn(dovecot.maildir('dora')).sort()).toEqual(letters.map(withField).sort())
    } finally {
      await proxy.close()
    }
  })

  it('says what is wrong, and never the password', async context => {
    const dovecot = box(context)
    const wrong = imap('ann', dovecot, { password: 'hunter2' })
    const error: unknown = await wrong.store(plainLetter(1), storing()).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      fault: 'configuration',
      message: expect.stringContaining('refuses the login') as string,
    })
    expect(JSON.stringify([String(error), error, (error as Error).cause])).not.toContain('hunter2')
    const small = imap('eve', dovecot)
    await expect(small.store(plainLetter(1, 15_000), storing())).rejects.toMatchObject({ fault: 'full' })
    // The next letter may fit.
    expect(await small.store(plainLetter(2), storing())).toBe('stored')
    await small.close()
    const nobody = imap('ann', { ports: { imap: 1 } })
    await expect(nobody.store(plainLetter(1), storing())).rejects.toMatchObject({ fault: 'unavailable' })
  })
})
