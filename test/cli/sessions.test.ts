// `poplar sessions`, `poplar trace` and `poplar top`, as programs beside a running server.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LinePeer } from '../e2e/line-peer.ts'
import { itWith } from '../e2e/program.ts'
import { endServers, ServerProcess } from './server.ts'
import { cheapConfig, cli, Workplace } from './workplace.ts'

let place: Workplace
let server: ServerProcess
let port: number

beforeAll(async () => {
  place = new Workplace(cheapConfig.replace('[listen]', '[listen]\npop3 = "127.0.0.1:0"'))
  for (const name of ['ann', 'bob']) await place.run(`user add ${name} --password-stdin`, name)
  server = new ServerProcess(place, ['--json'])
  port = await server.portOf('pop3')
})
afterAll(async () => {
  await endServers()
  place.remove()
})

/** A command that goes on until it is ended. */
class Running {
  readonly #child: ChildProcess
  readonly exit: Promise<number | null>
  output = ''
  #onOutput = () => {}

  constructor(program: string, args: readonly string[]) {
    const child = spawn(program, args, { cwd: place.folder, stdio: 'pipe' })
    const keep = (chunk: Buffer) => {
      this.output += chunk.toString()
      this.#onOutput()
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    this.#child = child
    this.exit = once(child, 'close').then(([code]) => {
      this.#onOutput()
      return code as number | null
    })
  }

  async says(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.output)) {
      if (this.#child.exitCode !== null) throw new Error(`ended without ${String(pattern)}: ${this.output}`)
      await new Promise<void>(resolve => {
        this.#onOutput = resolve
      })
    }
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys)
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
}

describe('sessions', () => {
  it('lists who is there, and ends them', async () => {
    expect(await place.json('sessions')).toEqual([])
    const peer = await LinePeer.logIn(port, 'ann', 'ann')
    expect(await place.json('sessions')).toMatchObject([{ user: 'ann', state: 'transaction', tls: null }])
    const { stdout } = await place.run('sessions')
    expect(stdout).toMatch(
      /^SESSION +SERVICE +PEER +USER .*\n\w+ +pop3 +127\.0\.0\.1 +ann +PASS +- +transaction /,
    )
    const killed = await place.run('sessions kill --user ann')
    expect(killed).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^session \w+ of ann from 127\.0\.0\.1 was ended\n$/) as string,
      stderr: '',
    })
    expect(await peer.line()).toBe('-ERR [SYS/TEMP] the session was ended by an operator')
  })

  it.each([
    {
      why: 'no session of that kind',
      args: 'sessions kill --user bob',
      code: 1,
      says: 'there is no such session',
    },
    {
      why: 'nobody named',
      args: 'sessions kill',
      code: 2,
      says: 'exactly one of a session, --user and --from expected',
    },
    {
      why: 'two kinds named',
      args: 'sessions kill x --user bob',
      code: 2,
      says: 'exactly one of a session, --user and --from expected',
    },
    { why: 'a trace of nobody', args: 'trace nobody', code: 1, says: 'there is no account of that name' },
    { why: 'a trace of no session', args: 'trace --session x', code: 1, says: 'there is no such session' },
    {
      why: 'no server',
      args: 'sessions --socket none',
      code: 1,
      says: /the server is not running: there is no socket .*none$/,
    },
    {
      why: 'a path too long',
      args: `top --socket ${'x'.repeat(120)}`,
      code: 1,
      says: /the path of a socket has at most/,
    },
  ])('refuses: $why', async ({ args, code, says }) => {
    const outcome = await place.run(args)
    expect([outcome.code, outcome.stdout]).toEqual([code, ''])
    expect(outcome.stderr.trimEnd()).toMatch(
      typeof says === 'string' ? new RegExp(`^poplar: ${says}$`) : says,
    )
  })
})

describe('trace', () => {
  it('shows both sides without secrets, until Ctrl-C', async () => {
    const trace = new Running(process.execPath, [cli, 'trace', '--from', '127.0.0.1'])
    // The stream is there once a session of after the beginning is seen.
    while (server.logged('trace begins').length === 0) await server.says(/trace begins/)
    const peer = await LinePeer.connect(port)
    await peer.line()
    for (const line of ['hunter2', 'USER hunter2', 'USER ann', 'PASS hunter2']) await peer.ask(line)
    await trace.says(/authentication failed/)
    trace.signal('SIGINT')
    expect(await trace.exit).toBe(0)
    const lines = trace.output.split('\n').map(line => line.slice(20))
    expect(lines.filter(line => line.includes('C:'))).toEqual([
      'pop3 C: <no command, 7 octets>',
      'pop3 C: USER <no name of an account>',
      'pop3 C: USER ann',
      'pop3 C: PASS <password>',
    ])
    expect(trace.output).not.toContain('hunter2')
    peer.drop()
  })
})

describe('top', () => {
  it('prints one frame where there is no terminal', async () => {
    const { code, stdout } = await place.run('top')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Poplar {2}up .*\nevent loop .*\nsessions +\d+, /)
    expect(stdout).not.toContain('\x1b')
    expect(await place.json('top')).toMatchObject({ sessions: expect.any(Array) as unknown })
  })

  itWith('script', 'fills a terminal until q is pressed, and gives it back', async () => {
    const top = new Running('script', [
      '-qec',
      `stty rows 10 cols 40; exec ${process.execPath} ${cli} top`,
      '/dev/null',
    ])
    await top.says(/sessions /)
    top.type('q')
    expect(await top.exit).toBe(0)
    expect(top.output.includes('\x1b[?1049h')).toBe(true)
    expect(top.output.trimEnd().endsWith('\x1b[?25h\x1b[?1049l')).toBe(true)
    const shown = top.output.split(/\r+\n|\x1b\[H/).map(line => line.replace(/\x1b\[[?\d]*[a-zA-Z]/g, ''))
    expect(Math.max(...shown.map(line => line.length))).toBeLessThanOrEqual(40)
  })
})

it('says so when the socket may not be used', async () => {
  // Outside the workplace, which other users may not enter.
  const folder = mkdtempSync(join(tmpdir(), 'poplar-denied-'))
  const path = join(folder, 's')
  const other = createServer().listen(path)
  await once(other, 'listening')
  try {
    chmodSync(folder, 0o755)
    chmodSync(path, 0o000)
    writeFileSync(join(folder, 'ask.cjs'), asOther)
    const child = spawn(process.execPath, [cli, 'sessions', '--socket', path], {
      env: { ...process.env, NODE_OPTIONS: `--require ${join(folder, 'ask.cjs')}` },
      cwd: folder,
    })
    let complaint = ''
    child.stderr.on('data', (chunk: Buffer) => {
      complaint += chunk.toString()
    })
    const [code] = (await once(child, 'close')) as [number]
    expect([code, complaint]).toEqual([
      1,
      `poplar: ${path} may not be used by this user: be the user the server runs as, or root\n`,
    ])
  } finally {
    other.close()
    rmSync(folder, { recursive: true, force: true })
  }
})

/** Nothing is denied to root: once its files are loaded, the command goes on as nobody. */
const asOther = `
const { request } = require('node:http')
if (process.getuid() === 0) {
  require('node:http').request = (...options) => {
    process.setuid(65534)
    return request(...options)
  }
  require('node:module').syncBuiltinESMExports()
}
`

it('the server says when it has no place for the socket, and serves', async () => {
  const long = new Workplace(
    `data = "${'d'.repeat(110)}"\n${cheapConfig.replace('[listen]', '[listen]\npop3 = "127.0.0.1:0"')}`,
  )
  try {
    await long.run('user add ann --password-stdin', 'ann')
    const other = new ServerProcess(long, ['--json'])
    await other.ready()
    await other.says(/no control socket: name another with `socket` in \[control\]/)
    await other.kill('SIGTERM')
  } finally {
    long.remove()
  }
})
