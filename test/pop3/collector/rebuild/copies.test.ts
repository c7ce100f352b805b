// What a destination tells of its copies is what was stored, octet for octet, however awkward the message.
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest'
import type { Destination } from '../../../../src/pop3/collector/destination.ts'
import { headerMarkOf } from '../../../../src/pop3/collector/header-mark.ts'
import { type KeptCopy, readCopy } from '../../../../src/pop3/collector/kept-copy.ts'
import { createMemoryStore } from '../../../../src/store/memory-store.ts'
import { type DovecotBox, hasDovecotImap, startDovecotBox } from '../destinations/dovecot.ts'
import { awkwardLetters, plainLetter, recordOf, storing, type TestLetter } from '../destinations/letters.ts'
import { imapPlace, mailboxPlace, maildirPlace, mboxPlace, type Place } from './places.ts'

let dovecot: DovecotBox | undefined
beforeAll(async () => {
  if (hasDovecotImap) dovecot = await startDovecotBox()
})
afterAll(() => dovecot?.close())

function imap(context: TestContext): Place {
  if (dovecot) return imapPlace(dovecot, 'copies')
  if (process.env['CI'] === 'true') throw new Error('dovecot-imapd is not installed')
  return context.skip('dovecot-imapd is not installed')
}

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'poplar-copies-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function copiesOf(destination: Destination, sizes?: ReadonlySet<number>): Promise<readonly KeptCopy[]> {
  const found: KeptCopy[] = []
  const { signal } = new AbortController()
  await destination.copies?.({ signal, sizes, onCopy: copy => found.push(copy) })
  await destination.close()
  return found
}

async function fill(destination: Destination, letters: readonly TestLetter[]): Promise<void> {
  for (const [at, letter] of letters.entries())
    await destination.store(letter, { ...storing(), record: recordOf(`uidl-${at}`) })
  await destination.close()
}

const factsOf = ({ digest, octets, header }: TestLetter) => ({
  digest,
  octets,
  fingerprint: headerMarkOf(Buffer.from(header).toString('latin1')).fingerprint,
})

const byDigest = (one: { readonly digest: string }, other: { readonly digest: string }) =>
  one.digest < other.digest ? -1 : 1

const kinds: readonly (readonly [string, (context: TestContext) => Promise<Place> | Place])[] = [
  ['a mailbox', () => mailboxPlace(createMemoryStore())],
  ['a Maildir', () => maildirPlace(scratch())],
  ['an mbox', () => mboxPlace(scratch())],
  ['IMAP', imap],
]

describe.each(kinds)('%s', (kind, placeOf) => {
  it('tells of each letter as it was stored', async context => {
    const place = await placeOf(context)
    // Dovecot's limit is 200 KB, and NUL is nothing that IMAP carries.
    const letters = awkwardLetters.filter(
      ({ octets, content }) => kind !== 'IMAP' || (octets < 100_000 && !content.includes(0)),
    )
    await fill(place.open(), letters)
    const copies = await copiesOf(place.open())
    expect(
      copies
        .map(({ digests: [digest = ''], octets, header: { fingerprint } }) => ({
          digest,
          octets,
          fingerprint,
        }))
        .sort(byDigest),
    ).toEqual(letters.map(factsOf).sort(byDigest))
    const keys = copies.flatMap(({ deliveryKey }) => deliveryKey ?? [])
    expect(keys.sort()).toEqual(
      kind === 'a mailbox' ? [] : letters.map(({ deliveryKey }) => deliveryKey).sort(),
    )
  })
})

it('IMAP fetches those of a wanted size only', async context => {
  const place = imap(context)
  const letters = [plainLetter(1, 2), plainLetter(2, 3), plainLetter(3, 4)]
  await fill(place.open(), letters)
  const [, wanted] = letters
  const copies = await copiesOf(place.open(), new Set([wanted?.octets ?? 0]))
  expect(copies.map(({ deliveryKey }) => deliveryKey)).toEqual([wanted?.deliveryKey])
})

describe('a copy that is read', () => {
  it.each([1, 2, 3, 7, 1000])('in pieces of %i octets is the same', async size => {
    const text = Buffer.from('Subject: x\nStatus: RO\n\nline\n\n.dot\nlast')
    const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
      text.subarray(at * size, (at + 1) * size),
    )
    const whole = `${text.toString().replaceAll('\n', '\r\n')}\r\n`
    const headers: string[] = []
    const copy = await readCopy(pieces, header => {
      headers.push(header)
      return { deliveryKey: undefined, headers: [header] }
    })
    expect(headers).toEqual(['Subject: x\r\nStatus: RO\r\n\r\n'])
    expect(copy?.digests).toEqual([createHash('sha256').update(whole).digest('hex')])
    expect(copy?.octets).toBe(whole.length)
    expect(copy?.header).toEqual(headerMarkOf('Subject: x\n'))
  })

  it('is not read to its end when its header says that it is none', async () => {
    let pieces = 0
    async function* endless(): AsyncGenerator<Uint8Array, void> {
      for (;;) {
        pieces += 1
        yield Buffer.from('A: b\r\n\r\nbody\r\n')
      }
    }
    expect(await readCopy(endless(), () => undefined)).toBeUndefined()
    expect(pieces).toBeLessThan(3)
  })
})

describe('a header', () => {
  it.each([
    ['Subject: x\r\n\r\n', 'Subject: x\n', true],
    ['Subject: x\r\nStatus: RO\r\nX-UID: 7\r\n\tfolded\r\n', 'Subject: x\r\n\r\n', true],
    ['Subject: x\r\n', 'Subject: y\r\n', false],
    ['A: 1\r\nB: 2\r\n', 'B: 2\r\nA: 1\r\n', false],
    ['X-Status-Of: 1\r\n', '\r\n', false],
  ])('%j and %j are alike: %s', (one, other, isAlike) => {
    expect(headerMarkOf(one).fingerprint === headerMarkOf(other).fingerprint).toBe(isAlike)
  })

  it.each([
    ['Message-ID: <a@b>\r\n', true],
    ['A: b\nMessage-Id:\t<a@b>\n', true],
    ['Message-ID: \r\n', false],
    ['References: <a@b>\r\n', false],
  ])('%j has a Message-ID: %s', (header, isNamed) => {
    expect(headerMarkOf(header).isNamed).toBe(isNamed)
  })
})
