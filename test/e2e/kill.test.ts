// Invariants 1, 2, 4 and 6 against `kill -9`: what was answered 250 is there once, a QUIT deleted all or nothing, a dead
// holder's lock is free, unique-ids stay.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deliverByLmtp, type LinePeer } from './line-peer.ts'
import { logIn, readMaildrop, uidlsOf } from './maildrop.ts'
import { Office } from './office.ts'

const users = Array.from({ length: 8 }, (_, index) => `user${index}`)
let office: Office

beforeEach(async () => {
  office = await Office.open(users)
})
afterEach(() => office?.close())

function message(id: string): Buffer {
  return Buffer.from(`From: a@test.example\r\nSubject: ${id}\r\n\r\nThis is ${id}.\r\n.\r\n`)
}

/** How often each subject is in the maildrops. */
async function subjectCounts(): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const user of users) {
    for (const { content } of await readMaildrop(office, user)) {
      const subject = /^Subject: (.*)\r$/m.exec(content.toString('latin1'))?.[1] ?? 'none'
      expect(content.toString('latin1')).toContain(`\r\n\r\nThis is ${subject}.\r\n.\r\n`)
      counts.set(subject, (counts.get(subject) ?? 0) + 1)
    }
  }
  return counts
}

describe('kill -9 during delivery', () => {
  it('keeps all that was answered 250, exactly once, and doubles nothing', async () => {
    const begun = new Set<string>()
    const answered = new Set<string>()
    for (let round = 0; round < 3; round++) {
      const killAt = answered.size + 150
      const senders = users.map(async user => {
        for (let number = 0; ; number++) {
          const id = `${round}-${user}-${number}`
          begun.add(id)
          const [reply] = await deliverByLmtp(office.ports.lmtp, [user], message(id))
          if (!reply?.startsWith('250')) throw new Error(reply)
          answered.add(id)
          if (answered.size === killAt) process.kill(office.pid, 'SIGKILL')
        }
      })
      // Every sender ends when the server does.
      await Promise.allSettled(senders)
      await office.signal('SIGKILL')
      await office.start()
    }
    const counts = await subjectCounts()
    expect([...answered].filter(id => counts.get(id) !== 1)).toEqual([])
    expect([...counts].filter(([id, count]) => count !== 1 || !begun.has(id))).toEqual([])
  }, 120_000)
})

describe('kill -9 during UPDATE', () => {
  it('leaves each maildrop with all or none of the deletions of its QUIT, and all of them after +OK', async () => {
    const messageCount = 40
    const confirmed: number[] = []
    for (let round = 0; round < 4; round++) {
      for (let number = 0; number < messageCount; number++) {
        const replies = await deliverByLmtp(office.ports.lmtp, users, message(`${round}-${number}`))
        expect(replies.filter(reply => !reply.startsWith('250'))).toEqual([])
      }
      const before = new Map<string, string[]>()
      const peers: LinePeer[] = []
      for (const user of users) {
        const peer = await logIn(office, user)
        const uidls = await uidlsOf(peer)
        before.set(user, uidls)
        for (let number = 1; number <= uidls.length; number += 2) await peer.ask(`DELE ${number}`)
        peers.push(peer)
      }
      // The kill comes with the nth +OK: other sessions are then before, in and after their commits.
      const killAt = 1 + round * 2
      let confirmedNow = 0
      const quits = peers.map(async peer => {
        const reply = await peer.ask('QUIT')
        if (++confirmedNow === killAt) process.kill(office.pid, 'SIGKILL')
        return reply
      })
      const replies = await Promise.allSettled(quits)
      await office.signal('SIGKILL')
      await office.start()
      for (const [index, user] of users.entries()) {
        const all = before.get(user) ?? []
        const kept = all.filter((_, at) => at % 2 === 1)
        const peer = await logIn(office, user)
        const now = await uidlsOf(peer)
        const reply = replies[index]
        if (reply?.status === 'fulfilled') {
          expect(reply.value).toMatch(/^\+OK/)
          expect(now).toEqual(kept)
        } else {
          expect([all, kept]).toContainEqual(now)
        }
        for (let number = 1; number <= now.length; number++) await peer.ask(`DELE ${number}`)
        expect(await peer.ask('QUIT')).toMatch(/^\+OK/)
        await peer.end()
      }
      confirmed.push(confirmedNow)
    }
    expect(Math.max(...confirmed)).toBeGreaterThanOrEqual(7)
  }, 120_000)
})

describe('kill -9 with sessions open', () => {
  it('frees the lock, deletes nothing, keeps the unique-ids', async () => {
    await deliverByLmtp(office.ports.lmtp, ['user0'], message('one'))
    await deliverByLmtp(office.ports.lmtp, ['user0'], message('two'))
    const holder = await logIn(office, 'user0')
    const uidls = await uidlsOf(holder)
    expect(await holder.ask('DELE 1')).toMatch(/^\+OK/)
    await expect(logIn(office, 'user0')).rejects.toThrow(/^-ERR \[IN-USE\]/)

    await office.signal('SIGKILL')
    await office.start()
    const afterKill = await logIn(office, 'user0')
    expect(await uidlsOf(afterKill)).toEqual(uidls)
    await afterKill.ask('QUIT')
    await afterKill.end()

    expect(await office.signal('SIGTERM')).toBe(0)
    await office.start()
    expect((await readMaildrop(office, 'user0')).map(({ uidl }) => uidl)).toEqual(uidls)
  })
})
