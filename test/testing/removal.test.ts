// Messages taken away: from the list and out of the maildrops, but never from under a session; and the limits that take the
// oldest.
import { afterEach, describe, expect, it } from 'vitest'
import { connect, password } from '../../src/pop3/client/index.ts'
import { startTestOffice, type TestOffice, type TestOfficeOptions } from '../../src/testing/index.ts'

let office: TestOffice
afterEach(() => office.close())

const open = async (options: TestOfficeOptions = {}) => {
  office = await startTestOffice({ users: ['ann', 'bob'], password: 'sesame', ...options })
}

const logIn = (name: string) =>
  connect({ ...office.pop3, tls: 'none', allowCleartextAuth: true, auth: password(name, 'sesame') })

/** What the next session finds. */
async function countFor(name: string): Promise<number> {
  await using session = await logIn(name)
  const { length } = await session.listing()
  await session.commit()
  return length
}

describe('removeMessages', () => {
  it('takes away what fits, for all who received it', async () => {
    await open()
    await office.deliver({ to: ['ann', 'bob'], subject: 'one' })
    await office.deliver({ to: 'ann', subject: 'two' })
    expect(await office.removeMessages({ subject: 'one' })).toBe(1)
    expect((await office.messages()).map(({ subject }) => subject)).toEqual(['two'])
    expect([await countFor('ann'), await countFor('bob')]).toEqual([1, 0])
    expect(await office.removeMessages()).toBe(1)
    expect(await office.removeMessages()).toBe(0)
  })

  it('leaves a session what it sees, and the next one finds nothing', async () => {
    await open()
    await office.deliver({ to: 'ann', text: 'still here' })
    {
      await using session = await logIn('ann')
      const listing = await session.listing()
      expect(await office.removeMessages()).toBe(1)
      for await (const message of session.retrieve(listing))
        expect(Buffer.from(await message.body.bytes({ max: 10_000 })).toString()).toContain('still here')
      await session.commit()
    }
    expect(await countFor('ann')).toBe(0)
  })

  it('is no end of waiting: the next that fits is waited for', async () => {
    await open()
    const first = await office.deliver({ to: 'ann' })
    await office.removeMessages()
    const waiting = office.waitForMessage({ to: 'ann' })
    const second = await office.deliver({ to: 'ann' })
    expect((await waiting).id).toBe(second.id)
    expect(second.id).not.toBe(first.id)
  })
})

describe('keep', () => {
  const subjects = async () => (await office.messages()).map(({ subject }) => subject)

  it('lets the oldest go when there are more', async () => {
    await open({ keep: { messages: 2, octets: 1_000_000 } })
    for (const subject of ['one', 'two', 'three']) await office.deliver({ to: 'ann', subject })
    expect(await subjects()).toEqual(['two', 'three'])
    expect(await countFor('ann')).toBe(2)
  })

  it('counts octets, and always keeps the latest', async () => {
    await open({ keep: { messages: 100, octets: 5_000 } })
    const text = 'x'.repeat(60).concat('\n').repeat(50)
    for (const subject of ['one', 'two']) await office.deliver({ to: 'ann', subject, text })
    expect(await subjects()).toEqual(['two'])
    await office.deliver({ to: 'ann', subject: 'large', text: text.repeat(3) })
    expect(await subjects()).toEqual(['large'])
  })
})

describe('ports and host', () => {
  it('are taken as they are given', async () => {
    await open()
    const { pop3, smtp } = office
    await office.close()
    await open({ host: '127.0.0.1', ports: { pop3: pop3.port, smtp: smtp.port } })
    expect([office.pop3, office.smtp]).toEqual([pop3, smtp])
    expect(await countFor('ann')).toBe(0)
  })

  it('are named when they are taken', async () => {
    await open()
    const { port } = office.pop3
    await expect(startTestOffice({ ports: { pop3: port } })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port}`,
    )
  })
})
