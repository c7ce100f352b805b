import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { PasswdFile } from '../../../src/store/directory/passwd-file.ts'
import { parsePasswdLine } from '../../../src/store/directory/passwd-line.ts'
import { keptLog, newFolder } from './peers.ts'

describe('a line', () => {
  const ann = { name: 'ann', passwordHash: '{PLAIN}x', isDisabled: false, quotaOctets: undefined }

  it.each([
    ['name and password alone', 'ann:{PLAIN}x', ann],
    ['all fields', 'ann:{PLAIN}x:1000:1000:Ann, the first:/home/ann:/bin/sh:', ann],
    ['a name in capitals', 'Ann:{PLAIN}x::::::', ann],
    ['a name with a domain', 'Ann@B\u00fccher.example:{PLAIN}x', { ...ann, name: 'ann@b\u00fccher.example' }],
    ['no password', 'ann:', { ...ann, passwordHash: undefined }],
    ['spaces in the password', 'ann:{PLAIN}a b ', { ...ann, passwordHash: '{PLAIN}a b ' }],
    ['nologin', 'ann:{PLAIN}x::::::nologin', { ...ann, isDisabled: true }],
    ['nologin in words', 'ann:{PLAIN}x::::::user=x nologin=y', { ...ann, isDisabled: true }],
    ['nologin denied', 'ann:{PLAIN}x::::::nologin=no', ann],
    ['a shell of that name', 'ann:{PLAIN}x:1:1::/:/usr/sbin/nologin:', ann],
    ['a quota', 'ann:{PLAIN}x::::::userdb_quota_rule=*:storage=1G', { ...ann, quotaOctets: 2 ** 30 }],
    ['kilobytes', 'ann:{PLAIN}x::::::userdb_quota_rule=*:storage=100', { ...ann, quotaOctets: 102_400 }],
    ['octets', 'ann:{PLAIN}x::::::userdb_quota_rule=*:bytes=100', { ...ann, quotaOctets: 100 }],
    ['no limit', 'ann:{PLAIN}x::::::userdb_quota_rule=*:bytes=0', { ...ann, quotaOctets: 0 }],
    [
      'a size of Dovecot 2.4',
      'ann:{PLAIN}x::::::userdb_quota_storage_size=5M',
      { ...ann, quotaOctets: 5 * 2 ** 20 },
    ],
    ['a quota of messages', 'ann:{PLAIN}x::::::userdb_quota_rule=*:messages=5', ann],
    ['a quota beyond all numbers', 'ann:{PLAIN}x::::::userdb_quota_rule=*:storage=999999999999999T', ann],
    ['a field that nobody knows', 'ann:{PLAIN}x::::::__proto__=1 userdb_mail=maildir:~/Mail', ann],
  ])('with %s', (_reason, line, entry) => {
    expect(parsePasswdLine(line)).toEqual({ ...entry, isLimitedElsehow: false })
  })

  it.each([
    ['', 'blank'],
    ['  \t', 'blank'],
    ['# ann:{PLAIN}x', 'a comment'],
  ])('%j is none: %s', line => {
    expect(parsePasswdLine(line)).toBeUndefined()
  })

  it.each([
    ['ann', 'no password'],
    [':{PLAIN}secret', 'no name'],
    ['ann bob:{PLAIN}secret', 'a space in the name'],
    ['*)(uid=*:{PLAIN}secret', 'brackets in the name'],
    ['a\0b:{PLAIN}secret', 'NUL in the name'],
    [`${'x'.repeat(300)}:{PLAIN}secret`, 'a name too long'],
  ])('%j is bad: %s', line => {
    expect(parsePasswdLine(line)).toBeTypeOf('string')
    expect(parsePasswdLine(line)).not.toContain('secret')
  })
})

describe('a file', () => {
  let folder: ReturnType<typeof newFolder>
  let file: string
  beforeEach(() => {
    folder = newFolder()
    file = join(folder.path, 'users')
  })
  afterEach(() => folder.remove())

  const open = async (content: string | Uint8Array) => {
    writeFileSync(file, content)
    const log = keptLog()
    const source = await PasswdFile.open(file, log)
    onTestFinished(() => source.close())
    return { source, log, hashOf: async (name: string) => (await source.find(name))?.passwordHash }
  }
  const seen = { timeout: 10_000, interval: 50 }

  it.each([
    ['CRLF', 'ann:a\r\nbob:b\r\n'],
    ['no end of the last line', 'ann:a\nbob:b'],
    ['comments', '# a\nann:a\n\n#\nbob:b\n'],
  ])('may have %s', async (_what, content) => {
    const { hashOf } = await open(content)
    expect([await hashOf('ann'), await hashOf('bob'), await hashOf('cy')]).toEqual(['a', 'b', undefined])
  })

  it.each([
    ['a bad line', 'ann:{PLAIN}secret\nbob\n', 'bad line 2'],
    ['one name twice', 'ann:{PLAIN}secret\n#\nANN:{PLAIN}secret\n', 'bad line 3'],
    ['a line without end', `ann:{PLAIN}secret${'x'.repeat(9000)}`, 'more than 8192 characters'],
    ['a long line among others', `ann:${'x'.repeat(9000)}\nbob:b\n`, 'more than 8192 characters'],
    ['octets that are no UTF-8', Buffer.from('ann:{PLAIN}secret\nb\xf6b:x\n', 'latin1'), 'not UTF-8'],
    ['half a character at its end', Buffer.from([0x61, 0x3a, 0xc3]), 'not UTF-8'],
  ])('is refused with %s', async (_what, content, reason) => {
    const refusal = await open(content).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'directory-unavailable' })
    expect(String(refusal)).toContain(reason)
    expect(String(refusal)).toContain(file)
    expect(String(refusal)).not.toContain('secret')
  })

  it.each([
    ['is not there', 'none', 'ENOENT'],
    ['is a folder', '.', 'EISDIR'],
  ])('is refused when it %s', async (_what, name, code) => {
    await expect(PasswdFile.open(join(folder.path, name), keptLog())).rejects.toThrow(code)
  })

  it('is read again when it is written in place, replaced, or grows', async () => {
    const { hashOf, log } = await open('ann:a\n')
    writeFileSync(file, 'ann:b\n')
    await expect.poll(() => hashOf('ann'), seen).toBe('b')
    writeFileSync(`${file}.new`, 'ann:c\n')
    renameSync(`${file}.new`, file)
    await expect.poll(() => hashOf('ann'), seen).toBe('c')
    appendFileSync(file, 'bob:b\n')
    await expect.poll(() => hashOf('bob'), seen).toBe('b')
    writeFileSync(file, 'ann:c\n')
    await expect.poll(() => hashOf('bob'), seen).toBeUndefined()
    expect(log.lines.filter(({ level }) => level !== 'info')).toEqual([])
  })

  it('that went bad changes nothing; the log says once which line, and no secret', async () => {
    const { hashOf, log } = await open('ann:a\nbob:b\n')
    const errors = () => log.lines.filter(({ level }) => level === 'error')
    writeFileSync(file, 'ann:changed\nbob {PLAIN}secret\n')
    await expect.poll(() => errors().length, seen).toBe(1)
    expect(errors()[0]?.fields).toEqual({ file, reason: 'has a bad line 2: there is no password field' })
    expect(await hashOf('ann')).toBe('a')
    rmSync(file)
    await expect.poll(() => errors().length, seen).toBe(2)
    expect(JSON.stringify(errors()[1]?.fields)).toContain('ENOENT')
    expect(await hashOf('bob')).toBe('b')
    writeFileSync(file, 'ann:c\n')
    await expect.poll(() => hashOf('ann'), seen).toBe('c')
    expect(errors()).toHaveLength(2)
    expect(log.text()).not.toContain('secret')
  })

  it('with access rules of its own is warned of', async () => {
    const { log } = await open('ann:a::::::allow_nets=192.0.2.0/24\nbob:b\n')
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { file, accounts: 1 } }])
  })

  it('of a hundred thousand lines lets others have their turn while it is read', async () => {
    const lines = Array.from(
      { length: 100_000 },
      (_, index) => `user${index}@example.net:{SSHA}${index}::::::\n`,
    )
    let turns = 0
    const turn = () => {
      turns += 1
      next = setImmediate(turn)
    }
    let next = setImmediate(turn)
    const { hashOf } = await open(lines.join(''))
    clearImmediate(next)
    expect(await hashOf('user99999@example.net')).toBe('{SSHA}99999')
    expect(turns).toBeGreaterThan(100)
  })
})
