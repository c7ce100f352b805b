// The listing cache: nothing is read twice, appended messages alone are read on, a large maildrop is read in chunks.
import { describe, expect, it } from 'vitest'
import type { Connection } from '../../../src/store/sql/database.ts'
import { Listings } from '../../../src/store/sql/listings.ts'

/** A connection to one mailbox that is only a list of uids, and counts the rows it hands out. */
class FakeMailbox implements Connection {
  uids: number[] = []
  modseq = 1
  expungedModseq = 1
  uidNext = 1
  rowsRead = 0
  /** By uid. */
  readonly asciiOctets = new Map<number, number>()
  onChunk = () => {}

  append(count: number): void {
    for (let i = 0; i < count; i++) this.uids.push(this.uidNext++)
    this.modseq += count
  }

  expunge(uid: number): void {
    this.uids = this.uids.filter(one => one !== uid)
    this.expungedModseq = ++this.modseq
  }

  /** The mailbox's state; or, of a chunk, each column as one list. */
  row<R>(_statement: unknown, parameters: unknown): R {
    const { uid, uid_next, limit } = parameters as Partial<Range>
    if (uid !== undefined && uid_next !== undefined && limit !== undefined)
      return this.#chunk({ uid, uid_next, limit }) as R
    return { modseq: this.modseq, expunged_modseq: this.expungedModseq, uid_next: this.uidNext } as R
  }

  /** Only messages with a second form are asked for by rows. */
  rows<R>(_statement: unknown, parameters: unknown): R[] {
    const { uid: from, uid_next } = parameters as { uid: number; uid_next: number }
    return this.uids
      .filter(uid => uid >= from && uid < uid_next && this.asciiOctets.has(uid))
      .map(uid => ({ uid, ascii_octets: this.asciiOctets.get(uid) })) as R[]
  }

  #chunk({ uid: from, uid_next, limit }: Range) {
    const found = this.uids.filter(uid => uid >= from && uid < uid_next).slice(0, limit)
    this.rowsRead += found.length
    this.onChunk()
    return {
      uids: JSON.stringify(found),
      octets: JSON.stringify(found.map(() => 10)),
      uidls: JSON.stringify(found.map(uid => `u${uid}`)),
      dates: JSON.stringify(found.map(uid => 1000 + uid)),
    }
  }
}

interface Range {
  readonly uid: number
  readonly uid_next: number
  readonly limit: number
}

const key = { account_id: 'account', mailbox_id: 'inbox' }

async function setUp(messages: number) {
  const mailbox = new FakeMailbox()
  mailbox.append(messages)
  const listings = new Listings(mailbox)
  const read = async () => {
    mailbox.rowsRead = 0
    const found = await listings.read(key)
    if (!found) throw new Error('no mailbox')
    const { listing, dates } = found
    expect([...dates]).toEqual(listing.uidls.map(uidl => 1000 + Number(uidl.slice(1))))
    expect([...listing.octets]).toEqual(listing.uidls.map(() => 10))
    expect(listing.totalOctets).toBe(10 * listing.count)
    return { listing, rowsRead: mailbox.rowsRead }
  }
  return { mailbox, read }
}

describe('listings', () => {
  it('are shared while nothing changes', async () => {
    const { read } = await setUp(40)
    const first = await read()
    const second = await read()
    expect(first.rowsRead).toBe(40)
    expect(second.rowsRead).toBe(0)
    expect(second.listing).toBe(first.listing)
  })

  it('read only what was appended, and leave the old listing as it was', async () => {
    const { mailbox, read } = await setUp(40)
    const { listing: old } = await read()
    mailbox.append(2)
    const { listing, rowsRead } = await read()
    expect(rowsRead).toBe(2)
    expect(listing.uidls).toEqual([...old.uidls, 'u41', 'u42'])
    expect(old.count).toBe(40)
  })

  it('read everything again after an expunge, even one followed by arrivals', async () => {
    const { mailbox, read } = await setUp(40)
    await read()
    mailbox.expunge(7)
    mailbox.append(1)
    const { listing, rowsRead } = await read()
    expect(rowsRead).toBe(40)
    expect(listing.uidls).not.toContain('u7')
    expect(listing.uidls.at(-1)).toBe('u41')
  })

  it('leave mail that arrives while they are read to the next session', async () => {
    const { mailbox, read } = await setUp(3000)
    mailbox.onChunk = () => mailbox.append(1)
    const { listing } = await read()
    expect(listing.count).toBe(3000)
    mailbox.onChunk = () => {}
    const next = await read()
    expect(next.listing.count).toBe(mailbox.uids.length)
    expect(next.rowsRead).toBe(mailbox.uids.length - 3000)
  })

  it('are not remembered wrongly when messages are expunged while they are read', async () => {
    const { mailbox, read } = await setUp(3000)
    mailbox.onChunk = () => mailbox.expunge(2900)
    expect((await read()).listing.count).toBeGreaterThanOrEqual(2999)
    mailbox.onChunk = () => {}
    expect((await read()).listing.uidls).toEqual(mailbox.uids.map(uid => `u${uid}`))
  })

  it('let the event loop run between the chunks', async () => {
    const { mailbox, read } = await setUp(5000)
    let turns = 0
    const count = () => {
      turns += 1
    }
    mailbox.onChunk = () => setImmediate(count)
    await read()
    expect(turns).toBeGreaterThanOrEqual(4)
  })
})
