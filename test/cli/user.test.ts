// `poplar user`, as a program: what it does, what it prints, how it fails.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Workplace } from './workplace.ts'

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
    expect(await userNamed('bob@example.net')).toMatchObject({ quotaOctets: 0, hasPassword: true })
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
    expect(title).toMatch(/^USER +MESSAGES +USED +QUOTA +PASSWORD +SINCE$/)
    expect(rows[0]).toMatch(/^ann +0 +0 B +.* +yes +\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/)
  })

  it('never shows a hash', async () => {
    const { stdout } = await place.run('user list --json')
    expect(stdout).not.toContain('argon2')
    expect(stdout).not.toContain('passwordHash')
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
