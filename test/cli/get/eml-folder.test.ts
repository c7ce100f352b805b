// Messages as files: whole or not at all, never over another, and never where the server would have them.
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EmlFolder, nameOf } from '../../../src/cli/get/eml-folder.ts'

let folder: string
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'poplar-eml-')), 'mail')
})
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }))

async function* body(...chunks: readonly string[]): AsyncGenerator<Uint8Array, void> {
  for (const chunk of chunks) yield Buffer.from(chunk, 'latin1')
}

describe('a message', () => {
  it('is saved octet for octet, for its owner alone', async () => {
    expect(await new EmlFolder(folder).save(body('A: \xff\0\n', '\r\r\nb'), 'id')).toBe('stored')
    expect(readdirSync(folder)).toEqual(['id.eml'])
    expect(readFileSync(join(folder, 'id.eml'), 'latin1')).toBe('A: \xff\0\n\r\r\nb')
    expect(statSync(join(folder, 'id.eml')).mode & 0o777).toBe(0o600)
  })

  it('is known again, and another of its name is not written over', async () => {
    const mail = new EmlFolder(folder)
    expect(await mail.save(body('one'), 'id')).toBe('stored')
    expect(await new EmlFolder(folder).save(body('o', 'ne'), 'id')).toBe('known')
    expect(await mail.save(body('two'), 'id')).toBe('stored')
    expect(await mail.save(body('two'), 'id')).toBe('known')
    expect(readdirSync(folder).sort()).toEqual(['id-2.eml', 'id.eml'])
    expect(readFileSync(join(folder, 'id.eml'), 'latin1')).toBe('one')
  })

  it('without a unique-id is known by its content', async () => {
    const mail = new EmlFolder(folder)
    expect(await mail.save(body('one'), undefined)).toBe('stored')
    expect(await mail.save(body('one'), undefined)).toBe('known')
    expect(await mail.save(body('two'), undefined)).toBe('stored')
    expect(readdirSync(folder)).toHaveLength(2)
  })

  it('that breaks off leaves nothing', async () => {
    const broken = async function* (): AsyncGenerator<Uint8Array, void> {
      yield Buffer.from('half')
      throw new Error('lost')
    }
    await expect(new EmlFolder(folder).save(broken(), 'id')).rejects.toThrow('lost')
    expect(readdirSync(folder)).toEqual([])
  })

  it('goes round what stands in its place', async () => {
    mkdirSync(folder)
    mkdirSync(join(folder, 'id.eml'))
    symlinkSync('/etc/passwd', join(folder, 'id-2.eml'))
    writeFileSync(join(folder, 'id-3.eml'), 'another')
    linkSync(join(folder, 'id-3.eml'), join(folder, 'id-4.eml'))
    expect(await new EmlFolder(folder).save(body('mine'), 'id')).toBe('stored')
    expect(readFileSync(join(folder, 'id-5.eml'), 'latin1')).toBe('mine')
    expect(readFileSync(join(folder, 'id-3.eml'), 'latin1')).toBe('another')
  })
})

describe('a name', () => {
  it.each([
    ['plain-1.2_3', 'plain-1.2_3'],
    ['../../etc/passwd', '=2E.=2F..=2Fetc=2Fpasswd'],
    ['.hidden', '=2Ehidden'],
    ['-rf', '=2Drf'],
    ['a b\n\0', 'a=20b=0A=00'],
    ['id#2', 'id=232'],
    ['a=20b', 'a=3D20b'],
    ['\u202egpj', '=E2=80=AEgpj'],
  ])('of %j is harmless', (key, name) => {
    expect(nameOf(key)).toBe(name)
  })

  it('stays short, and differs where long ids do', () => {
    const [one, two] = [nameOf(`${'x'.repeat(5_000)}1`), nameOf(`${'x'.repeat(5_000)}2`)]
    expect(one.length).toBe(120)
    expect(one).not.toBe(two)
  })
})
