// `poplar serve`, as a program: what it says, how it starts in vain, how it ends, how it reloads.
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deliverByLmtp, LinePeer } from '../e2e/line-peer.ts'
import { freePorts } from '../e2e/office.ts'
import { endServers, ServerProcess } from './server.ts'
import { Workplace } from './workplace.ts'

const anyPorts = `
hostname = "mail.test.example"
listen.pop3 = "127.0.0.1:0"
listen.lmtp = "127.0.0.1:0"
auth.argon2_memory = "8MiB"
auth.argon2_passes = 1
`
const message = Buffer.from('Subject: x\r\n\r\nbody\r\n')

let place: Workplace
beforeEach(() => {
  place = new Workplace(anyPorts)
})
afterEach(async () => {
  await endServers()
  place.remove()
})

function makeForeignDatabase(file: string): void {
  const database = new Sqlite(file)
  database.exec('create table contact (name text)')
  database.close()
}

async function serveWithAnn(): Promise<ServerProcess> {
  await place.run('user add ann --password-stdin', 'ann-secret')
  const server = new ServerProcess(place, ['--json'])
  await server.ready()
  return server
}

describe('the start', () => {
  it('says what listens where, how to make the first user, and last of all that it is ready', async () => {
    const server = new ServerProcess(place)
    await server.says(/^ready$/m)
    const lines = server.stdout.trimEnd().split('\n')
    expect(lines[0]).toBe(`Poplar 0.1.0, data in ${join(place.folder, 'poplar-data')}`)
    expect(lines[1]).toMatch(/^ {2}POP3 on 127\.0\.0\.1:\d+$/)
    expect(lines[2]).toMatch(/^ {2}LMTP on 127\.0\.0\.1:\d+$/)
    expect(lines[3]).toBe('Passwords travel in clear, so POP3 is served inside this machine only.')
    expect(lines[4]).toMatch(/no users yet/)
    expect(lines[5]).toMatch(/^ {2}node \S+poplar\.js user add NAME$/)
    expect(lines.slice(6)).toEqual(['ready'])
  })

  it.each([
    { how: 'npm start', env: { npm_lifecycle_event: 'start' }, args: [], line: '  npx poplar user add NAME' },
    {
      how: 'a configuration elsewhere',
      env: { npm_lifecycle_event: 'npx' },
      args: ['--config', "it's.toml"],
      line: String.raw`  npx poplar user add NAME --config 'it'\''s.toml'`,
    },
  ])('names the command as it works after $how', async ({ env, args, line }) => {
    writeFileSync(join(place.folder, "it's.toml"), anyPorts)
    const server = new ServerProcess(place, args, env)
    await server.says(/^ready$/m)
    expect(server.stdout.split('\n')).toContain(line)
  })

  it('does not speak of the first user when there is one', async () => {
    await place.run('user add ann --password-stdin', 'ann-secret')
    const server = new ServerProcess(place)
    await server.says(/^ready$/m)
    expect(server.stdout).not.toContain('user add')
  })

  it('is one line of JSON with --json', async () => {
    const server = new ServerProcess(place, ['--json'])
    expect(await server.ready()).toEqual({
      ready: true,
      pid: server.pid,
      data: join(place.folder, 'poplar-data'),
      listeners: [
        { service: 'pop3', address: '127.0.0.1', port: expect.any(Number) as number },
        { service: 'lmtp', address: '127.0.0.1', port: expect.any(Number) as number },
      ],
    })
    expect(server.stdout.trimEnd().split('\n')).toHaveLength(1)
  })

  it('warns where passwords may be read on the way', async () => {
    place.configure(`${anyPorts.replace('pop3 = "127.0.0.1:0"', 'pop3 = "0.0.0.0:0"')}tls.required = false`)
    const server = new ServerProcess(place)
    await server.says(/^ready$/m)
    expect(server.stdout).toMatch(/^WARNING: passwords may travel in clear/m)
    await server.kill('SIGTERM')
    expect(server.logged('passwords may travel in clear to these addresses')).toMatchObject([
      { level: 'warn', addresses: ['0.0.0.0:0'] },
    ])
  })
})

describe('a start in vain', () => {
  it('names service, address and reason when a port is taken, with 1', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const address = taken.address()
    const port = typeof address === 'object' ? address?.port : 0
    place.configure(anyPorts.replace('lmtp = "127.0.0.1:0"', `lmtp = "127.0.0.1:${port}"`))
    const server = new ServerProcess(place)
    expect(await server.exit).toBe(1)
    expect(server.stderr).toMatch(
      new RegExp(
        `^poplar: cannot serve LMTP: cannot listen on 127\\.0\\.0\\.1:${port}: [^\n]*in use[^\n]*\n$`,
      ),
    )
    expect(server.stdout).toBe('')
    taken.close()
  })

  it('says who serves the folder already, with 1', async () => {
    const first = new ServerProcess(place, ['--json'])
    await first.ready()
    const second = new ServerProcess(place)
    expect(await second.exit).toBe(1)
    expect(second.stderr).toMatch(
      new RegExp(`^poplar: .* is served already, by process ${first.pid} on [^\n]*\n$`),
    )
  })

  it.each([
    {
      what: 'text',
      why: 'not a database',
      make: (file: string) => writeFileSync(file, 'Not mail.\n'.repeat(1000)),
    },
    { what: 'the database of another program', why: 'not one of Poplar', make: makeForeignDatabase },
  ])('leaves a file alone that is $what, with 1', async ({ why, make }) => {
    const data = join(place.folder, 'poplar-data')
    mkdirSync(data)
    const file = join(data, 'poplar.sqlite')
    make(file)
    const octets = readFileSync(file)
    const server = new ServerProcess(place)
    expect(await server.exit).toBe(1)
    expect(server.stderr).toMatch(
      /^poplar: .*poplar\.sqlite cannot be used: [^\n]* It was left as it is\. [^\n]+\.\n$/,
    )
    expect(server.stderr).toContain(why)
    expect(readFileSync(file).equals(octets)).toBe(true)
  })

  it('names mistakes of the configuration, with 1', async () => {
    place.configure('listen.pop3 = "0.0.0.0:110"')
    const server = new ServerProcess(place)
    expect(await server.exit).toBe(1)
    expect(server.stderr).toMatch(/poplar\.toml line 1: `pop3` in \[listen\] may not be 0\.0\.0\.0:110/)
  })
})

describe('SIGTERM and SIGINT', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('end it with 0: %s', async signal => {
    const server = new ServerProcess(place, ['--json'])
    await server.ready()
    expect(await server.kill(signal)).toBe(0)
    expect(server.logged('draining')).toMatchObject([{ signal, graceMs: 10_000 }])
    expect(server.logged('ended')).toHaveLength(1)
  })

  it('a second time end it at once, deleting nothing', async () => {
    const server = await serveWithAnn()
    await deliverByLmtp(await server.portOf('lmtp'), ['ann'], message)
    const peer = await LinePeer.logIn(await server.portOf('pop3'), 'ann', 'ann-secret')
    await peer.ask('DELE 1')
    server.signal('SIGTERM')
    await server.says(/"draining"/)
    expect(await server.kill('SIGTERM')).toBe(0)
    expect(server.logged('ending at once')).toHaveLength(1)
    expect(await place.json('user list')).toMatchObject([{ name: 'ann', usedMessages: 1 }])
  })
})

describe('SIGHUP', () => {
  it('takes over what can change, and names what cannot', async () => {
    const server = await serveWithAnn()
    place.configure(`${anyPorts}domains = ["new.example"]\npop3.autologout = "20m"\n`)
    server.signal('SIGHUP')
    await server.says(/"keys":\["pop3\.autologout"\]/)
    const replies = await deliverByLmtp(await server.portOf('lmtp'), ['ann@new.example'], message)
    expect(replies).toEqual([expect.stringMatching(/^250/)])
  })

  it('with a mistake changes nothing, and logs it', async () => {
    const server = await serveWithAnn()
    place.configure(`${anyPorts}domains = ["new.example"]\npop3.autologut = "20m"\n`)
    server.signal('SIGHUP')
    expect(await server.says(/not reloaded, the old configuration stays/)).toBeTruthy()
    expect(server.stderr).toContain('line 8: unknown key `autologut` in [pop3]; did you mean `autologout`?')
    await expect(deliverByLmtp(await server.portOf('lmtp'), ['ann@new.example'], message)).rejects.toThrow(
      /^550/,
    )
    expect(await deliverByLmtp(await server.portOf('lmtp'), ['ann@mail.test.example'], message)).toHaveLength(
      1,
    )
  })

  it('changes the level of the log', async () => {
    const server = await serveWithAnn()
    const logIn = async () => {
      const peer = await LinePeer.logIn(await server.portOf('pop3'), 'ann', 'ann-secret')
      await peer.ask('QUIT')
      await peer.end()
    }
    await logIn()
    await server.says(/pop3 session/)
    place.configure(`${anyPorts}log.level = "warn"\nhostname = "other.example"`.replace(/^hostname.*$/m, ''))
    server.signal('SIGHUP')
    await server.says(/"keys":\["hostname"\]/)
    await logIn()
    await server.kill('SIGTERM')
    expect(server.logged('pop3 session')).toHaveLength(1)
  })
})

describe('the log', () => {
  it('never has a password in it, right or wrong, at any level', async () => {
    await place.run('user add ann --password-stdin', 'ann-secret')
    place.configure(`${anyPorts}log.level = "debug"`)
    const server = new ServerProcess(place, ['--json'])
    const port = await server.portOf('pop3')
    const right = await LinePeer.logIn(port, 'ann', 'ann-secret')
    await right.ask('QUIT')
    await expect(LinePeer.logIn(port, 'ann', 'bad-secret')).rejects.toThrow('-ERR')
    const confused = await LinePeer.connect(port)
    await confused.line()
    for (const command of ['PASS early-secret', 'PASSWORD misspelt-secret', 'USER ann', 'ann-secret'])
      await confused.ask(command)
    await confused.ask('QUIT')
    await server.kill('SIGTERM')
    expect(server.logged('pop3 session').length).toBeGreaterThanOrEqual(2)
    expect(server.stderr + server.stdout).not.toMatch(/-secret/)
  })

  it('is for people with format = "pretty"', async () => {
    place.configure(`${anyPorts}log.format = "pretty"`)
    const server = new ServerProcess(place)
    await server.says(/^ready$/m)
    await server.kill('SIGTERM')
    expect(server.stderr).toMatch(/\[\d\d:\d\d:\d\d\.\d{3}\] INFO: draining/)
  })
})

describe('an error that nobody caught', () => {
  it('is logged with an id, and the office goes on', async () => {
    await place.run('user add ann --password-stdin', 'ann-secret')
    const fault = `
      process.on('SIGUSR2', () => {
        Promise.reject(new Error('forgotten'))
        throw new Error('uncaught')
      })`
    const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(fault)}` }
    const server = new ServerProcess(place, ['--json'], env)
    const port = await server.portOf('pop3')
    server.signal('SIGUSR2')
    await server.says(/forgotten[^]*uncaught|uncaught[^]*forgotten/)
    expect(server.logged('fault that nobody caught').map(({ fault: id }) => id)).toEqual([
      expect.stringMatching(/^[0-9A-Z]{26}$/),
      expect.stringMatching(/^[0-9A-Z]{26}$/),
    ])
    const peer = await LinePeer.logIn(port, 'ann', 'ann-secret')
    expect(await peer.ask('QUIT')).toMatch(/^\+OK/)
  })
})

describe('a closed standard output', () => {
  it('ends nothing', async () => {
    const [port = 0] = await freePorts(1)
    place.configure(anyPorts.replace('pop3 = "127.0.0.1:0"', `pop3 = "127.0.0.1:${port}"`))
    const server = new ServerProcess(place, ['--json'])
    server.stopReading()
    // Its `ready` cannot be read any more.
    let peer: LinePeer | undefined
    while (!peer) peer = await LinePeer.connect(port).catch(() => undefined)
    expect(await peer.line()).toMatch(/^\+OK/)
    peer.drop()
    expect(await server.kill('SIGTERM')).toBe(0)
  })
})

describe('--demo', () => {
  const contentsOf = async (port: number, user: string) => {
    const peer = await LinePeer.logIn(port, user, user)
    const count = Number((await peer.ask('STAT')).split(' ')[1])
    const contents: string[] = []
    for (let number = 1; number <= count; number++)
      contents.push((await peer.askBody(`RETR ${number}`)).toString())
    await peer.ask('QUIT')
    return contents
  }

  it('serves users and mail of its own, says so loudly, and again after a restart', async () => {
    for (const round of [1, 2]) {
      const server = new ServerProcess(place, ['--demo'])
      await server.says(/^ready$/m)
      expect(server.stdout, `round ${round}`).toMatch(/^DEMO: /m)
      expect(server.stdout).toMatch(/^ {2}user demo, password demo$/m)
      expect(server.stdout).toContain(`data in ${join(place.folder, 'poplar-demo')}`)
      const port = Number(/POP3 on 127\.0\.0\.1:(\d+)/.exec(server.stdout)?.[1])
      for (const user of ['demo', 'ann', 'bob']) {
        const contents = await contentsOf(port, user)
        expect(contents).toHaveLength(4)
        if (round === 1)
          expect(contents[0]).toContain(`curl --user ${user}:${user} pop3://127.0.0.1:${port}/1 `)
        expect(contents[1]).toContain('日本語')
        expect(contents[2]).toContain('Content-Disposition: attachment')
        expect(contents[3]).toMatch(/\r\n\.one dot\r\n\.\.two dots\r\n\.\r\n/)
      }
      await server.kill('SIGTERM')
    }
    expect((await place.run('user list')).stderr).toMatch(/there is no office in .*poplar-data/)
  })

  it('takes another folder when one is named', async () => {
    const server = new ServerProcess(place, ['--demo', 'show', '--json'])
    expect((await server.ready()).data).toBe(join(place.folder, 'show'))
  })
})
