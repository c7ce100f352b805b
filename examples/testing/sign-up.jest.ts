// Mail that an app sends, tested with Jest: one office for the file, an address for each test. The package is ESM, so Jest
// runs with NODE_OPTIONS=--experimental-vm-modules, and what it is given stays ESM: https://jestjs.io/docs/ecmascript-modules
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { NoMessageError, startTestOffice, type TestOffice } from 'poplar-mail/testing'
import { signUp } from './sign-up.js'

let office: TestOffice

beforeAll(async () => {
  // An app that writes to its real customers writes to the office: any address receives.
  office = await startTestOffice({ catchAll: 'any-domain' })
})
afterAll(() => office.close())

describe('signing up', () => {
  it('mails the code and a link', async () => {
    const { address } = await office.createMailbox()
    const code = await signUp(address, office.smtp)
    const message = await office.waitForMessage({ to: address, subject: /confirm/i })
    expect(message.codes).toEqual([code])
    expect(message.links).toEqual([expect.stringContaining(`code=${code}`)])
  })

  it.each(['customer@example.net', 'Ann+tag@example.org'])('writes to %s alone', async address => {
    await signUp(address, office.smtp)
    const { envelope } = await office.waitForMessage({ to: address })
    expect(envelope.to).toHaveLength(1)
  })

  it('writes to nobody who did not', async () => {
    await expect(office.waitForMessage({ to: 'nobody', timeout: 10 })).rejects.toThrow(NoMessageError)
  })
})
