// Warnings of quotas: once for each limit, again after there was room, and readable when the quota is full.
import { describe, expect, it } from 'vitest'
import { nextWarned, warnOfQuotas } from '../../../src/mail/delivery/quota-warning.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { expunge, holder, put, textOf, uidlsOf } from '../../suites/fixtures.ts'

const { signal } = new AbortController()

async function officeWith(quotaOctets: number) {
  const store = createMemoryStore()
  const ann = await store.addAccount({ name: 'ann', quotaOctets })
  const now = () => new Date(Date.UTC(2026, 10, 20, 19, 17))
  return { store, ann, warn: () => warnOfQuotas({ store, hostname: 'mail.example.net', now }, signal) }
}

describe('the next warning', () => {
  const cases: readonly (readonly [reason: string, used: number, warned: number, next: number])[] = [
    ['below all limits', 79.9, 0, 0],
    ['at the first', 80, 0, 80],
    ['said already', 94, 80, 80],
    ['at the second', 95, 80, 95],
    ['at once past both', 120, 0, 95],
    ['a little below the second: not armed yet', 91, 95, 95],
    ['well below the second, above the first', 90, 95, 80],
    ['a little below the first: not armed yet', 76, 80, 80],
    ['well below the first', 75, 80, 0],
    ['well below both', 10, 95, 0],
  ]
  it.each(cases)('%s', async (_reason, used, warnedPercent, next) => {
    const { store, ann } = await officeWith(1000)
    await store.close()
    expect(nextWarned({ account: { ...ann, usedOctets: used * 10 }, warnedPercent })).toBe(next)
  })

  it('is none where there is no quota any more', async () => {
    const { store, ann } = await officeWith(0)
    await store.close()
    expect(nextWarned({ account: { ...ann, usedOctets: 10 }, warnedPercent: 95 })).toBe(0)
  })
})

it('comes once for each limit, and again when the maildrop was emptied in between', async () => {
  const { store, ann, warn } = await officeWith(100_000)
  const filler = `${'x'.repeat(998)}\r\n`
  await put(store, ann, 'a', filler.repeat(70))
  expect(await warn()).toBe(0)
  await put(store, ann, 'b', filler.repeat(12))
  expect(await warn()).toBe(1)
  expect(await warn()).toBe(0)
  await put(store, ann, 'c', filler.repeat(16))
  expect(await warn()).toBe(1)
  expect(await warn()).toBe(0)
  await expunge(store, ann, 'a')
  expect(await warn()).toBe(0)
  await put(store, ann, 'd', filler.repeat(60))
  expect(await warn()).toBe(1)
  await store.close()
})

it('is laid down where no octet of room is left, and says how full it is', async () => {
  const { store, ann, warn } = await officeWith(2000)
  await put(store, ann, 'a', `${'x'.repeat(998)}\r\n${'y'.repeat(998)}\r\n`)
  expect(await warn()).toBe(1)
  expect(await uidlsOf(store, ann)).toHaveLength(2)
  const maildrop = await store.openMaildrop(ann, holder)
  const text = await textOf(await maildrop.read(1))
  expect(text).toMatch(/^Return-Path: <>\r\nDelivered-To: ann\r\nReceived: /)
  for (const line of [
    'From: Postmaster <postmaster@mail.example.net>',
    'To: <ann@mail.example.net>',
    'Subject: Your mailbox is 100% full',
    'Auto-Submitted: auto-generated',
    'Date: Fri, 20 Nov 2026 19:17:00 +0000',
  ])
    expect(text).toContain(`\r\n${line}\r\n`)
  await maildrop.release()
  await store.close()
})
