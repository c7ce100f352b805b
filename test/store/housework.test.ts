// Housekeeping of a large maildrop goes in small steps, counted here; `npm run bench` is for what they take.
import { expect, it } from 'vitest'
import { openStore } from '../../src/store/open-store.ts'
import { copyFor, deliver, holder } from '../suites/fixtures.ts'
import { scratchFolder } from './factories.ts'

const messages = 20_000
const stepMessages = 200

it('removes and frees 20,000 messages in steps of 200 at most', { timeout: 60_000 }, async () => {
  let time = Date.UTC(2026, 0, 1)
  const store = await openStore({ folder: scratchFolder(), writer: 'inline', now: () => time })
  const ann = await store.addAccount({ name: 'ann' })
  for (let left = messages; left > 0; left -= 1000)
    await deliver(
      store,
      Array.from({ length: 1000 }, () => copyFor(ann)),
    )

  const removed = await store.applyRetention([{ folder: 'INBOX', olderThanMs: 1000 }])
  expect(removed.messages).toBe(messages)
  expect(removed.largestStep).toBeLessThanOrEqual(stepMessages)
  expect(removed.steps).toBeGreaterThanOrEqual(messages / stepMessages)
  expect(removed.longestStepMs).toBeGreaterThan(0)
  const maildrop = await store.openMaildrop(ann, holder)
  expect(maildrop.listing.count).toBe(0)
  await maildrop.release()

  time += 1000
  const freed = await store.clean(new Date(time))
  expect(freed.messages).toBe(messages)
  expect(freed.largestStep).toBeLessThanOrEqual(stepMessages)
  expect(freed.steps).toBeGreaterThanOrEqual(messages / stepMessages)
  expect(await store.pruneDeletions(new Date(time))).toBe(messages)
  expect((await store.checkIntegrity()).faults).toEqual([])
  await store.close()
})
