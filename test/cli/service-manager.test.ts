// What `poplar serve` tells its service manager: a receiver of real datagrams, in Python, for Node has none.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { takeServiceManager } from '../../src/cli/service-manager.ts'
import { itWith } from '../e2e/program.ts'
import { endServers, ServerProcess } from './server.ts'
import { Workplace } from './workplace.ts'

/** Prints each datagram as a line of JSON. Descriptors that come with one, a barrier's, are closed at once. */
const receiver = `
import json, os, socket, sys
receiving = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiving.bind(sys.argv[1].replace('@', chr(0)))
print(json.dumps('listening'), flush=True)
while True:
    data, fds, flags, address = socket.recv_fds(receiving, 4096, 4)
    for fd in fds: os.close(fd)
    print(json.dumps(data.decode()), flush=True)
`

class Receiver {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>

  constructor(path: string) {
    this.#child = spawn('python3', ['-c', receiver, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    const input = this.#child.stdout
    if (!input) throw new Error('no output')
    this.#lines = createInterface({ input })[Symbol.asyncIterator]()
  }

  /** The fields of the next datagram that has the one named; those before it are dropped. */
  async next(name: string): Promise<Record<string, string>> {
    for (;;) {
      const line = await this.#lines.next()
      if (line.done) throw new Error(`ended without ${name}`)
      const fields = Object.fromEntries(
        (JSON.parse(line.value) as string).split('\n').map(field => field.split(/=(.*)/s).slice(0, 2)),
      ) as Record<string, string>
      if (name in fields) return fields
    }
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL')
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit')
  }
}

let place: Workplace
let manager: Receiver | undefined
beforeEach(() => {
  place = new Workplace('[listen]\npop3 = "127.0.0.1:0"\n')
})
afterEach(async () => {
  await endServers()
  await manager?.end()
  manager = undefined
  place.remove()
})

async function managerAt(socket: string): Promise<Receiver> {
  manager = new Receiver(socket)
  await manager.next('listening')
  return manager
}

describe('a server with a service manager', () => {
  itWith('systemd-notify', 'tells when it is ready, reloads and stops', async () => {
    const socket = join(place.folder, 'notify')
    const told = await managerAt(socket)
    const server = new ServerProcess(place, ['--json'], { NOTIFY_SOCKET: socket })
    const { READY, STATUS } = await told.next('READY')
    expect(READY).toBe('1')
    expect(STATUS).toBe(`Serving POP3 on 127.0.0.1:${await server.portOf('pop3')}`)

    const before = process.hrtime.bigint() / 1000n
    server.signal('SIGHUP')
    const { RELOADING, MONOTONIC_USEC } = await told.next('RELOADING')
    expect(RELOADING).toBe('1')
    expect(BigInt(MONOTONIC_USEC ?? '')).toBeGreaterThan(before)
    expect(BigInt(MONOTONIC_USEC ?? '')).toBeLessThan(process.hrtime.bigint() / 1000n)
    expect((await told.next('READY'))['STATUS']).toBe(STATUS)

    place.configure('nonsense = 1\n')
    server.signal('SIGHUP')
    await told.next('RELOADING')
    expect((await told.next('READY'))['STATUS']).toBe(`${STATUS}; not reloaded, see the log`)

    server.signal('SIGTERM')
    expect((await told.next('STOPPING'))['STATUS']).toMatch(/^Draining/)
    expect(await server.exit).toBe(0)
  })

  itWith('systemd-notify', 'says that it lives, to a name in the abstract space too', async () => {
    const socket = `@poplar-test-${process.pid}`
    const told = await managerAt(socket)
    // No WATCHDOG_PID: whoever is told is watched.
    new ServerProcess(place, ['--json'], { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '200000' })
    await told.next('READY')
    expect(await told.next('WATCHDOG')).toEqual({ WATCHDOG: '1' })
    expect(await told.next('WATCHDOG')).toEqual({ WATCHDOG: '1' })
  })

  it('serves where the manager cannot be told, and logs it once', async () => {
    const empty = join(place.folder, 'bin')
    mkdirSync(empty)
    const server = new ServerProcess(place, ['--json'], {
      NOTIFY_SOCKET: join(place.folder, 'nobody'),
      WATCHDOG_USEC: '100000',
      PATH: empty,
    })
    await server.ready()
    await server.says(/the service manager cannot be told/)
    server.signal('SIGHUP')
    await server.says(/"reloaded"/)
    expect(await server.kill('SIGTERM')).toBe(0)
    expect(server.logged('the service manager cannot be told')).toMatchObject([
      { reason: 'the program systemd-notify is not installed' },
    ])
  })
})

describe('the watchdog', () => {
  /** A systemd-notify that writes what it is told into a file. */
  function recordedManager(watchdogUs: string) {
    const folder = join(place.folder, 'bin')
    mkdirSync(folder)
    writeFileSync(join(folder, 'systemd-notify'), `#!/bin/sh\necho "$@" >> "$NOTIFY_SOCKET"\n`, {
      mode: 0o755,
    })
    const environment = { NOTIFY_SOCKET: join(place.folder, 'told'), WATCHDOG_USEC: watchdogUs }
    return { environment, path: `${folder}${delimiter}${process.env['PATH']}` }
  }

  it('hears nothing while there are reasons, and again when they are gone', async () => {
    const { environment, path } = recordedManager('20000')
    const usual = process.env['PATH']
    process.env['PATH'] = path
    try {
      const log = { debug() {}, info() {}, warn() {}, error() {} }
      const answers = [['the store does not answer'], ['the store does not answer'], []]
      const service = takeServiceManager(environment, 1, log)
      await new Promise<void>(resolve => {
        service?.watch(async () => {
          const answer = answers.shift()
          if (!answer) resolve()
          return answer ?? []
        })
      })
      await service?.close()
      const told = readFileSync(join(place.folder, 'told'), 'utf8').split('\n')
      expect(told.slice(0, 2)).toEqual([
        'STATUS=Not well: the store does not answer',
        'WATCHDOG=1 STATUS=Well again',
      ])
    } finally {
      process.env['PATH'] = usual
    }
  })
})

describe('the variables', () => {
  const silent = { debug() {}, info() {}, warn() {}, error() {} }
  it.each([
    ['none', {}, undefined],
    ['an empty socket', { NOTIFY_SOCKET: '' }, undefined],
    ['no watchdog', { NOTIFY_SOCKET: '/x' }, { watchdogMs: undefined }],
    ['a watchdog', { NOTIFY_SOCKET: '/x', WATCHDOG_USEC: '30000000' }, { watchdogMs: 30_000 }],
    ['ours', { NOTIFY_SOCKET: '/x', WATCHDOG_USEC: '2000', WATCHDOG_PID: '7' }, { watchdogMs: 2 }],
    [
      "another process's",
      { NOTIFY_SOCKET: '/x', WATCHDOG_USEC: '2000', WATCHDOG_PID: '8' },
      { watchdogMs: undefined },
    ],
    ['nonsense', { NOTIFY_SOCKET: '/x', WATCHDOG_USEC: '-1' }, { watchdogMs: undefined }],
  ])('%s', (_reason, given, expected) => {
    const environment: NodeJS.ProcessEnv = { ...given, OTHER: 'stays' }
    const found = takeServiceManager(environment, 7, silent)
    expect(found && { watchdogMs: found.watchdogMs }).toEqual(expected)
    expect(environment).toEqual({ OTHER: 'stays' })
  })
})
