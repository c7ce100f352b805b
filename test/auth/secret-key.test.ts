// The key file: how it is made, and which files are refused and left as they are.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
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
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ensureSecretKey, readSecretKey } from '../../src/auth/secret-key.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'poplar-key-'))
  file = join(folder, 'secret.key')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const octets = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 8))

describe('ensureSecretKey', () => {
  it('makes a key for its owner alone, and nothing beside it', () => {
    const key = ensureSecretKey(file)
    expect(key).toHaveLength(32)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file, 'utf8')).toBe(`${Buffer.from(key).toString('hex')}\n`)
    expect(readdirSync(folder)).toEqual(['secret.key'])
  })

  it('makes another each time, and keeps the one that is there', () => {
    const key = ensureSecretKey(file)
    expect(ensureSecretKey(file)).toEqual(key)
    expect(readSecretKey(file)).toEqual(key)
    expect(ensureSecretKey(join(folder, 'other.key'))).not.toEqual(key)
  })

  it('gives all who make it at the same time the same', async () => {
    const program = `
      import { ensureSecretKey } from ${JSON.stringify(resolve('dist/auth/secret-key.js'))}
      process.stdout.write(Buffer.from(ensureSecretKey(${JSON.stringify(file)})).toString('hex'))`
    const keys = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        let printed = ''
        child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
        await once(child, 'close')
        return printed
      }),
    )
    expect(new Set(keys)).toEqual(new Set([Buffer.from(readSecretKey(file)).toString('hex')]))
    expect(readdirSync(folder)).toEqual(['secret.key'])
  })

  it('does not replace what it cannot use', () => {
    writeFileSync(file, 'a letter', { mode: 0o600 })
    expect(() => ensureSecretKey(file)).toThrow('does not hold 32 octets')
    expect(readFileSync(file, 'utf8')).toBe('a letter')
  })

  it('says so where none can be made', () => {
    expect(() => ensureSecretKey(join(folder, 'none', 'secret.key'))).toThrow(
      /secret\.key.*it cannot be made/,
    )
  })
})

describe('readSecretKey', () => {
  it.each([
    ['hexadecimal', octets.toString('hex')],
    ['capitals', octets.toString('hex').toUpperCase()],
    ['base64', octets.toString('base64')],
    ['line ends around', `\r\n${octets.toString('base64')}\r\n`],
  ])('takes %s', (_what, text) => {
    writeFileSync(file, text, { mode: 0o600 })
    expect(Buffer.from(readSecretKey(file))).toEqual(octets)
  })

  const refused: [why: string, make: () => void, says: RegExp][] = [
    ['there is none', () => undefined, /there is no such file/],
    ['it is empty', () => write(''), /does not hold 32 octets/],
    ['it is short', () => write(octets.toString('hex').slice(2)), /does not hold 32 octets/],
    ['it holds two', () => write(`${octets.toString('hex')}\n${octets.toString('hex')}`), /nothing else/],
    ['it is base64url', () => write(Buffer.alloc(32, 0xff).toString('base64url')), /does not hold/],
    ['it has no end', () => write('a'.repeat(100_000)), /does not hold/],
    ['the group may read it', () => write(octets.toString('hex'), 0o640), /others may read it; `chmod 600/],
    ['the world may read it', () => write(octets.toString('hex'), 0o604), /others may read it/],
    ['the group may write it', () => write(octets.toString('hex'), 0o620), /others may read it/],
    ['it is a folder', () => mkdirSync(file, { mode: 0o700 }), /it is not a file/],
    ['it is a pipe, which nobody fills', () => makePipe(), /it is not a file/],
    ['it leads nowhere', () => symlinkSync(join(folder, 'none'), file), /there is no such file/],
  ]

  function write(text: string, mode = 0o600): void {
    writeFileSync(file, text)
    chmodSync(file, mode)
  }

  function makePipe(): void {
    execFileSync('mkfifo', ['-m', '600', file])
  }

  it.each(refused)('refuses: %s', (_why, make, says) => {
    make()
    expect(() => readSecretKey(file)).toThrow(says)
    expect(() => readSecretKey(file)).toThrow(file)
  })

  it('says nothing of what it read', () => {
    write(`${octets.toString('hex')}00`)
    expect(() => readSecretKey(file)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(octets.toString('hex')) as string }),
    )
  })
})
