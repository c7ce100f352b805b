// Passwords are checked beside the event loop, by threads that make way for it.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { hashPassword } from '../../src/auth/password.ts'
import { PasswordThreads } from '../../src/auth/password-threads.ts'

const cost = { memoryKiB: 64, passes: 1, lanes: 1 }
const octets = (text: string) => Buffer.from(text)
const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

function openThreads(count = 1, url?: URL): PasswordThreads {
  const threads = new PasswordThreads(count, url)
  cleanups.push(() => threads.close())
  return threads
}

describe('password threads', () => {
  it('try each password on argon2id and on crypt schemes', async () => {
    const threads = openThreads(2)
    const hash = await hashPassword(octets('secret'), cost)
    const tries: [stored: string, passwords: string[], matches: boolean][] = [
      [hash, ['secret'], true],
      [hash, ['wrong'], false],
      [hash, ['wrong', 'secret'], true],
      [hash, [], false],
      ['{PLAIN}secret', ['secret'], true],
      ['{PLAIN}secret', ['Secret'], false],
      ['{UNKNOWN}secret', ['secret'], false],
      ['', [''], false],
    ]
    const answers = await Promise.all(
      tries.map(([stored, passwords]) => threads.verify(stored, passwords.map(octets))),
    )
    expect(answers).toEqual(tries.map(([, , matches]) => matches))
  })

  it.runIf(process.platform === 'linux')('are nicer than the thread of the event loop', async () => {
    const threads = openThreads(1)
    const before = niceValues()
    await threads.verify('{PLAIN}x', [octets('x')])
    const after = niceValues()
    expect(after.get(process.pid)).toBe(before.get(process.pid))
    const added = [...after].filter(([thread, nice]) => before.get(thread) !== nice)
    expect(added.map(([, nice]) => nice)).toContain(Math.min((before.get(process.pid) ?? 0) + 10, 10))
  })

  it('reject what a dying thread was asked, and start another', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'poplar-threads-'))
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
    const file = join(folder, 'thread.mjs')
    writeFileSync(
      file,
      `import { parentPort } from 'node:worker_threads'
      parentPort.on('message', ({ id, stored }) => {
        if (stored === 'die') throw new Error('out of luck')
        parentPort.postMessage({ id, matches: true })
      })`,
    )
    const threads = openThreads(1, pathToFileURL(file))
    expect(await threads.verify('live', [])).toBe(true)
    await expect(threads.verify('die', [])).rejects.toThrow('stopped before it answered')
    expect(await threads.verify('live', [])).toBe(true)
  })

  it('reject when there is no thread to start', async () => {
    const threads = openThreads(1, pathToFileURL('/nonexistent/thread.js'))
    await expect(threads.verify('x', [])).rejects.toThrow('stopped before it answered')
  })

  it('start again after they were closed', async () => {
    const threads = openThreads(1)
    expect(await threads.verify('{PLAIN}x', [octets('x')])).toBe(true)
    await threads.close()
    expect(await threads.verify('{PLAIN}x', [octets('x')])).toBe(true)
  })

  it('let the process end by itself, and not before they have answered', () => {
    const module = pathToFileURL(resolve(import.meta.dirname, '../../dist/auth/password-threads.js')).href
    const program = `
      import { PasswordThreads } from ${JSON.stringify(module)}
      console.log(await new PasswordThreads(1).verify('{PLAIN}x', [Buffer.from('x')]))`
    const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      timeout: 15_000,
    })
    expect({ status, stdout: stdout.toString() }).toEqual({ status: 0, stdout: 'true\n' })
  })
})

/** Thread id -> nice value; the 19th field of proc_pid_stat(5), the 17th behind the name, which may hold spaces. */
function niceValues(): Map<number, number> {
  return new Map(
    readdirSync('/proc/self/task').map(thread => {
      const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'latin1')
      return [Number(thread), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])]
    }),
  )
}
