// What the contract suites share: how a suite gets its store, a clock that stands still, and messages.
import { Buffer } from 'node:buffer'
import { afterEach, beforeEach, expect } from 'vitest'
import type { Account } from '../../src/mail/account.ts'
import type { CopyOutcome, DeliveryCopy, DeliveryMode } from '../../src/mail/delivery-target.ts'
import type { LeaseHolder, Maildrop, MessageOctets } from '../../src/mail/maildrop-store.ts'
import type { Store } from '../../src/mail/store.ts'

export interface StoreSettings {
  readonly now: () => number
  readonly leaseMs: number
}

/** Makes an empty store; whatever it lies in is removed after the test. */
export type StoreFactory = (settings: StoreSettings) => Promise<Store>

export const leaseMs = 60_000

/** One test's store, with its clock. */
export interface Bench {
  readonly store: Store
  /** Lets time pass for the store. */
  readonly pass: (milliseconds: number) => void
  readonly now: () => number
}

/** A fresh store for every test of a suite; after each, its integrity is checked and it is closed. */
export function withStore(factory: StoreFactory): () => Bench {
  let bench: Bench
  let time = 0
  beforeEach(async () => {
    time = Date.UTC(2026, 0, 1)
    const store = await factory({ now: () => time, leaseMs })
    bench = {
      store,
      now: () => time,
      pass(milliseconds) {
        time += milliseconds
      },
    }
  })
  afterEach(async () => {
    const { faults } = await bench.store.checkIntegrity()
    await bench.store.close()
    expect(faults).toEqual([])
  })
  return () => bench
}

export const holder: LeaseHolder = { sessionId: 's1', peer: '192.0.2.1' }

export const octets = (text: string): Uint8Array => Buffer.from(text, 'latin1')

/** Header octets and dot lines of a text, counted the slow way. */
export function factsOf(text: string): { headerOctets: number; dotLines: number } {
  const empty = text.startsWith('\r\n') ? 0 : text.indexOf('\r\n\r\n')
  return {
    headerOctets: empty < 0 ? text.length : text.startsWith('\r\n') ? 2 : empty + 4,
    dotLines: text.split('\r\n').filter(line => line.startsWith('.')).length,
  }
}

export const plainText = 'Subject: hello\r\n\r\nBody.\r\n'

export function copyFor(account: Account, more: Partial<DeliveryCopy> = {}): DeliveryCopy {
  return { account, trace: octets(''), internalDate: new Date(0), ...more }
}

/** Delivers one text to the copies. */
export async function deliver(
  store: Store,
  copies: readonly DeliveryCopy[],
  text = plainText,
  mode: DeliveryMode = 'each',
): Promise<readonly CopyOutcome[]> {
  const delivery = store.begin()
  await delivery.write(octets(text))
  return delivery.commit(factsOf(text), copies, mode)
}

/** Delivers one text to one account under a UIDL. */
export async function put(store: Store, account: Account, uidl: string, text = plainText): Promise<void> {
  const outcomes = await deliver(store, [copyFor(account, { uidl })], text)
  expect(outcomes).toEqual([{ delivered: true, uidl }])
}

/** An account `ann` whose maildrop holds messages of these UIDLs. */
export async function fillMaildrop({ store }: Bench, uidls: readonly string[]) {
  const ann = await store.addAccount({ name: 'ann' })
  for (const uidl of uidls) await put(store, ann, uidl, `${plainText}${uidl}\r\n`)
  return { store, ann }
}

export async function textOf({ body, octets: expected }: MessageOctets): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(piece)
  const whole = Buffer.concat(pieces)
  expect(whole.length).toBe(expected)
  return whole.toString('latin1')
}

/** What a session would see now: the UIDLs in order. */
export async function uidlsOf(store: Store, account: Account): Promise<readonly string[]> {
  const maildrop = await store.openMaildrop(account, holder)
  await maildrop.release()
  return maildrop.listing.uidls
}

/** Deletes these messages as a session would. */
export async function expunge(store: Store, account: Account, ...uidls: readonly string[]): Promise<void> {
  const maildrop = await store.openMaildrop(account, holder)
  await maildrop.update(uidls.map(uidl => indexOf(maildrop, uidl)))
}

export function indexOf({ listing }: Maildrop, uidl: string): number {
  const index = listing.uidls.indexOf(uidl)
  expect(index, uidl).toBeGreaterThanOrEqual(0)
  return index
}
