// A program that fetches mail, tested with node:test against a server that misbehaves: no message is lost and none comes
// twice, whatever happens on the way.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect, password } from 'poplar-mail/pop3/client'
import { type OfficePort, startTestOffice, type TestMailbox } from 'poplar-mail/testing'

/** What is tested: fetches and deletes everything, beginning anew until it could say goodbye. */
async function fetchAll(server: OfficePort, mailbox: TestMailbox): Promise<ReadonlyMap<string, Uint8Array>> {
  const fetched = new Map<string, Uint8Array>()
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    try {
      await using session = await connect({
        ...server,
        tls: 'none',
        allowCleartextAuth: true,
        auth: password(mailbox.name, mailbox.password),
      })
      const listing = await session.listing()
      for await (const message of session.retrieve(listing)) {
        // A unique-id stays: what came by an earlier attempt is only deleted.
        fetched.set(message.ref.key ?? '', await message.body.bytes({ max: 1_000_000 }))
        message.markDeleted()
      }
      const { state } = await session.commit()
      if (state === 'committed') return fetched
    } catch (error) {
      if (attempt === 5) throw error
    }
  }
  return fetched
}

const faults = ['drop', 'trickle', 'in-use', 'sys-temp', 'garbage', 'no-answer'] as const

for (const fault of faults) {
  void test(`nothing is lost and nothing doubled by ${fault}`, async () => {
    await using office = await startTestOffice({ users: ['ann'], chaos: [{ fault, nth: 1 }] })
    const [ann] = office.mailboxes
    assert.ok(ann)
    for (const text of ['one', 'two', 'three']) await office.deliver({ to: 'ann', text })
    const fetched = await fetchAll(office.pop3, ann)
    assert.equal(fetched.size, 3)
    assert.equal(office.chaos.injected.length, 1)
    assert.match(String(office.sessions.at(-1)), /C: QUIT/)
  })
}
