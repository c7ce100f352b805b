// UTF8 and LANG around TLS and logins, RFC 6856: where they are told, what they survive, and names in UTF-8.
import { once } from 'node:events'
import { connect, createSecureContext, type TLSSocket } from 'node:tls'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { makeSelfSigned } from '../../src/net/self-signed.ts'
import type { TlsContexts } from '../../src/net/tls.ts'
import { addAccount, type Office, type OfficeOptions, openOffice, password } from './office.ts'
import { Peer } from './peer.ts'

let contexts: TlsContexts
beforeAll(() => {
  const context = createSecureContext(makeSelfSigned({ names: ['localhost'], days: 2 }))
  contexts = { contextFor: () => context, asksForCertificate: false }
})

const offices: Office[] = []
afterEach(async () => {
  for (const office of offices.splice(0)) await office.stop()
})

const message = 'Subject: ü\n\nbody\n'
const asIs = Buffer.byteLength('Subject: ü\r\n\r\nbody\r\n')
const downgraded = 'Subject: =?UTF-8?B?w7w=?=\r\n\r\nbody\r\n'.length

async function open(options: OfficeOptions = {}): Promise<Office> {
  const office = await openOffice({ messages: [message], ...options })
  offices.push(office)
  return office
}

async function greeted(office: Office): Promise<Peer> {
  const peer = await office.connect()
  await peer.line()
  return peer
}

async function overTls(peer: Peer): Promise<Peer> {
  expect(await peer.ask('STLS')).toMatch(/^\+OK/)
  peer.socket.removeAllListeners('data')
  const secured: TLSSocket = connect({
    socket: peer.socket,
    rejectUnauthorized: false,
    ALPNProtocols: ['pop3'],
  })
  await once(secured, 'secureConnect')
  return Peer.over(secured)
}

async function logIn(peer: Peer, name = 'alice'): Promise<string> {
  await peer.ask(`USER ${name}`)
  return peer.ask(`PASS ${password}`)
}

describe('UTF8', () => {
  it('is forgotten by STLS, and so is the language', async () => {
    const peer = await greeted(await open({ tls: contexts }))
    await peer.ask('LANG zh')
    await peer.ask('UTF8')
    const secured = await overTls(peer)
    expect(await secured.ask('NOOP')).toBe('-ERR not allowed in this state')
    expect(await logIn(secured)).toBe(`+OK 1 message (${downgraded} octets)`)
  })

  it('holds behind STLS when it is sent there', async () => {
    const secured = await overTls(await greeted(await open({ tls: contexts })))
    expect(await secured.ask('UTF8')).toBe('+OK UTF-8 enabled')
    expect(await logIn(secured)).toBe(`+OK 1 message (${asIs} octets)`)
  })

  it('holds through failed logins', async () => {
    const peer = await greeted(await open())
    await peer.ask('UTF8')
    expect(await logIn(peer, 'nobody')).toMatch(/^-ERR \[AUTH\]/)
    expect(await logIn(peer)).toBe(`+OK 1 message (${asIs} octets)`)
  })

  it('is told with USER only where a login may travel', async () => {
    const peer = await greeted(await open({ tls: contexts, cleartextLogin: 'never' }))
    expect(await peer.askLong('CAPA')).toContain('UTF8')
    const inside = await (await overTls(peer)).askLong('CAPA')
    expect(inside).toContain('UTF8 USER')
    expect(inside).toContain('LANG')
  })

  it('is no word of any other spelling', async () => {
    const peer = await greeted(await open())
    expect(await peer.ask('utf8')).toBe('+OK UTF-8 enabled')
    expect(await peer.ask('UTF\x18')).toBe('-ERR unknown command')
    expect(await peer.ask('UTF')).toBe('-ERR unknown command')
    expect(await peer.ask('UTF-8')).toBe('-ERR unknown command')
    expect(await peer.ask('8888')).toBe('-ERR unknown command')
  })

  it('sends a message of another session in its own form', async () => {
    const office = await open()
    const plain = await office.logIn()
    expect(await plain.ask('STAT')).toBe(`+OK 1 ${downgraded}`)
    await plain.ask('QUIT')
    const peer = await greeted(office)
    await peer.ask('UTF8')
    await logIn(peer)
    expect(await peer.ask('STAT')).toBe(`+OK 1 ${asIs}`)
  })
})

describe('names and passwords', () => {
  const utf8 = (text: string) => Buffer.from(text).toString('latin1')

  it('may be UTF-8, with the command UTF8 or without', async () => {
    const office = await open()
    await addAccount(office.store, 'jürgen', [])
    for (const first of ['NOOP', 'UTF8']) {
      const peer = await greeted(office)
      await peer.ask(first)
      expect(await logIn(peer, utf8('jürgen'))).toBe('+OK 0 messages (0 octets)')
      await peer.ask('QUIT')
    }
  })

  it.each([
    ['J\xfcrgen', 'latin1'],
    ['\xc0\xaf', 'overlong'],
    ['\xed\xa0\x80', 'a surrogate'],
    ['\xf5\x80\x80\x80', 'beyond Unicode'],
  ])('are refused when they are no UTF-8: %j (%s)', async name => {
    const peer = await greeted(await open())
    expect(await peer.ask(`USER ${name}`)).toBe('-ERR one user name expected')
  })
})

describe('LANG', () => {
  it('asks for the language the owner prefers by an asterisk', async () => {
    const peer = await greeted(await open({ preferredLanguage: 'ru' }))
    expect(Buffer.from(await peer.ask('LANG *'), 'latin1').toString()).toBe('+OK ru выбран русский язык')
  })

  it('cannot prefer what there is not', async () => {
    await expect(openOffice({ preferredLanguage: 'tlh' })).rejects.toThrow(RangeError)
  })

  it('says that the server ends in the language of the session', async () => {
    const office = await open()
    const peer = await greeted(office)
    await peer.ask('LANG ru')
    const ended = peer.rest()
    await office.server.drain(0)
    expect(Buffer.from(await ended, 'latin1').toString()).toBe('-ERR [SYS/TEMP] сервер завершает работу\r\n')
  })

  it.each([
    'LANG ',
    'LANG  ru',
    'LANG ru zh',
    'LANG r\xfc',
    'LANG abcdefghi',
    'LANG **',
    `LANG ${'a-'.repeat(100)}a`,
  ])('takes one range and nothing else: %j', async command => {
    const peer = await greeted(await open())
    expect(await peer.ask(command)).toBe('-ERR a language tag or an asterisk expected')
  })
})
