// `poplar collect import`, as a program: what it shows, what it compares, what it writes and what it leaves alone.
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { connect, password } from '../../src/pop3/client/index.ts'
import { startTestOffice, type TestOffice } from '../../src/testing/index.ts'
import { cheapConfig, type Outcome, Workplace } from './workplace.ts'

let office: TestOffice
let uidls: string[]
let place: Workplace

beforeAll(async () => {
  office = await startTestOffice({ users: [{ name: 'jo', password: 'hunter2' }] })
  for (const subject of ['a', 'b', 'c'])
    await office.deliver({ from: 'x@example.net', to: 'jo@office.test', subject, text: subject })
  await using session = await connect({
    ...office.pop3,
    tls: 'none',
    allowCleartextAuth: true,
    auth: password('jo', 'hunter2'),
  })
  uidls = (await session.listing()).map(({ uidl = '' }) => uidl)
})
afterAll(() => office.close())
beforeEach(() => {
  place = new Workplace()
})
afterEach(() => place.remove())

function collectImport(...args: string[]): Promise<Outcome> {
  return place.run(['collect', 'import', ...args, '--home', place.folder])
}

function put(name: string, text: string): void {
  mkdirSync(join(place.folder, name, '..'), { recursive: true })
  writeFileSync(join(place.folder, name), text)
}

/** mpop has fetched all but the last of them, and one that is gone. */
function putMpop(): void {
  put(
    '.mpoprc',
    `account old\nhost 127.0.0.1\nport ${office.pop3.port}\nuser jo\npassword hunter2\nkeep on\nauth digest-md5\n`,
  )
  put('.mpop_uidls/jo_at_127.0.0.1', ` 3 127.0.0.1 jo\n${uidls.slice(0, 2).join('\n')}\ngone\n`)
}

const config = () => readFileSync(join(place.folder, 'poplar.toml'), 'utf8')

describe('collect import', { timeout: 90_000 }, () => {
  it('shows sources, what is known of them, and their configuration, and changes nothing', async () => {
    putMpop()
    const { code, stdout, stderr } = await collectImport('.mpoprc', '--to', 'ann')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(
      /^SOURCE +FROM +SERVER +USER +KNOWN +CONFIGURED\nold +mpop +pop3 127\.0\.0\.1 +jo +3 +new\n/,
    )
    expect(stdout).toMatch(/^\[\[collect\]\]\nname = "old"\n/m)
    expect(stdout).toMatch(/^# its password stands in .*\.mpoprc, line 5;/m)
    expect(stdout).toMatch(/nothing was changed/)
    expect(stdout).not.toContain('hunter2')
    expect(config()).toBe(cheapConfig)
  })

  it('asks the source what would be fetched again', async () => {
    putMpop()
    const { code, stdout, stderr } = await collectImport('.mpoprc', '--compare')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/KNOWN +CONFIGURED +LISTED +TO FETCH +GONE\nold .* 3 +new +3 +1 +1\n/)
  })

  it('tells of a source that cannot be asked, and goes on with the others', async () => {
    putMpop()
    put(
      '.fetchmailrc',
      `poll 127.0.0.1 proto pop3 port ${office.pop3.port} user eve pass wrong is x here sslproto ''`,
    )
    const { code, stdout, stderr } = await collectImport('.fetchmailrc', '.mpoprc', '--compare')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^poplar: 127\.0\.0\.1: /m)
    expect(stderr).not.toContain('wrong')
    expect(stdout).toMatch(/^old .* 3 +1 +1$/m)
  })

  it('writes sources and what is known, once', async () => {
    putMpop()
    const first = await collectImport('.mpoprc', '--to', 'ann', '--write', '--passwords', 'secrets')
    expect(first.code).toBe(0)
    expect(first.stdout).toMatch(/^old: taken over 3, known before 0\n/)
    const file = join(place.folder, 'secrets/old.password')
    expect(readFileSync(file, 'utf8')).toBe('hunter2\n')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(config().startsWith(cheapConfig)).toBe(true)
    expect(config()).not.toContain('hunter2')
    expect(loadConfig(join(place.folder, 'poplar.toml')).collect).toMatchObject([
      { name: 'old', user: 'jo', secret: { kind: 'file', file } },
    ])

    // The source that the configuration has now is the same one; its password comes from there.
    const written = config()
    const again = await collectImport('.mpoprc', '--write')
    expect(again).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^old: taken over 0, known before 3\nstop mpop now: /) as string,
    })
    expect(config()).toBe(written)
    const compared = await collectImport('.mpop_uidls', '--compare', '--json')
    expect(JSON.parse(compared.stdout)).toMatchObject({
      sources: [{ name: 'old', isInConfig: true, comparison: { known: 2, fresh: [uidls[2]], gone: 1 } }],
      config: '',
    })
  })

  it('refuses what would be no configuration, before anything is written', async () => {
    putMpop()
    const aimless = await collectImport('.mpoprc', '--write')
    expect(aimless).toMatchObject({
      code: 1,
      stderr: 'poplar: where the mail of old goes is not known: say it with --to\n',
    })
    const wrong = await collectImport('.mpoprc', '--write', '--to', 'ftp:nowhere', '--passwords', 'secrets')
    expect(wrong.code).toBe(1)
    expect(wrong.stderr).toMatch(/poplar\.toml/)
    expect(config()).toBe(cheapConfig)
    expect(() => statSync(join(place.folder, 'secrets'))).toThrow()
  })
})
