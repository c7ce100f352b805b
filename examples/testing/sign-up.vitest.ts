// Mail that an app sends, tested with Vitest: one office for the file, an address for each test.
import { startTestOffice, type TestOffice } from 'poplar-mail/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { signUp } from './sign-up.js'

let office: TestOffice

beforeAll(async () => {
  office = await startTestOffice()
})
afterAll(() => office.close())

it('mails a code and a link that confirm the address', async () => {
  const { address } = await office.createMailbox()
  await signUp(address, office.smtp)
  const message = await office.waitForMessage({ to: address })
  expect(message.subject).toBe('Confirm your address')
  expect(message.codes[0]).toMatch(/^\d{6}$/)
  const link = new URL(message.links[0] ?? '')
  expect(Object.fromEntries(link.searchParams)).toEqual({ address, code: message.codes[0] })
})

it('writes to nobody else', async () => {
  const { address } = await office.createMailbox()
  await signUp(address, office.smtp)
  expect((await office.messages({ to: address })).map(({ envelope }) => envelope.to)).toEqual([[address]])
})

it('tells when the address is refused', async () => {
  await expect(signUp('nobody@office.test', office.smtp)).rejects.toThrow('550')
})
