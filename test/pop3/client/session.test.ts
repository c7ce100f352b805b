// The client against our own server: what it lists, fetches and deletes.
import { afterEach, describe, expect, it } from 'vitest'
import { type ConnectOptions, connect, password, type Session } from '../../../src/pop3/client/index.ts'
import { type Office, openOffice, password as secret } from '../office.ts'

const offices: Office[] = []
afterEach(async () => {
  for (const office of offices.splice(0)) await office.stop()
})

async function open(
  messages: readonly string[],
  options: Partial<ConnectOptions> = {},
): Promise<[Session, Office]> {
  const office = await openOffice({ messages })
  offices.push(office)
  const session = await connect({
    host: '127.0.0.1',
    port: office.port,
    tls: 'none',
    allowCleartextAuth: true,
    auth: password('alice', secret),
    ...options,
  })
  return [session, office]
}

const mail = ['Subject: 1\n\nfirst\n', 'Subject: 2\n\n.second\n..\n', `Subject: 3\n\n${'x'.repeat(70_000)}\n`]
const wire = (text: string) => text.replaceAll('\n', '\r\n')

describe('a session', () => {
  it('lists numbers, octets and UIDLs', async () => {
    const [session] = await open(mail)
    const listing = await session.listing()
    expect(listing.map(({ number }) => number)).toEqual([1, 2, 3])
    expect(listing.map(({ octets }) => octets)).toEqual(mail.map(text => wire(text).length))
    expect(new Set(listing.map(({ key }) => key)).size).toBe(3)
    expect(listing.anomalies).toEqual([])
    session.abandon()
  })

  it.each([1, 2, 16])('fetches octet for octet, %d ahead', async window => {
    const [session] = await open(mail)
    const texts: string[] = []
    for await (const message of session.retrieve(await session.listing(), { window }))
      texts.push(Buffer.from(await message.body.bytes()).toString('latin1'))
    expect(texts).toEqual(mail.map(wire))
    expect(await session.commit()).toEqual({ deleted: 0, refused: [], state: 'committed' })
  })

  it.each([1, 16])('deletes what was marked, at commit, %d ahead', async window => {
    const [session, office] = await open(mail)
    for await (const message of session.retrieve(await session.listing(), { window })) {
      if (message.ref.number !== 2) message.markDeleted()
      await message.body.bytes()
    }
    expect(await session.commit()).toEqual({ deleted: 2, refused: [], state: 'committed' })
    expect(await office.summary()).toMatchObject({ deleted: 2, reason: 'quit' })
  })

  it('deletes nothing when its scope is left without commit', async () => {
    const [session, office] = await open(mail)
    for (const ref of await session.listing()) session.markDeleted(ref)
    await session[Symbol.asyncDispose]()
    expect(await office.summary()).toMatchObject({ deleted: 0 })
  })

  it('goes on behind bodies that were not read, and an iteration that was left', async () => {
    const [session] = await open(mail)
    const listing = await session.listing()
    for await (const { ref } of session.retrieve(listing)) if (ref.number === 2) break
    for await (const { body } of session.headers(listing.slice(0, 1)))
      expect(Buffer.from(await body.bytes()).toString()).toBe('Subject: 1\r\n\r\n')
    await session.noop()
    session.abandon()
  })

  it('has an error for the message that is refused, and goes on', async () => {
    const [session] = await open(mail)
    const [first, second, third] = await session.listing()
    if (!first || !second || !third) throw new Error('three were delivered')
    session.markDeleted(second)
    const errors: (string | undefined)[] = []
    for await (const { error } of session.retrieve([first, second, third])) errors.push(error?.code)
    expect(errors).toEqual([undefined, 'refused', undefined])
    session.abandon()
  })

  it.each([
    ['a wrong password', { auth: password('alice', 'wrong') }, 'login-refused'],
    ['a line end in the name', { auth: password('alice\r\nDELE 1', 'x') }, 'bad-argument'],
    ['a password in clear', { allowCleartextAuth: false }, 'cleartext-refused'],
    ['STLS that is not there', { tls: 'stls' }, 'tls-failed'],
  ] as const)('is refused for %s', async (_why, options, code) => {
    await expect(open(mail, options)).rejects.toMatchObject({ name: 'Pop3Error', code })
  })
})
