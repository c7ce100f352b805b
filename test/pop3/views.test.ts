// RFC 1939 inside a session, under every view and every policy: whatever is shown is frozen, exact to the octet, deleted as
// marked and by nothing else; and what DELE means shows in the next session.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuthenticator, type OfficeAuthenticator } from '../../src/auth/authenticator.ts'
import { hashPassword } from '../../src/auth/password.ts'
import type { Account } from '../../src/mail/account.ts'
import { plainViews, type ViewRules } from '../../src/mail/login-view.ts'
import { type DeletePolicy, deletePolicies } from '../../src/mail/maildrop-settings.ts'
import type { Store } from '../../src/mail/store.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { openStore } from '../../src/store/open-store.ts'
import { scratchFolder } from '../store/factories.ts'
import { copyFor, deliver } from '../suites/fixtures.ts'
import { type Office, openOffice } from './office.ts'
import type { Peer } from './peer.ts'

const rules: ViewRules = { ...plainViews, separator: '+', hosts: new Set(['office']) }
const cost = { memoryKiB: 64, passes: 1, lanes: 1 }
const old = new Date(Date.now() - 40 * 86_400_000)

interface Bench {
  readonly office: Office
  readonly store: Store
  readonly authenticator: OfficeAuthenticator
  readonly passwordHash: string
}

const stores: Record<string, () => Promise<Store> | Store> = {
  memory: () => createMemoryStore(),
  SQLite: () => openStore({ folder: scratchFolder(), writer: 'inline' }),
}

describe.each(Object.entries(stores))('%s', (_name, open) => {
  let bench: Bench
  beforeAll(async () => {
    const store = await open()
    const views = { separator: '+', hosts: ['office'], folders: store }
    const authenticator = createAuthenticator(store, { views, cost, throttle: { maxDelayMs: 0 } })
    const office = await openOffice({ store, authenticator: () => authenticator, views: rules })
    const passwordHash = await hashPassword(Buffer.from('secret'), cost)
    bench = { office, store, authenticator, passwordHash }
  })
  afterAll(async () => {
    await bench.office.stop()
    await bench.authenticator.close()
    await bench.store.close()
  })

  it('is a maildrop as RFC 1939 has it, whatever is shown and whatever DELE means', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { maxLength: 7 }),
        fc.constantFrom(...viewCases),
        fc.constantFrom(...deletePolicies),
        fc.array(command, { maxLength: 12 }),
        async (messages, view, policy, commands) => check(bench, { messages, view, policy, commands }),
      ),
      { numRuns: 80 },
    )
  })

  it.each([
    ['ann+Work', 'secret', 'a folder that is not there'],
    ['ann+Junk', 'wrong', 'a wrong password'],
    ['bob+Junk', 'secret', 'nobody'],
    ['bogus:ann', 'secret', 'a prefix that says nothing'],
    ['ann', 'wrong', 'a wrong password, and no folder'],
  ])('%s with %s is refused like every other: %s', async (user, password) => {
    const account = await makeAnn(bench, [], 'expunge')
    const peer = await bench.office.connect()
    await peer.line()
    await peer.ask(`USER ${user}`)
    expect(await peer.ask(`PASS ${password}`)).toBe('-ERR [AUTH] authentication failed')
    await bench.store.removeAccount(account.name)
  })

  it.each(['recent:ann', 'read-only:ann'])('%s deletes nothing', async user => {
    const account = await makeAnn(bench, [{ folder: 'INBOX', isOld: false, hasSubject: true }], 'expunge')
    const peer = await logIn(bench, user)
    expect(await peer.ask('DELE 1')).toBe('-ERR [SYS/PERM] this login may read, not delete')
    expect(await peer.ask('QUIT')).toMatch(/^\+OK/)
    const again = await logIn(bench, 'ann')
    expect(await again.ask('STAT')).toMatch(/^\+OK 1 /)
    expect(await again.ask('QUIT')).toMatch(/^\+OK/)
    await bench.store.removeAccount(account.name)
  })

  it('shows an addressee of a host what was sent to him', async () => {
    const { store, passwordHash } = bench
    const host = await store.addAccount({ name: 'office', passwordHash })
    for (const [uidl, addressee] of [
      ['1', 'john'],
      ['2', 'mary'],
      ['3', 'john'],
    ] as const)
      await deliver(store, [copyFor(host, { uidl, addressee })])
    for (const [user, uidls] of [
      ['john@office', '1 3'],
      ['mary+office', '2'],
      ['eve@office', ''],
      ['office', '1 2 3'],
    ] as const) {
      const peer = await logIn(bench, user)
      expect((await uidlsOf(peer)).join(' ')).toBe(uidls)
      await peer.ask('QUIT')
    }
    await store.removeAccount('office')
  })
})

interface Kind {
  readonly folder: 'INBOX' | 'Junk' | 'Lists'
  readonly isOld: boolean
  readonly hasSubject: boolean
}

const message = fc.record({
  folder: fc.constantFrom<Kind['folder']>('INBOX', 'INBOX', 'Junk', 'Lists'),
  isOld: fc.boolean(),
  hasSubject: fc.boolean(),
})

interface Kept extends Kind {
  readonly uidl: string
}

interface ViewCase {
  readonly user: string
  readonly readOnly?: true
  /** Of all messages, in order of receipt, those that are shown, in the order of the view. */
  readonly shows: (all: readonly Kept[]) => readonly Kept[]
}

const inFolder = (folder: string) => (all: readonly Kept[]) => all.filter(one => one.folder === folder)
const inbox = inFolder('INBOX')
const both = (all: readonly Kept[]) => [...inbox(all), ...inFolder('Junk')(all)]

const viewCases: readonly ViewCase[] = [
  { user: 'ann', shows: inbox },
  { user: 'ann+junk', shows: inFolder('Junk') },
  { user: 'ANN+Lists', shows: inFolder('Lists') },
  { user: 'ann+Trash', shows: inFolder('Trash') },
  { user: 'inbox+junk:ann', shows: both },
  { user: 'newest=2:ann', shows: all => newest(2, inbox(all), all) },
  { user: 'newest=2:inbox+junk:ann', shows: all => newest(2, both(all), all) },
  { user: 'recent:ann', readOnly: true, shows: all => inbox(all).filter(({ isOld }) => !isOld) },
  { user: 'read-only:ann+Lists', readOnly: true, shows: inFolder('Lists') },
]

/** Those that came in last, in the order they had. */
function newest(count: number, some: readonly Kept[], all: readonly Kept[]): readonly Kept[] {
  const last = some.toSorted((one, other) => dateOf(all, one) - dateOf(all, other)).slice(-count)
  return some.filter(one => last.includes(one))
}

/** Old ones came in before, whatever their order in the folder. */
function dateOf(all: readonly Kept[], one: Kept): number {
  return (one.isOld ? 0 : 1000) + all.indexOf(one)
}

const command = fc.tuple(
  fc.constantFrom('DELE', 'RETR', 'TOP', 'LIST', 'UIDL', 'RSET', 'STAT'),
  fc.integer({ min: 1, max: 6 }),
)

interface Run {
  readonly messages: readonly Kind[]
  readonly view: ViewCase
  readonly policy: DeletePolicy
  readonly commands: readonly (readonly [string, number])[]
}

async function check(bench: Bench, { messages, view, policy, commands }: Run): Promise<void> {
  const ann = await makeAnn(bench, messages, policy)
  const all = messages.map((kind, at): Kept => ({ ...kind, uidl: `u${at}` }))
  const shown = view.shows(all)
  const peer = await logIn(bench, view.user)
  try {
    expect(await uidlsOf(peer)).toEqual(shown.map(({ uidl }) => uidl))
    const octets = (await peer.askLong('LIST')).slice(1).map(line => Number(line.split(' ')[1]))
    const marked = new Set<number>()
    for (const [verb, number] of commands) {
      const isThere = number <= shown.length && !marked.has(number)
      if (verb === 'RSET') {
        expect(await peer.ask('RSET')).toMatch(/^\+OK/)
        marked.clear()
      } else if (verb === 'STAT') {
        const left = octets.filter((_, index) => !marked.has(index + 1))
        expect(await peer.ask('STAT')).toBe(`+OK ${left.length} ${left.reduce((sum, one) => sum + one, 0)}`)
      } else if (verb === 'DELE' && view.readOnly) {
        expect(await peer.ask(`DELE ${number}`)).toMatch(/^-ERR \[SYS\/PERM\]/)
      } else if (!isThere) {
        expect(await peer.ask(verb === 'TOP' ? `TOP ${number} 1` : `${verb} ${number}`)).toMatch(/^-ERR/)
      } else if (verb === 'RETR' || verb === 'TOP') {
        const [status, ...lines] = await peer.askLong(verb === 'TOP' ? `TOP ${number} 9` : `RETR ${number}`)
        const text = lines.map(line => `${line.replace(/^\.\./, '.')}\r\n`).join('')
        expect(text.length).toBe(octets[number - 1])
        if (verb === 'RETR') expect(status).toBe(`+OK ${octets[number - 1]} octets`)
        const isMarked = view.user.startsWith('inbox+junk') || view.user.includes(':inbox+junk')
        expect(text.includes('Subject: [Junk]')).toBe(isMarked && shown[number - 1]?.folder === 'Junk')
      } else {
        expect(await peer.ask(`${verb} ${number}`)).toMatch(/^\+OK/)
        if (verb === 'DELE') marked.add(number)
      }
    }
    expect(await peer.ask('QUIT')).toMatch(/^\+OK/)
    await expectLeft(bench, all, { gone: shown.filter((_, index) => marked.has(index + 1)), policy })
  } finally {
    await bench.store.removeAccount(ann.name)
  }
}

/** What the sessions of later see: unique-ids where they were, or in Trash. */
async function expectLeft(
  bench: Bench,
  all: readonly Kept[],
  { gone, policy }: { readonly gone: readonly Kept[]; readonly policy: DeletePolicy },
): Promise<void> {
  for (const folder of ['INBOX', 'Junk', 'Lists'] as const) {
    const peer = await logIn(bench, `ann+${folder}`)
    const left = inFolder(folder)(all).filter(one => !gone.includes(one))
    expect(await uidlsOf(peer)).toEqual(left.map(({ uidl }) => uidl))
    await peer.ask('QUIT')
  }
  const trash = await logIn(bench, 'ann+Trash')
  expect(await uidlsOf(trash)).toEqual(policy === 'trash' ? gone.map(({ uidl }) => uidl) : [])
  await trash.ask('QUIT')
}

async function makeAnn(
  { store, passwordHash }: Bench,
  messages: readonly Kind[],
  onDelete: DeletePolicy,
): Promise<Account> {
  const ann = await store.addAccount({ name: 'ann', passwordHash })
  await store.changeSettings('ann', { onDelete })
  await store.createFolder('ann', 'Lists')
  for (const [at, { folder, isOld, hasSubject }] of messages.entries()) {
    const internalDate = new Date((isOld ? old.getTime() : Date.now()) + at)
    const text = `${hasSubject ? 'Subject: x\r\n' : 'From: y\r\n'}\r\n.${at}\r\n`
    await deliver(store, [copyFor(ann, { uidl: `u${at}`, folder, internalDate })], text)
  }
  return ann
}

async function logIn({ office }: Bench, user: string): Promise<Peer> {
  const peer = await office.connect()
  await peer.line()
  await peer.ask(`USER ${user}`)
  expect(await peer.ask('PASS secret')).toMatch(/^\+OK/)
  return peer
}

async function uidlsOf(peer: Peer): Promise<readonly string[]> {
  return (await peer.askLong('UIDL')).slice(1).map(line => line.split(' ')[1] ?? '')
}
