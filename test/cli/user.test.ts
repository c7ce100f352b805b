// `poplar user`, as a program: what it does, what it prints, how it fails.
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSecretBox } from '../../src/auth/sealed-secret.ts'
import { readSecretKey } from '../../src/auth/secret-key.ts'
import { scramSettingOf } from '../../src/auth/stored-password.ts'
import { credentialsIn } from './credentials.ts'
import { cheapConfig, Workplace } from './workplace.ts'

let place: Workplace

beforeAll(async () => {
  place = new Workplace()
  await place.run('user add ann --password-stdin --quota 1GiB', 'secret of ann\n')
})
afterAll(() => place.remove())

async function userNamed(name: string): Promise<unknown> {
  const users = (await place.json('user list')) as { name: string }[]
  return users.find(user => user.name === name)
}

describe('user add', () => {
  it('adds an account under its folded name', async () => {
    const { code, stdout, stderr } = await place.run('user add Bob@Example.NET --password-stdin', 'secret\n')
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'added bob@example.net\n', stderr: '' })
    expect(await userNamed('bob@example.net')).toMatchObject({
      quotaOctets: 0,
      isDisabled: false,
      hasPassword: true,
      hasScramKeys: true,
      isKeptElsewhere: false,
      isRecoverable: false,
    })
  })

  it('gives the quota of the option, else of the configuration', async () => {
    expect(await userNamed('ann')).toMatchObject({ quotaOctets: 1024 ** 3 })
    const other = new Workplace('[delivery]\nquota = "5MiB"\n[auth]\nargon2_memory = "8MiB"')
    await other.run('user add carl --password-stdin', 'x')
    expect(await other.json('user list')).toMatchObject([{ name: 'carl', quotaOctets: 5 * 1024 ** 2 }])
    other.remove()
  })

  it.each([
    {
      why: 'taken',
      args: 'user add ann --password-stdin',
      input: 'x\n',
      code: 1,
      says: /there is an account ann already/,
    },
    { why: 'a space in the name', args: ['user', 'add', 'a b'], code: 2, says: /no spaces are allowed/ },
    { why: 'no name', args: 'user add', code: 2, says: /missing required argument 'user'/ },
    {
      why: 'a foreign domain',
      args: 'user add ann@foreign.example',
      code: 1,
      says: /foreign\.example is not a domain of this office \(mail\.test\.example, example\.net\)/,
    },
    { why: 'no size', args: 'user add dan --quota lots', code: 2, says: /"lots" is no size such as 50MiB/ },
    {
      why: 'an empty password',
      args: 'user add dan --password-stdin',
      code: 1,
      says: /the password is empty/,
    },
    {
      why: 'a password without a form to be compared in',
      args: 'user add dan --password-stdin',
      input: 'a\u0007b\n',
      code: 1,
      says: /this password cannot be kept: it must be UTF-8, without control characters/,
    },
    { why: 'nobody to ask', args: 'user add dan', code: 2, says: /use --password-stdin/ },
    { why: 'a password as argument', args: 'user add dan secret', code: 2, says: /too many arguments/ },
    {
      why: 'no such option',
      args: 'user add dan --password secret',
      code: 2,
      says: /unknown option '--password'/,
    },
  ])('refuses: $why', async ({ args, input = '', code, says }) => {
    const outcome = await place.run(args, input)
    expect(outcome).toMatchObject({ code, stdout: '' })
    expect(outcome.stderr).toMatch(/^poplar: [^\n]+\n$/)
    expect(outcome.stderr).toMatch(says)
    expect(await userNamed('dan')).toBeUndefined()
  })

  it('writes the password nowhere', async () => {
    const data = join(place.folder, 'poplar-data')
    for (const name of readdirSync(data))
      expect(readFileSync(join(data, name)).includes('secret of ann'), name).toBe(false)
  })
})

describe('user passwd', () => {
  it('changes the password', async () => {
    const outcome = await place.run('user passwd ann --password-stdin', 'another\n')
    expect(outcome).toEqual({ code: 0, stdout: 'changed the password of ann\n', stderr: '' })
  })

  it('needs the account', async () => {
    const outcome = await place.run('user passwd nobody --password-stdin', 'another\n')
    expect(outcome).toEqual({ code: 1, stdout: '', stderr: 'poplar: there is no account nobody\n' })
  })
})

describe('a recoverable password', () => {
  let office: Workplace
  beforeAll(async () => {
    office = new Workplace()
    await office.run('user add fax --recoverable --password-stdin', 'secret of fax\n')
    await office.run('user add bob --password-stdin', 'secret of bob\n')
  })
  afterAll(() => office.remove())

  const keyFile = () => join(office.folder, 'poplar-data', 'secret.key')
  const accountOf = async (name: string) => (await credentialsIn(office, name)).account
  const isRecoverable = async (name: string) => (await accountOf(name)).sealedPassword !== undefined
  const secretOf = async (name: string) => {
    const { sealedPassword = '' } = await accountOf(name)
    const opened = createSecretBox(readSecretKey(keyFile())).open(sealedPassword, name)
    return opened && Buffer.from(opened).toString()
  }

  it('says what it means, before it asks', async () => {
    const outcome = await office.run('user passwd fax --recoverable --password-stdin', 'secret of fax\n')
    expect(outcome).toMatchObject({ code: 0, stderr: '' })
    expect(outcome.stdout).toMatch(/CRAM-MD5 and APOP, which need the password itself: encrypted/)
    expect(outcome.stdout).toContain(`${keyFile()}. Who has both that file and the database has the password`)
    expect(outcome.stdout).toContain('prefer SCRAM')
    expect(outcome.stdout).toMatch(/\nchanged the password of fax\n$/)
    expect(await office.run('user passwd fax --recoverable')).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('prefer SCRAM') as string,
    })
  })

  it('is sealed for the account, with a key that is its owner’s alone', async () => {
    expect(await secretOf('fax')).toBe('secret of fax')
    expect(statSync(keyFile()).mode & 0o777).toBe(0o600)
    const data = join(office.folder, 'poplar-data')
    for (const name of readdirSync(data))
      expect(readFileSync(join(data, name)).includes('secret of fax'), name).toBe(false)
  })

  it('stays so, and others do not become so, until told otherwise', async () => {
    for (const name of ['fax', 'bob']) await office.run(`user passwd ${name} --password-stdin`, 'another\n')
    expect([await secretOf('fax'), await isRecoverable('bob')]).toEqual(['another', false])
    const outcome = await office.run('user passwd fax --not-recoverable --password-stdin', 'third\n')
    expect(outcome.stdout).toBe('changed the password of fax\n')
    expect(await isRecoverable('fax')).toBe(false)
  })

  it('is shown as such in the list', async () => {
    await office.run('user passwd fax --recoverable --password-stdin', 'x\n')
    expect((await office.run('user list')).stdout).toMatch(/^fax .* hash, SCRAM, recoverable /m)
    expect(await office.json('user list')).toMatchObject([{ isRecoverable: false }, { isRecoverable: true }])
  })

  it('cannot be both', async () => {
    const outcome = await office.run('user passwd fax --recoverable --not-recoverable --password-stdin', 'x')
    expect(outcome).toMatchObject({ code: 2, stdout: '' })
  })

  it('is not sealed with a new key when the old one is lost', async () => {
    const key = readFileSync(keyFile())
    rmSync(keyFile())
    const before = await accountOf('fax')
    const outcome = await office.run('user passwd fax --password-stdin', 'x\n')
    expect(outcome).toMatchObject({ code: 1, stdout: '' })
    expect(outcome.stderr).toMatch(/secret\.key cannot be used: there is no such file; put it in order, or/)
    expect(await accountOf('fax')).toEqual(before)
    expect(readdirSync(join(office.folder, 'poplar-data'))).not.toContain('secret.key')
    writeFileSync(keyFile(), key, { mode: 0o600 })
    expect(await office.run('user passwd fax --password-stdin', 'x\n')).toMatchObject({ code: 0 })
  })

  it('is not kept where others may read the key', async () => {
    chmodSync(keyFile(), 0o644)
    const outcome = await office.run('user passwd fax --password-stdin', 'x\n')
    expect(outcome).toMatchObject({ code: 1, stdout: '' })
    expect(outcome.stderr).toMatch(/others may read it; `chmod 600/)
    chmodSync(keyFile(), 0o600)
  })

  it('is said to be of no use where neither mechanism is offered', async () => {
    const idle = /kept for nothing/
    const elsewhere = new Workplace(`${cheapConfig}mechanisms = ["PLAIN"]`)
    const add = 'user add ann --recoverable --password-stdin'
    expect((await elsewhere.run(add, 'x\n')).stdout).toMatch(idle)
    elsewhere.configure(`${cheapConfig}mechanisms = ["APOP"]`)
    const { code, stdout } = await elsewhere.run('user passwd ann --password-stdin', 'x\n')
    expect(code).toBe(0)
    expect(stdout).not.toMatch(idle)
    elsewhere.remove()
  })

  it('lies under the key that the configuration names', async () => {
    const elsewhere = new Workplace(`${cheapConfig}key_file = "our.key"`)
    await elsewhere.run('user add ann --recoverable --password-stdin', 'x\n')
    expect(readSecretKey(join(elsewhere.folder, 'our.key'))).toHaveLength(32)
    elsewhere.remove()
  })
})

describe('SCRAM keys', () => {
  it('keep the salt of the account, and the count of its app passwords', async () => {
    const office = new Workplace()
    await office.run('user add ann --password-stdin', 'one\n')
    const first = scramSettingOf([(await credentialsIn(office, 'ann')).account])
    office.configure(`${cheapConfig}scram_iterations = 5000`)
    await office.run('user passwd ann --password-stdin', 'two\n')
    const second = scramSettingOf([(await credentialsIn(office, 'ann')).account])
    expect(second).toEqual({ salt: first?.salt, scramIterations: 5000 })
    await office.run('app-password add ann phone')
    office.configure(`${cheapConfig}scram_iterations = 6000`)
    await office.run('user passwd ann --password-stdin', 'three\n')
    await office.run('app-password add ann laptop')
    const { account, appPasswords } = await credentialsIn(office, 'ann')
    expect(appPasswords).toHaveLength(2)
    for (const kept of [account, ...appPasswords]) {
      expect(kept.scramKeys).toHaveLength(2)
      expect(scramSettingOf([kept])).toEqual(second)
    }
    office.remove()
  })
})

describe('user disable and enable', () => {
  it('change the state of the account', async () => {
    expect(await place.run('user disable ann')).toEqual({
      code: 0,
      stdout: 'disabled ann; sessions that are open end as they would\n',
      stderr: '',
    })
    expect(await userNamed('ann')).toMatchObject({ isDisabled: true, hasPassword: true })
    expect((await place.run('user list')).stdout).toMatch(/^ann .* disabled /m)
    expect((await place.run('user enable ann')).stdout).toBe('enabled ann\n')
    expect(await userNamed('ann')).toMatchObject({ isDisabled: false })
  })

  it.each(['disable', 'enable'])('%s needs the account', async verb => {
    expect(await place.run(`user ${verb} nobody`)).toEqual({
      code: 1,
      stdout: '',
      stderr: 'poplar: there is no account nobody\n',
    })
  })
})

describe('user quota', () => {
  it('changes the quota, 0 is none', async () => {
    expect((await place.run('user quota ann 2.5GiB')).stdout).toBe('ann may hold 2.5 GiB\n')
    expect(await userNamed('ann')).toMatchObject({ quotaOctets: 2.5 * 1024 ** 3 })
    expect((await place.run('user quota ann 0')).stdout).toBe('ann has no limit\n')
  })

  it('needs the account and a size', async () => {
    expect(await place.run('user quota nobody 1GiB')).toMatchObject({ code: 1 })
    expect(await place.run('user quota ann much')).toMatchObject({ code: 2 })
    expect(await place.run('user quota ann')).toMatchObject({ code: 2 })
  })
})

describe('user list', () => {
  it('prints a table', async () => {
    const { stdout } = await place.run('user list')
    const [title, ...rows] = stdout.trimEnd().split('\n')
    expect(title).toMatch(/^USER +MESSAGES +USED +QUOTA +STATE +PASSWORD +MAILDROP +SINCE$/)
    expect(rows[0]).toMatch(
      /^ann +0 +0 B +.* +enabled +hash, SCRAM +as configured +\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/,
    )
  })

  it('never shows a hash', async () => {
    const { stdout } = await place.run('user list --json')
    for (const never of ['argon2', 'passwordHash', 'SCRAM-SHA', 'scramKeys', 'v1.', 'sealedPassword'])
      expect(stdout).not.toContain(never)
  })

  it('prints nothing, or an empty array, where there is nobody', async () => {
    const empty = new Workplace()
    await empty.run('user add ann --password-stdin', 'x')
    await empty.run('user remove ann --yes')
    expect(await empty.run('user list')).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(await empty.json('user list')).toEqual([])
    empty.remove()
  })

  it('makes no office where there is none', async () => {
    const elsewhere = new Workplace()
    const { code, stderr } = await elsewhere.run('user list')
    expect(code).toBe(1)
    expect(stderr).toMatch(/there is no office in/)
    expect(readdirSync(elsewhere.folder)).toEqual(['poplar.toml'])
    elsewhere.remove()
  })
})

describe('user remove', () => {
  it('asks, and where nobody can answer wants --yes', async () => {
    await place.run('user add eve --password-stdin', 'x')
    const refused = await place.run('user remove eve')
    expect(refused).toMatchObject({ code: 2, stderr: 'poplar: standard input is no terminal: use --yes\n' })
    expect(await userNamed('eve')).toBeDefined()
    expect(await place.run('user remove eve --yes')).toEqual({
      code: 0,
      stdout: 'removed eve and 0 messages\n',
      stderr: '',
    })
    expect(await userNamed('eve')).toBeUndefined()
  })

  it('removes mail and aliases too', async () => {
    await place.run('user add fay --password-stdin', 'x')
    await place.run('alias add post fay')
    await place.run('deliver fay', 'Subject: x\n\nbody\n')
    expect((await place.run('user remove fay --yes')).stdout).toBe('removed fay and 1 message\n')
    expect(await place.json('alias list')).toEqual([])
  })

  it('needs the account', async () => {
    expect(await place.run('user remove nobody --yes')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'poplar: there is no account nobody\n',
    })
  })
})
