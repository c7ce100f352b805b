// A mailbox of the office as a destination: message and ledger line together, and what the delivery refuses.
import { expect, it } from 'vitest'
import { createMailDelivery, type MailDelivery } from '../../../../src/mail/delivery/deliver.ts'
import { Refusal, type RefusalCode } from '../../../../src/mail/errors.ts'
import type { DestinationFault } from '../../../../src/pop3/collector/destination.ts'
import { mailboxDestination } from '../../../../src/pop3/collector/destinations/mailbox.ts'
import { createMemoryStore } from '../../../../src/store/memory-store.ts'
import { makeLetter, plainLetter, recordOf, storing } from './letters.ts'

async function office(maxOctets = 1_000_000) {
  const store = createMemoryStore()
  for (const name of ['ann', 'bob']) {
    await store.addAccount({ name })
    await store.addAlias({ address: 'team@example.org', accountName: name })
  }
  await store.addAccount({ name: 'full', quotaOctets: 100 })
  const delivery = createMailDelivery({
    directory: store,
    target: store,
    hostname: 'mx.example.org',
    localDomains: ['example.org'],
    subaddressSeparator: '+',
    maxOctets,
    bareNewline: 'normalize',
  })
  const contents = async (name: string) => {
    const account = await store.findAccount(name)
    const all: string[] = []
    if (!account) return all
    for await (const { body } of store.messages(account)) {
      const pieces: Uint8Array[] = []
      for await (const piece of body) pieces.push(piece)
      all.push(Buffer.concat(pieces).toString('latin1'))
    }
    return all
  }
  return { store, delivery, contents }
}

it('stores and records in one go, behind the trace of a delivery, with the date of the letter', async () => {
  const { store, delivery, contents } = await office()
  const letter = plainLetter(1)
  const mailbox = mailboxDestination('ann', 'ann', delivery)
  const options = { ...storing(), record: recordOf('uidl-1') }
  expect(await mailbox.store(letter, options)).toBe('recorded')
  const records = await store.loadRecords('old')
  expect(records.get('uidl-1')).toMatchObject({ state: 'stored', destinations: ['ann'] })
  const [content = ''] = await contents('ann')
  expect(content).toMatch(
    /^Return-Path: <bob@example\.org>\r\nDelivered-To: ann\r\nReceived: by mx\.example\.org/,
  )
  expect(content.endsWith(letter.content.toString('latin1'))).toBe(true)
})

it('knows a letter that is recorded, and lays nothing down', async () => {
  const { delivery, contents } = await office()
  const mailbox = mailboxDestination('ann', 'ann', delivery)
  const options = { ...storing(), record: recordOf('uidl-1') }
  await mailbox.store(plainLetter(1), options)
  expect(await mailbox.store(plainLetter(1), options)).toBe('known')
  expect(await contents('ann')).toHaveLength(1)
})

it('reaches everybody behind an alias', async () => {
  const { delivery, contents } = await office()
  await mailboxDestination('team', 'team@example.org', delivery).store(plainLetter(1), storing())
  for (const name of ['ann', 'bob']) expect(await contents(name)).toHaveLength(1)
})

it.each([
  ['full', 'full', /^full is over quota$/],
  ['nobody', 'configuration', /^nobody has no account here$/],
  ['ann@elsewhere.example', 'configuration', /is of a domain that is not served here$/],
  ['no address', 'configuration', /is no address$/],
])('%s is a fault: %s', async (address, fault, message) => {
  const { delivery } = await office()
  const refused = mailboxDestination('d', address, delivery).store(plainLetter(1), storing())
  await expect(refused).rejects.toMatchObject({ fault, message: expect.stringMatching(message) as string })
})

it('a message that is too large is a fault of the message', async () => {
  const { delivery } = await office(100)
  const large = makeLetter('large', `A: b\r\n\r\n${'x'.repeat(200)}\r\n`)
  await expect(mailboxDestination('d', 'ann', delivery).store(large, storing())).rejects.toMatchObject({
    name: 'DestinationError',
    fault: 'message',
  })
})

it.each([
  ['store-full', 'full'],
  ['store-busy', 'unavailable'],
  ['store-closed', 'unavailable'],
] as const satisfies readonly (readonly [
  RefusalCode,
  DestinationFault,
])[])('%s is %s', async (code, fault) => {
  const { delivery } = await office()
  const refusing: MailDelivery = { ...delivery, deliver: () => Promise.reject(new Refusal(code, 'refused')) }
  await expect(
    mailboxDestination('d', 'ann', refusing).store(plainLetter(1), storing()),
  ).rejects.toMatchObject({
    name: 'DestinationError',
    fault,
  })
})

it('a fault of ours goes on as it is', async () => {
  const { delivery } = await office()
  const fault = new Error('broken')
  const broken: MailDelivery = { ...delivery, deliver: () => Promise.reject(fault) }
  await expect(mailboxDestination('d', 'ann', broken).store(plainLetter(1), storing())).rejects.toBe(fault)
})
