// `poplar collect rebuild` as its users run it: what a damaged ledger says, what is shown before anything is written, and what comes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { collectCommand } from '../../src/cli/collect.ts'
import { folderCommand } from '../../src/cli/folder.ts'
import { openStore } from '../../src/store/open-store.ts'
import { startTestOffice, type TestOffice } from '../../src/testing/index.ts'
import { runInProcess } from './in-process.ts'
import { cheapConfig, type Outcome } from './workplace.ts'

const secret = 'hunter2-of-jo'
let office: TestOffice
let folder: string

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'poplar-collect-rebuild-'))
  writeFileSync(join(folder, 'password'), secret, { mode: 0o600 })
  office = await startTestOffice({ users: [{ name: 'jo', password: secret }] })
  for (let number = 1; number <= 5; number++) await letter(`number ${number}`)
  const store = await openStore({ folder: join(folder, 'data'), writer: 'inline' })
  await store.addAccount({ name: 'ann', passwordHash: 'x' })
  await store.close()
})
afterEach(async () => {
  await office.close()
  rmSync(folder, { recursive: true, force: true })
})

const letter = (subject: string) =>
  office.deliver({ from: 'x@example.net', to: 'jo@office.test', subject, text: subject })

async function run(args: string, to = '"ann"'): Promise<Outcome> {
  const server = `pop3://jo@127.0.0.1:${office.pop3.port}`
  const source = `[[collect]]\nname = "old"\nserver = "${server}"\npassword_file = "${join(folder, 'password')}"\nto = ${to}\n`
  const config = join(folder, 'poplar.toml')
  writeFileSync(config, `data = "${join(folder, 'data')}"\n${cheapConfig}\n${source}`)
  const outcome = await runInProcess(
    [collectCommand, folderCommand],
    [...args.split(' '), '--config', config],
  )
  expect(outcome.stdout + outcome.stderr).not.toContain(secret)
  return outcome
}

/** Two lines, as a newer version may have written them. */
const twoLines = `update collected_message set state = 'archived'
  where key in (select key from collected_message order by key limit 2)`

function change(sql: string): void {
  const file = new Sqlite(join(folder, 'data', 'poplar.sqlite'))
  file.exec(sql)
  file.close()
}

it('a damaged ledger names the command, which shows what it found, and makes it anew', async () => {
  await run('collect run')
  change(twoLines)
  await letter('new')
  const refused = await run('collect run')
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('`poplar collect rebuild old`') as string,
  })
  expect((await run('collect status')).stdout).toMatch(
    /^old +in trouble .*\nold: the ledger of old is damaged/m,
  )
  const dry = await run('collect rebuild old --dry-run')
  expect(dry).toMatchObject({ code: 0, stderr: '' })
  expect(dry.stdout).toMatch(/^SOURCE +LISTED +FOUND .*\nold +6 +5 +0 +0 +1 +0\n/)
  expect(dry.stdout).toMatch(
    /^old: 2 lines of its ledger cannot be read; the record of .* its state is none/m,
  )
  expect(dry.stdout).toMatch(/\nnothing was written\n$/)
  expect((await run('collect run')).code).toBe(1)
  const made = await run('collect rebuild old')
  expect(made).toMatchObject({ code: 0, stderr: '' })
  expect(made.stdout).toMatch(/\nthe ledger of old is made anew\n$/)
  expect((await run('collect status')).stdout).toMatch(/^old +well .*\n$/m)
  expect((await run('collect run')).stdout).toMatch(/^old +6 +1 /m)
  expect((await run('folder list ann')).stdout).toMatch(/INBOX +6 /)
})

it('prints one object with --json', async () => {
  await run('collect run')
  change(twoLines)
  await letter('new')
  const { stdout } = await run('collect rebuild old --json')
  expect(JSON.parse(stdout)).toMatchObject({
    source: 'old',
    listed: 6,
    found: 5,
    missing: 1,
    readable: 3,
    unreadable: [expect.any(String), expect.any(String)],
    fetched: 0,
    isWritten: true,
    messages: [{ verdict: 'missing', wasStored: false }],
  })
})

it('asks before a ledger is replaced that is whole, and tells what its owner has deleted since', async () => {
  await run('collect run')
  change('update message set expunged_at = 1')
  const store = await openStore({ folder: join(folder, 'data'), writer: 'inline' })
  await store.clean(new Date())
  await store.close()
  expect(await run('collect rebuild old')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/--yes/) as string,
  })
  const made = await run('collect rebuild old --yes')
  expect(made.stdout).toMatch(/^old +5 +0 +0 +0 +5 +0$/m)
  expect(made.stdout).toMatch(/^old: 5 that come again were stored once.*--trust-ledger/m)
  expect((await run('collect run')).stdout).toMatch(/^old +5 +5 /m)
})

it('says so where no destination can be asked, where a source is none, and while a collector is at it', async () => {
  const port = office.smtp.port
  const lmtp = `"smtp://127.0.0.1:${port}/jo@office.test?tls=none"`
  expect(await run('collect rebuild old', lmtp)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^poplar: old has no destination .*--trust-ledger.*; nothing was written\n$/,
    ) as string,
  })
  expect((await run('collect rebuild nobody')).code).toBe(2)
  const store = await openStore({ folder: join(folder, 'data'), writer: 'inline' })
  const lease = await store.leaseSource('old')
  expect(await run('collect rebuild old')).toMatchObject({
    code: 1,
    stderr: 'poplar: a collector is at old just now; try again later; nothing was written\n',
  })
  await lease?.release()
  await store.close()
})
