// `poplar alias`, as a program.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Workplace } from './workplace.ts'

let place: Workplace

beforeAll(async () => {
  place = new Workplace()
  for (const name of ['ann', 'bob']) await place.run(`user add ${name} --password-stdin`, 'x')
})
afterAll(() => place.remove())

describe('alias', () => {
  it('adds addresses of every kind, lists them, and mail goes there', async () => {
    expect(await place.run('alias add Postmaster ann')).toEqual({
      code: 0,
      stdout: 'mail to postmaster goes to ann\n',
      stderr: '',
    })
    await place.run('alias add sales@example.net ann')
    await place.run('alias add sales@Example.net bob')
    await place.run('alias add @example.net bob')
    expect(await place.json('alias list')).toEqual([
      { address: '@example.net', accountName: 'bob' },
      { address: 'postmaster', accountName: 'ann' },
      { address: 'sales@example.net', accountName: 'ann' },
      { address: 'sales@example.net', accountName: 'bob' },
    ])
    expect((await place.run('alias list')).stdout.split('\n')[0]).toMatch(/^ADDRESS +USER$/)
    await place.run('deliver sales@example.net', 'Subject: x\n\nbody\n')
    expect(await place.json('user list')).toMatchObject([
      { name: 'ann', usedMessages: 1 },
      { name: 'bob', usedMessages: 1 },
    ])
  })

  it.each([
    { why: 'there is one', args: 'alias add postmaster ann', code: 1, says: /./ },
    { why: 'no such account', args: 'alias add info nobody', code: 1, says: /nobody/ },
    {
      why: 'a foreign domain',
      args: 'alias add info@foreign.example ann',
      code: 1,
      says: /foreign\.example is not a domain of this office/,
    },
    {
      why: 'a foreign catch-all',
      args: 'alias add @foreign.example ann',
      code: 1,
      says: /is not a domain of this office/,
    },
    { why: 'no address', args: 'alias add info@ ann', code: 2, says: /the domain is empty/ },
    { why: 'no account', args: 'alias add info', code: 2, says: /missing required argument 'user'/ },
    { why: 'none to remove', args: 'alias remove info', code: 1, says: /info/ },
    { why: 'not of that account', args: 'alias remove postmaster bob', code: 1, says: /postmaster/ },
  ])('refuses: $why', async ({ args, code, says }) => {
    const outcome = await place.run(args)
    expect(outcome).toMatchObject({ code, stdout: '' })
    expect(outcome.stderr).toMatch(/^poplar: [^\n]+\n$/)
    expect(outcome.stderr).toMatch(says)
  })

  it('removes an address from one account, or from all', async () => {
    expect((await place.run('alias remove sales@example.net ann')).stdout).toBe(
      'removed sales@example.net from ann\n',
    )
    await place.run('alias add sales@example.net ann')
    expect((await place.run('alias remove sales@example.net')).stdout).toBe('removed sales@example.net\n')
    expect(await place.json('alias list')).toEqual([
      { address: '@example.net', accountName: 'bob' },
      { address: 'postmaster', accountName: 'ann' },
    ])
  })
})
