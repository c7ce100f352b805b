import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WatchedFiles } from '../../src/net/tls/watched-files.ts'

let folder: string
let told: string[]
let reads: number

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'poplar-watched-'))
  told = []
  reads = 0
})
afterEach(() => rmSync(folder, { recursive: true }))

const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
const text = (name: string) => readFileSync(join(folder, name), 'utf8')

/** Two files that belong together when they say the same. */
function watchTwins(): { watched: WatchedFiles<string>; look: () => Promise<boolean> } {
  const watched = new WatchedFiles([join(folder, 'a'), join(folder, 'b')], () => {
    reads += 1
    if (text('a') !== text('b')) throw new Error(`${text('a')} is not ${text('b')}`)
    return text('a')
  })
  return { watched, look: () => watched.check(error => told.push(error.message)) }
}

describe('watched files', () => {
  it('are read again only when they change', async () => {
    write('a', 'one')
    write('b', 'one')
    const { watched, look } = watchTwins()
    expect([await look(), await look(), reads]).toEqual([false, false, 1])
    write('a', 'three')
    write('b', 'three')
    expect([await look(), await look(), reads]).toEqual([true, false, 2])
    expect(watched.current).toBe('three')
  })

  it('may be written one behind the other: nothing is told at the first look', async () => {
    write('a', 'one')
    write('b', 'one')
    const { watched, look } = watchTwins()
    write('a', 'three')
    expect([await look(), told]).toEqual([false, []])
    write('b', 'three')
    expect([await look(), told]).toEqual([true, []])
    expect(watched.current).toBe('three')
  })

  it('that stay damaged are told of once, and again when they are damaged otherwise', async () => {
    write('a', 'one')
    write('b', 'one')
    const { watched, look } = watchTwins()
    write('a', 'three')
    for (let times = 0; times < 4; times++) expect(await look()).toBe(false)
    expect(told).toEqual(['three is not one'])
    write('a', 'seven')
    for (let times = 0; times < 4; times++) expect(await look()).toBe(false)
    expect(told).toEqual(['three is not one', 'seven is not one'])
    expect(watched.current).toBe('one')
  })

  it('are not there from the start: that is an error', () => {
    expect(() => watchTwins()).toThrow('ENOENT')
  })
})
