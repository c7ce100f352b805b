// A person signs up in a browser and types the code out of the mail, tested with Playwright: each worker has an office and an
// app of its own, each test a mailbox.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test as base, expect } from '@playwright/test'
import { startTestOffice, type TestMailbox, type TestOffice } from 'poplar-mail/testing'
import { createApp } from './sign-up-page.js'

interface TestFixtures {
  readonly mailbox: TestMailbox
}

interface WorkerFixtures {
  readonly office: TestOffice
  readonly appUrl: string
}

const test = base.extend<TestFixtures, WorkerFixtures>({
  office: [
    async ({}, use) => {
      const office = await startTestOffice()
      await use(office)
      await office.close()
    },
    { scope: 'worker' },
  ],
  appUrl: [
    async ({ office }, use) => {
      const app = createApp(office.smtp).listen(0, '127.0.0.1')
      await once(app, 'listening')
      await use(`http://127.0.0.1:${(app.address() as AddressInfo).port}/`)
      app.close()
      app.closeAllConnections()
    },
    { scope: 'worker' },
  ],
  mailbox: async ({ office }, use) => {
    await use(await office.createMailbox())
  },
})

test('the code in the mail lets a person in', async ({ page, appUrl, office, mailbox }) => {
  await page.goto(appUrl)
  await page.getByLabel('Address').fill(mailbox.address)
  await page.getByRole('button', { name: 'Sign up' }).click()

  const message = await office.waitForMessage({ to: mailbox.address })
  await page.getByLabel('Code').fill(message.codes[0] ?? '')
  await page.getByRole('button', { name: 'Confirm' }).click()
  await expect(page.getByRole('heading')).toHaveText('Welcome')
})

test('no other code does', async ({ page, appUrl, mailbox }) => {
  await page.goto(appUrl)
  await page.getByLabel('Address').fill(mailbox.address)
  await page.getByRole('button', { name: 'Sign up' }).click()
  await page.getByLabel('Code').fill('no code')
  await page.getByRole('button', { name: 'Confirm' }).click()
  await expect(page.getByRole('heading')).toHaveText('Wrong code')
})
