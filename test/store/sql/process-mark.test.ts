// Marks of processes: who is proved dead, and who is not although nothing of him can be seen.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isProvablyDead, ownMark } from '../../../src/store/sql/process-mark.ts'

const hasProc = existsSync('/proc/self/ns/pid')

describe.skipIf(!hasProc)('a process of this machine', () => {
  let child: ChildProcess
  /** As the child would say of itself. */
  let mark = ''
  const [place, start] = [ownMark()?.split('/').slice(0, 2).join('/') ?? '', ownMark()?.split('/')[3] ?? '']

  beforeEach(async () => {
    // A name of spaces and brackets is in the way of who reads /proc.
    const script = `process.title = ') R 1 (x'; const { ownMark } = await import(process.argv[1]); console.log(ownMark())`
    const module = new URL('../../../dist/store/sql/process-mark.js', import.meta.url).href
    child = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `${script}; setInterval(() => {}, 1000)`,
      module,
    ])
    mark = String((await once(child.stdout ?? child, 'data'))[0]).trim()
  })
  afterEach(() => void child.kill('SIGKILL'))

  it('is dead when it was killed, and not before', async () => {
    expect(mark).toMatch(new RegExp(`/${child.pid}/\\d+$`))
    expect(isProvablyDead(mark)).toBe(false)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(isProvablyDead(mark)).toBe(true)
  })

  it('is dead when another has its number', () => {
    expect(isProvablyDead(mark.replace(/\d+$/, String(Number(start) - 1)))).toBe(true)
  })

  it.each([
    ['of another boot', (text: string) => text.replace(/^[0-9a-f]{8}/, '00000000')],
    ['of another namespace', (text: string) => text.replace(/pid:\[\d/, 'pid:[9')],
  ])('%s is not proved dead by what is here', async (_what, changed) => {
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(isProvablyDead(changed(mark))).toBe(false)
  })

  it.each([
    '',
    'server:1:ab',
    `${place}/0/1`,
    `${place}/-1/1`,
    `${place}/x/1`,
    `${place}/4194305`,
    `x ${place}/1/1`,
  ])('that says %j of itself is none that is known', text => {
    expect(isProvablyDead(text)).toBe(false)
  })

  it('is alive as long as one asks oneself', () => {
    expect(ownMark()).toBe(`${place}/${process.pid}/${start}`)
    expect(isProvablyDead(ownMark() ?? '')).toBe(false)
  })
})
