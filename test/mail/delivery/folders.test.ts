// Mail that goes into a folder: by its address, by what a spam filter wrote.
import { describe, expect, it } from 'vitest'
import { createMailDelivery, type FolderDelivery } from '../../../src/mail/delivery/deliver.ts'
import { HeaderWatch, parseHeaderRule } from '../../../src/mail/delivery/header-rule.ts'
import { localEnvelope } from '../../../src/mail/envelope.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { holder } from '../../suites/fixtures.ts'

async function office(toFolder: FolderDelivery, junkHeaders: readonly string[] = ['X-Spam-Flag: YES']) {
  const store = createMemoryStore()
  const ann = await store.addAccount({ name: 'ann' })
  await store.createFolder('ann', 'Lists')
  await store.addAlias({ address: '@host.example', accountName: 'ann' })
  await store.addAlias({ address: 'sales', accountName: 'ann' })
  const delivery = createMailDelivery({
    directory: store,
    target: store,
    hostname: 'mx.example',
    localDomains: ['a.example', 'host.example'],
    subaddressSeparator: '+',
    maxOctets: 100_000,
    bareNewline: 'normalize',
    toFolder,
    junkHeaders: junkHeaders.flatMap(rule => parseHeaderRule(rule) ?? []),
  })
  const send = async (text: string, ...addresses: readonly string[]) => {
    const recipients = []
    for (const address of addresses) recipients.push((await delivery.resolve(address)).recipient!)
    await delivery.deliver(localEnvelope('', addresses[0]!), [Buffer.from(text)], recipients, 'all')
  }
  const folders = async () =>
    Object.fromEntries(
      (await store.listFolders(ann.id)).flatMap(({ name, messages }) => (messages ? [[name, messages]] : [])),
    )
  return { store, ann, send, folders }
}

const plain = 'Subject: x\n\nbody\n'
const spam = 'Subject: x\nX-Spam-Flag: YES\n\nbody\n'

describe('mail', () => {
  it.each<[FolderDelivery, string, string, string]>([
    ['junk', 'ann@a.example', 'INBOX', 'a plain address'],
    ['junk', 'ann+junk@a.example', 'Junk', 'the address of Junk'],
    ['junk', 'ann+Lists@a.example', 'INBOX', 'of another folder, which is a tag'],
    ['existing', 'ann+Lists@a.example', 'Lists', 'of a folder'],
    ['existing', 'ann+LISTS', 'Lists', 'in any case'],
    ['existing', 'ann+shop@a.example', 'INBOX', 'of no folder'],
    ['existing', 'ann+Trash@a.example', 'INBOX', 'of Trash, where nobody would look'],
    ['existing', 'sales+Lists@a.example', 'Lists', 'behind an alias'],
    ['never', 'ann+Junk@a.example', 'INBOX', 'where folders have no addresses'],
  ])('with "%s" to %s goes into %s: %s', async (toFolder, address, folder) => {
    const { send, folders } = await office(toFolder)
    await send(plain, address)
    expect(await folders()).toEqual({ [folder]: 1 })
  })

  it.each<[string, string]>([
    ['ann@a.example', 'Junk'],
    ['ann+Lists@a.example', 'Lists'],
  ])('that a filter took for spam, to %s, goes into %s', async (address, folder) => {
    const { send, folders } = await office('existing')
    await send(spam, address)
    expect(await folders()).toEqual({ [folder]: 1 })
  })

  it('to a folder and to INBOX comes once, into INBOX', async () => {
    for (const addresses of [
      ['ann+Junk', 'ann'],
      ['ann', 'ann+Junk'],
    ]) {
      const { send, folders } = await office('junk')
      await send(plain, ...addresses)
      expect(await folders()).toEqual({ INBOX: 1 })
      await send(spam, ...addresses)
      expect(await folders()).toEqual({ INBOX: 1, Junk: 1 })
    }
  })

  it('keeps for whom of several it is, where an alias leads to the account', async () => {
    const { store, ann, send } = await office('junk')
    for (const address of ['ann@a.example', 'John+x@host.example', 'mary@host.example'])
      await send(plain, address)
    for (const [addressee, messages] of [
      ['john', 1],
      ['mary', 1],
      ['ann', 0],
    ] as const) {
      const maildrop = await store.openMaildrop(ann, holder, { addressee })
      expect(maildrop.listing.count, addressee).toBe(messages)
      await maildrop.release()
    }
  })
})

describe('a header rule', () => {
  it.each<[rule: string, header: string, matches: boolean, reason: string]>([
    ['X-Spam-Flag: YES', 'X-Spam-Flag: YES', true, 'as written'],
    ['X-Spam-Flag: YES', 'x-spam-flag:yes', true, 'in any case, with and without a space'],
    ['X-Spam-Status: Yes', 'X-Spam-Status: Yes, score=9.1', true, 'up to the end of a word'],
    ['X-Spam-Flag: YES', 'X-Spam-Flag: YESTERDAY', false, 'not within a word'],
    ['X-Spam-Flag: YES', 'X-Spam-Flag: NO', false, 'another value'],
    ['X-Spam-Flag: YES', 'X-Spam-Flags: YES', false, 'another field'],
    ['X-Spam-Flag: YES', 'A: b\r\n X-Spam-Flag: YES', false, 'not in a continued line'],
    ['X-Spam-Flag: YES', 'A: b\r\n\r\nX-Spam-Flag: YES', false, 'not in the body'],
    ['X-Spam-Flag: YES', `A: ${'x'.repeat(5000)}\r\nX-Spam-Flag: YES`, true, 'behind a long line'],
    ['X-Spam-Flag: YES', `${'x'.repeat(5000)}X-Spam-Flag: YES`, false, 'not at the end of a long line'],
  ])('%s, %j: %s (%s)', (rule, header, matches) => {
    const octets = Buffer.from(`${header}\r\n\r\nbody\r\n`)
    for (const cut of [10_000, 1, 3]) {
      const watch = new HeaderWatch([parseHeaderRule(rule)!])
      for (let at = 0; at < octets.length; at += cut) watch.push(octets.subarray(at, at + cut))
      expect(watch.matches).toBe(matches)
    }
  })

  it.each(['', 'X', 'X:', ': y', 'a b: c', 'X: ü', 'X: a\r\nY: b'])('%j is none', text => {
    expect(parseHeaderRule(text)).toBeUndefined()
  })
})
