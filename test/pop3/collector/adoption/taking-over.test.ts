// What is read becomes configuration that is accepted, and records in the ledger; nothing is overwritten, no password shown.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseConfig } from '../../../../src/config.ts'
import {
  type AdoptedSource,
  adopt,
  compareListing,
  configText,
  identityOf,
  readForeignState,
  unfoldedKeys,
  writePasswordFiles,
} from '../../../../src/pop3/collector/adoption/index.ts'
import { createDestination } from '../../../../src/pop3/collector/destinations/create-destination.ts'
import { pop3Source } from '../../../../src/pop3/collector/sources/pop3.ts'
import { createMemoryStore } from '../../../../src/store/memory-store.ts'
import { runProgram } from '../../../e2e/program.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'poplar-taking-over-'))
})
afterEach(() => rmSync(home, { recursive: true }))

function put(name: string, text: string): string {
  const file = join(home, name)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, text)
  return file
}

const read = (...names: string[]) =>
  readForeignState(
    names.map(name => join(home, name)),
    { home },
  )

async function only(...names: string[]): Promise<AdoptedSource> {
  const { sources } = await read(...names)
  const [source] = sources
  if (!source || sources.length !== 1) throw new Error(`${sources.length} sources`)
  return source
}

/** One of each program, with what each has fetched. */
function putAll(): string[] {
  put(
    '.fetchmailrc',
    `set daemon 600
poll pop.one.example proto pop3 user "Jo E" password "hunter2 \\x22" is jo here ssl keep limit 1000 fetchlimit 9 expunge 5
skip imap.example proto imap user jo password hunter2 folder a "b c" is jo here
`,
  )
  put('.fetchids', 'Jo E@pop.one.example a"b\\c\nstranger@other.example u\n')
  put(
    '.getmail/getmailrc',
    `[retriever]
type = SimplePOP3SSLRetriever
server = pop.two.example
username = jo
password_command = ("pass", "show", "a'b")
[destination]
type = Maildir
path = ~/Maildir/
[options]
delete_after = 3
`,
  )
  put('.getmail/oldmail-pop.two.example-995-jo', 'a-b\x001700000000\n')
  put(
    '.mpoprc',
    'account m\nhost 127.0.0.1\nport 1110\nuser jo\npasswordeval "gpg -d x | head"\ndelivery mbox ~/mbox\n',
  )
  put('.mpop_uidls/jo_at_127.0.0.1', ' 1 127.0.0.1 jo\n#x\n')
  put(
    'tb/prefs.js',
    ['type", "pop3', 'hostname", "pop.three.example', 'userName", "jo']
      .map(pair => `user_pref("mail.server.s.${pair}");`)
      .join('\n'),
  )
  put('tb/Mail/pop.three.example/popstate.dat', '*pop.three.example jo\nk u1 1700000000\n')
  return ['.fetchmailrc', '.getmail', '.mpoprc', 'tb/prefs.js']
}

describe('what was read', () => {
  it('of all four is found with what each has fetched', async () => {
    const { sources, files } = await read(...putAll())
    expect(sources.map(({ name, known }) => [name, known.map(({ key }) => key)])).toEqual([
      ['pop.one.example', ['a"b\\c']],
      ['imap.example', []],
      ['pop.two.example', ['a-b']],
      ['m', ['#x']],
      ['jo@pop.three.example', ['u1']],
      ['stranger@other.example', ['u']],
    ])
    expect(files).toHaveLength(8)
  })

  it('of fetchmail is told apart by user, blanks and all', async () => {
    put('.fetchids', 'Jo E@x.example@h.example a\nJO@H.example b\n')
    put(
      '.fetchmailrc',
      'poll h.example proto pop3 user "Jo E@x.example" pass p is a here user jo pass p is b here',
    )
    const { sources } = await read('.fetchmailrc')
    expect(sources.map(({ user, known }) => [user, known.map(({ key }) => key)])).toEqual([
      ['Jo E@x.example', ['a']],
      ['jo', ['b']],
    ])
    // Without the configuration, too.
    const alone = await read('.fetchids')
    expect(alone.sources.map(({ user, isConfigured }) => [user, isConfigured])).toEqual([
      ['Jo E@x.example', false],
      ['JO', false],
    ])
  })

  it('is a configuration that is accepted, and means the same', async () => {
    const adopted = await read(...putAll())
    const text = configText(adopted, { to: ['ann'] })
    expect(text).not.toContain('hunter2')
    const { collect } = parseConfig(text)
    expect(collect).toMatchObject([
      {
        name: 'pop.one.example',
        protocol: 'pop3',
        host: 'pop.one.example',
        port: 995,
        user: 'Jo E',
        tls: 'implicit',
        secret: { kind: 'prompt' },
        everyMs: 600_000,
        policy: { keep: 'all', maxOctets: 1000, batch: 9, commitEvery: 5 },
      },
      {
        name: 'imap.example',
        everyMs: 0,
        protocol: 'imap',
        port: 143,
        tls: 'stls',
        folders: ['a', 'b c'],
        policy: { keep: 'none' },
      },
      {
        name: 'pop.two.example',
        secret: { kind: 'command', command: ['pass', 'show', "a'b"] },
        policy: { keep: { days: 3 } },
      },
      {
        name: 'm',
        port: 1110,
        tls: 'none',
        allowCleartext: true,
        secret: { command: ['sh', '-c', 'gpg -d x | head'] },
      },
      { name: 'jo@pop.three.example', tls: 'stls' },
      { name: 'stranger@other.example', tls: 'implicit' },
    ])
    for (const source of collect) expect(source.to).toMatchObject([{ text: 'ann' }])
    // With the destinations that they had, as far as they can be said.
    const own = parseConfig(configText({ sources: adopted.sources.slice(0, 4) })).collect
    expect(own.map(({ to }) => to.map(({ text: destination }) => destination))).toEqual([
      ['smtp://localhost:25/jo@localhost'],
      ['smtp://localhost:25/jo@localhost'],
      [`maildir:${home}/Maildir`],
      [`mbox:${home}/mbox`],
    ])
  })

  it.each([
    [
      'fetchmailrc',
      'poll h.example proto pop3 user u pass p is ann here smtphost /run/lmtp lmtp',
      'lmtp /run/lmtp',
    ],
    [
      'fetchmailrc',
      'poll h.example proto pop3 user u pass p is "a+b@x.example" here smtphost mx.example/2525',
      'smtp',
    ],
    [
      'fetchmailrc',
      'poll h.example proto pop3 user u pass p is ann here mda \'cd /tmp; cat > "x y"\'',
      'command /bin/sh',
    ],
    ['mpoprc', 'account x\nhost h.example\nuser u\ndelivery maildir "/srv/a b/"\n', 'maildir /srv/a b'],
    ['mpoprc', "account x\nhost h.example\nuser u\ndelivery mbox /srv/it's\n", "mbox /srv/it's"],
    [
      'getmailrc',
      '[retriever]\ntype = SimplePOP3SSLRetriever\nserver = h.example\nusername = u\n[destination]\ntype = MDA_external\npath = /bin/x\narguments = ("-a", "b c", "d\'e", "")\n',
      'command /bin/x',
    ],
  ])('of a %s with %j is a destination that there is', async (name, text, description) => {
    put(name, text)
    const [source] = (await read(name)).sources
    const [to = ''] = source?.to ?? []
    expect(parseConfig(configText({ sources: source ? [source] : [] })).collect[0]?.to[0]?.text).toBe(to)
    const destination = createDestination(to, { delivery: undefined, hostname: 'mail.test.example' })
    expect(destination.description.toLowerCase()).toContain(description)
    await destination.close()
  })

  it('is no configuration as long as nobody says where mail goes', async () => {
    putAll()
    const text = configText(await read('tb/prefs.js'))
    expect(text).toMatch(/^# to = /m)
    expect(() => parseConfig(text)).toThrow(/to/)
  })

  it('lets nothing out of its comments', async () => {
    put('.fetchmailrc', 'poll "a\\n[listen]\\npop3 = 1" proto pop3 user "u\\x1b[2J\\n" pass p is x here')
    const text = configText(await read('.fetchmailrc'))
    expect(text.match(/^\[/gm)).toHaveLength(1)
    expect(text).not.toContain('\x1b')
    expect(() => parseConfig(text)).toThrow(/server/)
  })

  it('has a name for each that no other has', async () => {
    put(
      '.fetchmailrc',
      'poll h.example proto pop3 user a pass p is x here\npoll h.example proto pop3 user b pass p is y here',
    )
    const { sources } = await read('.fetchmailrc')
    expect(sources.map(({ name }) => name)).toEqual(['h.example', 'h.example-2'])
  })
})

describe('files', () => {
  it('that are none, not there or of nobody are refused by name', async () => {
    put('letter', 'From: x\n\nhello\n')
    mkdirSync(join(home, 'empty'))
    await expect(read('nowhere')).rejects.toThrow(/nowhere cannot be read: it is not there/)
    await expect(read('letter')).rejects.toThrow(/letter: this is no file of/)
    await expect(read('empty')).rejects.toThrow(/no file in it/)
  })

  it('that nobody ever writes are not waited for', async () => {
    const { code } = await runProgram('mkfifo', [join(home, 'pipe')])
    expect(code).toBe(0)
    await expect(read('pipe')).rejects.toThrow(/pipe is no file/)
    put(
      '.fetchmailrc',
      `set idfile "${join(home, 'pipe')}" poll h.example proto pop3 user a pass p is x here`,
    )
    const { sources, remarks } = await read('.fetchmailrc')
    expect(sources).toHaveLength(1)
    expect(remarks).toEqual([expect.stringMatching(/pipe is no file/)])
  })
})

describe('the ledger', () => {
  it('has what was fetched as stored, with its time, and the source as it is', async () => {
    putAll()
    const now = new Date('2026-11-26T08:00:00Z')
    const ledger = createMemoryStore()
    const { sources } = await read('.getmail', '.mpoprc')
    expect(await adopt({ sources }, ledger, { now: () => now })).toEqual([
      { source: 'pop.two.example', added: 1, already: 0 },
      { source: 'm', added: 1, already: 0 },
    ])
    expect([...(await ledger.loadRecords('pop.two.example')).values()]).toMatchObject([
      {
        key: 'a-b',
        state: 'stored',
        storedAt: new Date(1_700_000_000_000),
        reason: 'fetched by getmail',
        destinations: [],
      },
    ])
    expect([...(await ledger.loadRecords('m')).values()]).toMatchObject([{ key: '#x', storedAt: now }])
    expect(await ledger.findSource('m')).toMatchObject({
      identity: 'pop3 jo@127.0.0.1:1110',
      paused: undefined,
    })
    await ledger.close()
  })

  it('keeps what it knows better', async () => {
    putAll()
    const ledger = createMemoryStore()
    const source = await only('.mpoprc')
    await adopt({ sources: [{ ...source, known: [] }] }, ledger)
    const [record] = [...(await adoptedRecords(ledger, source))]
    if (!record) throw new Error('no record')
    await ledger.saveRecords([{ ...record, state: 'committed' }])
    expect(await adopt({ sources: [source] }, ledger)).toEqual([{ source: 'm', added: 0, already: 1 }])
    expect(await ledger.countRecords('m')).toMatchObject({ committed: 1, stored: 0 })
    await ledger.close()
  })

  it('is not touched while somebody collects, or where the name is of another mailbox', async () => {
    putAll()
    const ledger = createMemoryStore()
    const source = await only('.mpoprc')
    const lease = await ledger.leaseSource('m')
    await expect(adopt({ sources: [source] }, ledger)).rejects.toThrow(/m is being collected from/)
    await lease?.release()
    await adopt({ sources: [source] }, ledger)
    await expect(adopt({ sources: [{ ...source, user: 'eve' }] }, ledger)).rejects.toThrow(
      /^m is pop3 jo@127\.0\.0\.1:1110 in the ledger, and pop3 eve@/,
    )
    expect(await ledger.leaseSource('m')).toBeDefined()
    await ledger.close()
  })

  it.each([
    ['POP.Example', undefined, 'implicit'],
    ['pop.example', undefined, 'stls'],
    ['::1', 1110, 'none'],
  ] as const)('calls %s as the source itself does', (host, port, tls) => {
    const connection = { host, tls, ...(port !== undefined && { port }) }
    const source = pop3Source({
      name: 'x',
      user: 'Jo',
      connection,
      credentials: () => Promise.reject(new Error()),
    })
    expect(identityOf({ protocol: 'pop3', host, port, tls, user: 'Jo' })).toBe(source.identity)
  })
})

async function adoptedRecords(ledger: ReturnType<typeof createMemoryStore>, source: AdoptedSource) {
  await adopt({ sources: [source] }, ledger)
  return (await ledger.loadRecords(source.name)).values()
}

describe('a listing beside it', () => {
  it('tells what would be fetched', async () => {
    putAll()
    const source = await only('.mpoprc')
    expect(compareListing(source, ['#x', 'new', undefined])).toEqual({
      listed: 3,
      known: 1,
      fresh: ['new'],
      nameless: 1,
      gone: 0,
    })
    expect(compareListing(source, [])).toMatchObject({ listed: 0, known: 0, gone: 1 })
  })

  it('gives getmail its slashes back, unless the server has the dash', async () => {
    putAll()
    const source = await only('.getmail')
    const keys = (listed: string[]) => unfoldedKeys(source, listed).known.map(({ key }) => key)
    expect(keys(['a/b'])).toEqual(['a/b'])
    expect(keys(['a/b', 'a-b'])).toEqual(['a-b'])
    expect(keys([])).toEqual(['a-b'])
    const other = await only('.mpoprc')
    expect(unfoldedKeys(other, ['x/y'])).toBe(other)
  })
})

describe('passwords', () => {
  it('are written for their owner only, and overwrite nothing', async () => {
    put('.fetchmailrc', 'poll h.example proto pop3 user a pass "hunter 2" is x here')
    const adopted = await read('.fetchmailrc')
    const folder = join(home, 'secrets')
    const files = await writePasswordFiles(adopted, folder)
    const file = files.get('h.example') ?? ''
    expect(readFileSync(file, 'utf8')).toBe('hunter 2\n')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect(parseConfig(configText(adopted, { passwordFiles: files })).collect).toMatchObject([
      { secret: { kind: 'file', file } },
    ])
    // Again, and with another file in the way.
    expect(await writePasswordFiles(adopted, folder)).toEqual(files)
    writeFileSync(file, 'mine')
    await expect(writePasswordFiles(adopted, folder)).rejects.toThrow(/left as it is/)
    expect(readFileSync(file, 'utf8')).toBe('mine')
    rmSync(file)
    symlinkSync(join(home, 'elsewhere'), file)
    await expect(writePasswordFiles(adopted, folder)).rejects.toThrow()
    expect(() => statSync(join(home, 'elsewhere'))).toThrow()
  })
})
