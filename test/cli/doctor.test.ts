// `poplar doctor`: each thing it examines, well and wrong.
import { once } from 'node:events'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freePorts } from '../e2e/office.ts'
import { endServers, ServerProcess } from './server.ts'
import { cheapConfig, Workplace } from './workplace.ts'

let place: Workplace
let data: string
beforeEach(() => {
  place = new Workplace()
  data = join(place.folder, 'poplar-data')
})
afterEach(async () => {
  await endServers()
  place.remove()
})

interface Finding {
  readonly what: string
  readonly state: string
  readonly finding: string
}

async function examine(): Promise<{ code: number | null; findings: Finding[] }> {
  const { code, stdout } = await place.run('doctor --json')
  return { code, findings: JSON.parse(stdout) as Finding[] }
}

async function findingsOn(what: string): Promise<{ code: number | null; findings: Finding[] }> {
  const { code, findings } = await examine()
  return { code, findings: findings.filter(finding => finding.what === what) }
}

describe('doctor', () => {
  it('finds an office well, and prints a table', async () => {
    await place.run('user add ann --password-stdin', 'x')
    await place.run('deliver ann', 'Subject: x\n\nbody\n')
    const { code, stdout } = await place.run('doctor')
    expect(code).toBe(0)
    const [title, ...rows] = stdout.trimEnd().split('\n')
    expect(title).toMatch(/^WHAT +STATE +FINDING$/)
    expect(rows.map(row => row.split(/ {2,}/).slice(0, 2))).toEqual([
      ['configuration', 'well'],
      ['data folder', 'well'],
      ['disk room', expect.stringMatching(/well|note/)],
      ['clock', 'well'],
      ['stored mail', 'well'],
      ['users', 'well'],
    ])
    expect(stdout).toContain('1 messages in 1 contents, all as recorded')
  })

  it('finds nothing wrong where nothing was made yet, and makes nothing', async () => {
    const { code, findings } = await examine()
    expect(code).toBe(0)
    expect(findings.filter(({ state }) => state === 'note').map(({ what }) => what)).toEqual([
      'data folder',
      'stored mail',
    ])
    expect(() => statSync(data)).toThrow('ENOENT')
  })

  it('names the mistakes of the configuration', async () => {
    place.configure('hostnam = 1\ndata = 2')
    const { code, findings } = await examine()
    expect(code).toBe(1)
    expect(findings.map(({ what, state }) => [what, state])).toEqual([
      ['configuration', 'wrong'],
      ['configuration', 'wrong'],
    ])
  })
})

describe('the data folder', () => {
  it('is wrong where it is a file', async () => {
    writeFileSync(data, '')
    expect(await findingsOn('data folder')).toMatchObject({ code: 1, findings: [{ state: 'wrong' }] })
  })

  it('is noted where others may look into it', async () => {
    mkdirSync(data)
    chmodSync(data, 0o755)
    expect(await findingsOn('data folder')).toMatchObject({
      code: 0,
      findings: [{ state: 'note', finding: expect.stringContaining('chmod 700') as string }],
    })
  })

  it('needs room: twice the largest message', async () => {
    place.configure(`${cheapConfig}\n[smtp]\nsize = "2GiB"`)
    const { findings } = await findingsOn('disk room')
    const [, free, unit] = /^([\d.]+) (\w+) free/.exec(findings[0]?.finding ?? '') ?? []
    const isEnough = unit === 'TiB' || (unit === 'GiB' && Number(free) > 4)
    expect(findings[0]?.state === 'wrong').toBe(!isEnough)
  })
})

describe('the clock', () => {
  it('is wrong where the data was written in its future', async () => {
    mkdirSync(data)
    writeFileSync(join(data, 'x'), '')
    const tomorrow = Date.now() / 1000 + 86_400
    utimesSync(join(data, 'x'), tomorrow, tomorrow)
    expect(await findingsOn('clock')).toMatchObject({
      code: 1,
      findings: [{ finding: expect.stringContaining('before the last change of the data') as string }],
    })
  })
})

describe('stored mail', () => {
  it('is wrong where a file lost its end', async () => {
    await place.run('user add ann --password-stdin', 'x')
    await place.run('deliver ann', `Subject: x\n\n${'body\n'.repeat(100_000)}`)
    const largest = readdirSync(data)
      .map(name => join(data, name))
      .sort((a, b) => statSync(b).size - statSync(a).size)[0]
    for (const name of readdirSync(data)) if (/-(wal|shm)$/.test(name)) rmSync(join(data, name))
    truncateSync(largest ?? '', Math.floor(statSync(largest ?? '').size / 2))
    const { code, findings } = await findingsOn('stored mail')
    expect(code).toBe(1)
    expect(findings[0]?.state).toBe('wrong')
  })

  it('is examined with the passwords that are sealed in it', async () => {
    const what = 'sealed passwords'
    await place.run('user add ann --password-stdin', 'x')
    await place.run('user disable ann')
    expect(await findingsOn(what)).toMatchObject({ code: 0, findings: [] })
    expect((await findingsOn('users')).findings).toContainEqual({
      what: 'users',
      state: 'note',
      finding: 'ann is disabled: poplar user enable ann lets its user in again',
    })
    await place.run('user passwd ann --recoverable --password-stdin', 'x')
    const keyFile = join(data, 'secret.key')
    const well = { what, state: 'well', finding: `1, opened by ${keyFile}` }
    expect(await findingsOn(what)).toEqual({ code: 0, findings: [well] })
    writeFileSync(keyFile, 'ab'.repeat(32))
    const { code, findings } = await findingsOn(what)
    expect(code).toBe(1)
    expect(findings[0]?.finding).toMatch(/^that of ann was sealed with another key than .*secret\.key: put/)
    rmSync(keyFile)
    expect((await findingsOn(what)).findings).toEqual([
      { what, state: 'wrong', finding: `the key file ${keyFile} cannot be used: there is no such file` },
    ])
  })

  it('is examined with its users: none, without domain, over quota', async () => {
    await place.run('user add ann --password-stdin', 'x')
    await place.run('user remove ann --yes')
    expect(await findingsOn('users')).toMatchObject({ findings: [{ state: 'note' }] })
    await place.run('user add ann@example.net --password-stdin --quota 10', 'x')
    await place.run('user add bob --password-stdin --quota 10', 'x')
    await place.run('alias add sales@example.net bob')
    place.configure(cheapConfig.replace(', "example.net"', ''))
    const { code, findings } = await findingsOn('users')
    expect(code).toBe(0)
    expect(findings.map(({ finding }) => finding)).toEqual([
      '2',
      'ann@example.net receives nothing: example.net is not in `domains`',
      'sales@example.net receives nothing: example.net is not in `domains`',
    ])
  })
})

describe('ports', () => {
  it('are free, or served by our server', async () => {
    const [port] = await freePorts(1)
    place.configure(cheapConfig.replace('[listen]', `[listen]\npop3 = "127.0.0.1:${port}"`))
    expect((await findingsOn('POP3 port')).findings[0]?.finding).toBe(`127.0.0.1:${port} is free`)
    const server = new ServerProcess(place, ['--json'])
    await server.ready()
    expect(await findingsOn('POP3 port')).toMatchObject({
      code: 0,
      findings: [{ finding: `127.0.0.1:${port} is served by our server (process ${server.pid})` }],
    })
  })

  it('are held by somebody else, who is named where the system tells', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' ? address?.port : 0
    place.configure(cheapConfig.replace('[listen]', `[listen]\nsmtp = "127.0.0.1:${port}"`))
    const holder = process.platform === 'linux' ? `process ${process.pid} \\(.*\\)` : 'another process'
    expect(await findingsOn('SMTP port')).toMatchObject({
      code: 1,
      findings: [
        {
          finding: expect.stringMatching(
            `127.0.0.1:${port} is held by ${holder}: end it, or listen elsewhere`,
          ) as string,
        },
      ],
    })
    other.close()
  })

  it('are wrong where the server was started without them', async () => {
    const [pop3, lmtp] = await freePorts(2)
    place.configure(cheapConfig.replace('[listen]', `[listen]\npop3 = "127.0.0.1:${pop3}"`))
    const server = new ServerProcess(place, ['--json'])
    await server.ready()
    place.configure(cheapConfig.replace('[listen]', `[listen]\nlmtp = "127.0.0.1:${lmtp}"`))
    expect(await findingsOn('LMTP port')).toMatchObject({
      code: 1,
      findings: [
        {
          finding: `127.0.0.1:${lmtp} is not served by our server (process ${server.pid}): restart it`,
        },
      ],
    })
  })
})
