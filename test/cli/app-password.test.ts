// `poplar app-password`, as a program: what it prints once, what it keeps, how it fails.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { appPasswordMatches } from '../../src/auth/app-password.ts'
import { credentialsIn } from './credentials.ts'
import { Workplace } from './workplace.ts'

let place: Workplace
beforeAll(async () => {
  place = new Workplace()
  await place.run('user add ann --password-stdin', 'secret\n')
})
afterAll(() => place.remove())

const keptOf = async (device: string) =>
  (await credentialsIn(place, 'ann')).appPasswords.find(({ name }) => name === device)

describe('app-password add', () => {
  it('prints the password once, and writes it nowhere', async () => {
    const { code, stdout, stderr } = await place.run('app-password add Ann phone')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const [sentence, password = '', ...rest] = stdout.split('\n')
    expect(sentence).toBe('added the app password phone of ann; it is shown this once:')
    expect(password).toMatch(/^[a-z2-7]{5}(-[a-z2-7]{5}){4}$/)
    expect(rest).toEqual([''])
    const kept = await keptOf('phone')
    expect(kept).toMatchObject({ protocols: [], readOnly: false, networks: [], lastUsedAt: undefined })
    expect(appPasswordMatches(kept?.passwordHash ?? '', Buffer.from(password))).toBe(true)
    const data = join(place.folder, 'poplar-data')
    for (const name of readdirSync(data))
      for (const form of [password, password.replaceAll('-', '')])
        expect(readFileSync(join(data, name)).includes(form), name).toBe(false)
  })

  it('keeps what it may be used for, and prints JSON for programs', async () => {
    const options =
      '--protocol POP3 --protocol imap --protocol imap --read-only --from 192.0.2.0/24 --from ::1'
    const printed = (await place.json(`app-password add ann laptop ${options}`)) as { password: string }
    const scope = { protocols: ['pop3', 'imap'], readOnly: true, networks: ['192.0.2.0/24', '::1'] }
    expect(printed).toEqual({
      user: 'ann',
      device: 'laptop',
      password: printed.password,
      ...scope,
      settings: {},
    })
    const kept = await keptOf('laptop')
    expect(kept).toMatchObject(scope)
    expect(appPasswordMatches(kept?.passwordHash ?? '', Buffer.from(printed.password))).toBe(true)
  })

  it.each([
    { why: 'taken', args: ['ann', 'phone'], code: 1, says: /ann has an app password phone already/ },
    { why: 'nobody’s', args: ['nobody', 'phone'], code: 1, says: /there is no account nobody/ },
    { why: 'no device', args: ['ann'], code: 2, says: /missing required argument 'device'/ },
    { why: 'no name', args: ['ann', ''], code: 2, says: /a device has a name/ },
    { why: 'spaces around the name', args: ['ann', ' x'], code: 2, says: /without spaces around/ },
    { why: 'a name too long', args: ['ann', 'x'.repeat(65)], code: 2, says: /at most 64 characters/ },
    { why: 'a name that steers the terminal', args: ['ann', 'x\u001b[2J'], code: 2, says: /no control/ },
    { why: 'a name that turns the text', args: ['ann', 'x\u202ey'], code: 2, says: /no control/ },
    { why: 'no such protocol', args: ['ann', 'x', '--protocol', 'ftp'], code: 2, says: /none of pop3, imap/ },
    { why: 'no range', args: ['ann', 'x', '--from', '192.0.2.0/33'], code: 2, says: /is no range such as/ },
  ])('refuses: $why', async ({ args, code, says }) => {
    const before = (await credentialsIn(place, 'ann')).appPasswords
    const outcome = await place.run(['app-password', 'add', ...args])
    expect(outcome).toMatchObject({ code, stdout: '' })
    expect(outcome.stderr).toMatch(/^poplar: [^\n]+\n$/)
    expect(outcome.stderr).toMatch(says)
    expect((await credentialsIn(place, 'ann')).appPasswords).toEqual(before)
  })

  it('takes a name of 64 characters, with spaces inside', async () => {
    const device = `${'ü'.repeat(31)} ${'🌳'.repeat(32)}`
    expect(await place.run(['app-password', 'add', 'ann', device])).toMatchObject({ code: 0, stderr: '' })
    expect(await place.run(['app-password', 'revoke', 'ann', device])).toMatchObject({ code: 0, stderr: '' })
  })
})

describe('app-password list', () => {
  it('prints a table', async () => {
    const { stdout } = await place.run('app-password list ann')
    const [title, phone, laptop] = stdout.trimEnd().split('\n')
    expect(title).toMatch(/^DEVICE +PROTOCOLS +MAY +MAILDROP +FROM +LAST USED +SINCE$/)
    expect(phone).toMatch(/^phone +all +read, delete +as configured +anywhere +never +\d{4}-/)
    expect(laptop).toMatch(/^laptop +pop3, imap +read +as configured +192\.0\.2\.0\/24, ::1 +never +\d{4}-/)
  })

  it('never shows what is kept of a password', async () => {
    const { stdout } = await place.run('app-password list ann --json')
    expect(JSON.parse(stdout)).toMatchObject([{ device: 'phone' }, { device: 'laptop', readOnly: true }])
    for (const never of ['SHA256', 'SCRAM', 'passwordHash', 'scramKeys']) expect(stdout).not.toContain(never)
  })

  it('prints nothing, or an empty array, where there are none', async () => {
    await place.run('user add bob --password-stdin', 'x')
    expect(await place.run('app-password list bob')).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(await place.json('app-password list bob')).toEqual([])
    expect(await place.run('app-password list nobody')).toMatchObject({ code: 1, stdout: '' })
  })
})

describe('app-password revoke', () => {
  it('takes one away, and no other', async () => {
    expect(await place.run('app-password revoke ann phone')).toEqual({
      code: 0,
      stdout: 'revoked the app password phone of ann\n',
      stderr: '',
    })
    expect(await keptOf('phone')).toBeUndefined()
    expect(await keptOf('laptop')).toBeDefined()
    expect(await place.run('app-password revoke ann phone')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'poplar: ann has no app password phone\n',
    })
  })
})
