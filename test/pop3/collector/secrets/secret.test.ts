// Passwords from where they are kept, and what is said when there is none: never what was found.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { SecretOrigin } from '../../../../src/mail/secret-origin.ts'
import { outputOf } from '../../../../src/pop3/collector/secrets/command.ts'
import { readSecret, type SecretParts } from '../../../../src/pop3/collector/secrets/secret.ts'

const never = new AbortController().signal
const ann = { host: 'pop.example.net', user: 'ann', service: 'pop3' }
let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'poplar-secrets-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
})

function read(origin: SecretOrigin, parts: SecretParts = {}): Promise<string> {
  return readSecret(origin, ann, { ...parts, signal: never })
}

function fileWith(text: string | Uint8Array, mode = 0o600): string {
  const file = join(folder, 'secret')
  writeFileSync(file, text)
  chmodSync(file, mode)
  return file
}

describe('a file', () => {
  it.each([
    ['the first line', 'sesame\nurl: https://x\n', 'sesame'],
    ['no line end', 'sesame', 'sesame'],
    ['blanks, which are of the password', ' ses ame \r\n', ' ses ame '],
    ['what is not ASCII', 'sésame', 'sésame'],
  ])('gives %s', async (_what, text, secret) => {
    expect(await read({ kind: 'file', file: fileWith(text) })).toBe(secret)
  })

  it('may be read by a group', async () => {
    expect(await read({ kind: 'file', file: fileWith('sesame', 0o640) })).toBe('sesame')
  })

  it.each([
    ['everybody may read', () => fileWith('sesame', 0o644), /everybody may read it; `chmod 600 /],
    ['everybody may write', () => fileWith('sesame', 0o602), /everybody may read it/],
    ['is empty', () => fileWith('\nsesame'), /it is empty/],
    ['is not there', () => join(folder, 'none'), /there is no such file/],
    ['is a folder', () => (mkdirSync(join(folder, 'd')), join(folder, 'd')), /it is not a file|everybody/],
    ['is not UTF-8', () => fileWith(Buffer.from([0xff, 0x61])), /it is not UTF-8/],
    ['is too large', () => fileWith('x'.repeat((1 << 20) + 1)), /too large/],
    ['has a line without end', () => fileWith('x'.repeat(20_000)), /several lines, or is too long/],
    [
      'points at what everybody may read',
      () => (symlinkSync(fileWith('sesame', 0o644), join(folder, 'l')), join(folder, 'l')),
      /everybody/,
    ],
  ])('that %s is refused', async (_what, file, says) => {
    const error = (await read({ kind: 'file', file: file() }).catch((thrown: unknown) => thrown)) as Error
    expect(error).toMatchObject({ name: 'SecretError', fault: 'configuration' })
    expect(error.message).toMatch(says)
    expect(error.message).not.toMatch(/sesame/)
  })
})

it('is taken from the environment', async () => {
  const environment = { WORK: 'sesame', NONE: '' }
  expect(await read({ kind: 'environment', variable: 'WORK' }, { environment })).toBe('sesame')
  await expect(read({ kind: 'environment', variable: 'NONE' }, { environment })).rejects.toThrow(/is empty/)
  await expect(read({ kind: 'environment', variable: 'OTHER' }, { environment })).rejects.toThrow(
    /OTHER is not set/,
  )
})

describe('a command', () => {
  const command = (...words: string[]): SecretOrigin => ({ kind: 'command', command: words })
  it('gives its first line, and is given its words as they are', async () => {
    expect(await read(command('printf', '%s\nmore\n', '$HOME ; id'))).toBe('$HOME ; id')
  })

  it.each([
    [
      'fails',
      command('sh', '-c', 'echo sesame; echo sesame >&2; exit 3'),
      /ended with status 3; run it by hand/,
    ],
    ['is killed', command('sh', '-c', 'echo sesame; kill -9 $$'), /ended with SIGKILL/],
    ['is not there', command(`/nowhere/pass`), /command \/nowhere\/pass: there is no such program/],
    ['is no program', command('/'), /it cannot be run/],
    ['prints nothing', command('true'), /it is empty/],
    ['never ends printing', command('yes', 'sesame'), /prints more than a password/],
  ])('that %s gives none', async (_what, origin, says) => {
    const error = (await read(origin).catch((thrown: unknown) => thrown)) as Error
    expect(error.message).toMatch(says)
    expect(error.message).not.toMatch(/sesame/)
  })

  it('has a time to do so, also when what it started still holds its output', async () => {
    const asking = outputOf(['sh', '-c', 'sleep 20 & sleep 20'], {
      signal: never,
      timeoutMs: 50,
      environment: process.env,
    })
    await expect(asking).rejects.toMatchObject({ fault: 'configuration', message: /in 0.05 s/ })
  })

  it('is stopped', async () => {
    const stopping = new AbortController()
    const asking = outputOf(['sleep', '20'], { signal: stopping.signal, environment: process.env })
    stopping.abort()
    await expect(asking).rejects.toMatchObject({ fault: 'aborted' })
  })
})

describe('netrc', () => {
  const cases: readonly (readonly [what: string, text: string, secret: string | RegExp])[] = [
    [
      'of the machine and its user',
      'machine pop.example.net login bob password b\nmachine POP.example.net\n\tlogin ann\n\tpassword a\n',
      'a',
    ],
    ['of a machine without a user', 'machine pop.example.net password a', 'a'],
    ['of all others', 'machine imap.example.net login ann password i\ndefault login ann password d', 'd'],
    ['in quotes', 'machine pop.example.net login "ann" password "a \\"b\\" \\\\"', 'a "b" \\'],
    ['that begins with a number sign', '# password no\nmachine pop.example.net login ann password #1', '#1'],
    [
      'behind a macro',
      'machine x login y password z\nmacdef init\nmachine pop.example.net login ann password no\n\nmachine pop.example.net login ann account w password a',
      'a',
    ],
    [
      'that is not there',
      'machine imap.example.net login ann password sesame',
      /has no password of ann for the machine pop\.example\.net/,
    ],
    ['of another user', 'machine pop.example.net login bob password sesame', /has no password of ann/],
    ['that is nothing', 'machine', /has no password/],
  ]
  it.each(cases)('has the password %s', async (_what, text, secret) => {
    const reading = read({ kind: 'netrc', file: fileWith(text) })
    if (typeof secret === 'string') expect(await reading).toBe(secret)
    else await expect(reading).rejects.toThrow(secret)
  })

  it('is looked for at home', async () => {
    writeFileSync(join(folder, '.netrc'), 'default password a', { mode: 0o600 })
    expect(await read({ kind: 'netrc', file: undefined }, { environment: { HOME: folder } })).toBe('a')
  })
})

describe('the keyring', () => {
  const parts = (script: string): SecretParts => {
    writeFileSync(join(folder, 'secret-tool'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    return { environment: { PATH: `${folder}:${process.env['PATH'] ?? ''}` } }
  }

  it('is asked by secret-tool with the attributes that mpop has', async () => {
    const echo = parts('printf "%s|" "$@"')
    expect(await read({ kind: 'keyring', attributes: undefined }, echo)).toBe(
      'lookup|host|pop.example.net|service|pop3|user|ann|',
    )
    expect(await read({ kind: 'keyring', attributes: ['a', 'b c'] }, echo)).toBe('lookup|a|b c|')
  })

  it('has none, and says how it would get one', async () => {
    await expect(read({ kind: 'keyring', attributes: ['a', "b'c"] }, parts('exit 1'))).rejects.toThrow(
      "`secret-tool store --label=mail 'a' 'b'\\''c'` puts it there",
    )
  })
})

describe('a person', () => {
  it('is asked', async () => {
    const ask = async (question: string) =>
      question === 'Password of ann at pop.example.net: ' ? 'sesame' : ''
    expect(await read({ kind: 'prompt' }, { ask })).toBe('sesame')
  })

  it('is not there', async () => {
    await expect(read({ kind: 'prompt' })).rejects.toThrow(/nobody is there to be asked/)
  })
})
