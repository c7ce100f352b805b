// One server for one folder, whatever becomes of the one before.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { folderHolder, lockFolder } from '../../src/store/folder-lock.ts'
import { scratchFolder } from './factories.ts'

it('refuses a second, naming the first, and lets the next in', () => {
  const folder = join(scratchFolder(), 'new')
  const lock = lockFolder(folder)
  expect(() => lockFolder(folder)).toThrow(
    expect.objectContaining({
      code: 'folder-in-use',
      message: expect.stringContaining(`by process ${process.pid} on ${hostname()} since 2`) as string,
    }),
  )
  lock.release()
  expect(existsSync(join(folder, 'serving.json'))).toBe(false)
  expect(folderHolder(folder)).toBeUndefined()
  const next = lockFolder(folder)
  lock.release()
  expect(() => lockFolder(folder)).toThrow('served already')
  next.release()
})

it('says who holds the folder', () => {
  const folder = scratchFolder()
  const lock = lockFolder(folder)
  expect(folderHolder(folder)).toEqual({
    pid: process.pid,
    host: hostname(),
    since: expect.stringMatching(/^\d{4}-.*Z$/) as string,
  })
  lock.release()
})

it.each([
  ['scrawl', 'no JSON'],
  ['{"pid":"1","host":"a","since":"b"}', 'a pid that is no number'],
  ['null', 'no object'],
])('can do without the readable file: %s, %s', scrawl => {
  const folder = scratchFolder()
  const lock = lockFolder(folder)
  writeFileSync(join(folder, 'serving.json'), scrawl)
  expect(folderHolder(folder)).toBeUndefined()
  expect(() => lockFolder(folder)).toThrow('by another process')
  lock.release()
})

it('is given back by the kernel when its holder is killed', async () => {
  const folder = scratchFolder()
  const module = resolve(import.meta.dirname, '../../dist/store/folder-lock.js')
  const code = `import { lockFolder } from ${JSON.stringify(module)}; lockFolder(${JSON.stringify(folder)}); console.log('held'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  expect(() => lockFolder(folder)).toThrow(`by process ${child.pid}`)
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
  lockFolder(folder).release()
})
