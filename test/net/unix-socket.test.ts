// A socket in the file system: private, replaced when its server is dead, left alone when it lives.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { listenOnUnixSocket, socketPathFault } from '../../src/net/unix-socket.ts'

let folder: string
const servers: Server[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'poplar-socket-'))
})
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise(resolve => server.close(resolve))
  rmSync(folder, { recursive: true, force: true })
})

async function listen(path: string): Promise<Server> {
  const server = createServer()
  await listenOnUnixSocket(server, path)
  servers.push(server)
  return server
}

it('is for its owner alone, and is gone when the server is closed', async () => {
  const path = join(folder, 's')
  const server = await listen(path)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  servers.splice(0)
  await new Promise(resolve => server.close(resolve))
  expect(existsSync(path)).toBe(false)
})

it('takes the place of one whose process was killed', async () => {
  const path = join(folder, 's')
  const program = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`
  expect(() => execFileSync(process.execPath, ['-e', program, path])).toThrow()
  expect(existsSync(path)).toBe(true)
  await listen(path)
})

it('does not disturb one that lives', async () => {
  const path = join(folder, 's')
  const first = await listen(path)
  await expect(listen(path)).rejects.toThrow(`cannot listen on ${path}: another server does already`)
  expect(first.listening && existsSync(path)).toBe(true)
})

it('removes nothing that is no socket', async () => {
  const path = join(folder, 's')
  writeFileSync(path, 'mine')
  await expect(listen(path)).rejects.toThrow('it is there already, and is no socket')
  expect(existsSync(path)).toBe(true)
})

it.each([
  ['a path that fits', 'x'.repeat(103), undefined],
  [
    'one that does not fit anywhere',
    'x'.repeat(108),
    expect.stringMatching(/at most \d+ octets, .* has 108$/),
  ],
  ['octets count, not characters', 'ж'.repeat(60), expect.stringMatching(/has 120$/)],
])('says before it tries: %s', (_why, path, fault) => {
  expect(socketPathFault(path)).toEqual(fault)
})

it('names the folder that is not there', async () => {
  await expect(listen(join(folder, 'none', 's'))).rejects.toThrow(/cannot listen on .*none\/s/)
})
