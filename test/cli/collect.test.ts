// `poplar collect` as its users run it, from the test office into a mailbox and a Maildir: what is fetched, said and left alone.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { collectCommand } from '../../src/cli/collect.ts'
import { folderCommand } from '../../src/cli/folder.ts'
import { parseConfig } from '../../src/config.ts'
import { connect, password } from '../../src/pop3/client/index.ts'
import { createService } from '../../src/service.ts'
import { openStore } from '../../src/store/open-store.ts'
import { startTestOffice, type TestOffice } from '../../src/testing/index.ts'
import { runInProcess } from './in-process.ts'
import { cheapConfig, type Outcome } from './workplace.ts'

const secret = 'hunter2-of-jo'
const wrong = 'not-the-password'
let office: TestOffice
let folder: string
let printed: string

beforeEach(async () => {
  printed = ''
  folder = mkdtempSync(join(tmpdir(), 'poplar-collect-'))
  writeFileSync(join(folder, 'right'), secret, { mode: 0o600 })
  writeFileSync(join(folder, 'wrong'), wrong, { mode: 0o600 })
  office = await startTestOffice({ users: ['jo', 'al', 'eve'].map(name => ({ name, password: secret })) })
  for (const subject of ['one', 'two']) await letter(subject)
  const store = await openStore({ folder: join(folder, 'data'), writer: 'inline' })
  await store.addAccount({ name: 'ann', passwordHash: 'x' })
  await store.close()
})
afterEach(async () => {
  await office.close()
  rmSync(folder, { recursive: true, force: true })
  expect(printed).not.toMatch(new RegExp(`${secret}|${wrong}`))
})

const letter = (subject: string) =>
  office.deliver({ from: 'x@example.net', to: 'jo@office.test', subject, text: subject })

const configText = (tables: string) => `data = "${join(folder, 'data')}"\n${cheapConfig}\n${tables}`

/** A table of the test office; `more` are lines of it. */
function source(name: string, more = 'to = "ann"', passwordFile = 'right', user = 'jo'): string {
  const server = `pop3://${user}@127.0.0.1:${office.pop3.port}`
  const file = join(folder, passwordFile)
  return `[[collect]]\nname = "${name}"\nserver = "${server}"\npassword_file = "${file}"\n${more}\n`
}

async function run(args: string, tables: string): Promise<Outcome> {
  const config = join(folder, 'poplar.toml')
  writeFileSync(config, configText(tables))
  const words = [...args.split(' '), '--config', config]
  const outcome = await runInProcess([collectCommand, folderCommand], words)
  printed += outcome.stdout + outcome.stderr
  return outcome
}

/** What the command prints as JSON, one value or one for each line. */
async function lines(args: string, tables: string): Promise<Record<string, unknown>[]> {
  const { stdout } = await run(`${args} --json`, tables)
  const text = stdout.trim()
  if (text.startsWith('[')) return JSON.parse(text) as Record<string, unknown>[]
  return text.split('\n').map(line => JSON.parse(line) as Record<string, unknown>)
}

/** Messages at the source. */
async function left(): Promise<number> {
  await using session = await connect({
    ...office.pop3,
    tls: 'none',
    allowCleartextAuth: true,
    auth: password('jo', secret),
  })
  return (await session.listing()).length
}

describe('collect run', () => {
  it('fetches once, shows a table, and leaves everything there', async () => {
    const old = source('old')
    const first = await run('collect run', old)
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.stdout).toMatch(/^SOURCE +LISTED +FETCHED .*\nold +2 +2 /)
    expect((await run('collect run old', old)).stdout).toMatch(/^old +2 +0 /m)
    expect(await left()).toBe(2)
    expect((await run('folder list ann', old)).stdout).toMatch(/INBOX +2 /)
  })

  it('deletes what every destination has with keep = "none"', async () => {
    const maildir = join(folder, 'mail')
    const both = source('old', `to = ["ann", "maildir:${maildir}"]\nkeep = "none"`)
    expect((await run('collect run', both)).code).toBe(0)
    expect(await left()).toBe(0)
    const texts = readdirSync(join(maildir, 'new')).map(name =>
      readFileSync(join(maildir, 'new', name), 'utf8'),
    )
    expect(texts.flatMap(text => /^Subject: (.*?)\r?$/m.exec(text)?.[1] ?? []).sort()).toEqual(['one', 'two'])
    expect((await run('folder list ann', both)).stdout).toMatch(/INBOX +2 /)
  })

  it('only tells with --dry-run', async () => {
    const old = source('old', 'to = "ann"\nkeep = "none"')
    expect((await run('collect run --dry-run', old)).stdout).toMatch(/TO FETCH.*\nold +2 +2 /)
    expect(await left()).toBe(2)
    expect((await run('collect run --dry-run', old)).stdout).toMatch(/^old +2 +2 /m)
  })

  it('prints events as lines of JSON', async () => {
    const events = await lines('collect run', source('old'))
    expect(events.map(({ kind }) => kind)).toEqual(['started', 'listed', 'stored', 'stored', 'finished'])
    expect(events.at(-1)).toMatchObject({ summary: { source: 'old', fetched: 2, failed: 0 } })
  })

  it('fetches from the others where one source fails, and says which', async () => {
    const { code, stdout, stderr } = await run(
      'collect run',
      source('bad', 'to = "ann"', 'wrong') + source('old'),
    )
    expect(code).toBe(1)
    expect(stderr).toMatch(/^poplar: bad: .+\n$/)
    expect(stdout).toMatch(/^old +2 +2 /m)
  })

  it.each([
    [
      'of an unknown name',
      'collect run nobody',
      true,
      2,
      /^poplar: no source nobody is configured: there are old\n$/,
    ],
    ['where none is configured', 'collect run', false, 1, /^poplar: no source is configured: /],
  ])('says so %s', async (_, args, isConfigured, code, stderr) => {
    expect(await run(args, isConfigured ? source('old') : '')).toMatchObject({
      code,
      stderr: expect.stringMatching(stderr) as string,
    })
  })
})

it('counts a destination that cannot be opened as trouble of its source, which status shows', async () => {
  const tables = source('old', 'to = { to = "lmtp://127.0.0.1:1/ann@example.net", ca = "gone.crt" }')
  const says = /^old: the certificate in .*gone\.crt cannot be read \(ENOENT\)$/m
  expect((await run('collect run', tables)).stderr).toMatch(/the certificate in .*gone\.crt cannot be read/)
  expect((await run('collect status', tables)).stdout).toMatch(says)
  expect((await run('collect run', tables)).stdout).toMatch(/^old: not before 20/m)
})

it('pauses a source after three refused logins, and lets it go on by hand', async () => {
  const bad = source('old', 'to = "ann"', 'wrong')
  for (let time = 0; time < 3; time += 1) expect((await run('collect run --force', bad)).code).toBe(1)
  const status = await run('collect status', bad)
  expect(status.stdout).toMatch(/^old +paused /m)
  expect(status.stdout).toMatch(/^old: the login was refused 3 times in a row .*poplar collect resume old/m)
  expect(await run('collect run', bad)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^old: the login was refused/m) as string,
  })
  expect((await run('collect resume old', source('old'))).stdout).toBe('old goes on with the next run\n')
  expect((await run('collect run', source('old'))).stdout).toMatch(/^old +2 +2 /m)
})

it('shows how sources are doing', async () => {
  const bad = source('bad', 'to = "ann"', 'wrong', 'eve')
  await run('collect run', source('gone', 'to = "ann"', 'right', 'al') + bad + source('well'))
  const now = bad + source('well') + source('new')
  const { stdout } = await run('collect status', now)
  for (const row of [/^gone +not configured /m, /^bad +in trouble /m, /^well +well /m, /^new +never run /m])
    expect(stdout).toMatch(row)
  const all = await lines('collect status', now)
  expect(all.find(each => each.source === 'well')).toMatchObject({
    isConfigured: true,
    counts: { stored: 2 },
  })
})

it('lists what was left alone, and takes it again by key', async () => {
  const small = source('old', 'to = "ann"\nmax_size = 10\nlarge = "skip"')
  await run('collect run', small)
  const listed = await lines('collect list old', small)
  expect(listed.map(({ state }) => state)).toEqual(['skipped', 'skipped'])
  expect((await run('collect retry old', small)).stdout).toBe('0 messages will be tried again\n')
  const [first, second] = listed.map(({ key }) => String(key))
  expect((await run(`collect retry old ${first}`, small)).stdout).toBe('1 messages will be tried again\n')
  expect((await run(`collect skip old ${second}`, small)).stdout).toBe('1 messages are left alone\n')
  expect((await run('collect run', source('old'))).stdout).toMatch(/^old +2 +1 /m)
  expect(await run(`collect retry old ${first}`, small)).toMatchObject({
    code: 1,
    stderr: `poplar: ${first} of old is stored: it would come twice\n`,
  })
  expect((await run('collect skip old none', small)).stderr).toMatch(
    /^poplar: no message none of old is known/,
  )
})

it('forgets with --yes: the ledger begins anew', async () => {
  const old = source('old')
  await run('collect run', old)
  expect((await run('collect forget old --yes', old)).stdout).toBe('2 messages of old are forgotten\n')
  expect((await run('collect run --dry-run', old)).stdout).toMatch(/^old +2 +2 /m)
  expect((await run('collect forget other --yes', old)).stderr).toMatch(/nothing was ever collected/)
})

it('collects by schedule inside the service, and stops with it', { timeout: 30_000 }, async () => {
  const config = parseConfig(configText(source('old', 'to = "ann"\nkeep = "none"\nevery = "10s"')))
  // The first run comes at a moment by chance: here at once.
  vi.spyOn(Math, 'random').mockReturnValue(0.01)
  onTestFinished(() => void vi.restoreAllMocks())
  const service = await createService(config)
  const store = await openStore({ folder: join(folder, 'data'), writer: 'inline' })
  try {
    const deleted = async () => (await store.countRecords('old')).committed
    await expect.poll(deleted, { timeout: 20_000, interval: 50 }).toBe(2)
    expect(await left()).toBe(0)
    await service.close()
    // Nobody is at it any more.
    const lease = await store.leaseSource('old')
    expect(lease).toBeDefined()
    await lease?.release()
  } finally {
    await service.close()
    await store.close()
  }
})

it('has a page whose examples are a configuration', () => {
  const text = readFileSync(resolve(import.meta.dirname, '../../docs/collector.md'), 'utf8')
  const blocks = [...text.matchAll(/```toml\n([^]*?)```/g)].map(([, toml = '']) => toml)
  const { collect, collector } = parseConfig(blocks.join('\n'))
  expect(collect.map(({ name }) => name)).toEqual(['old-account', 'shop', 'office'])
  expect(collector.notifyCommand).toEqual(['/usr/local/bin/tell-me'])
})
