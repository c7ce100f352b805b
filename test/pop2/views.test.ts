// What POP2 sees of an account: what POP3 sees, and by FOLD its other folders; login delays and retention hold for it too.
import { afterEach, describe, expect, it } from 'vitest'
import { AccountPolicy } from '../../src/mail/account-policy.ts'
import { LoginDelays } from '../../src/mail/login-delays.ts'
import { plainViews } from '../../src/mail/login-view.ts'
import type { Store } from '../../src/mail/store.ts'
import { startPop2Server } from '../../src/pop2/server/server.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { addAccount, plainAuthenticator } from '../pop3/office.ts'
import { Peer } from '../pop3/peer.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function open(
  given: Partial<Parameters<typeof startPop2Server>[0]> = {},
): Promise<{ store: Store; connect: () => Promise<Peer> }> {
  const store = createMemoryStore()
  await addAccount(store, 'alice', ['a\n', 'bb\n'])
  const server = await startPop2Server({
    listen: [{ host: '127.0.0.1', port: 0 }],
    hostname: 'pop.example',
    authenticator: plainAuthenticator(store),
    maildrops: store,
    ...given,
  })
  closing.push(
    () => store.close(),
    () => server.close(),
  )
  const connect = async () => {
    const peer = await Peer.connect(server.addresses[0]!.port)
    await peer.line()
    return peer
  }
  return { store, connect }
}

describe('a view', () => {
  it('that is read-only holds for ACKD', async () => {
    const { connect } = await open({ views: () => ({ ...plainViews, view: { readOnly: true } }) })
    const peer = await connect()
    for (const line of ['HELO alice sesame', 'READ', 'RETR']) await peer.ask(line)
    expect(await peer.ask('ACKD')).toBe('- this login may read, not delete')
  })

  it('that shows the newest holds for HELO and for FOLD INBOX', async () => {
    const { connect } = await open({ views: () => ({ ...plainViews, view: { newest: 1 } }) })
    const peer = await connect()
    expect(await peer.ask('HELO alice sesame')).toBe('#1 message')
    expect(await peer.ask('FOLD Junk')).toBe('#0 messages')
    expect(await peer.ask('FOLD INBOX')).toBe('#1 message')
    expect(await peer.ask('READ')).toBe('=4')
    peer.socket.destroy()
  })

  it('moves to Trash what ACKD deletes where that is the policy, and FOLD finds it there', async () => {
    const { connect } = await open({ views: () => ({ ...plainViews, onDelete: 'trash' }) })
    const peer = await connect()
    for (const line of ['HELO alice sesame', 'READ', 'RETR', 'ACKD']) await peer.ask(line)
    expect(await peer.ask('FOLD Trash')).toBe('#1 message')
    expect(await peer.ask('READ')).toBe('=3')
    peer.socket.destroy()
  })
})

describe('a login delay', () => {
  it('holds from one HELO to the next', async () => {
    let nowMs = 0
    const policy = new AccountPolicy({ rules: () => ({ loginDelayMs: 60_000, retention: [] }) })
    const { connect } = await open({ policy, loginDelays: new LoginDelays({ now: () => nowMs }) })
    const first = await connect()
    expect(await first.ask('HELO alice sesame')).toBe('#2 messages')
    await first.ask('QUIT')
    const second = await connect()
    expect(await second.ask('HELO alice sesame')).toMatch(/^- the last login was a short while ago/)
    nowMs = 60_000
    const third = await connect()
    expect(await third.ask('HELO alice sesame')).toBe('#2 messages')
    for (const peer of [first, second, third]) peer.socket.destroy()
  })
})

describe('retention from retrieval on', () => {
  it('counts from ACKS, which deletes nothing itself', async () => {
    const noted: number[][] = []
    const retention = [{ folder: 'INBOX', afterFetchMs: 86_400_000 }]
    const policy = new AccountPolicy({ rules: () => ({ loginDelayMs: 0, retention }) })
    const store = createMemoryStore()
    await addAccount(store, 'bob', ['a\n', 'bb\n'])
    const { connect } = await open({
      policy,
      authenticator: plainAuthenticator(store),
      maildrops: {
        async openMaildrop(...of) {
          const maildrop = await store.openMaildrop(...of)
          const noteRetrieved = async (indexes: readonly number[]) => {
            noted.push([...indexes])
          }
          return { ...maildrop, noteRetrieved }
        },
      },
    })
    const peer = await connect()
    for (const line of ['HELO bob sesame', 'READ', 'RETR', 'NACK', 'RETR', 'ACKS', 'RETR', 'ACKD'])
      await peer.ask(line)
    expect(await peer.ask('QUIT')).toBe('+ goodbye')
    expect(noted).toEqual([[0]])
    expect((await store.findAccount('bob'))?.usedMessages).toBe(1)
    peer.socket.destroy()
    await store.close()
  })
})
